"""New tokens in place of those that expire ("Using token rotation").

A refresh token is good once, and two processes that use it lose the installation (node-slack-sdk
issue 2504, bolt-python issue 663). So one process of all exchanges, away from every request, by
what it reads after it was let; and what it gets is kept only in place of what it was made from.
"""

from __future__ import annotations

import time
import uuid

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.teams.register import Record, Register, expires_soon

log = structlog.get_logger(__name__)

AHEAD_SECONDS = 2 * 3_600.0
"""Tokens live for twelve hours; every process has the new one long before the old one ends."""

TURN_SECONDS = 60
"""How long one process may take, before another tries."""

NOT_GRANTED = (aiohttp.ClientError, OSError, TimeoutError, KeyError, TypeError, ValueError)
"""What an exchange raises that was not answered, or by nobody who is Slack."""


class Rotation:
    """Exchanges tokens with `client`, which has none of its own, for the app of `client_id`."""

    def __init__(
        self,
        register: Register,
        client: AsyncWebClient,
        *,
        client_id: str,
        client_secret: str,
        ahead: float = AHEAD_SECONDS,
    ) -> None:
        self._register = register
        self._client = client
        self._client_id = client_id
        self._client_secret = client_secret
        self._ahead = ahead

    async def look(self, place: str) -> bool:
        """Whether the token of `place` was exchanged. Raises `StoreUnavailable`."""
        found = await self._register.find(place)
        if found is None or not self._due(found.record):
            return False
        turn = f"rotation:{place}:{found.version}"
        if not await self._register.store.claims(turn, uuid.uuid4().hex, TURN_SECONDS):
            return False
        again = await self._register.find(place)
        if again is None or again.version != found.version:
            return False
        fresh = await self._exchanged(again.record)
        if fresh is None:
            return False
        return bool(await self._register.save(fresh, made_from=again.version))

    def _due(self, record: Record) -> bool:
        return bool(record.refresh_token) and expires_soon(record, self._ahead)

    async def _exchanged(self, record: Record) -> Record | None:
        """With the new token; None, and a line in the log, where Slack gave none."""
        try:
            reply = await self._client.oauth_v2_access(
                client_id=self._client_id,
                client_secret=self._client_secret,
                grant_type="refresh_token",
                refresh_token=record.refresh_token,
            )
            changed = {
                "bot_token": str(reply["access_token"]),
                "refresh_token": str(reply["refresh_token"]),
                "expires_at": time.time() + float(reply["expires_in"]),
            }
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            log.warning("token not exchanged", place=record.place, why=code)
            return None
        except NOT_GRANTED as error:
            log.warning("token not exchanged", place=record.place, why=type(error).__name__)
            return None
        log.info("token exchanged", place=record.place)
        return record.model_copy(update=changed)
