"""What searching for a question may come to, and what of that it came to."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from bot.completion.result import ToolUse
from bot.completion.search import Search
from bot.completion.tools import LISTED, READ_OF_EACH_CALL, TOOLS, cost_of
from bot.rules.quota import QuotaName


class SearchUse(BaseModel):
    """How much is searched: `searches` are calls of tools. Money is in micro-dollars."""

    model_config = ConfigDict(frozen=True)

    searches: int = 0
    posts: int = 0
    profiles: int = 0
    micro_dollars: int = 0
    read: int = 0
    """Tokens of what is found, which the model reads again in each turn that follows."""
    rounds: int = 1
    """How often the model reads the prompt."""


NOTHING_FOUND = SearchUse()

_CALLS = ("web_calls", "x_calls")


def most_searched(
    search: Search,
    caps: Mapping[QuotaName, int],
    turns: int,
    prices: Mapping[str, int] = LISTED,
) -> SearchUse:
    """The most that `search` may come to under `caps`, in so many turns where it says nothing
    else, at these `prices` (`LISTED`)."""
    if not search:
        return NOTHING_FOUND
    turns = search.max_turns or turns
    most = {"searches": caps.get("search-calls"), "posts": caps.get("search-posts")}
    most["profiles"] = caps.get("search-profiles")
    each_turn: dict[str, int] = {}
    for source in search.sources:
        each_turn |= TOOLS[source].each_turn
    use = ToolUse(
        **{
            name: _within(most["searches" if name in _CALLS else name], turns * each)
            for name, each in each_turn.items()
        }
    )
    in_a_turn = sum(each_turn.get(name, 0) for name in _CALLS)
    calls = _within(most["searches"], turns * in_a_turn)
    found = sum(min(calls, turn * in_a_turn) for turn in range(1, turns + 1))
    return SearchUse(
        searches=calls,
        posts=use.posts or 0,
        profiles=use.profiles or 0,
        micro_dollars=cost_of(use, prices) or 0,
        read=found * READ_OF_EACH_CALL,
        rounds=turns + 1,
    )


def searched(most: SearchUse, use: ToolUse, prices: Mapping[str, int] = LISTED) -> SearchUse:
    """What was searched by `use`, of which the most was reserved: what it does not say counts as
    that."""
    posts = most.posts if use.posts is None else use.posts
    profiles = most.profiles if use.profiles is None else use.profiles
    known = use.model_copy(update={"posts": posts, "profiles": profiles})
    return SearchUse(
        searches=use.web_calls + use.x_calls,
        posts=posts,
        profiles=profiles,
        micro_dollars=cost_of(known, prices) or 0,
    )


def _within(cap: int | None, most: int) -> int:
    return most if cap is None else min(cap, most)
