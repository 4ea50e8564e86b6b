"""Slack itself: its Web API, its two transports, what it sends, and what is sent to it."""
