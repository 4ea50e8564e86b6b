"""Reserving more for a question whose answer searches more than was thought: nobody can say
beforehand how often one turn does."""

from __future__ import annotations

from collections.abc import Mapping

from bot.completion.result import ToolUse
from bot.completion.search import Search
from bot.completion.tools import cost_of
from bot.rules.hold import MOST, Hold
from bot.rules.quota import QuotaName
from bot.rules.search_use import most_searched


def extended(hold: Hold, search: Search) -> Hold | None:
    """What is reserved for `search` with one turn more than in `hold`; None where caps allow no
    more."""
    turns = hold.rounds
    search = search.model_copy(update={"max_turns": turns})
    most = most_searched(search, hold.caps, turns, hold.prices_of_tools)
    if (most.searches, most.posts) <= (hold.searches, hold.posts):
        return None
    read = most.rounds * hold.input + most.read
    cost = None
    if hold.prices is not None:
        beside = most.micro_dollars + hold.file_micro_dollars
        cost = hold.prices.cost(read, hold.output, prompts=hold.copies) + beside
    return hold.model_copy(
        update={
            "rounds": most.rounds,
            "found": most.read,
            "tokens": min(MOST, read + hold.output),
            "micro_dollars": None if cost is None else min(MOST, cost),
            "searches": most.searches,
            "posts": most.posts,
            "profiles": most.profiles,
            "search_micro_dollars": most.micro_dollars,
        }
    )


def reaches(hold: Hold, use: ToolUse) -> bool:
    """Whether `use` is all that is reserved, so that the next call would be too much."""
    return any(used and used >= most for used, most in _each(hold, use))


def exceeds(hold: Hold, use: ToolUse) -> bool:
    """Whether `use` is more than is reserved."""
    return any(used > most for used, most in _each(hold, use))


def _each(hold: Hold, use: ToolUse) -> tuple[tuple[int, int], ...]:
    """What is used, and the most: of what nobody knows nothing.

    Posts and profiles are only money, of which fewer searches of the web leave more to them; each
    is bounded by itself where somebody has set a cap of them.
    """
    posts, profiles = use.posts or 0, use.profiles or 0
    known = use.model_copy(update={"posts": posts, "profiles": profiles})
    capped: Mapping[QuotaName, int] = {"search-posts": posts, "search-profiles": profiles}
    return (
        (use.web_calls + use.x_calls, hold.searches),
        (cost_of(known, hold.prices_of_tools) or 0, hold.search_micro_dollars),
        *((used, hold.caps[name]) for name, used in capped.items() if name in hold.caps),
    )
