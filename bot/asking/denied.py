"""What somebody reads whose question was not taken for a quota, and what would fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pydantic import JsonValue

from bot.asking.rules_text import notices
from bot.characters import excerpt
from bot.completion.ask import FORMS, Ask, Effort
from bot.completion.options import PARAMETERS
from bot.completion.request import CompletionRequest
from bot.completion.search import NO_SEARCH, Search
from bot.rules.hold import Denied, Hold, Shortage
from bot.rules.policy import InForce, Limit, Policy
from bot.rules.quota import QUOTAS, QuotaName, Windows
from bot.slack.blocks import mentions, moment
from bot.store.quotas import Use
from bot.words import usage as words
from bot.words.admin import HOW_TO_RESUME, admins_can

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
    if excess <= 0:
        return request.max_tokens
    match QUOTAS[shortage.name].unit:
        case "tokens":
            too_many = excess
        case "usd" if hold.prices and hold.prices.output > 0:
            too_many = int(excess / hold.prices.output) + 1
        case _:
            return None
    return request.max_tokens - -(-too_many // request.answers)


def _rounded(tokens: int) -> int:
    """A number that is easy to type, and no larger."""
    step = 10 if tokens < 1_000 else 100
    return tokens - tokens % step


def fitting(
    shortages: Sequence[Shortage], ask: Ask, hold_of: HoldOf, efforts: Sequence[Effort] = ()
) -> tuple[Ask, ...]:
    """What is nearest to `ask` and would fit now, two at most; none when nothing like it would.

    One searches in fewer turns, else the web only, else not at all, or its answer is shorter. For
    the other Grok thinks less: `efforts` are those that it can be told, from the most.
    """
    nearest = partial(_nearest, shortages, ask, hold_of)
    smaller = [_with(ask, search=search) for search in _smaller(ask.search)]
    lower = [_with(ask, effort=effort) for effort in efforts]
    if one := nearest(smaller, [ask, *smaller]):
        return tuple(filter(None, (one, nearest(lower, ()))))
    both = [_with(each, search=NO_SEARCH) for each in lower if ask.search.sources]
    other = nearest(lower, lower) or nearest(both, both)
    return (other,) if other else ()


def _nearest(
    shortages: Sequence[Shortage],
    ask: Ask,
    hold_of: HoldOf,
    whole: Iterable[Ask],
    shorter: Iterable[Ask],
) -> Ask | None:
    """The first of `whole` that would fit, else the first of `shorter` with a shorter answer."""
    for other in whole:
        if all(_fits(shortage, hold_of(other)) for shortage in shortages):
            return other
    fits = (_shortened(shortages, ask, other, hold_of) for other in shorter)
    return next(filter(None, fits), None)


def _with(ask: Ask, **changed: object) -> Ask:
    return ask.model_copy(update=changed)


def _shortened(shortages: Sequence[Shortage], ask: Ask, other: Ask, hold_of: HoldOf) -> Ask | None:
    """`other`, which stands for `ask`, with the longest answer that would fit."""
    hold = hold_of(other)
    left = [
        each if other is ask else replace(each, wanted=_wanted(each, hold)) for each in shortages
    ]
    most = fitting_max_tokens(left, other.request, hold)
    if most is None:
        return None
    return _with(other, request=other.request.model_copy(update={"max_tokens": most}))


def _smaller(search: Search) -> Iterator[Search]:
    if not search.sources:
        return
    most = search.max_turns or 1
    yield from _fewer(search, most - 1)
    of_x = (search.handles, search.not_handles, search.since, search.until)
    if len(search.sources) > 1 and not any(of_x):
        yield from _fewer(search.model_copy(update={"sources": ("web",)}), most)
    yield NO_SEARCH


def _fewer(search: Search, most: int) -> Iterator[Search]:
    return (search.model_copy(update={"max_turns": turns}) for turns in range(most, 0, -1))


def changed(before: Ask, after: Ask) -> dict[str, JsonValue]:
    """What is to be said otherwise, by the names of options."""
    told, said = after.search.values(), before.search.values()
    values = {name: value for name, value in told.items() if said.get(name) != value}
    if after.effort != before.effort:
        values["effort"] = after.effort
    if after.request.max_tokens != before.request.max_tokens:
        values["max_tokens"] = after.request.max_tokens
    return values


def _fits(shortage: Shortage, hold: Hold) -> bool:
    wanted = _wanted(shortage, hold)
    return wanted is not None and wanted <= shortage.left


def _wanted(shortage: Shortage, hold: Hold) -> int | None:
    """What `hold` wants of the same quota; None: nobody knows."""
    wanted = {
        "tokens": hold.tokens,
        "usd": hold.micro_dollars,
        "searches": hold.searches,
    }
    return wanted.get(QUOTAS[shortage.name].unit)


_OF_SOME: tuple[QuotaName, ...] = ("searches-per-day",)
"""What counts only for some questions, so that others are taken when nothing is left of it."""


_FIELD = PARAMETERS["max_tokens"].label


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whoever reads it: their clock, in seconds east of UTC, and whom they may ask for more."""

    tz_offset: int = 0
    admins: tuple[str, ...] = ()
    """Slack ids; empty: those of the workspace, who need no naming."""
    knows_rules: bool = True
    """Whether they may know what the channel and the workspace may use, and used."""
    is_admin: bool = False
    """Whether they may end a pause and allow more."""


