from __future__ import annotations

import pytest

from bot.slack.blocks import moment
from bot.slack.plain_blocks import plain_words


@pytest.mark.parametrize(
    ("mrkdwn", "said"),
    [
        ("Ask with `--max-tokens 300`.", "Ask with --max-tokens 300."),
        ("Press *Details* to read on.", "Press Details to read on."),
        ("*Two words* and *one*.", "Two words and one."),
        ("One:\n• first\n• second", "One: first second"),
        ("2*3*4 and a * b * c stay", "2*3*4 and a * b * c stay"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<@U1> or <@U2> can allow more.", "@Ana or @U2 can allow more."),
        (f"It resets {moment(0)}.", "It resets Jan 1, 00:00 UTC."),
        ("snake_case and _this_ stay", "snake_case and _this_ stay"),
        ("", ""),
    ],
)
def test_markup_becomes_plain_words_on_one_line(mrkdwn: str, said: str) -> None:
    assert plain_words(mrkdwn, {"U1": "Ana"}) == said
