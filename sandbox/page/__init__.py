"""The page of the sandbox workspace: static files only, served by the workspace's server."""
