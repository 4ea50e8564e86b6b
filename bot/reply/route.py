"""The way that an answer takes to its asker, and the next one when Slack refuses it a place.

Which way was taken, and why, is recorded in the ledger before anything is sent that way: a
worker that takes over goes on there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot import words
from bot.completion.ask import Ask
from bot.reply.ledger import Post
from bot.words import talk

WAY = "way"
"""The part of a job that says which way its answer takes."""

TOO_LONG = "too_long"
"""Why an answer is not shown to one person alone: it takes more than one message."""

UNSHOWABLE = "unshowable"
"""Why an answer is shown elsewhere: Slack takes it in no form there."""

THREAD_GONE = "thread_not_found"

_LINKED = re.compile(r"[CG][A-Z0-9]+")
_ALONE = {
    "is_archived": words.ARCHIVED,
    THREAD_GONE: talk.THREAD_DELETED,
    TOO_LONG: "",
    UNSHOWABLE: "",
}


class Way(StrEnum):
    """How an answer reaches its asker. Only messages of the first and the last kind can be
    edited and found again."""

    SHOWN = "shown"
    """For everybody, in the channel or thread that it was asked for."""
    EPHEMERAL = "ephemeral"
    """There too, in one message that only the asker sees."""
    RESPONSE = "response"
    """The same through a `response_url`, which works where the bot is no member."""
    DIRECT = "direct"
    """In the direct message with the asker."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way; `why` is Slack's code of what it refused before, or `TOO_LONG`.

    `channel` is where messages go; empty for a direct message that has not been opened yet.
    """

    way: Way
    channel: str
    why: str = ""

    @property
    def record(self) -> str:
        """The way and the reason, as the ledger keeps them."""
        return f"{self.way}:{self.why}"


def is_private(ask: Ask) -> bool:
    """Whether others must not see the answer. In a direct message an ordinary one is private."""
    return ask.reply == "private" and not ask.channel.startswith("D")


def route_of(ask: Ask, posts: Mapping[str, Post]) -> Route:
    """The way that the answer to `ask` takes, as far as it was recorded."""
    taken = posts.get(WAY)
    if taken and taken.route:
        way, _, why = taken.route.partition(":")
        return Route(Way(way), taken.channel, why)
    return Route(_first(ask), ask.channel)


def detour(ask: Ask, route: Route, why: str) -> Route | None:
    """The way to try once `route` was refused with `why`; None when it was the last one."""
    why = route.why or why
    ways = [_first(ask), *_detours(ask, why)]
    left = ways[ways.index(route.way) + 1 :]
    if not left:
        return None
    return Route(left[0], "" if left[0] is Way.DIRECT else ask.channel, why)


def notice_of(ask: Ask, route: Route) -> str:
    """What stands above an answer that takes `route`: why it is there. Empty when it is where
    it was asked for."""
    if not route.why:
        return ""
    if route.way is Way.DIRECT:
        return talk.asked_in(
            f"<#{ask.channel}>" if _LINKED.fullmatch(ask.channel) else "", route.why
        )
    return _ALONE.get(route.why, talk.INVITE_ME_TOO if is_private(ask) else words.INVITE_ME)


def _first(ask: Ask) -> Way:
    return Way.EPHEMERAL if is_private(ask) else Way.SHOWN


def _detours(ask: Ask, why: str) -> list[Way]:
    by_url = [Way.RESPONSE] if ask.response_url else []
    if why == TOO_LONG:
        return [Way.DIRECT, *by_url]
    if why == THREAD_GONE and not is_private(ask):
        return [*by_url, Way.EPHEMERAL, Way.DIRECT]
    return [*by_url, Way.DIRECT]
