"""What was used and what is left, as people read it: Slack's mrkdwn, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.completion.excerpt import excerpt
from bot.rules.in_force import Limit
from bot.rules.quota import QUOTAS, Quota, QuotaName, Windows
from bot.slack.blocks import mention, moment
from bot.store.quotas import Counts, Use
from bot.views.home_view import bar
from bot.words import quota as quota_words
from bot.words import usage as words


def limit_lines(
    limits: Iterable[Limit], use: Use, windows: Windows, tz_offset: int
) -> Iterator[str]:
    """A bar for each of `limits`, which are those of one scope, and `use` is its use."""
    for limit in limits:
        quota, amount = QUOTAS[limit.name], use.of(limit.name)
        used = amount.settled + amount.held
        yield words.limit_line(
            bar(used, limit.most),
            number(quota, used),
            quota.limit(limit.most),
            number(quota, max(0, limit.most - used)),
            _resets(quota, windows, tz_offset),
        )
    if use.running:
        yield words.under_way(use.running)


def bare_limits(limits: Mapping[QuotaName, int]) -> Iterator[str]:
    """Limits without what was used of them, and caps among them."""
    for name, quota in QUOTAS.items():
        if name in limits:
            yield words.limit_only(quota.limit(limits[name]))


def cap_line(caps: Mapping[QuotaName, int]) -> Iterator[str]:
    """What a single question may ask for, when that is capped."""
    if caps:
        yield words.caps([QUOTAS[name].limit(most) for name, most in caps.items()])


def used_lines(use: Use) -> Iterator[str]:
    """What a scope used today and this month, limited or not."""
    yield _used(words.TODAY, use.day)
    yield _used(words.THIS_MONTH, use.month)


def most_line(most: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Who used most, with their tokens."""
    people = [
        words.one_of_most(mention(user) or excerpt(user), words.amount("tokens", tokens))
        for user, tokens in most
    ]
    if people:
        yield words.most(people)


def _used(window: str, counts: Counts) -> str:
    if not counts.requests.settled:
        return words.used_nothing(window)
    money = words.amount("usd", counts.micro_dollars.settled)
    return words.used(
        window,
        words.amount("requests", counts.requests.settled),
        words.amount("tokens", counts.tokens.settled),
        words.unpriced(money, counts.unpriced) if counts.unpriced else money,
        _searched(counts),
    )


def _searched(counts: Counts) -> str:
    searches, posts = counts.searches.settled, counts.posts.settled
    if not searches and not posts:
        return ""
    return words.searched(
        words.amount("searches", searches),
        words.amount("posts", posts) if posts else "",
        words.amount("usd", counts.search_micro_dollars.settled),
    )


def number(quota: Quota, value: int) -> str:
    """An amount without its unit; money with its sign."""
    return words.amount("usd", value) if quota.unit == "usd" else quota_words.count(value)


def _resets(quota: Quota, windows: Windows, tz_offset: int) -> str:
    """When what counts against a quota begins anew; empty when that is no matter of time."""
    match quota.window:
        case "day":
            return moment(windows.day_ends, tz_offset)
        case "month":
            return moment(windows.month_ends, tz_offset)
        case None:
            return ""
