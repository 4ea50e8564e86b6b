"""What a question is charged once its answer is there, and what is reserved more for one whose
answer searches more than was thought: nobody can say beforehand how often one turn does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.completion.ask import Ask, most_tokens, written
from bot.completion.result import Answer, ToolUse, Usage
from bot.completion.search import Search
from bot.completion.tools import (
    READ_OF_EACH_CALL,
    SearchUse,
    cost_of,
    most_in_a_turn,
    most_searched,
    searched,
)
from bot.files.file import PDF_TURNS
from bot.rules.hold import MOST, Hold
from bot.rules.quota import QuotaName

_MOST_BYTES_PER_TOKEN = 32
"""Of an answer of some length; English has four or five."""
_MOST_BYTES_READ_PER_TOKEN = 128
"""Of any prompt: so many blanks in a row are the longest token of today's vocabularies."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a question used. `micro_dollars` is None when nobody knows what that costs."""

    requests: int
    tokens: int
    micro_dollars: int | None
    searches: int = 0
    posts: int = 0
    search_micro_dollars: int = 0
    """What of `micro_dollars` the searches cost, by the price list."""


NOTHING = Charge(0, 0, 0)
"""Of a question that never reached Grok: it does not even count as one."""


def charge_for(hold: Hold, ask: Ask, answer: Answer) -> Charge:
    """What `answer` to `ask` is charged, for which `hold` was reserved.

    What the API says it used, each number that can be. What it does not say is estimated by its
    bound, for else an API that says nothing could be had for a third of what it takes: never more
    than was reserved. Nothing when Grok was not asked, or refused.
    """
    usage = answer.usage or Usage()
    if answer.usage is None and not answer.asked:
        return NOTHING
    seen = sum(map(most_tokens, written(ask, answer)))
    output = _likely(usage.completion_tokens + usage.reasoning_tokens, seen)
    sent = sum(map(most_tokens, (*ask.request.prompts, ask.system)))
    total = _likely(usage.total_tokens, seen, sent)
    read = _likely(usage.prompt_tokens, 0, sent)
    if total and output and not read:
        read = _likely(total - output, 0, sent) or hold.read
    if not output and (seen or not total):
        output = _likely(_rest(total, read), seen) or _bound(hold, ask, answer, seen)
        output = min(output, total) if total and not read else output
    if not read:
        read = total - output if total else hold.read
    output = max(output, total - read)
    found = _searched(hold, answer)
    cost = _cost(hold, read, output, usage.cached_tokens)
    cost = None if cost is None else cost + found.micro_dollars
    if usage.micro_dollars is not None:
        cost = usage.micro_dollars
    cost = None if cost is None else min(MOST, cost)
    return Charge(
        1,
        min(MOST, read + output),
        cost,
        searches=min(MOST, found.searches),
        posts=min(MOST, found.posts),
        search_micro_dollars=min(MOST if cost is None else cost, found.micro_dollars),
    )


def _searched(hold: Hold, answer: Answer) -> SearchUse:
    """What was searched: by the bill, or the calls that were seen where that does not say. Without
    any bill it may have been all that was reserved."""
    if answer.usage is None:
        return hold.searched
    if answer.tools is None:
        return SearchUse()
    return searched(hold.searched, answer.tools, hold.prices_of_tools)


def _likely(tokens: int, seen: int, sent: int = 0) -> int:
    """A number of tokens that as many bytes can have been, of what was `seen` to be written and of
    what was `sent` to be read; else 0, as nobody said any."""
    least = seen / _MOST_BYTES_PER_TOKEN + sent / _MOST_BYTES_READ_PER_TOKEN
    return tokens if tokens >= least else 0


def _rest(total: int, read: int) -> int:
    """What of all was written, where both numbers were said."""
    return max(0, total - read) if read else 0


def _bound(hold: Hold, ask: Ask, answer: Answer, seen: int) -> int:
    """The most tokens that may have been written, of which so many were `seen`."""
    request = ask.request
    if (not seen and not request.streams) or (request.best_of or 1) > (request.n or 1):
        return hold.output  # not all that was written was seen
    if answer.failure and not seen and not answer.reasoning:
        return hold.output  # who knows what was lost on its way
    thought = most_tokens(answer.reasoning) if answer.reasoning else hold.reasoning
    return min(hold.output, seen + thought)


def _cost(hold: Hold, read: int, written: int, cached: int = 0) -> int | None:
    if hold.prices is None:
        return None
    return hold.prices.cost(read, written, cached=cached, prompts=hold.copies)


def narrowed(hold: Hold, ask: Ask, seen: ToolUse) -> Hold:
    """The most that `ask` has come to by now, of what it has reserved in `hold`, where the calls
    that were `seen` are all but those of one turn more: it may be under way, and nobody was told
    yet. Each call may have been a turn by itself."""
    if not ask.search.sources:
        return hold
    each_turn = ToolUse(**most_in_a_turn(ask.search.sources))
    calls = seen.web_calls + seen.x_calls
    turn = each_turn.web_calls + each_turn.x_calls
    searches = min(hold.searches, calls + turn)
    rounds = min(hold.rounds, calls + 2 + (PDF_TURNS if ask.encloses_pdf else 0))
    posts = _and_more(seen.posts, each_turn.posts, hold.posts)
    profiles = _and_more(seen.profiles, each_turn.profiles, hold.profiles)
    web_calls = seen.web_calls + each_turn.web_calls
    use = ToolUse(web_calls=web_calls, posts=posts, profiles=profiles)
    cost = min(hold.search_micro_dollars, cost_of(use, hold.prices_of_tools) or 0)
    narrow = _searching(
        hold,
        SearchUse(
            searches=searches,
            posts=posts,
            profiles=profiles,
            micro_dollars=cost,
            read=min(hold.found, searches * READ_OF_EACH_CALL * (rounds - 1)),
            rounds=rounds,
        ),
    )
    known = [each.micro_dollars for each in (hold, narrow) if each.micro_dollars is not None]
    return narrow.model_copy(update={"micro_dollars": min(known, default=None)})


def _searching(hold: Hold, most: SearchUse) -> Hold:
    """`hold` with the most that is searched."""
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


def all_of(hold: Hold) -> Charge:
    """What is charged for a question that may have come to all that is reserved."""
    return Charge(
        1,
        hold.tokens,
        hold.micro_dollars,
        searches=hold.searches,
        posts=hold.posts,
        search_micro_dollars=hold.search_micro_dollars,
    )


def _and_more(seen: int | None, more: int | None, most: int) -> int:
    """So many and some more, and no more than `most`; None: nobody knows how many."""
    return most if seen is None or more is None else min(most, seen + more)


def extended(hold: Hold, search: Search) -> Hold | None:
    """What is reserved for `search` with one turn more than in `hold`; None where caps allow no
    more."""
    most = most_searched(search.sources, hold.rounds, hold.caps, hold.prices_of_tools)
    if (most.searches, most.posts) <= (hold.searches, hold.posts):
        return None
    return _searching(hold, most)


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
