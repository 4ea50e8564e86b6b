"""Asks Slack about the tokens before anything depends on them.

Bolt does not: with a wrong bot token it answers every event with 200 and loses it, and with a
wrong app-level token it tries to connect forever.
"""

from __future__ import annotations

import asyncio

import aiohttp
from pydantic import BaseModel, SecretStr, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import Trouble
from bot.ops import words
from bot.slack.installation import Installation, Ticket

PROBE_SECONDS = 10.0
"""How long Slack may take to answer a probe."""

_ASKED_TOO_OFTEN = frozenset({"ratelimited", "rate_limited"})
_AWAY = frozenset({"fatal_error", "internal_error", "service_unavailable", ""})
"""Errors that say nothing about the token."""


class _AuthTest(BaseModel):
    """The fields of `auth.test` that the bot uses (docs.slack.dev, "auth.test")."""

    team: str = ""
    team_id: str
    user_id: str
    bot_id: str = ""
    enterprise_id: str | None = None
    url: str = ""


async def identify(client: AsyncWebClient, bot_token: SecretStr) -> Installation | Trouble:
    """Whose bot token this is, and what it may do, or what is wrong with it."""
    reply = await _call(client, "auth.test", bot_token, "SLACK_BOT_TOKEN", words.REMEDY_BOT_TOKEN)
    if isinstance(reply, Trouble):
        return reply
    try:
        who = _AuthTest.model_validate(reply.data)
    except ValidationError:
        return Trouble(
            words.SLACK_REFUSED(name="SLACK_BOT_TOKEN", code="no_bot_user"), words.REMEDY_BOT_TOKEN
        )
    return Installation(
        bot_token=bot_token,
        team=who.team_id,
        team_name=who.team,
        bot_user=who.user_id,
        bot_id=who.bot_id,
        enterprise_id=who.enterprise_id,
        scopes=_scopes(reply),
        url=who.url,
    )


async def ticket_for(client: AsyncWebClient, app_token: SecretStr) -> Ticket | Trouble | None:
    """Slack's leave to open a Socket Mode connection, or what keeps it from that; None where its
    reply has no address."""
    reply = await _call(
        client, "apps.connections.open", app_token, "SLACK_APP_TOKEN", words.REMEDY_APP_TOKEN
    )
    if isinstance(reply, Trouble):
        return reply
    url = reply.get("url")
    return Ticket.given(url) if isinstance(url, str) else None


async def _call(
    client: AsyncWebClient, method: str, token: SecretStr, variable: str, remedy: str
) -> AsyncSlackResponse | Trouble:
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await client.api_call(method, headers=headers)
    except SlackApiError as error:
        code = _code(error)
        if code in _ASKED_TOO_OFTEN:
            return Trouble(words.SLACK_ASKED_TOO_OFTEN, words.REMEDY_SLACK_ASKED_TOO_OFTEN)
        if code in _AWAY:
            return Trouble(
                words.SLACK_AWAY(code or "not an answer of Slack's"), words.REMEDY_SLACK_AWAY
            )
        return Trouble(words.SLACK_REFUSED(name=variable, code=code), remedy)
    except TimeoutError:
        return Trouble(
            words.SLACK_AWAY(words.NO_ANSWER_WITHIN(PROBE_SECONDS)), words.REMEDY_SLACK_AWAY
        )
    except (aiohttp.ClientError, OSError) as error:
        return Trouble(words.SLACK_AWAY(type(error).__name__), words.REMEDY_SLACK_AWAY)


def _code(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _scopes(reply: AsyncSlackResponse) -> frozenset[str] | None:
    told = {name.lower(): value for name, value in reply.headers.items()}.get("x-oauth-scopes")
    if told is None:
        return None
    return frozenset(scope for scope in told.replace(",", " ").split() if scope)
