from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grok.known_models import KNOWN, Model
from bot.slack_limits import VIEW_BLOCKS
from bot.store.conversations import Recent
from bot.views.home_view import (
    MOST_MODELS,
    bar,
    defaults,
    home_view,
    models,
    questions,
    questions_away,
    ways_to_ask,
)
from bot.words import home as words
from sandbox.workspace.blocks.validate import check_view

URL = "https://sandbox.slack.com/"


def recent(**fields: Any) -> Recent:
    usual: dict[str, Any] = {
        "job_id": "j1",
        "channel": "C0GENERAL1",
        "ts": "1700000000.000100",
        "prompt": "Name a river",
        "at": 1_700_000_000.0,
        "private": False,
    }
    return Recent(**(usual | fields))


def text_of(part: Any) -> str:
    """What the sections and small lines of a part say."""
    texts = [text for block in part for text in (block.get("text"), *block.get("elements", ()))]
    return "\n".join(text["text"] for text in texts if text and isinstance(text.get("text"), str))


def test_the_whole_tab_is_what_slack_takes() -> None:
    parts = [
        ways_to_ask("Ana", "U0GROKBOT1"),
        questions([recent()] * 10, URL, 0),
        defaults("grok-4.3", 1024),
        models(KNOWN, KNOWN[3]),
    ]

    view = check_view(home_view(parts), kind="home")

    kinds = [block["type"] for block in view["blocks"]]
    assert kinds.count("divider") == len(parts) - 1
    assert kinds[0] == "header"


def test_a_tab_never_has_more_blocks_than_slack_takes() -> None:
    view = home_view([defaults("grok-4.3", 1024)] * 80)

    assert len(check_view(view, kind="home")["blocks"]) == VIEW_BLOCKS


@pytest.mark.parametrize("name", ["", "Ana", "<!channel>", "x" * 500])
def test_whoever_looks_is_greeted(name: str) -> None:
    part = ways_to_ask(name, "U0GROKBOT1")

    check_view(home_view([part]), kind="home")
    assert "<!channel>" not in text_of(part)
    assert "<@U0GROKBOT1>" in text_of(part)


def test_a_question_links_to_its_answer() -> None:
    shown = text_of(questions([recent()], URL, 0))

    assert "<https://sandbox.slack.com/archives/C0GENERAL1/p1700000000000100|Name a river>" in shown
    assert "<#C0GENERAL1>" in shown
    assert "<!date^1700000000^" in shown


@pytest.mark.parametrize(
    ("one", "url"),
    [
        (recent(private=True), URL),
        (recent(ts=""), URL),
        (recent(), ""),
    ],
)
def test_there_is_no_link_without_a_message_to_go_to(one: Recent, url: str) -> None:
    shown = text_of(questions([one], url, 0))

    assert "Name a river" in shown
    assert "/archives/" not in shown


def test_a_private_question_does_not_say_where_it_was_asked() -> None:
    shown = text_of(questions([recent(private=True)], URL, 0))

    assert words.ONLY_YOU in shown
    assert "C0GENERAL1" not in shown


def test_a_question_in_a_direct_message_says_so() -> None:
    shown = text_of(questions([recent(channel="D0ANA00001")], URL, 0))

    assert words.IN_DIRECT_MESSAGE in shown
    assert "<#D0ANA00001>" not in shown
    assert "/archives/D0ANA00001/p" in shown


@pytest.mark.parametrize(
    ("offset", "time"), [(0, "Nov 14, 22:13 UTC"), (3 * 3600, "Nov 15, 01:13 UTC+3")]
)
def test_a_time_is_that_of_the_viewer(offset: int, time: str) -> None:
    assert f"|{time}>" in text_of(questions([recent()], URL, offset))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_prompt_on_the_tab_cannot_act(prompt: str) -> None:
    part = questions([recent(prompt=prompt)], URL, 0)

    check_view(home_view([part]), kind="home")
    links = re.findall(r"<[^<>]*>", text_of(part))
    assert [link[:2] for link in links] == ["<h", "<#", "<!"]
    assert all(link.count("|") <= 1 for link in links)


def test_no_questions_yet_is_said() -> None:
    assert words.NO_QUESTIONS in text_of(questions([], URL, 0))
    assert words.NOT_LOOKED_UP in text_of(questions_away())


def test_the_default_model_comes_first_and_then_the_cheapest() -> None:
    cheap = Model("cheap", (), 0.1, None, 0.2)
    dear = Model("dear", (), 5.0, None, 9.0)
    unknown = Model("unknown")

    shown = text_of(models([unknown, dear, cheap], dear))

    assert re.findall("`([a-z]+)`", shown) == ["dear", "cheap", "unknown"]
    assert shown.count(words.THE_DEFAULT) == 1
    assert words.NO_PRICE in shown


def test_prices_are_dollars() -> None:
    shown = text_of(models([Model("m", (), 1.25, 0.2, 2.5)], None))

    assert "$1.25" in shown
    assert "$0.20" in shown
    assert "$2.50" in shown


def test_a_price_of_less_than_a_cent_is_told_exactly() -> None:
    assert "$0.0125" in text_of(models([Model("m", (), 0.0125, None, 0.05)], None))


def test_a_long_list_of_models_is_cut_and_says_so() -> None:
    many = [Model(f"model-{number}-{'x' * 200}", (), 1, 1, 1) for number in range(500)]

    part = models(many, None)

    check_view(home_view([part]), kind="home")
    assert text_of(part).count("model-") == MOST_MODELS
    assert words.MORE_MODELS(500 - MOST_MODELS) in text_of(part)


def test_no_models_yet_is_said() -> None:
    assert words.NO_MODELS in text_of(models([], None))


@pytest.mark.parametrize(
    ("used", "limit", "shown"),
    [
        (0, 100, "░░░░░░░░░░ 0%"),
        (1, 1000, "█░░░░░░░░░ 1%"),
        (29, 100, "██░░░░░░░░ 29%"),
        (50, 100, "█████░░░░░ 50%"),
        (999, 1000, "█████████░ 99%"),
        (100, 100, "██████████ 100%"),
        (250, 100, "██████████ 250%"),
        (0.29, 1, "██░░░░░░░░ 29%"),
        (0, 0, "██████████ 100%"),
        (5, 0, "██████████ 100%"),
        (-5, 100, "░░░░░░░░░░ 0%"),
    ],
)
def test_a_bar_shows_how_much_is_used(used: float, limit: float, shown: str) -> None:
    assert bar(used, limit) == shown


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_bar_is_full_only_when_all_is_used_and_empty_only_when_nothing_is(
    used: int, limit: int
) -> None:
    cells, percent = bar(used, limit).split()

    assert len(cells) == 10
    assert ("░" not in cells) == (used >= limit)
    assert ("█" not in cells) == (used == 0)
    assert (percent == "0%") == (used == 0)
