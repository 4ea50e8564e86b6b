"""The JSON of one message."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from bot.reply.blocks import Message, Question, further_message, printable, with_last_line
from bot.reply.blocks import with_notice as noticed
from bot.reply.markdown import weigh
from sandbox.workspace.pings import pings_in
from sandbox.workspace.validate import check_message_blocks


def as_json(message: Message) -> list[dict[str, Any]]:
    return [dict(block) for block in message.blocks]


def test_only_the_asker_is_mentioned() -> None:
    asked = Question("U012AB3CD", "@here <!channel> <@U0OTHER01>: why?")
    message = asked.first_message("<!everyone> <@U0OTHER01>", "@channel"[1:])

    assert pings_in(message.text, as_json(message), parse_text=True) == ("<@U012AB3CD>",)


@pytest.mark.parametrize("user", ["U1> <!channel", "", "<!here>"])
def test_an_id_that_is_none_mentions_nobody(user: str) -> None:
    message = Question(user, "why?").first_message("because", "")

    assert not pings_in(message.text, as_json(message), parse_text=True)


def test_a_long_question_is_shortened() -> None:
    shown = Question("U012AB3CD", "why " * 2_000).shown

    assert len(shown) <= 2_900
    assert shown.endswith("…")
    assert weigh(Question("U012AB3CD", "&" * 500 + "why " * 2_000).shown) <= 2_910
    assert Question("U012AB3CD", "why?").shown == "why?"


def test_an_answer_is_one_markdown_block_in_every_state() -> None:
    for text in ("", " \n", "text", words.THINKING):
        kinds = [block["type"] for block in further_message(1, text, "end").blocks]
        assert kinds == ["markdown", "context"]
        check_message_blocks(as_json(further_message(1, text, "end")))


def test_small_lines_above_and_below() -> None:
    message = with_last_line(noticed(further_message(2, "text", ""), "above"), "below")

    assert [block["type"] for block in message.blocks] == ["context", "markdown", "context"]
    check_message_blocks(as_json(message))


def test_what_json_cannot_carry_is_replaced() -> None:
    assert printable("a\ud83d\ude80b\ud83dc\0") == "a🚀b\ufffdc\ufffd"
    assert printable("a\r\nb\r```") == "a\r\nb ```"
