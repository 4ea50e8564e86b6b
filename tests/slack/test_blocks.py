"""The JSON of one message."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from bot.characters import printable, weigh
from bot.slack.blocks import (
    BARE,
    Foot,
    Message,
    Question,
    further_message,
    mention,
    moment,
    named_by,
    note,
    value_of,
)
from bot.slack.blocks import with_notice as noticed
from sandbox.workspace.blocks.pings import pings_in
from sandbox.workspace.blocks.validate import check_message_blocks


def as_json(message: Message) -> list[dict[str, Any]]:
    return [dict(block) for block in message.blocks]


def kinds(message: Message) -> list[object]:
    return [block["type"] for block in message.blocks]


def test_only_the_asker_is_mentioned() -> None:
    asked = Question("U012AB3CD", "@here <!channel> <@U0OTHER01>: why?")
    message = asked.first_message("<!everyone> <@U0OTHER01>", Foot(lines=("channel",)))

    assert pings_in(message.text, as_json(message), parse_text=True) == ("<@U012AB3CD>",)


@pytest.mark.parametrize("user", ["U1> <!channel", "", "<!here>"])
def test_an_id_that_is_none_mentions_nobody(user: str) -> None:
    message = Question(user, "why?").first_message("because", BARE)

    assert not pings_in(message.text, as_json(message), parse_text=True)
    assert not mention(user)


def test_a_long_question_is_shortened() -> None:
    shown = Question("U012AB3CD", "why " * 2_000).shown

    assert len(shown) <= 2_900
    assert shown.endswith("…")
    assert weigh(Question("U012AB3CD", "&" * 500 + "why " * 2_000).shown) <= 2_910
    assert Question("U012AB3CD", "why?").shown == "why?"


def test_an_answer_is_one_markdown_block_in_every_state() -> None:
    for text in ("", " \n", "text", words.THINKING):
        message = further_message(1, text, Foot("job1", ("stop",), ("end",)))
        assert kinds(message) == ["markdown", "actions", "context"]
        check_message_blocks(as_json(message))


def test_small_lines_above_and_below() -> None:
    below = Foot(lines=("first", "", "second"))
    message = noticed(further_message(2, "text", below), "above")

    assert kinds(message) == ["context", "markdown", "context", "context"]
    check_message_blocks(as_json(message))


def test_what_json_cannot_carry_is_replaced() -> None:
    assert printable("a\ud83d\ude80b\ud83dc\0") == "a🚀b\ufffdc\ufffd"
    assert printable("a\r\nb\r```") == "a\r\nb ```"


def test_the_buttons_stand_between_the_answer_and_the_last_line() -> None:
    foot = Foot("job1", ("retry", "edit", "details"), ("grok-4.3",))
    actions: Any = further_message(1, "text", foot).blocks[1]

    assert actions["block_id"] == "answer_buttons"
    assert [element["action_id"] for element in actions["elements"]] == ["retry", "edit", "details"]
    assert {element["value"] for element in actions["elements"]} == {"job1"}
    assert all(element["text"]["type"] == "plain_text" for element in actions["elements"])


def test_a_question_that_is_seen_already_is_not_repeated() -> None:
    seen = Question("U012AB3CD", "why?", visible=True)

    assert seen.shown == ""
    assert kinds(seen.first_message("because", BARE)) == ["markdown"]
    assert "why?" in seen.first_message("because", BARE).text


def test_a_note_is_one_sentence() -> None:
    message = note("<@U012AB3CD> look", "look")

    assert pings_in(message.text, as_json(message), parse_text=True) == ("<@U012AB3CD>",)
    check_message_blocks(as_json(message))


@pytest.mark.parametrize("section", [0, 1, 127])
def test_a_button_names_a_job_and_one_of_its_answers(section: int) -> None:
    assert named_by(value_of("job1", section)) == ("job1", section)


@pytest.mark.parametrize("rest", ["", "x", "-1", "1:1", "9" * 40, "١", " 1"])
def test_a_value_that_no_button_has_names_no_answer(rest: str) -> None:
    assert named_by(f"job1:{rest}") == ("job1", -1)


@pytest.mark.parametrize(
    ("tz_offset", "plain"),
    [
        (0, "Nov 14, 22:13 UTC"),
        (7_200, "Nov 15, 00:13 UTC+2"),
        (19_800, "Nov 15, 03:43 UTC+5:30"),
        (-12_600, "Nov 14, 18:43 UTC-3:30"),
    ],
)
def test_a_time_that_slack_does_not_turn_into_the_readers_names_its_zone(
    tz_offset: int, plain: str
) -> None:
    assert moment(1_700_000_000, tz_offset) == (
        f"<!date^1700000000^{{date_short_pretty}} at {{time}}|{plain}>"
    )
