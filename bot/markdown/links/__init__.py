"""Links that show where they go: what they name, where they lead, and whether that is one place."""
