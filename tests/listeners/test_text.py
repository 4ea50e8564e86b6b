"""What Slack sends, turned back into what was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.listeners.text import shown


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("ask <@U012ABC|ana> please", "ask @ana please"),
        ("ask <@U012ABC> please", "ask @U012ABC please"),
        ("in <#C012ABC|general>", "in #general"),
        ("in <#C012ABC|>", "in #C012ABC"),
        ("<!here> and <!channel|channel>", "@here and @channel"),
        ("<!subteam^S012|@devs>", "@devs"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("read <https://example.com/a?b=1&amp;c=2>", "read https://example.com/a?b=1&c=2"),
        ("see <http://example.com|example.com>", "see example.com"),
        ("<mailto:ana@example.com|ana@example.com>", "ana@example.com"),
        ('&lt;div class="a"&gt;', '<div class="a">'),
        ("a &quot; b", "a &quot; b"),
    ],
)
def test_shown(sent: str, typed: str) -> None:
    assert shown(sent) == typed


@given(st.text())
def test_what_was_typed_survives_to_the_letter(typed: str) -> None:
    sent = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown(sent) == typed


@given(st.text(alphabet="<>|&@#!^;alt gmp"))
def test_no_text_raises(sent: str) -> None:
    shown(sent)
