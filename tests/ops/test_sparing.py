from __future__ import annotations

import dataclasses
import json
import pickle
import ssl
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bot.ops.sparing import spare_certificates, spare_compiling

WRITTEN = ("_frozen_get_del_attr", "_hash_fn", "_repr_fn", "_cmp_fn")

CONTEXTS = """
import json
from bot.ops.sparing import spare_certificates
with spare_certificates():
    import aiohttp.connector
contexts = (aiohttp.connector._SSL_CONTEXT_VERIFIED, aiohttp.connector._SSL_CONTEXT_UNVERIFIED)
print(json.dumps([each.cert_store_stats()["x509_ca"] for each in contexts]))
"""


@pytest.mark.integration
def test_aiohttp_reads_certificates_where_it_verifies_somebody() -> None:
    told = subprocess.run(
        [sys.executable, "-c", CONTEXTS], capture_output=True, text=True, check=True
    ).stdout
    verified, unverified = json.loads(told)

    assert verified == ssl.create_default_context().cert_store_stats()["x509_ca"]
    assert unverified == 0


def test_contexts_are_made_as_ever_behind_that() -> None:
    with spare_certificates():
        pass

    assert "set_default_verify_paths" not in vars(ssl.SSLContext)


@pytest.fixture
def sparing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`dataclasses` as a bot has it, for the time of a test."""
    if sys.version_info >= (3, 13):
        pytest.skip("dataclasses compiles all methods together")
    for name in WRITTEN:
        monkeypatch.setattr(dataclasses, name, vars(dataclasses)[name])
    assert spare_compiling()


def classes(**options: Any) -> tuple[type, ...]:
    """Classes with so many fields, and one below another."""

    @dataclasses.dataclass(**options)
    class No:
        pass

    @dataclasses.dataclass(**options)
    class One:
        first: object

    @dataclasses.dataclass(**options)
    class Some:
        first: object
        second: object = dataclasses.field(default=2, repr=False)
        third: object = dataclasses.field(default=3, compare=False)

    @dataclasses.dataclass(**options)
    class Below(Some):
        fourth: object = 4

    return No, One, Some, Below


MADE = ((), ("a",), ("a", "b"), ("a", "b", "c", "d"))
CALLS: tuple[Callable[[Any], object], ...] = (
    repr,
    hash,
    lambda one: one == dataclasses.replace(one),
    lambda one: one == dataclasses.replace(one, first="other"),
    lambda one: one == dataclasses.replace(one, second="other"),
    lambda one: one == dataclasses.replace(one, third="other"),
    lambda one: (one == 1, one != 1, one.__eq__(1)),
    lambda one: one < dataclasses.replace(one, first="b"),
    lambda one: type(one).__eq__.__qualname__,
    lambda one: setattr(one, "first", 1),
    lambda one: setattr(one, "other", 1),
    lambda one: delattr(one, "first"),
    lambda one: delattr(one, "other"),
    lambda one: type(one).__hash__.__qualname__,
    lambda one: type(one).__repr__.__qualname__,
)


def outcomes(**options: Any) -> list[object]:
    found: list[object] = []
    for made, values in zip(classes(**options), MADE, strict=True):
        for call in CALLS:
            try:
                found.append(call(made(*values)))
            except (AttributeError, TypeError, dataclasses.FrozenInstanceError) as error:
                found.append((type(error), str(error)))
    return found


OPTIONS: tuple[dict[str, Any], ...] = (
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "order": True, "kw_only": False},
    {"slots": True},
    {"unsafe_hash": True},
    {},
)

USUAL = [outcomes(**options) for options in OPTIONS]


@pytest.mark.usefixtures("sparing")
@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_what_is_not_compiled_does_what_is_compiled_else(number: int) -> None:
    assert outcomes(**OPTIONS[number]) == USUAL[number]


@dataclasses.dataclass
class Chain:
    following: Chain | None = None


@pytest.mark.usefixtures("sparing")
def test_what_holds_itself_is_shown_once() -> None:
    made = dataclasses.make_dataclass("Chain", [("following", object, None)])
    one, usual = made(), Chain()
    one.following = one
    usual.following = usual

    assert repr(one) == repr(usual) == "Chain(following=...)"


@pytest.mark.usefixtures("sparing")
def test_nothing_of_it_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, create = [], vars(dataclasses)["_create_fn"]

    def noted(name: str, *others: Any, **named: Any) -> object:
        compiled.append(name)
        return create(name, *others, **named)

    monkeypatch.setattr(dataclasses, "_create_fn", noted)
    dataclasses.make_dataclass("Made", ["first"], frozen=True, slots=True)

    assert compiled == ["__init__"]


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    first: str
    second: tuple[int, ...]


@pytest.mark.integration
def test_what_is_not_compiled_survives_a_pickle() -> None:
    script = (
        "import pickle, sys; from bot.ops.sparing import spare_compiling; spare_compiling(); "
        "import tests.ops.test_sparing as t; "
        "sys.stdout.buffer.write(pickle.dumps(t.Kept('a', (1, 2))))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout

    assert pickle.loads(told) == Kept("a", (1, 2))
