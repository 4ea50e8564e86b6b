"""The Bolt app: every way in, and a quiet 200 for what is not ours.

Bolt loses an ack when a listener raises within about 10 ms of it, logs the bodies of requests
that it does not know, and reads tokens from the environment. So: listeners never raise, a
request nobody knows is answered here, and the installation found at start-up is handed in.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import words
from bot.listeners.command import GrokCommand
from bot.listeners.installation import Installation
from bot.listeners.payloads import SlashCommand

log = structlog.get_logger(__name__)

COMMAND = "/grok"


def build_slack_app(
    installation: Installation, client: AsyncWebClient, command: GrokCommand
) -> AsyncApp:
    """The app that both transports dispatch to; signatures are verified before it."""
    quiet = logging.getLogger("slack_bolt.grok")
    quiet.setLevel(logging.ERROR)

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=installation.enterprise_id,
            team_id=installation.team,
            bot_user_id=installation.bot_user,
            bot_id=installation.bot_id,
            bot_token=installation.bot_token.get_secret_value(),
        )

    app = AsyncApp(
        name="grok-bot",
        logger=quiet,
        client=client,
        authorize=authorize,
        request_verification_enabled=False,
        raise_error_for_unhandled_request=True,
    )
    app.command(COMMAND)(_command_listener(command))
    app.error(_unhandled)
    return app


def _command_listener(command: GrokCommand) -> Any:
    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            text = await command(SlashCommand.model_validate(body))
        except Exception:
            log.exception("listener failed", listener="command")
            text = words.LISTENER_FAILED
        await ack(text)

    return on_command


async def _unhandled(error: Exception) -> BoltResponse:
    if isinstance(error, BoltUnhandledRequestError):
        log.debug("request not ours")
    else:
        log.error("listener failed", exc_info=error)
    return BoltResponse(status=200, body="")
