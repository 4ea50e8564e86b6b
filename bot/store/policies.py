"""What is set: by admins, and by people for themselves and for others; and who changed what.

What admins have set is known to every process within a second of a change. A field that this
version cannot read, since another has written it, stops nothing: it counts as not set, is logged,
and stands in `Policy.unread`. When it restricts what may be asked, `InForce.unread` names it for
the questions that it is about, so that nobody asks in spite of it.

Own defaults, and prompts under names, stand in one hash for each owner (a person, a channel, the
workspace), which lasts until they take back what is in it.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import structlog
from pydantic import JsonValue, ValidationError

from bot.errors import StoreUnavailable, what_it_says
from bot.rules.policy import Fields, Policy, Rules, UnreadField, rules_of
from bot.rules.quota import Scope
from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store.keys import Keys
from bot.store.redis.connection import Records, Store, answered, redis_errors, together
from bot.store.redis.pool import reading

log = structlog.get_logger(__name__)

_BEFORE, _AFTER = "before:", "after:"

POLL_SECONDS = 0.5
"""The longest time between two looks at the version."""

LOAD_SECONDS = 1.0
"""How long loading may take: a listener waits for it, and has 3 s in all."""

MOST_AUDITED = 1_000
"""How many changes the audit remembers, about."""

_VERSION = "version"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: `before` and `after` hold the fields that changed, as far as they were set."""

    at: float
    """Unix time in seconds, by the clock of Redis."""
    by: str
    """Slack id of whoever made it."""
    scope: Scope
    before: Fields
    after: Fields


class Audit(Records):
    """The list of changes of one workspace."""

    async def newest(self, count: int) -> tuple[AuditEntry, ...]:
        """The newest `count` changes, newest first. Raises `StoreUnavailable`."""
        entries: Any = await answered(self._redis.xrevrange(self._keys.audit, count=count))
        return tuple(_readable(entries))


def changed_fields(stored: Mapping[str, str]) -> tuple[Fields, Fields]:
    """The fields that changed, before and after, of a change as it is stored."""
    return _fields(stored, _BEFORE), _fields(stored, _AFTER)


def _fields(stored: Mapping[str, str], prefix: str) -> dict[str, JsonValue]:
    return {
        name.removeprefix(prefix): _value(text)
        for name, text in stored.items()
        if name.startswith(prefix)
    }


def _value(text: str) -> JsonValue:
    """What is not JSON, since another version has written it, is shown as it stands."""
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


def _readable(entries: Iterable[tuple[str, Mapping[str, str]]]) -> Iterator[AuditEntry]:
    """A change that this version cannot read is no reason not to show the others."""
    for entry_id, stored in entries:
        try:
            yield _entry(entry_id, stored)
        except (KeyError, ValueError):
            log.warning("change cannot be read", entry=entry_id)


