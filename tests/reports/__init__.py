"""Faults that people have reported, in public, of bots and clients of this kind.

Each is told in our own words with its repository and number, and its input runs through the bot
with the outcome that is right. By where the input comes from: Grok, Slack's side of an answer,
people. What needs a whole workspace stands in `tests/e2e/test_reports.py`.
"""
