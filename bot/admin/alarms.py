"""Tells admins, once, that most of a quota is used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from attrs import frozen

from bot.admin.usage import number
from bot.asking.admission import Permission
from bot.asking.rules_text import whose
from bot.errors import StoreUnavailable
from bot.rules.policy import Limit, Policy
from bot.rules.quota import QUOTAS, WORKSPACE, Scope, Windows, windows_at
from bot.settings import Settings, admins_of, zone_of
from bot.slack.blocks import moment
from bot.slack.side import SlackSide
from bot.store.quotas import Use
from bot.store.side import StoreSide
from bot.views.home_view import bar
from bot.words import usage as words
from bot.words.admin import SOMEBODY

log = structlog.get_logger(__name__)

ALARM_PERCENT = 80

MOST_TOLD = 10
"""Admins who are told of one quota."""

_ENTRIES = 200
"""Changes that are looked through for those who set quotas."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """So much of a limit is used that admins are to be told, once until it `ends`."""

    limit: Limit
    used: int
    window: str
    ends: int
    """Unix time in seconds."""

    @property
    def name(self) -> str:
        """The same for as long as nobody need be told again."""
        limit = self.limit
        return f"alarm:{limit.scope}:{limit.name}:{limit.most}:{self.window}"


def alarms(uses: Sequence[Use], policy: Policy, windows: Windows) -> Iterator[Alarm]:
    """The quotas of which `ALARM_PERCENT` are used, of those whose use is in `uses`."""
    for use in uses:
        for name, most in policy.of(use.scope).limits.items():
            window = QUOTAS[name].window
            if window is None or most <= 0:
                continue
            used = use.of(name).settled
            if used * 100 >= most * ALARM_PERCENT:
                yield Alarm(Limit(use.scope, name, most), used, *windows.of(window))


@frozen
class Alarms:
    """Looks at the quotas after what was used has been counted."""

    _permission: Permission
    _slack: SlackSide
    _store: StoreSide
    _settings: Settings
    _clock: Callable[[], float] = time.time

    async def after_use(self, channel: str) -> None:
        """Something was used in `channel`: tell admins of each quota of which most is used by
        now, unless they were told. Never raises."""
        try:
            for alarm in await self._found(channel):
                left = max(1, int(alarm.ends - self._clock()))
                if await self._store.once.first(alarm.name, left):
                    await self._tell(alarm)
        except StoreUnavailable as error:
            log.warning("quotas not looked at", error=str(error))

    async def _found(self, channel: str) -> tuple[Alarm, ...]:
        policy = await self._store.policies.current()
        scopes = [s for s in (Scope("channel", channel), WORKSPACE) if policy.of(s).limits]
        if not scopes:
            return ()
        windows = windows_at(self._clock(), zone_of(self._settings))
        uses = await self._store.quotas.usage(scopes, windows)
        return tuple(alarms(uses, policy, windows))

    async def _tell(self, alarm: Alarm) -> None:
        for admin in await self._who(alarm.limit):
            person = await self._slack.people.find(admin)
            if self._permission.is_admin(person):
                await self._slack.ephemeral.tell(_sentence(alarm, person.tz_offset), user=admin)

    async def _who(self, limit: Limit) -> tuple[str, ...]:
        """Those in `GROK_ADMINS`, and whoever has set this quota of late."""
        field = f"limits.{limit.name}"
        setters = [
            entry.by
            for entry in await self._store.audit.newest(_ENTRIES)
            if entry.scope == limit.scope and field in entry.after and entry.by != SOMEBODY
        ]
        return tuple(dict.fromkeys([*sorted(admins_of(self._settings)), *setters]))[:MOST_TOLD]


def _sentence(alarm: Alarm, tz_offset: int) -> str:
    limit, quota = alarm.limit, QUOTAS[alarm.limit.name]
    return words.ALARM(
        whose=whose(limit.scope, ""),
        bar=bar(alarm.used, limit.most),
        limit=quota.limit(limit.most),
        left=number(quota, max(0, limit.most - alarm.used)),
        when=moment(alarm.ends, tz_offset),
    )
