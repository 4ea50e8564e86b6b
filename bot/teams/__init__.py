"""Several workspaces in one process: where the app is installed, and a bot for each."""
