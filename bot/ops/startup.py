"""Whether the bot may start: every fault of the settings and of Slack's tokens, at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.duties import Duty
from bot.errors import StartupError, Trouble
from bot.net.web_address import is_one_word, web_address_fault, web_address_fits
from bot.ops import words
from bot.ops.setting_faults import nothing_set
from bot.ops.slack_probe import identify, ticket_for
from bot.settings import Settings, serves_several
from bot.slack.installation import Installation, Ticket
from bot.words.terminal.startup import NO_XAI_API_KEY, WRONG_XAI_API_KEY

_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]+")
_USER_ID = re.compile(r"[UW][A-Z0-9]+")
_MEMBER_ID = re.compile(r"T[A-Z0-9]+:[UW][A-Z0-9]+")
_PLACE_ID = re.compile(r"[TE][A-Z0-9]+")
_KEYS = "INSTALLATION_KEYS"
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
_TOKEN = re.compile(r"xox[a-z]|xapp-")


def settings_troubles(settings: Settings, duty: Duty = Duty.BOTH) -> list[Trouble]:
    """Everything in `settings` that keeps the bot from its `duty`; empty when all is well."""
    return [
        *nothing_set(settings),
        *(_app(settings) if serves_several(settings) else _bot_token(settings)),
        *(_way_in(settings) if Duty.TAKING in duty else ()),
        *(_shared_store(settings) if duty is not Duty.BOTH else ()),
        *_grok_key(settings),
        *_addresses(settings),
        *_admins(settings),
        *_channels(settings),
    ]


def settings_faults(settings: Settings, duty: Duty = Duty.BOTH) -> list[str]:
    """The same, as one sentence each."""
    return [trouble.sentence for trouble in settings_troubles(settings, duty)]


@dataclass(frozen=True, slots=True)
class Met:
    """What Slack said. `installation`: whose app this is; None where several workspaces may have
    it. `ticket`: for the first connection, where questions are taken by one."""

    installation: Installation | None
    ticket: Ticket | None


async def meet_slack(settings: Settings, client: AsyncWebClient, duty: Duty = Duty.BOTH) -> Met:
    """Ask Slack whose app this is, and, where questions are taken, whether it may be reached.

    Raises `StartupError` with a sentence for each token that Slack does not accept, or when
    Slack is away.
    """
    token = settings.slack_bot_token
    if token is None:
        raise StartupError(settings_faults(settings))
    found, ticket = await asyncio.gather(identify(client, token), _ticket(settings, client, duty))
    if isinstance(found, Trouble) or isinstance(ticket, Trouble):
        troubles = (each for each in (found, ticket) if isinstance(each, Trouble))
        raise StartupError(list(dict.fromkeys(trouble.sentence for trouble in troubles)))
    return Met(found, ticket)


async def meet_app(settings: Settings, client: AsyncWebClient, duty: Duty = Duty.BOTH) -> Met:
    """The same of an app that several workspaces may install: it has no bot token of its own.

    Raises `StartupError`.
    """
    ticket = await _ticket(settings, client, duty)
    if isinstance(ticket, Trouble):
        raise StartupError([ticket.sentence])
    return Met(None, ticket)


async def _ticket(
    settings: Settings, client: AsyncWebClient, duty: Duty
) -> Ticket | Trouble | None:
    app_token = settings.slack_app_token if Duty.TAKING in duty else None
    return await ticket_for(client, app_token) if app_token else None


def _app(settings: Settings) -> Iterator[Trouble]:
    """What the pages need by which workspaces install the app."""
    if settings.slack_client_secret is None:
        name = "SLACK_CLIENT_SECRET"
        yield Trouble(words.SETTING_MISSING(name), words.REMEDY_CLIENT_SECRET, name)
    from bot.store.seal import LEAST_CHARACTERS, keys_in  # noqa: PLC0415 - brings cryptography

    keys = settings.installation_keys
    found = keys_in(keys) if keys else ()
    if not found or any(len(key) < LEAST_CHARACTERS for key in found):
        fault = words.INSTALLATION_KEY_SHORT if found else words.SETTING_MISSING(_KEYS)
        yield Trouble(fault, words.REMEDY_INSTALLATION_KEYS, _KEYS)
    address = settings.public_url
    if address is None:
        yield Trouble(words.SETTING_MISSING("PUBLIC_URL"), words.REMEDY_PUBLIC_URL, "PUBLIC_URL")
    elif not _public(settings, address):
        yield Trouble(words.WRONG_PUBLIC_URL(address), words.REMEDY_PUBLIC_URL, "PUBLIC_URL")
    if wrong := _strangers(settings.slack_teams, _PLACE_ID):
        yield Trouble(words.WRONG_TEAMS(wrong), words.REMEDY_TEAMS, "SLACK_TEAMS")


def _public(settings: Settings, address: str) -> bool:
    """Slack sends people back to `https://` alone; the sandbox is on this machine."""
    if not web_address_fits(address):
        return False
    parts = urlsplit(address)
    safe = parts.scheme == "https" or not _at_slack(settings)
    return safe and parts.path in ("", "/") and not (parts.query or parts.fragment)


def _bot_token(settings: Settings) -> Iterator[Trouble]:
    name = "SLACK_BOT_TOKEN"
    if settings.slack_bot_token is None:
        yield Trouble(words.SETTING_MISSING(name), words.REMEDY_BOT_TOKEN, name)
    elif not _is_token(settings.slack_bot_token, "xoxb-"):
        yield Trouble(words.WRONG_TOKEN(name=name, prefix="xoxb-"), words.REMEDY_BOT_TOKEN, name)


def _way_in(settings: Settings) -> Iterator[Trouble]:
    name = "SLACK_APP_TOKEN"
    if settings.slack_app_token is None:
        yield from _signing_secret(settings)
    elif not _is_token(settings.slack_app_token, "xapp-"):
        yield Trouble(words.WRONG_TOKEN(name=name, prefix="xapp-"), words.REMEDY_APP_TOKEN, name)


def _signing_secret(settings: Settings) -> Iterator[Trouble]:
    name = "SLACK_SIGNING_SECRET"
    if settings.slack_signing_secret is None:
        yield Trouble(words.NO_SLACK_WAY_IN, words.REMEDY_SLACK_WAY_IN, name)
        return
    secret = settings.slack_signing_secret.get_secret_value()
    if _TOKEN.match(secret):
        yield Trouble(words.SIGNING_SECRET_IS_TOKEN, words.REMEDY_SIGNING_SECRET, name)
    elif _at_slack(settings) and not _SIGNING_SECRET.fullmatch(secret):
        yield Trouble(words.SIGNING_SECRET_SHAPE, words.REMEDY_SIGNING_SECRET, name)


def _shared_store(settings: Settings) -> Iterator[Trouble]:
    """Who only takes, or only works, shares a store with somebody who does the other."""
    if settings.redis_url is None:
        yield Trouble(words.STORE_NOT_SHARED, words.REMEDY_STORE_NOT_SHARED, "REDIS_URL")


def _grok_key(settings: Settings) -> Iterator[Trouble]:
    key = settings.xai_api_key
    if key is None:
        yield Trouble(NO_XAI_API_KEY, setting="XAI_API_KEY")
    elif not is_one_word(key.get_secret_value().strip()):
        yield Trouble(WRONG_XAI_API_KEY, setting="XAI_API_KEY")


def _addresses(settings: Settings) -> Iterator[Trouble]:
    web = {
        "SLACK_API_URL": settings.slack_api_url,
        "XAI_BASE_URL": settings.xai_base_url,
        "GROK_PROXY": settings.grok_proxy.get_secret_value() if settings.grok_proxy else None,
        "OTEL_EXPORTER_OTLP_ENDPOINT": settings.otel_exporter_otlp_endpoint,
    }
    for name, address in web.items():
        if address is not None and (fault := web_address_fault(name, address)):
            yield Trouble(fault, setting=name)
    if settings.redis_url is None:
        return
    from bot.store.redis.address import address_fault  # noqa: PLC0415 - brings redis

    if fault := address_fault(settings.redis_url.get_secret_value()):
        yield Trouble(fault, setting="REDIS_URL")


def _admins(settings: Settings) -> Iterator[Trouble]:
    several = serves_several(settings)
    if wrong := _strangers(settings.grok_admins, _MEMBER_ID if several else _USER_ID):
        remedy = words.REMEDY_ADMINS_OF_TEAMS if several else words.REMEDY_ADMINS
        yield Trouble(words.WRONG_ADMINS(wrong), remedy, "GROK_ADMINS")


def _channels(settings: Settings) -> Iterator[Trouble]:
    if wrong := _strangers(settings.asking_channels, _CHANNEL_ID):
        yield Trouble(words.WRONG_CHANNELS(wrong), words.REMEDY_CHANNELS, "ASKING_CHANNELS")


def _strangers(listed: str, shape: re.Pattern[str]) -> str:
    """The entries of a list that have another shape; empty when there are none."""
    entries = filter(None, (entry.strip() for entry in listed.split(",")))
    return ", ".join(entry for entry in entries if not shape.fullmatch(entry))


def _is_token(token: SecretStr, prefix: str) -> bool:
    text = token.get_secret_value()
    return text.startswith(prefix) and is_one_word(text)


def _at_slack(settings: Settings) -> bool:
    if not web_address_fits(settings.slack_api_url):
        return False
    host = urlsplit(settings.slack_api_url).hostname or ""
    return host == "slack.com" or host.endswith(".slack.com")