def denied(
    error: Denied,
    ask: Ask,
    hold_of: HoldOf,
    recipient: Recipient,
    policy: Policy,
    *,
    efforts: Sequence[Effort] = (),
) -> str:
    """Which quota, what is left, when it begins anew, what would fit now, and whom to ask.

    `hold_of` says what a question would reserve; `efforts` are those that ask for less thinking,
    from the most. Slack's mrkdwn.
    """
    if not error.shortages:
        return _closed(ask, recipient, policy)
    own = recipient.knows_rules or all(each.scope.kind == "user" for each in error.shortages)
    lines = [words.DENIED, *dict.fromkeys(_line(each, ask, recipient) for each in error.shortages)]
    if own:
        field = _FIELD if ask.surface in FORMS else ""
        others = fitting(error.shortages, ask, hold_of, efforts)
        lines += [words.would_fit(changed(ask, other), field=field) for other in others]
    lines.append(_who_allows_more(error.shortages[0], recipient))
    return "\n".join(lines)


def _who_allows_more(short: Shortage, recipient: Recipient) -> str:
    """How more is allowed of the first of what is short, or by whom."""
    if not recipient.is_admin:
        return admins_can("allow more", mentions(recipient.admins))
    scope = short.scope
    whose = f"user {scope.id}" if scope.kind == "user" else scope.kind
    return words.ALLOW_MORE(name=short.name, whose=whose)


def used_up(
    limits: Iterable[Limit], uses: Iterable[Use], windows: Windows, recipient: Recipient
) -> Iterator[str]:
    """Which of `limits` nothing is left of, whatever is asked; `uses` are those of their scopes."""
    use_of = {use.scope: use for use in uses}
    for limit in limits:
        amount, ends = use_of[limit.scope].of(limit.name), windows.ends(limit.name)
        if ends is None or amount.settled < limit.most or limit.name in _OF_SOME:
            continue
        if recipient.knows_rules or limit.scope.kind == "user":
            quota, when = QUOTAS[limit.name], moment(ends, recipient.tz_offset)
            owner = words.OWNERS[limit.scope.kind]
            yield words.USED_UP(whose=owner, limit=quota.limit(limit.most), when=when)
        else:
            yield words.USED_UP_FOR_NOW(moment(ends, recipient.tz_offset))


def _closed(ask: Ask, recipient: Recipient, policy: Policy) -> str:
    """Why no questions are taken. It may be over by now."""
    if not recipient.knows_rules:
        return words.CLOSED
    rules = InForce(policy, ask.channel, ask.user)
    found = tuple(notices(rules, recipient.tz_offset))
    resume: tuple[str, ...] = ()
    if pause := rules.paused:
        resume = (
            HOW_TO_RESUME(pause[0].kind)
            if recipient.is_admin
            else admins_can("resume it", mentions(recipient.admins)),
        )
    return "\n".join((*(found or (words.CLOSED,)), *resume))


def _line(shortage: Shortage, ask: Ask, recipient: Recipient) -> str:
    quota, kind, tz_offset = QUOTAS[shortage.name], shortage.scope.kind, recipient.tz_offset
    if not recipient.knows_rules and kind != "user":
        resets = shortage.resets_at
        return words.USED_UP_FOR_NOW(moment(resets, tz_offset) if resets else "")
    who, owner = words.SUBJECTS[kind], words.OWNERS[kind]
    if shortage.resets_at is None:
        return words.ALL_BUSY(who=who, number=shortage.limit)
    limit, when = quota.limit(shortage.limit), moment(shortage.resets_at, tz_offset)
    if shortage.wanted is None:
        return words.UNKNOWN_COST(who=who, limit=limit, model=excerpt(ask.request.model))
    if shortage.settled >= shortage.limit:
        return words.USED_UP(whose=owner, limit=limit, when=when)
    return words.TOO_LITTLE(
        whose=owner,
        limit=limit,
        left=words.amount(quota.unit, shortage.left),
        wanted=words.amount(quota.unit, shortage.wanted),
        when=when,
        under_way=shortage.held > 0,
    )
