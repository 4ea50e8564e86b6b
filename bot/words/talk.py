"""What the bot says in threads, below answers and to one person alone."""

from __future__ import annotations
