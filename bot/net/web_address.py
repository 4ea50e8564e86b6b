"""Addresses on the web that settings give, and what is shown there: what each has to be before
anything is sent; and the paths under which the bot has its own."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.words.terminal import startup as words

SLACK_PATH = "/slack/events"
"""Where Slack posts everything to, in HTTP mode."""
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"
"""The pages by which workspaces install the app: the first one, and where Slack leads back to."""

_HOST = re.compile(r"[^\s/\\<>\"'`{}|^$%\[\]]+")
"""Of a host that is no IPv6 address: names of other alphabets are fine."""


def web_address_fits(address: str) -> bool:
    """Whether `address` begins with `http://` or `https://`, and names a host."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or port == 0:
        return False
    if parts.netloc.rpartition("@")[2].startswith("["):
        return True  # which urlsplit has read
    return bool(_HOST.fullmatch(host)) and all(host.removesuffix(".").split("."))


def web_address_fault(variable: str, address: str) -> str:
    """What is wrong with an `address` that a setting gives, in a sentence; empty when it fits."""
    if web_address_fits(address):
        return ""
    return words.WRONG_URL(name=variable, schemes="https://… or http://…")


def is_one_word(secret: str) -> bool:
    """Whether `secret` is what a header can hold: visible ASCII characters and nothing else."""
    return secret.isascii() and secret.isprintable() and " " not in secret and bool(secret)
