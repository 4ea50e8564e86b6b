"""The Grok API: what is sent there, what comes back, and what goes wrong."""