def _entry(entry_id: str, stored: Mapping[str, str]) -> AuditEntry:
    milliseconds, _, _ = entry_id.partition("-")
    before, after = changed_fields(stored)
    return AuditEntry(
        at=int(milliseconds) / 1000,
        by=stored["by"],
        scope=Scope.parse(stored["scope"]),
        before=before,
        after=after,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What a change did: the fields that are other than `before`, as they were and as they are.

    A field that is missing was not set, or is not any more. Both are empty when all was so
    already; nothing is written to the audit then, and `version` stays.
    """

    before: Fields
    after: Fields
    version: int


class Policies(Records):
    """The policy of one workspace, kept in memory. Every method but `run` and `follow` raises
    `StoreUnavailable`."""

    def __init__(self, store: Store, keys: Keys) -> None:
        super().__init__(store, keys)
        self._policy: Policy | None = None
        self._loading = asyncio.Lock()
        self._away = False

    async def current(self) -> Policy:
        """The policy as this process knows it; it is loaded on first use."""
        return self._policy or await self.reload()

    async def reload(self, stale: Policy | None = None) -> Policy:
        """The policy as Redis holds it now.

        `stale`: the one that was found to be out of date. When another has been loaded since,
        that is it.
        """
        try:
            async with asyncio.timeout(LOAD_SECONDS), self._loading:
                if stale is None or self._policy is stale or self._policy is None:
                    self._policy = await self._load()
                return self._policy
        except TimeoutError as error:
            raise StoreUnavailable("policy not loaded in time", maybe_applied=False) from error

    async def change(
        self, scope: Scope, changes: Fields, *, by: str, operation: str = ""
    ) -> Change:
        """Set and take away fields of `scope`, all or none, beside what others change meanwhile.

        `by` is the Slack id of whoever wants it.
        `operation` names what Slack may deliver again: within `EVENT_RETRY_SECONDS` the same
        one changes nothing more, and returns what it did. Raises `ValueError` for a field that
        could not be read again.
        """
        rules_of({field: value for field, value in changes.items() if value is not None})
        done_key = self._keys.policy_change(operation or uuid.uuid4().hex)
        keys = [self._keys.policy, self._keys.audit, done_key]
        args = [str(scope), by, MOST_AUDITED, EVENT_RETRY_SECONDS, *_written(changes)]
        reply: Any = await self._script("policy_change")(keys, args)
        done = dict(zip(reply[::2], reply[1::2], strict=True))
        change = Change(*changed_fields(done), version=int(done[_VERSION]))
        await self.follow()
        return change

    async def run(self) -> NoReturn:
        """See the changes of other replicas within a second, until cancelled; never raises."""
        while True:
            await self.follow()  # at once: the first question does not wait for it
            await asyncio.sleep(POLL_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311

    async def follow(self) -> None:
        """Load the policy if it has changed and Redis is there; never raises."""
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                version = await self._version()
            if self._policy is None or self._policy.version != version:
                await self.reload()
        except (StoreUnavailable, TimeoutError) as error:
            if not self._away:
                log.warning("policy not followed", error=what_it_says(error))
            self._away = True
        else:
            self._away = False

    async def _version(self) -> int:
        with redis_errors():
            version = await self._redis.hget(self._keys.policy, _VERSION)
            with reading("the version of the policy"):
                return int(version or 0)

    async def _load(self) -> Policy:
        stored: Any = await answered(self._redis.hgetall(self._keys.policy))
        return _read(stored)


def _written(changes: Fields) -> list[str | int | float]:
    """What is taken away comes first: `defaults` would take away what is set beside it."""
    ordered = sorted(changes.items(), key=lambda change: change[1] is not None)
    return [text for field, value in ordered for text in (field, _json(value))]


def _json(value: JsonValue) -> str:
    """The same text for the same value, so that no change can be told from one."""
    return "" if value is None else json.dumps(value, sort_keys=True, allow_nan=False)


def _read(stored: Mapping[str, str]) -> Policy:
    fields: dict[Scope, dict[str, JsonValue]] = {}
    unread: list[UnreadField] = []
    for name, text in stored.items():
        if name == _VERSION:
            continue
        owner, _, field = name.partition(" ")
        try:
            scope, value = Scope.parse(owner), json.loads(text)
            rules_of({field: value})
        except (ValueError, RecursionError):
            log.warning("policy field cannot be read", scope=owner, field=field)
            unread.append(UnreadField(owner, field))
        else:
            fields.setdefault(scope, {})[field] = value
    return Policy(
        version=int(stored.get(_VERSION, 0)),
        scopes={scope: rules_of(each) for scope, each in fields.items()},
        unread=tuple(unread),
    )


MOST_VALUES = 100
"""Defaults and prompts of one owner."""

_DEFAULT, _PROMPT = "default ", "prompt "


class Saved(Records):
    """What is saved in one workspace. Every method raises `StoreUnavailable`."""

    async def defaults(self, user: str) -> Mapping[str, JsonValue]:
        """Somebody's own defaults, by the name of the option; what this version cannot read is
        not set."""
        found: dict[str, JsonValue] = {}
        key = self._keys.saved(str(Scope("user", user)))
        stored: Any = await answered(self._redis.hgetall(key))
        for name, text in _of_kind(stored, _DEFAULT).items():
            try:
                value: JsonValue = json.loads(text)
                found |= Rules(defaults={name: value}).defaults
            except (ValueError, ValidationError, RecursionError):
                log.warning("default cannot be read", name=name)
        return found

    async def set_defaults(self, user: str, values: Mapping[str, JsonValue]) -> bool:
        """Change some of them (None: taken back); False: they are too many."""
        changed = {
            f"{_DEFAULT}{name}": "" if value is None else json.dumps(value)
            for name, value in values.items()
        }
        return await self._change(Scope("user", user), changed)

    async def prompts(self, *owners: Scope) -> tuple[Mapping[str, str], ...]:
        """The prompts of each of these people, channels or the workspace, by name. One round
        trip."""
        asking = [("HGETALL", self._keys.saved(str(owner))) for owner in owners]
        found = await together(self._redis, asking)
        return tuple(_of_kind(each, _PROMPT) for each in found)

    async def set_prompt(self, owner: Scope, name: str, text: str) -> bool:
        """Save a prompt, in place of one of that name; empty: it is taken back. False: they are
        too many."""
        return await self._change(owner, {f"{_PROMPT}{name}": text})

    async def _change(self, owner: Scope, changed: Mapping[str, str]) -> bool:
        pairs = [each for pair in changed.items() for each in pair]
        saved = [self._keys.saved(str(owner))]
        return bool(await self._script("save")(saved, [MOST_VALUES, *pairs]))


def _of_kind(stored: Mapping[str, str], kind: str) -> dict[str, str]:
    return {
        str(name).removeprefix(kind): str(text)
        for name, text in sorted(stored.items())
        if str(name).startswith(kind)
    }
