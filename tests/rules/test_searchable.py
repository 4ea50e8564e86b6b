"""What admins let people search, and what becomes of a search within that."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.completion.flags import parse_text
from bot.completion.search import MAX_DOMAINS, MAX_HANDLES, NO_SEARCH, Search, search_in
from bot.rules.defaults import default_faults, search_faults, supply
from bot.rules.policy import InForce, Policy, default_fields, rules_of, searchable_fields
from bot.rules.quota import WORKSPACE, Scope
from bot.rules.searchable import (
    Listed,
    Named,
    Searchable,
    bounded,
    not_kept,
    searched_name,
    to_allow,
)

CHANNEL = Scope("channel", "C1")


def within(may: Searchable, **values: JsonValue) -> tuple[Search, dict[str, str]]:
    """What is sent of a search, and the problems by option."""
    found, faults = bounded(search_in({"search": "web,x", **values}), may)
    return found.effective, {fault.parameter: fault.problem for fault in faults}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("X", "x"),
        ("twitter", "x"),
        ("web", "web"),
        ("Domains", "domains"),
        ("https://Example.com/", "example.com"),
        ("@XAI", "@xai"),
        ("＠xai", "@xai"),
        ("x.com", "x.com"),
        ("xai", ""),
        ("@", ""),
        ("example.com/a", ""),
        ("@U012ABC34", ""),
    ],
)
def test_names_are_those_of_the_policy(typed: str, name: str) -> None:
    assert searched_name(typed) == name
    assert not name or searched_name(name) == name


def test_everything_may_be_searched_where_nobody_says_otherwise() -> None:
    search, faults = within(Searchable(), domains=["a.co"], not_handles=["b"])

    assert faults == {}
    assert search == search_in({"search": "web,x", "domains": ["a.co"], "not_handles": ["b"]})
    assert Searchable().sources == ("web", "x")


@pytest.mark.parametrize(
    ("rules", "sources"),
    [
        (({"x": False},), ("web",)),
        (({"x": False}, {"x": True}), ("web",)),
        (({"web": False}, {"x": False}), ()),
        (({"domains": False},), ("x",)),
        (({"domains": False, "a.co": True}, {"domains": False, "b.co": True}), ("x",)),
        (({"handles": False, "@a": True},), ("web", "x")),
    ],
)
def test_a_tool_may_be_used_where_each_place_allows_it(
    rules: tuple[Named, ...], sources: tuple[str, ...]
) -> None:
    assert Searchable(rules).sources == sources


def test_a_tool_that_is_forbidden_is_said() -> None:
    search, faults = bounded(search_in({"search": "web,x"}), Searchable(({"x": False},)))

    (fault,) = faults
    assert (fault.parameter, fault.problem) == ("search", "X may not be searched here")
    assert fault.allowed == "web or off"
    assert search.sources == ("web", "x")


@pytest.mark.parametrize(
    ("rules", "listed"),
    [
        (({"bad.co": False},), Listed(forbidden=("bad.co",))),
        (({"bad.co": False}, {"worse.co": False}), Listed(forbidden=("bad.co", "worse.co"))),
        (({"domains": False, "a.co": True},), Listed(only=("a.co",))),
        (({"domains": False, "a.co": True}, {"a.co": False}), Listed(only=())),
        (
            ({"domains": False, "a.co": True}, {"b.a.co": False, "c.co": False}),
            Listed(only=("a.co",), forbidden=("b.a.co",)),
        ),
        (
            ({"domains": False, "a.co": True}, {"domains": False, "b.a.co": True}),
            Listed(only=("b.a.co",)),
        ),
        (({"a.co": False, "b.a.co": True},), Listed(forbidden=("a.co",))),
    ],
)
def test_domains_are_those_that_each_place_allows(rules: tuple[Named, ...], listed: Listed) -> None:
    assert Searchable(rules).listed("domains") == listed


FORBIDS = Searchable(({"bad.co": False, "@spam": False},))
ONLY = Searchable(({"domains": False, "a.co": True, "b.co": True, "handles": False, "@a": True},))


@pytest.mark.parametrize(
    ("may", "values", "sent"),
    [
        (FORBIDS, {}, {"not_domains": ["bad.co"], "not_handles": ["spam"]}),
        (
            FORBIDS,
            {"not_domains": ["z.co"], "handles": ["a"]},
            {"not_domains": ["z.co", "bad.co"], "handles": ["a"]},
        ),
        (FORBIDS, {"domains": ["good.co"]}, {"domains": ["good.co"], "not_handles": ["spam"]}),
        (ONLY, {}, {"domains": ["a.co", "b.co"], "handles": ["a"]}),
        (ONLY, {"not_domains": ["b.co"]}, {"domains": ["a.co"], "handles": ["a"]}),
        (ONLY, {"domains": ["docs.a.co"]}, {"domains": ["docs.a.co"], "handles": ["a"]}),
        (ONLY, {"not_handles": ["z"]}, {"domains": ["a.co", "b.co"], "handles": ["a"]}),
    ],
)
def test_what_is_sent_keeps_to_the_rules(
    may: Searchable, values: dict[str, JsonValue], sent: dict[str, JsonValue]
) -> None:
    search, faults = within(may, **values)

    assert faults == {}
    assert search == search_in({"search": "web,x", **sent})


@pytest.mark.parametrize(
    ("may", "values", "problems"),
    [
        (FORBIDS, {"domains": ["bad.co"]}, {"domains": "bad.co is not allowed here"}),
        (FORBIDS, {"domains": ["a.bad.co"]}, {"domains": "a.bad.co is not allowed here"}),
        (FORBIDS, {"handles": ["spam"]}, {"handles": "spam is not allowed here"}),
        (
            Searchable(({"x.good.co": False},)),
            {"domains": ["good.co"]},
            {"domains": "good.co includes x.good.co, which is not allowed here"},
        ),
        (ONLY, {"domains": ["c.co"]}, {"domains": "c.co is not allowed here"}),
        (
            ONLY,
            {"not_domains": ["a.co", "b.co"]},
            {"not_domains": "leaves nothing of what may be searched here"},
        ),
        (
            ONLY,
            {"not_domains": ["x.a.co"]},
            {"not_domains": "leaves nothing of what may be searched here"},
        ),
        (
            FORBIDS,
            {"not_domains": [f"d{n}.co" for n in range(MAX_DOMAINS)]},
            {"not_domains": "6 are too many to leave out, with the 1 that admins leave out"},
        ),
    ],
)
def test_what_is_not_allowed_is_said_and_not_dropped(
    may: Searchable, values: dict[str, JsonValue], problems: dict[str, str]
) -> None:
    assert within(may, **values)[1] == problems


NAMES = st.sampled_from(
    ["a.co", "b.a.co", "c.b.a.co", "d.co", "e.d.co", "f.co", "g.co", "h.co", "i.co"]
)
RULES = st.lists(st.dictionaries(NAMES | st.just("domains"), st.booleans()), max_size=2)


@given(RULES, st.lists(NAMES, max_size=3, unique=True), st.booleans())
def test_no_search_that_is_taken_reads_what_is_forbidden(
    rules: list[Mapping[str, bool]], own: list[str], leaves_out: bool
) -> None:
    """Of domains that the rules name, by what the lists mean that are sent."""
    may = Searchable(tuple(rules))
    name = "not_domains" if leaves_out else "domains"
    values: dict[str, JsonValue] = {name: [*own]} if own else {}
    found, faults = bounded(search_in({"search": "web", **values}), may)
    if faults:
        return
    sent = found.effective

    def covered(domain: str, names: tuple[str, ...]) -> bool:
        return any(domain == each or domain.endswith(f".{each}") for each in names)

    assert not (sent.domains and sent.not_domains)
    assert len(sent.domains) <= MAX_DOMAINS
    assert len(sent.not_domains) <= MAX_DOMAINS
    for domain in {name for each in rules for name in each} - {"domains"}:
        if not may.allows("domains", domain):
            read = (
                covered(domain, sent.domains)
                if sent.domains
                else not covered(domain, sent.not_domains)
            )
            assert not read


def test_what_nothing_is_searched_of_needs_no_rules() -> None:
    assert bounded(NO_SEARCH, Searchable(({"web": False, "x": False},))) == (NO_SEARCH, ())


@pytest.mark.parametrize(
    ("names", "named", "changes"),
    [
        (["x"], {"x": False}, {"x": None}),
        (["a.co"], {}, {"domains": False, "a.co": True}),
        (["a.co"], {"a.co": False}, {"a.co": None}),
        (["a.co"], {"b.co": False}, {"domains": False, "a.co": True}),
        (["a.co"], {"domains": False, "b.co": True}, {"domains": False, "a.co": True}),
        (
            ["domains"],
            {"domains": False, "b.co": True, "@a": False},
            {"domains": None, "b.co": None},
        ),
        (["@a", "web"], {}, {"web": None, "handles": False, "@a": True}),
    ],
)
def test_to_allow_takes_back_or_allows_those_alone(
    names: list[str], named: dict[str, bool], changes: dict[str, bool | None]
) -> None:
    assert to_allow(names, named) == changes


def test_more_than_the_api_can_keep_to_cannot_be_named() -> None:
    domains = {f"d{n}.co": False for n in range(MAX_DOMAINS + 1)}
    handles = {"handles": False, **{f"@h{n}": True for n in range(MAX_HANDLES + 1)}}

    assert [f.parameter for f in not_kept(Searchable((domains, handles)))] == [
        "domains",
        "handles",
    ]
    assert not [*not_kept(Searchable((dict([*domains.items()][1:]),)))]


def test_what_is_allowed_with_something_forbidden_below_it_cannot_be_kept_to() -> None:
    may = Searchable(({"domains": False, "a.co": True, "b.a.co": False},))

    assert [f.problem for f in not_kept(may)] == ["a.co includes b.a.co, which is not allowed here"]
    assert within(may)[1] == {"search": "a.co includes b.a.co, which is not allowed here"}
    assert within(may, domains=["c.a.co"])[1] == {}


def policy_of(channel: Mapping[str, JsonValue], workspace: Mapping[str, JsonValue]) -> Policy:
    return Policy(1, {CHANNEL: rules_of(channel), WORKSPACE: rules_of(workspace)})


def test_a_default_gives_way_to_what_may_be_searched_and_a_flag_does_not() -> None:
    rules = InForce(
        policy_of(default_fields({"search": "web,x"}), searchable_fields({"x": False})), "C1"
    )
    by_default, asked = parse_text("Hi"), parse_text("--search x Hi")

    assert supply(rules, by_default).search.sources == ("web",)
    assert not [*search_faults(supply(rules, by_default))]
    assert [f.parameter for f in search_faults(supply(rules, asked))] == ["search"]
    assert [f.parameter for f in default_faults(rules, {"search": "x"})] == ["search"]
    assert [f.parameter for f in default_faults(rules, {"domains": ["a.co"]})] == []


def test_all_of_a_default_gives_way_where_nothing_may_be_searched() -> None:
    rules = InForce(
        policy_of(default_fields({"search": "x"}), searchable_fields({"x": False})), "C1"
    )

    assert supply(rules, parse_text("Hi")).search == NO_SEARCH
