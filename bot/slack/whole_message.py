"""One message as Slack keeps it, where an event tells but a part of it."""

from __future__ import annotations

import asyncio

from pydantic import ValidationError

from bot.errors import OutcomeUnknown, RateLimited
from bot.slack.payloads import SlackMessage
from bot.slack.slack import HISTORY, REPLIES
from bot.slack.thread import PAGES_PER_MINUTE, READING
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances

PER_MINUTE = 30
PER_MINUTE_EACH = 10
"""How often a message is looked up, for all together and on behalf of one person: what
is looked up in a thread counts as reading threads, which is done by the same method."""

_NAME = "whole-message"


class WholeMessages:
    """Looks messages up with `conversations.history` and `conversations.replies`."""

    def __init__(self, api: WebApi, allowances: Allowances) -> None:
        """`api` has a deadline that fits into an ack, and lets a method rest after a 429."""
        self._api = api
        self._allowances = allowances

    async def find(
        self, channel: str, ts: str, thread_ts: str, *, asker: str, within: float
    ) -> SlackMessage | None:
        """The message at `ts`, a reply when there is a `thread_ts`; None when Slack does not show
        it. Raises `SlackError`: `RateLimited` also for somebody who has had many looked up,
        `OutcomeUnknown` after so many seconds."""
        shared = (READING, PAGES_PER_MINUTE) if thread_ts else (_NAME, PER_MINUTE)
        for name, most in ((f"{_NAME}:{asker}", PER_MINUTE_EACH), shared):
            if wait := await self._allowances.take(name, most):
                raise RateLimited(wait)
        body = {"channel": channel, "latest": ts, "inclusive": "true", "limit": 1}
        body["include_all_metadata"] = "true"
        method = REPLIES if thread_ts else HISTORY
        if thread_ts:
            # By its own ts a reply is given alone, not behind the root of its thread.
            body |= {"ts": ts, "oldest": ts}
        try:
            async with asyncio.timeout(within):
                reply = await self._api.call(method, body, read=True)
        except TimeoutError:
            raise OutcomeUnknown(f"{method}: no reply in time") from None
        found = reply.get("messages")
        for message in found if isinstance(found, list) else []:
            if isinstance(message, dict) and message.get("ts") == ts:
                return _read(message)
        return None


def _read(message: dict[str, object]) -> SlackMessage | None:
    try:
        return SlackMessage.model_validate(message)
    except ValidationError:
        return None
