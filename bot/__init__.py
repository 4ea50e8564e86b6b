"""grok-bot: the Slack bot through which a company talks to Grok."""

__version__ = "0.1.0"
