"""The strict workspace without budgets in time, and a client of it."""

from tests.reply.conftest import deadline, slack, workspace

__all__ = ["deadline", "slack", "workspace"]
