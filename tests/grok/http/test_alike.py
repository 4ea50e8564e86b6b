"""Which events are taken for the one before them with another text."""

from __future__ import annotations

import json

import pytest

from bot.grok.http.event_stream import EventForm, Run

EVENT = (
    'data: {"model":"m","choices":[{"index":0,"delta":{"content":"TEXT"}}],'
    '"usage":{"prompt_tokens":3,"completion_tokens":5,"cost_in_usd_ticks":70}}\n\n'
)


def texts(written: str, event: str = EVENT, text: str = "TEXT") -> list[str]:
    """The texts of those that `written` begins with and that are written like `event`."""
    form = EventForm.of(event, text)
    assert form is not None
    run = form.run(written, 0)
    assert run is None or form.run(written, run.last) == Run(run.texts[-1:], run.last, run.end)
    return [] if run is None else run.texts


@pytest.mark.parametrize("text", ["a", " ", "\n", '"}]}', "\\", "é😀", "\u2028", "data: {}"])
def test_any_text_is_one(text: str) -> None:
    said = EVENT.replace('"TEXT"', json.dumps(text))
    plain = EVENT.replace('"TEXT"', json.dumps(text, ensure_ascii=False))

    assert texts(said + plain + "data: [DONE]\n\n") == [text, text]


@pytest.mark.parametrize("tokens", ["1", "6", "999999999"])
def test_what_it_counts_may_be_another_number(tokens: str) -> None:
    assert texts(EVENT.replace(":5,", f":{tokens},")) == ["TEXT"]


@pytest.mark.parametrize(
    "other",
    [
        EVENT.replace(":5,", ":0,"),
        EVENT.replace(":5,", ":-5,"),
        EVENT.replace(":5,", ":05,"),
        EVENT.replace(":5,", ":5.5,"),
        EVENT.replace(":5,", ":5e3,"),
        EVENT.replace(":5,", ":1000000000,"),
        EVENT.replace(":5,", ':"5",'),
        EVENT.replace(":70}", f":{10**16}}}"),
        EVENT.replace(":3,", ":4,"),
        EVENT.replace('"index":0', '"index":1'),
        EVENT.replace('"m"', '"n"'),
        EVENT.replace('"TEXT"', '""'),
        EVENT.replace('"TEXT"', "null"),
        EVENT.replace('"TEXT"', '["TEXT"]'),
        EVENT.replace('"TEXT"', '"TE\nXT"'),
        EVENT.replace('"TEXT"', '"TEXT'),
        EVENT.replace('"TEXT"}', '"TEXT","content":"b"}'),
        EVENT.replace("\n\n", "\n"),
        EVENT[:-1],
        EVENT[:40],
        f"event: error\n{EVENT}",
    ],
)
def test_no_other_difference_is_passed_over(other: str) -> None:
    assert texts(other + EVENT) == []
    assert texts(EVENT + other + EVENT) == ["TEXT"]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (EVENT, ""),
        (EVENT, "another"),
        (EVENT.replace('"m"', '"m","delta":"TEXT"'), "TEXT"),
        (EVENT.replace('"TEXT"', '["TEXT"]'), "TEXT"),
        ("data: [DONE]\n\n", "TEXT"),
    ],
)
def test_where_it_is_not_clear_what_is_the_text_there_is_no_form(event: str, text: str) -> None:
    assert EventForm.of(event, text) is None


@pytest.mark.parametrize(("more", "has_form"), [(6, True), (7, False), (50_000, False)])
def test_what_counts_too_much_has_no_form(more: int, has_form: bool) -> None:
    event = EVENT.replace('"usage":{', '"usage":{' + '"total_tokens":3,' * more)

    assert (EventForm.of(event, "TEXT") is not None) == has_form
