"""The endpoints that a request can go to: what is sent there, and what comes of it."""
