"""What of a question that does not fit in its quotas would fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pydantic import JsonValue

from bot.completion.ask import Ask
from bot.completion.request import CompletionRequest
from bot.completion.search import NO_SEARCH, Search
from bot.rules.hold import Hold, Shortage
from bot.rules.quota import QUOTAS

LEAST_ANSWER = 50
"""Tokens of the shortest answer that is worth proposing."""

HoldOf = Callable[[Ask], Hold]
"""What a question would reserve."""


def fitting_max_tokens(
    shortages: Sequence[Shortage], request: CompletionRequest, hold: Hold
) -> int | None:
    """The `max_tokens` with which the same question would fit now; None when none would."""
    rooms = [_room(shortage, request, hold) for shortage in shortages]
    known = [room for room in rooms if room is not None]
    if len(known) < len(rooms) or not known or min(known) < LEAST_ANSWER:
        return None
    return _rounded(min(known))


def _room(shortage: Shortage, request: CompletionRequest, hold: Hold) -> int | None:
    """The longest answer, in tokens, that this limit leaves room for; None: no matter of that."""
    if shortage.wanted is None or not request.max_tokens:
        return None
    excess = shortage.wanted - shortage.left
    match QUOTAS[shortage.name].unit:
        case "tokens":
            too_many = excess
        case "usd" if hold.prices and hold.prices.output > 0:
            too_many = int(excess / hold.prices.output) + 1
        case _:
            return None
    answers = len(request.prompts) * max(request.n or 1, request.best_of or 1)
    return request.max_tokens - -(-too_many // answers)


def _rounded(tokens: int) -> int:
    """A number that is easy to type, and no larger."""
    step = 10 if tokens < 1_000 else 100
    return tokens - tokens % step


def fitting_search(shortages: Sequence[Shortage], ask: Ask, hold_of: HoldOf) -> Search | None:
    """The search with which the same question would fit now: in fewer turns, else of the web only,
    else none at all; None when it would not even then."""
    for search in _smaller(ask.search):
        hold = hold_of(ask.model_copy(update={"search": search}))
        if all(_fits(shortage, hold) for shortage in shortages):
            return search
    return None


def _smaller(search: Search) -> Iterator[Search]:
    most = search.max_turns or 1
    yield from _fewer(search, most - 1)
    of_x = (search.handles, search.not_handles, search.since, search.until)
    if len(search.sources) > 1 and not any(of_x):
        yield from _fewer(search.model_copy(update={"sources": ("web",)}), most)
    yield NO_SEARCH


def _fewer(search: Search, most: int) -> Iterator[Search]:
    return (search.model_copy(update={"max_turns": turns}) for turns in range(most, 0, -1))


def changed_search(before: Search, after: Search) -> dict[str, JsonValue]:
    """What of a search is to be said otherwise, by the names of options."""
    told, said = after.values(), before.values()
    return {name: value for name, value in told.items() if said.get(name) != value}


def _fits(shortage: Shortage, hold: Hold) -> bool:
    wanted = {
        "tokens": hold.tokens,
        "usd": hold.micro_dollars,
        "searches": hold.searches,
    }.get(QUOTAS[shortage.name].unit)
    return wanted is not None and wanted <= shortage.left
