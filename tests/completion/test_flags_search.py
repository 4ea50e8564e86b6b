"""What Grok may search, as flags."""

from __future__ import annotations

import pytest

from bot.completion.flags import Flags, parse_text
from tests.completion.strategies import Json


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("--search web Hi", {"search": "web"}),
        ("--search=x,web Hi", {"search": "web,x"}),
        ('--search "web, x" Hi', {"search": "web,x"}),
        ("--search web --search x Hi", {"search": "web,x"}),
        ("--search off Hi", {"search": "off"}),
        ("--no-search Hi", {"search": "off"}),
        ("—search web Hi", {"search": "web"}),
        (
            "--search web --domains a.co,b.co --domains https://c.co/ Hi",
            {"search": "web", "domains": ["a.co", "b.co", "c.co"]},
        ),
        ("--not_domains a.co Hi", {"not_domains": ["a.co"]}),
        ("--search x --handles @xai Hi", {"search": "x", "handles": ["xai"]}),
        (
            "--since 2026-11-1 --until 2026-11-30 --max-turns 5 Hi",
            {"since": "2026-11-01", "until": "2026-11-30", "max_turns": 5},
        ),
    ],
)
def test_what_to_search_is_no_parameter(text: str, search: Json) -> None:
    assert parse_text(text) == Flags({"prompt": "Hi", **search})


@pytest.mark.parametrize(
    ("text", "parameter", "problem"),
    [
        ("--search bing Hi", "search", "“bing” is nothing that can be searched"),
        ("--search web, x what is new", "search", "ends with a comma"),
        ("--search", "search", "has no value"),
        ("--search --domains a.co Hi", "search", "has no value"),
        ("--no-search=web Hi", "search", "takes no value"),
        ("--domains example Hi", "domains", "“example” is not a domain"),
        ("--domains a.co,b.co,c.co --domains d.co,e.co,f.co Hi", "domains", "6 are too many"),
        ("--domains a.co --not-domains b.co Hi", "not_domains", "cannot go together"),
        ("--handles a --not-handles b Hi", "not_handles", "cannot go together"),
        ("--since 2026-02-30 Hi", "since", "is not a day"),
        ("--since 2026-02-02 --until 2026-02-01 Hi", "since", "is after 2026-02-01"),
        ("--since 2026-02-02 --since 2026-02-01 Hi", "since", "was given twice"),
        ("--max-turns 3 --max-turns 3 Hi", "max_turns", "was given twice"),
        ("--max-turns 0 Hi", "max_turns", "0 is too small"),
        ('--handles "xai Hi', "handles", "never closed"),
    ],
)
def test_what_cannot_be_searched_is_a_fault(text: str, parameter: str, problem: str) -> None:
    flags = parse_text(text)

    assert [fault.parameter for fault in flags.faults] == [parameter]
    assert problem in flags.faults[0].problem
    assert parameter not in flags.search


def test_a_slip_in_a_flag_of_searching_is_understood() -> None:
    for typed, meant in (
        ("--domain a.co", "--domains"),
        ("--no-domains a.co", "--not-domains"),
        ("--handle xai", "--handles"),
        ("--turns 3", "--max-turns"),
        ("--serach web", "--search"),
    ):
        (fault,) = parse_text(f"{typed} Hi").faults
        assert f"did you mean {meant}?" in fault.problem
