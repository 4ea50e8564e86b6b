"""What the project itself needs: the environment, the lock files, generated documentation."""
