"""Changes of the policy against a plain dict: by several at once, again, and with replies lost."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from pydantic import JsonValue

from bot.rules.policy import Fields, rules_of
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.store.keys import Keys
from bot.store.policies import Audit, Change, Policies
from bot.store.redis import connection
from bot.store.redis.connection import Store
from tests.fixtures.store import TEAM
from tests.store.proxy import Lose, Proxy

T = TypeVar("T")

REPLICAS = 3
SCOPES = (WORKSPACE, EACH_USER, Scope("channel", "C1"), Scope("channel", "C10"))
VALUES: dict[str, list[JsonValue]] = {
    "defaults.n": [1, 1.0, 2],
    "defaults.seed": [2**63 - 1, -1],
    "defaults.system": ["", "Bé brief\n", "null"],
    "defaults.logit_bias": [{"1": 1, "2": -0.5}],
    "limits.concurrent": [1, 2],
    "limits.usd-per-month": [1, 2],
    "models.*": [True, False],
    "models.grok-4": [True],
    "models.grok-4.3": [True, False],
    "search.x": [False],
    "search.x.com": [True, False],
    "paused": [{"by": "U1", "at": 1.5}, {"by": "U2", "at": 2}],
}
KINDS = ("defaults", "limits", "models", "search")

CHANGES = st.builds(
    dict[str, JsonValue].__or__,
    st.sets(st.sampled_from(KINDS), max_size=1).map(dict[str, JsonValue].fromkeys),
    st.fixed_dictionaries(
        {}, optional={name: st.sampled_from([None, *some]) for name, some in VALUES.items()}
    ),
)
CALL = st.tuples(st.integers(0, REPLICAS - 1), st.sampled_from(SCOPES), CHANGES)
Call = tuple[int, Scope, Fields]
Done = tuple[str, Call, Change]


class Model:
    """What Redis must hold."""

    def __init__(self) -> None:
        self.fields: dict[Scope, dict[str, str]] = {scope: {} for scope in SCOPES}
        self.version = 0
        self.audit: list[tuple[Scope, str, Fields, Fields]] = []

    def apply(self, call: Call, operation: str, change: Change) -> None:
        """Do the same, and compare what came of it."""
        _, scope, changes = call
        fields = self.fields[scope]
        gone = {field for field, value in changes.items() if value is None}
        now = {name: text for name, text in fields.items() if not {name, kind(name)} & gone}
        now |= {name: text_of(value) for name, value in changes.items() if value is not None}
        changed = {name for name in (*fields, *now) if fields.get(name) != now.get(name)}
        assert change.before == {name: json.loads(fields[name]) for name in changed & fields.keys()}
        assert change.after == {name: json.loads(now[name]) for name in changed & now.keys()}
        if changed:
            assert change.version > self.version
            self.version = change.version
            self.audit.append((scope, operation, change.before, change.after))
        assert change.version == self.version
        self.fields[scope] = now


class PolicyMachine(RuleBasedStateMachine):
    """Every rule does one thing in Redis and in the model, and compares what came of it."""

    done = Bundle("done")

    def __init__(self, valkey: str) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._proxy = Proxy(valkey)
        self._do(self._proxy.__aenter__())
        self._near, self._far = Store(valkey), Store(self._proxy.url)
        self._keys = Keys(TEAM)
        self._replicas = [Policies(self._far, self._keys) for _ in range(REPLICAS)]
        self._model = Model()
        self._operations = 0
        self._do(self._near.redis.flushall())

    def teardown(self) -> None:
        self._do(self._near.aclose())
        self._do(self._far.aclose())
        self._do(self._proxy.__aexit__(None, None, None))
        self._runner.close()

    def _do(self, act: Awaitable[T]) -> T:
        async def wait() -> T:
            return await act

        return self._runner.run(wait())

    def _call(self, call: Call, operation: str) -> Awaitable[Change]:
        replica, scope, changes = call
        return self._replicas[replica].change(scope, changes, by=operation, operation=operation)

    @rule(target=done, calls=st.lists(CALL, min_size=1, max_size=6), lost=st.booleans())
    def change(self, calls: list[Call], lost: bool) -> Any:
        """One change, or several at a time: what they did must fit some order of them."""
        operations = [f"op-{self._operations + number}" for number in range(len(calls))]
        self._operations += len(calls)
        self._proxy.lose = first_of_each() if lost else lambda _: False

        async def together() -> list[Change]:
            return await asyncio.gather(*map(self._call, calls, operations))

        done = list(zip(operations, calls, self._do(together()), strict=True))
        for operation, call, change in sorted(done, key=order):
            self._model.apply(call, operation, change)
        return multiple(*done)

    @rule(done=done, replica=st.integers(0, REPLICAS - 1), lost=st.booleans())
    def change_again(self, done: Done, replica: int, lost: bool) -> None:
        """However long ago: nothing is changed, and what it did is told."""
        operation, (_, scope, changes), change = done
        self._proxy.lose = first_of_each() if lost else lambda _: False
        assert self._do(self._call((replica, scope, changes), operation)) == change

    @rule(replica=st.integers(0, REPLICAS - 1))
    def reload(self, replica: int) -> None:
        """Any replica knows it all once it looks."""
        policy = self._do(self._replicas[replica].reload())
        assert policy.version == self._model.version
        assert policy.unread == ()
        for scope, fields in self._model.fields.items():
            values = {name: json.loads(text) for name, text in fields.items()}
            assert policy.of(scope) == rules_of(values)

    @rule(replica=st.integers(0, REPLICAS - 1))
    def whoever_changes_something_knows_all_of_it(self, replica: int) -> None:
        call: Call = (replica, WORKSPACE, {})
        change = self._do(self._call(call, "nothing"))
        self._do(self._near.redis.delete(self._keys.policy_change("nothing")))
        self._model.apply(call, "nothing", change)
        known = self._do(self._replicas[replica].current())
        assert known.version == self._model.version

    @invariant()
    def redis_holds_what_the_model_holds(self) -> None:
        stored: Any = self._do(self._near.redis.hgetall(self._keys.policy))
        assert int(stored.pop("version", 0)) == self._model.version
        assert stored == {
            f"{scope} {name}": text
            for scope, fields in self._model.fields.items()
            for name, text in fields.items()
        }
        entries = self._do(Audit(self._near, self._keys).newest(10_000))
        assert [
            (entry.scope, entry.by, entry.before, entry.after) for entry in reversed(entries)
        ] == self._model.audit


def kind(field: str) -> str:
    return field.partition(".")[0]


def text_of(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True)


def order(done: Done) -> tuple[int, bool]:
    """A change that changed nothing keeps the version that it found."""
    _, _, change = done
    return change.version, not (change.before or change.after)


def first_of_each() -> Lose:
    """Lose the first reply to each change."""
    seen: set[bytes] = set()

    def lose(request: bytes) -> bool:
        found = set(re.findall(rb"policy:change:([\w-]+)", request))
        new = bool(found - seen)
        seen.update(found)
        return new

    return lose


def test_changes_do_what_the_model_does(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BACKOFF_SECONDS", 0.001)

    class Machine(PolicyMachine):
        def __init__(self) -> None:
            super().__init__(valkey)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
