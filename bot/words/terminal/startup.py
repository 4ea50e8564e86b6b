"""Why the bot does not start: sentences for its operator."""

from __future__ import annotations

from bot.words.sentences import Sentence

NO_EMBEDDED = (
    "The bot cannot run its own Valkey on this system: set REDIS_URL to a Redis or Valkey server."
)

DATA_DIR_IN_USE = Sentence(
    "Another bot is using DATA_DIR ({path}): stop it, choose another DATA_DIR, or set REDIS_URL "
    "for both."
)
"""Another bot runs on the same DATA_DIR."""

DATA_DIR_BUSY = Sentence(
    "The Valkey of an earlier bot is still using DATA_DIR ({path}): wait a moment and start again; "
    "if that does not help, end that valkey-server."
)
"""The server of a bot that ended has not let go of DATA_DIR."""

DATA_DIR_UNUSABLE = Sentence(
    "DATA_DIR ({path}) cannot be used ({reason}): choose a directory that the bot may own."
)
"""DATA_DIR cannot be made, or belongs to somebody else."""

SOCKET_DIR_UNSAFE = Sentence(
    "{path} belongs to somebody else or is open to others: remove it, or choose a shorter DATA_DIR."
)
"""Somebody else could reach the bot's own Valkey."""

EMBEDDED_FAILED = Sentence("The bot's own Valkey did not start: see {log}, or set REDIS_URL.")
"""The bot's own Valkey did not start."""

NO_XAI_API_KEY = (
    "XAI_API_KEY is missing: make a key at console.x.ai; for a server that needs none, any word "
    "will do."
)
WRONG_XAI_API_KEY = (
    "XAI_API_KEY is no key: one is a single word of letters, digits and signs, such as xai-…. Copy "
    "it again from console.x.ai."
)
ENV_FILE_UNREADABLE = ".env cannot be read: save it as text in UTF-8, readable for the bot."

NOT_LOADED = Sentence(
    "{module} cannot be loaded ({why}): the bot is not installed whole. Install it again."
)
"""What is loaded once the bot is ready is not there, or broken."""

TRACES_NOT_INSTALLED = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages for traces are not installed: install "
    "requirements-traces.lock, or unset it."
)

NOWHERE_TO_PRINT = Sentence(
    "What this prints cannot be written: {why}. Make room, or send it elsewhere."
)
"""What a command prints goes to a file that takes no more."""

WRONG_URL = Sentence(
    "{name} is not an address that the bot can use (one that begins with {schemes})."
)
"""An address that cannot be used."""

WRONG_URL_OPTION = Sentence(
    "{name} has an option that cannot be used here: {option}. Leave it out."
)
"""An option in an address that the client does not know, or that is the bot's to set."""

NO_SUCH_HOST = Sentence(
    "{variable}: this machine has no address {host!r}. Use a name or an address of its own, such "
    "as 127.0.0.1, or 0.0.0.0 for all of them."
)
"""The bot is to listen on an address that this machine does not have."""

ADDRESS_TAKEN = Sentence(
    "{variable}: the bot cannot listen on {host}:{port}. Stop the program that holds it, or choose "
    "another port."
)
"""A port the bot wants to listen on is not to be had."""
