"""Slack's ways in: each listener reads a payload, builds an `Ask`, has it accepted and acks."""
