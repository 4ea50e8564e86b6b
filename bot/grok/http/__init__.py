"""HTTP with the API: one call, its deadlines, and what comes back on it, piece by piece."""
