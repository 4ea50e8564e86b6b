"""New tokens in place of those that expire ("Using token rotation").

A refresh token is good once, and two processes that use it lose the installation (node-slack-sdk
issue 2504, bolt-python issue 663). So one process of all exchanges, away from every request, by
what it reads after it was let; and what it gets is kept only in place of what it was made from,
again and again where the store does not answer. Slack revokes the old one at once and gives the new
one no second time ("Using token rotation"): whoever is killed between its reply and the store has
lost the installation. That is told while the old token is still good, which is two hours.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.teams.register import Record, Register, Registered, expires_soon
from bot.words import installing as words

log = structlog.get_logger(__name__)

AHEAD_SECONDS = 2 * 3_600.0
"""Tokens live for twelve hours; every process has the new one long before the old one ends."""

TURN_SECONDS = 60
"""How long one process may take, before another tries."""

FINISH_SECONDS = 5.0
"""How long an exchange that is under way may take to be kept when the process ends."""

_LOST = "invalid_refresh_token"
"""What Slack says of one that was used."""

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
        address: str,
        ahead: float = AHEAD_SECONDS,
    ) -> None:
        """`address`: where people install the app."""
        self._address = address
        self._due_at: dict[str, tuple[int, float]] = {}
        self._unkept: dict[str, tuple[Registered, Record]] = {}
        self._register = register
        self._client = client
        self._client_id = client_id
        self._client_secret = client_secret
        self._ahead = ahead

    def rests(self, place: str, version: int) -> bool:
        """Whether what is kept of `place` in this version is known not to be due yet."""
        known, due_at = self._due_at.get(place, (0, 0.0))
        return known == version and time.time() < due_at and place not in self._unkept

    async def look(self, place: str) -> bool:
        """Whether the token of `place` was exchanged. Raises `StoreUnavailable`."""
        if place in self._unkept:
            return await self._keep(place)
        found = await self._register.find(place)
        if found is None:
            return False
        if not self._due(found.record):
            self._due_at[place] = found.version, self._next_look(found.record)
            return False
        turn = f"rotation:{place}:{found.version}"
        if not await self._register.store.claims(turn, uuid.uuid4().hex, TURN_SECONDS):
            return False
        again = await self._register.find(place)
        if again is None or again.version != found.version:
            return False
        exchange = asyncio.create_task(self._exchange(again), name=f"exchange {place}")
        try:
            return await asyncio.shield(exchange)
        except asyncio.CancelledError:
            await asyncio.wait([exchange], timeout=FINISH_SECONDS)
            exchange.cancel()
            raise

    def _due(self, record: Record) -> bool:
        return _renews(record) and expires_soon(record, self._ahead)

    def _next_look(self, record: Record) -> float:
        return record.expires_at - self._ahead if _renews(record) else math.inf

    async def _exchange(self, old: Registered) -> bool:
        fresh = await self._exchanged(old.record)
        if fresh is None:
            return False
        self._unkept[old.record.place] = old, fresh
        return await self._keep(old.record.place)

    async def _keep(self, place: str) -> bool:
        """Store what came in place of what it was made from, also where another process, which
        used the same after this one, has found that lost."""
        old, fresh = self._unkept[place]
        version = await self._register.save(fresh, made_from=old.version)
        if not version and not fresh.lost:
            now = await self._register.find(place)
            if now and now.record.lost and now.record.refresh_token == old.record.refresh_token:
                version = await self._register.save(fresh, made_from=now.version)
        del self._unkept[place]
        if version and fresh.lost:
            await self._tell(fresh)
        return bool(version) and not fresh.lost

    async def _tell(self, lost: Record) -> None:
        """Say it to the operator, and in Slack to whoever installed it, as long as it can be."""
        minutes = max(0, round((lost.expires_at - time.time()) / 60))
        log.error("installation lost", place=lost.place, minutes=minutes, remedy=words.LOST_REMEDY)
        try:
            await self._client.chat_postMessage(
                token=lost.bot_token,
                channel=lost.installed_by,
                text=words.LOST(address=self._address, minutes=minutes),
            )
        except (*NOT_GRANTED, SlackApiError) as error:
            log.warning("nobody told", place=lost.place, why=type(error).__name__)

    async def _exchanged(self, record: Record) -> Record | None:
        """With the new token, or known to be lost; None, and a line in the log, where Slack gave
        none for now."""
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
            if not math.isfinite(float(reply["expires_in"])):
                raise ValueError("no time")
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code == _LOST:
                return record.model_copy(update={"lost": True})
            log.warning("token not exchanged", place=record.place, why=code)
            return None
        except NOT_GRANTED as error:
            log.warning("token not exchanged", place=record.place, why=type(error).__name__)
            return None
        log.info("token exchanged", place=record.place)
        return record.model_copy(update=changed)


def _renews(record: Record) -> bool:
    """Whether another token comes after the one that it has."""
    return bool(record.refresh_token and record.expires_at) and not record.lost
