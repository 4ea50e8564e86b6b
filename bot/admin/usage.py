"""What was used, what is left, and what the quotas are, as people read it: Slack's mrkdwn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from bot.admin.changing import Caller, CommandReply
from bot.admin.exports import usage_table
from bot.asking.admission import Permission
from bot.asking.rules_text import kept_out, whose
from bot.characters import excerpt
from bot.rules.arguments import CommandTarget
from bot.rules.commands import AdminCommand
from bot.rules.policy import InForce, Limit, Policy
from bot.rules.quota import QUOTAS, Quota, QuotaName, Scope, Windows, windows_at
from bot.settings import Settings, zone_of
from bot.slack.blocks import mention, moment
from bot.slack.people.membership import ChannelNames
from bot.slack.side import SlackSide
from bot.store.quotas import Counts, Quotas, UsageRow, Use
from bot.store.side import StoreSide
from bot.views.home_view import bar
from bot.words import usage as words

MOST_PEOPLE = 5
"""People who used most that admins are told of."""

NAMES_SECONDS = 3.0
MOST_NAMES = 50
"""How long finding out what people are called may hold up a table, and how many are asked for."""


def limit_lines(
    limits: Iterable[Limit], use: Use, windows: Windows, tz_offset: int
) -> Iterator[str]:
    """A bar for each of `limits`, which are those of one scope, and `use` is its use."""
    for limit in limits:
        quota, amount = QUOTAS[limit.name], use.of(limit.name)
        used = amount.settled + amount.held
        yield words.LIMIT_LINE(
            bar=bar(used, limit.most),
            stands=_stands(quota, used, limit.most),
            when=moment(windows.of(quota.window)[1], tz_offset) if quota.window else "",
        )
    if use.running:
        yield words.UNDER_WAY(use.running)


def _stands(quota: Quota, used: int, most: int) -> str:
    """How it stands with a limit of `most`."""
    limit, amount = quota.limit(most), number(quota, used)
    if used > most:
        return words.OVER(used=amount, over=number(quota, used - most), limit=limit)
    return words.WITHIN(used=amount, limit=limit, left=number(quota, most - used))


def bare_limits(limits: Mapping[QuotaName, int]) -> Iterator[str]:
    """Limits without what was used of them, and caps among them."""
    for name, quota in QUOTAS.items():
        if name in limits:
            yield words.LIMIT_ONLY(quota.limit(limits[name]))


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
        words.ONE_OF_MOST(
            who=mention(user) or excerpt(user), tokens=words.amount_used("tokens", tokens)
        )
        for user, tokens in most
    ]
    if people:
        yield words.MOST(people)


def _used(window: str, counts: Counts) -> str:
    if not counts.requests.settled:
        return words.USED_NOTHING(window)
    money = words.amount_used("usd", counts.micro_dollars.settled)
    return words.USED(
        window=window,
        requests=words.amount_used("requests", counts.requests.settled),
        tokens=words.amount_used("tokens", counts.tokens.settled),
        money=words.UNPRICED(money=money, questions=counts.unpriced) if counts.unpriced else money,
        searched=_searched(counts),
    )


def _searched(counts: Counts) -> str:
    searches, posts = counts.searches.settled, counts.posts.settled
    if not searches and not posts:
        return ""
    return words.SEARCHED(
        searches=words.amount_used("searches", searches),
        posts=words.amount_used("posts", posts) if posts else "",
        money=words.amount_used("usd", counts.search_micro_dollars.settled),
    )


def number(quota: Quota, value: int) -> str:
    """An amount without its unit; money with its sign."""
    return words.amount_used("usd", value) if quota.unit == "usd" else words.count(value)


async def limits_and_use(
    limits: Sequence[Limit], quotas: Quotas, windows: Windows, tz_offset: int, *, named: bool
) -> list[str]:
    """A bar for each of `limits`, below whose they are; `named`: which channels. Raises
    `StoreUnavailable`."""
    lines: list[str] = []
    for use in await quotas.usage(tuple(dict.fromkeys(each.scope for each in limits)), windows):
        own = [limit for limit in limits if limit.scope == use.scope]
        name = f"<#{use.scope.id}>" if named and use.scope.kind == "channel" else ""
        lines += [words.heading(use.scope.kind, name), *limit_lines(own, use, windows, tz_offset)]
    return lines


@frozen
class UsageCommands:
    """Answers the commands about quotas and use."""

    _permission: Permission
    _channels: ChannelNames
    _slack: SlackSide
    _store: StoreSide
    _settings: Settings
    _clock: Callable[[], float] = time.time

    async def used(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """What was used today and this month; no scope named: here and by the caller."""
        policy, windows = await self._store.policies.current(), self._windows()
        scopes = self._scopes(command.target, caller)
        lines: list[str] = []
        for use in await self._store.quotas.usage(scopes, windows):
            limits = _of_scope(use.scope, policy, caller)
            lines += [
                words.heading(use.scope.kind),
                *used_lines(use),
                *limit_lines(limits, use, windows, caller.person.tz_offset),
                *await self._most(use.scope, windows, caller),
            ]
        if self._permission.is_admin(caller.person):
            lines.append(words.AND_VOTES)
        return CommandReply(tuple(lines))

    async def quotas(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """What is limited, with bars; what holds for the caller here when no scope is named."""
        policy, windows = await self._store.policies.current(), self._windows()
        target = command.target
        if target is None:
            return await self._quotas_here(policy, windows, caller)
        scope = target.scope(channel=caller.channel, user=caller.user)
        limits = policy.of(scope).limits
        counted = _of_scope(scope, policy, caller)
        if not limits and not counted:
            return CommandReply((words.NO_QUOTAS_THERE(whose(scope, caller.channel)),))
        lines = [words.QUOTAS_OF(whose(scope, caller.channel))]
        if scope.kind == "each-user":
            return CommandReply((*lines, *bare_limits(limits)))
        (use,) = await self._store.quotas.usage([scope], windows)
        lines += limit_lines(counted, use, windows, caller.person.tz_offset)
        lines += cap_line(
            {name: limits[name] for name in QUOTAS if name in limits and QUOTAS[name].caps}
        )
        lines += await self._most(scope, windows, caller)
        return CommandReply(tuple(lines))

    async def _quotas_here(self, policy: Policy, windows: Windows, caller: Caller) -> CommandReply:
        knows = self._permission.knows_rules(caller.person)
        rules = InForce(policy, caller.channel, caller.user)
        limits = [each for each in rules.limits if knows or each.scope.kind == "user"]
        quotas, tz_offset = self._store.quotas, caller.person.tz_offset
        lines = await limits_and_use(limits, quotas, windows, tz_offset, named=False)
        lines += cap_line(rules.caps if knows else {})
        lines = lines or [words.NO_QUOTAS if knows else words.NO_QUOTAS_OF_YOURS]
        closed = kept_out(rules, caller.person, knows_rules=knows)
        return CommandReply((*lines, *closed))

    async def export(self, command: AdminCommand, _: Caller) -> CommandReply:
        """A month as a table, for the caller's direct messages."""
        month = next(iter(command.names), self._windows().month)
        rows = await self._store.quotas.export(month)
        if not rows:
            return CommandReply((words.NO_EXPORT(month),))
        names = await self._names(rows)
        document = usage_table(month, rows, names)
        return CommandReply((words.EXPORTED(month=month, rows=len(rows)),), documents=(document,))

    async def _names(self, rows: Sequence[UsageRow]) -> Mapping[str, str]:
        """What those who used most are called, and the public channels where it was, by id."""
        ordered = sorted(rows, key=lambda row: row.tokens, reverse=True)
        users = tuple(dict.fromkeys(row.user for row in ordered))[:MOST_NAMES]
        channels = tuple(dict.fromkeys(row.channel for row in ordered))
        people, places = await asyncio.gather(
            self._slack.people.names(users, asker=None, within=NAMES_SECONDS, most=MOST_NAMES),
            self._channels.public(channels, within=NAMES_SECONDS, most=MOST_NAMES),
        )
        return {**people, **places}

    async def _most(self, scope: Scope, windows: Windows, caller: Caller) -> tuple[str, ...]:
        """Who used most, for admins."""
        if scope.kind == "user" or not self._permission.is_admin(caller.person):
            return ()
        return tuple(most_line(await self._store.quotas.most(scope, windows.month, MOST_PEOPLE)))

    def _windows(self) -> Windows:
        return windows_at(self._clock(), zone_of(self._settings))

    def _scopes(self, target: CommandTarget | None, caller: Caller) -> Sequence[Scope]:
        if target is not None:
            return (target.scope(channel=caller.channel, user=caller.user),)
        me, channel = Scope("user", caller.user), Scope("channel", caller.channel)
        if caller.channel.startswith("D") or not self._permission.knows_rules(caller.person):
            return (me,)
        return (channel, me)


def _of_scope(scope: Scope, policy: Policy, caller: Caller) -> list[Limit]:
    """The limits of one scope."""
    channel = scope.id if scope.kind == "channel" else ""
    user = scope.id if scope.kind == "user" else caller.user
    return [limit for limit in InForce(policy, channel, user).limits if limit.scope == scope]
