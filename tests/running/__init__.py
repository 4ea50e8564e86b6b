"""How the tests are run: in parallel, each with an end, and chosen by what they need."""
