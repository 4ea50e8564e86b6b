"""What Grok may search: as it is typed, as it is stored, and what cannot stand together."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.completion.ask import Ask
from bot.completion.search import (
    MAX_DOMAINS,
    MAX_HANDLES,
    MAX_TURNS,
    NO_SEARCH,
    OPTION_NAMES,
    Search,
    clashes,
    is_value,
    read,
    search_in,
    settled,
    without_source,
    written,
)
from bot.errors import Fault
from bot.settings import Settings
from bot.words import search as said
from tests.completion.strategies import junk
from tests.doors.jobs import an_ask


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("search", "web", "web"),
        ("search", "X", "x"),
        ("search", "x,web", "web,x"),
        ("search", "web, x", "web,x"),
        ("search", "web+x", "web,x"),
        ("search", "both", "web,x"),
        ("search", "twitter", "x"),
        ("search", "Off", "off"),
        ("search", "none", "off"),
        ("domains", "example.com", ["example.com"]),
        ("domains", "https://Example.com/", ["example.com"]),
        ("domains", "example.com, docs.python.org", ["example.com", "docs.python.org"]),
        ("domains", "example.com example.com.", ["example.com"]),
        ("not_domains", "bücher.de", ["xn--bcher-kva.de"]),
        ("not_domains", "faß.de", ["xn--fa-hia.de"]),
        ("handles", "@xai", ["xai"]),
        ("handles", "xai,@XAI;Elon_Musk", ["xai", "elon_musk"]),
        ("handles", "＠xai", ["xai"]),
        ("not_handles", "https://x.com/xai/", ["xai"]),
        ("not_handles", "twitter.com/xai", ["xai"]),
        ("since", "2026-11-01", "2026-11-01"),
        ("since", "2026-11-3", "2026-11-03"),
        ("until", "2026/2/28", "2026-02-28"),
        ("until", "2026–02–28", "2026-02-28"),
        ("until", "2028-02-29", "2028-02-29"),
        ("max_turns", "3", 3),
        ("max_turns", "＋3", 3),
    ],
)
def test_it_is_read_as_people_write_it(name: str, typed: str, value: JsonValue) -> None:
    assert read(name, typed) == value
    assert is_value(name, value)
    assert read(name, written(value)) == value


@pytest.mark.parametrize(
    ("name", "typed", "problem"),
    [
        ("search", "bing", "“bing” is nothing that can be searched"),
        ("search", "web,off", "“web,off” is nothing that can be searched"),
        ("search", "web,", "ends with a comma"),
        ("search", "", "has no value"),
        ("search", ",", "ends with a comma"),
        ("search", "+", "“+” is nothing that can be searched"),
        ("domains", "example", "“example” is not a domain"),
        ("domains", "example.com/docs", "“example.com/docs” is not a domain"),
        ("domains", "*.example.com", "“*.example.com” is not a domain"),
        ("domains", "ftp://example.com", "“ftp://example.com” is not a domain"),
        ("domains", "example.com:8080", "is not a domain"),
        ("domains", "me@example.com", "is not a domain"),
        ("domains", "192.168.0.1", "is not a domain"),
        ("domains", "[::1]", "is not a domain"),
        ("domains", "a..com", "is not a domain"),
        ("domains", "-a.com", "is not a domain"),
        ("domains", "a." * 200 + "com", "is not a domain"),
        ("domains", "\ud800.com", "is not a domain"),
        ("domains", "<http://example.com|example.com>", "is not a domain"),
        ("domains", "a.co,b.co,c.co,d.co,e.co,f.co", "6 are too many"),
        ("domains", "a.co, ", "ends with a comma"),
        ("handles", "@", "is not a handle"),
        ("handles", "@@xai", "is not a handle"),
        ("handles", "<@U12345>", "is not a handle"),
        ("handles", "a-b", "“a-b” is not a handle on X"),
        ("handles", "abcdefghijklmnop", "is not a handle"),
        ("handles", "https://x.com/xai/status/1", "is not a handle"),
        ("handles", ",".join(f"h{n}" for n in range(21)), "21 are too many"),
        ("since", "2026-02-30", "“2026-02-30” is not a day"),
        ("since", "2027-02-29", "is not a day"),
        ("since", "2026-13-01", "is not a day"),
        ("since", "2026-00-10", "is not a day"),
        ("since", "01.02.2026", "is not a day"),
        ("since", "2026-11", "is not a day"),
        ("since", "9999-12-31", "is not a day"),
        ("until", "yesterday", "“yesterday” is not a day"),
        ("until", "2026-11/01", "is not a day"),
        ("max_turns", "0", "0 is too small"),
        ("max_turns", "-3", "-3 is too small"),
        ("max_turns", "21", "21 is too large"),
        ("max_turns", "9" * 5_000, "is too large"),
        ("max_turns", "3.5", "3.5 is not a whole number"),
        ("max_turns", "three", "three is not a whole number"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, typed: str, problem: str) -> None:
    fault = read(name, typed)

    assert isinstance(fault, Fault)
    assert fault.parameter == name
    assert problem in fault.problem
    assert fault.allowed
    assert len(fault.problem) < 120


def test_what_the_api_takes_at_most_is_said_in_the_help() -> None:
    allowed = {name: str(said.ALLOWED[name]) for name in OPTION_NAMES}

    assert f"up to {MAX_DOMAINS} " in allowed["domains"] == allowed["not_domains"]
    assert f"up to {MAX_HANDLES} " in allowed["handles"] == allowed["not_handles"]
    assert allowed["max_turns"].endswith(f" {MAX_TURNS}")
    assert Settings.model_json_schema()["properties"]["grok_search_turns"]["maximum"] == MAX_TURNS


@given(st.sampled_from(OPTION_NAMES), st.text(max_size=60) | st.text("ax.,@-12/ :", max_size=40))
def test_whatever_is_typed_is_a_value_or_a_fault(name: str, typed: str) -> None:
    value = read(name, typed)

    assert isinstance(value, Fault) or is_value(name, value)
    if not isinstance(value, Fault):
        assert search_in({name: value, "search": "web,x"}).values()[name] == (
            "web,x" if name == "search" else value
        )


@given(st.sampled_from(OPTION_NAMES), junk)
def test_whatever_is_stored_is_read_only_where_it_is_a_value(name: str, value: JsonValue) -> None:
    if is_value(name, value):
        search_in({name: value})


WHOLE: dict[str, JsonValue] = {
    "search": "web,x",
    "domains": ["example.com"],
    "not_handles": ["xai"],
    "since": "2026-11-01",
    "until": "2026-11-30",
    "max_turns": 3,
}


def test_all_of_it_goes_into_one_record_and_back() -> None:
    found = search_in(WHOLE)

    assert found == Search(
        sources=("web", "x"),
        domains=("example.com",),
        not_handles=("xai",),
        since=date(2026, 11, 1),
        until=date(2026, 11, 30),
        max_turns=3,
    )
    assert found.values() == WHOLE
    assert Search.model_validate_json(found.model_dump_json()) == found
    assert found.sources
    assert found.filtered


def test_a_day_until_which_is_searched_is_searched_to_its_end() -> None:
    assert search_in({"search": "x", "until": "2026-12-31"}).before == date(2027, 1, 1)
    assert search_in({"search": "x", "until": "2099-12-31"}).before == date(2100, 1, 1)
    assert search_in({"search": "x"}).before is None


def test_nothing_is_searched_where_nobody_says_so() -> None:
    assert search_in({}) == NO_SEARCH == search_in({"search": "off"})
    assert not NO_SEARCH.sources
    assert not NO_SEARCH.filtered


def test_a_question_of_an_earlier_version_searches_nothing() -> None:
    ask = an_ask(search=search_in(WHOLE))

    assert Ask.model_validate_json(ask.model_dump_json()) == ask
    assert Ask.model_validate(ask.model_dump(exclude={"search"})).search == NO_SEARCH


@pytest.mark.parametrize(
    ("values", "parameter", "problem"),
    [
        (
            {"domains": ["a.co"], "not_domains": ["b.co"]},
            "not_domains",
            "--not-domains cannot go together with --domains",
        ),
        (
            {"handles": ["a"], "not_handles": ["b"]},
            "not_handles",
            "--not-handles cannot go together with --handles",
        ),
        (
            {"since": "2026-11-02", "until": "2026-11-01"},
            "since",
            "2026-11-02 is after 2026-11-01, so no day is left",
        ),
    ],
)
def test_what_cannot_stand_together_is_said(
    values: dict[str, JsonValue], parameter: str, problem: str
) -> None:
    (fault,) = clashes({"search": "web,x", **values})

    assert (fault.parameter, fault.problem) == (parameter, problem)


def test_one_day_alone_may_be_searched() -> None:
    assert not [*clashes({"search": "x", "since": "2026-11-01", "until": "2026-11-01"})]


@pytest.mark.parametrize(
    ("searched", "name", "value", "problem", "allowed"),
    [
        ("web", "handles", ["xai"], "only where X is searched", "with --search web,x"),
        ("web", "since", "2026-11-01", "only where X is searched", "with --search web,x"),
        ("x", "domains", ["a.co"], "only where the web is searched", "with --search web,x"),
        ("off", "until", "2026-11-01", "only where X is searched", "with --search x"),
        (None, "not_domains", ["a.co"], "only where the web is searched", "with --search web"),
        (None, "max_turns", 3, "only where something is searched", "with --search web,x"),
    ],
)
def test_what_narrows_no_search_is_said_with_what_would_search(
    searched: str | None, name: str, value: JsonValue, problem: str, allowed: str
) -> None:
    given: dict[str, JsonValue] = {"search": searched} if searched else {}

    (fault,) = without_source({**given, name: value})

    assert fault.parameter == name
    assert problem in fault.problem
    assert fault.allowed == allowed


@pytest.mark.parametrize(
    ("given", "defaults", "values"),
    [
        ({}, [("search", "web")], {"search": "web"}),
        (
            {"search": "off"},
            [("search", "web"), ("domains", ["a.co"]), ("max_turns", 2)],
            {"search": "off"},
        ),
        (
            {"search": "x"},
            [("domains", ["a.co"]), ("handles", ["xai"])],
            {"search": "x", "handles": ["xai"]},
        ),
        (
            {"search": "web", "domains": ["a.co"]},
            [("not_domains", ["b.co"])],
            {"search": "web", "domains": ["a.co"]},
        ),
        (
            {"since": "2026-11-20"},
            [("search", "x"), ("until", "2026-11-10")],
            {"since": "2026-11-20", "search": "x"},
        ),
        (
            {},
            [("search", "web"), ("domains", ["a.co"]), ("not_domains", ["b.co"]), ("search", "x")],
            {"search": "web", "domains": ["a.co"]},
        ),
        ({"search": "web", "handles": ["xai"]}, [], {"search": "web", "handles": ["xai"]}),
    ],
)
def test_a_default_gives_way_to_what_was_asked_and_to_a_nearer_one(
    given: dict[str, JsonValue],
    defaults: list[tuple[str, JsonValue]],
    values: dict[str, JsonValue],
) -> None:
    assert settled(given, defaults) == values
