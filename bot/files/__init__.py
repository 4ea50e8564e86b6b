"""Files that go along with a question: what is kept of them, and what is read in their bytes."""
