"""Reserving more for a question whose answer searches more than was thought: nobody can say
beforehand how often one turn does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.completion.result import ToolUse
from bot.completion.search import Search
from bot.completion.tools import cost_of
from bot.rules.hold import MOST, Hold
from bot.rules.prices import most_searched
from bot.rules.quota import QuotaName


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


def more_for(hold: Hold, search: Search, use: ToolUse) -> Hold | None:
    """What is reserved for one turn more than in `hold`, where `use` is all of something that is
    reserved, so that the next call would be too much; None where it is not, or where caps leave no
    more of that."""
    more = extended(hold, search)
    if more is None or any(used > most for used, most in _capped(hold, use)):
        return None
    reached = zip(_reserved(hold, use), _reserved(more, use), strict=True)
    helps = any(used and most <= used and most < then for (used, most), (_, then) in reached)
    return more if helps else None


def exceeds(hold: Hold, use: ToolUse) -> bool:
    """Whether `use` is more than is reserved, or than a cap."""
    return any(used > most for used, most in (*_reserved(hold, use), *_capped(hold, use)))


def _reserved(hold: Hold, use: ToolUse) -> tuple[tuple[int, int], ...]:
    """What is used of what quotas count, and the most. Posts and profiles are only money there, of
    which fewer searches of the web leave more to them."""
    known = use.model_copy(update={"posts": use.posts or 0, "profiles": use.profiles or 0})
    return (
        (use.web_calls + use.x_calls, hold.searches),
        (cost_of(known, hold.prices_of_tools) or 0, hold.search_micro_dollars),
    )


def _capped(hold: Hold, use: ToolUse) -> Iterator[tuple[int, int]]:
    """What is used of that of which somebody has set how much one question may have; of what nobody
    knows nothing."""
    used: Mapping[QuotaName, int | None] = {
        "search-posts": use.posts,
        "search-profiles": use.profiles,
    }
    return ((each or 0, hold.caps[name]) for name, each in used.items() if name in hold.caps)
