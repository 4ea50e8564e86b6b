"""Slack's ways in: each reads a payload, has the question accepted or the act done, and acks."""
