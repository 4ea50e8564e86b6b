"""What the app is told, by both transports, and what it may answer to."""
