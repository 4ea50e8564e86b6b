"""Several workspaces, and how an app comes into each: OAuth, organisations, what they share."""
