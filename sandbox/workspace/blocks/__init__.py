"""Blocks, texts and views: what they may hold, how Slack keeps them, and what it refuses."""
