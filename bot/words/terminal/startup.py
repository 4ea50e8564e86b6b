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
DATA_DIR_BUSY = Sentence(
    "The Valkey of an earlier bot is still using DATA_DIR ({path}): wait a moment and start again; "
    "if that does not help, end that valkey-server."
)
DATA_DIR_UNUSABLE = Sentence(
    "DATA_DIR ({path}) cannot be used ({reason}): choose a directory that the bot may own."
)
SOCKET_DIR_UNSAFE = Sentence(
    "{path} belongs to somebody else or is open to others: remove it, or choose a shorter DATA_DIR."
)
EMBEDDED_FAILED = Sentence("The bot's own Valkey did not start: see {log}, or set REDIS_URL.")
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
TRACES_NOT_INSTALLED = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages for traces are not installed: install "
    "requirements-traces.lock, or unset it."
)
NOWHERE_TO_PRINT = Sentence(
    "What this prints cannot be written: {why}. Make room, or send it elsewhere."
)
WRONG_URL = Sentence(
    "{name} is not an address that the bot can use. Such a one looks like {schemes}."
)
WRONG_URL_OPTION = Sentence(
    "{name} has an option that cannot be used here: {option}. Leave it out."
)
WRONG_URL_VALUE = Sentence(
    "{name} has an option whose value cannot be used: {option}. Correct it, or leave it out."
)
WRONG_URL_PORT = Sentence(
    "{name} names a port that is none. Write a number from 1 to 65535, as in redis://host:6379. In "
    "a password, a slash is written %2F, a question mark %3F and a number sign %23."
)
WRONG_URL_DATABASE = Sentence(
    "{name} names a database that is no number. Write one, as in redis://host:6379/0, or leave it "
    "out."
)
NO_DATABASES = Sentence("{name} names a database, and a Cluster has none. Leave it out.")
NO_SENTINEL_NAME = Sentence(
    "{name} does not say what the Sentinels call the server. Write it after the hosts, as in "
    "redis+sentinel://host,host/name."
)
MORE_THAN_A_SENTINEL_NAME = Sentence(
    "{name} has more than a name behind its hosts. Write it as in "
    "redis+sentinel://host,host/name, and a database as in redis+sentinel://host,host/name?db=2."
)
NO_SUCH_HOST = Sentence(
    "{variable}: this machine has no address {host!r}. Use a name or an address of its own, such "
    "as 127.0.0.1, or 0.0.0.0 for all of them."
)
ADDRESS_TAKEN = Sentence(
    "{variable}: the bot cannot listen on {host}:{port}. Stop the program that holds it, or choose "
    "another port."
)
