"""Why the bot does not start: sentences for its operator."""

from __future__ import annotations

NO_EMBEDDED = (
    "The bot cannot run its own Valkey on this system: set REDIS_URL to a Redis or Valkey server."
)


def data_dir_in_use(path: str) -> str:
    """Another bot runs on the same DATA_DIR."""
    return (
        f"Another bot is using DATA_DIR ({path}): stop it, choose another DATA_DIR, or set "
        "REDIS_URL for both."
    )


def data_dir_busy(path: str) -> str:
    """The server of a bot that ended has not let go of DATA_DIR."""
    return (
        f"The Valkey of an earlier bot is still using DATA_DIR ({path}): wait a moment and start "
        "again; if that does not help, end that valkey-server."
    )


def data_dir_unusable(path: str, reason: str) -> str:
    """DATA_DIR cannot be made, or belongs to somebody else."""
    return f"DATA_DIR ({path}) cannot be used ({reason}): choose a directory that the bot may own."


def socket_dir_unsafe(path: str) -> str:
    """Somebody else could reach the bot's own Valkey."""
    return (
        f"{path} belongs to somebody else or is open to others: remove it, or choose a shorter "
        "DATA_DIR."
    )


def embedded_failed(log: str) -> str:
    """The bot's own Valkey did not start."""
    return f"The bot's own Valkey did not start: see {log}, or set REDIS_URL."


NO_XAI_API_KEY = (
    "XAI_API_KEY is missing: make a key at console.x.ai; for a server that needs none, any word "
    "will do."
)


WRONG_XAI_API_KEY = (
    "XAI_API_KEY is no key: one is a single word of letters, digits and signs, such as xai-…. Copy "
    "it again from console.x.ai."
)


ENV_FILE_UNREADABLE = ".env cannot be read: save it as text in UTF-8, readable for the bot."


def not_loaded(module: str, why: str) -> str:
    """What is loaded once the bot is ready is not there, or broken."""
    return f"{module} cannot be loaded ({why}): the bot is not installed whole. Install it again."


TRACES_NOT_INSTALLED = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages for traces are not installed: install "
    "requirements-traces.lock, or unset it."
)


def nowhere_to_print(why: str) -> str:
    """What a command prints goes to a file that takes no more."""
    return f"What this prints cannot be written: {why}. Make room, or send it elsewhere."


def wrong_url(name: str, schemes: str) -> str:
    """An address that cannot be used."""
    return f"{name} is not an address that the bot can use (one that begins with {schemes})."


def wrong_url_option(name: str, option: str) -> str:
    """An option in an address that the client does not know, or that is the bot's to set."""
    return f"{name} has an option that cannot be used here: {option}. Leave it out."


def no_such_host(variable: str, host: str) -> str:
    """The bot is to listen on an address that this machine does not have."""
    return (
        f"{variable}: this machine has no address {host!r}. Use a name or an address of its own, "
        "such as 127.0.0.1, or 0.0.0.0 for all of them."
    )


def address_taken(variable: str, host: str, port: int) -> str:
    """A port the bot wants to listen on is not to be had."""
    return (
        f"{variable}: the bot cannot listen on {host}:{port}. Stop the program that holds it, or "
        "choose another port."
    )
