"""What people do in Slack, and the payloads that come of it."""
