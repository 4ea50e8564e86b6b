"""What Slack sends, turned back into what was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.inbound.payloads import escaped, mentioned, says_forget, shown, without_call


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
        ("<!subteam^S012> and <!subteam^S012|>", "@S012 and @S012"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("<!date^1392734382^{date_short}>", "2014-02-18 14:39 UTC"),
        ("<!date^99999999999999999999^{date}> <!date^x>", " "),
        ("read <https://example.com/a?b=1&amp;c=2>", "read https://example.com/a?b=1&c=2"),
        ("see <http://example.com|example.com>", "see example.com"),
        ("<mailto:ana@example.com|ana@example.com>", "ana@example.com"),
        ("<https://www.Example.com/|example.com>", "example.com"),
        ("<https://example.com/a|https://example.com/a>", "https://example.com/a"),
        ("<https://example.com/a|example.com>", "example.com (https://example.com/a)"),
        (
            "summarise <https://docs.example.com/d/1?a&amp;b|the &lt;spec&gt;> please",
            "summarise the <spec> (https://docs.example.com/d/1?a&b) please",
        ),
        (
            "Build <https://ci.example.com/b/77|#77> failed",
            "Build #77 (https://ci.example.com/b/77) failed",
        ),
        ("<mailto:ana@example.com|write to her>", "write to her (mailto:ana@example.com)"),
        ("<https://evil.example|bank.example>", "bank.example (https://evil.example)"),
        ('&lt;div class="a"&gt;', '<div class="a">'),
        ("a &quot; b", "a &quot; b"),
    ],
)
def test_shown(sent: str, typed: str) -> None:
    assert shown(sent) == typed


@given(st.text())
def test_what_was_typed_survives_to_the_letter(typed: str) -> None:
    assert shown(escaped(typed)) == typed


@given(st.text(alphabet="<>|&@#!^;alt gmp"))
def test_no_text_raises(sent: str) -> None:
    shown(sent)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("ask <@U1> and <@U2>", "ask @ana and @U2"),
        ("ask <@U1|an other name>", "ask @an other name"),
        ("in <#C1|>, <#C2>", "in #general, #C2"),
    ],
)
def test_people_and_channels_are_shown_by_their_names(sent: str, seen: str) -> None:
    assert shown(sent, {"U1": "ana", "C1": "general"}) == seen


def test_a_name_is_shown_to_the_letter() -> None:
    assert shown("<@U1>", {"U1": "<@U2> &amp; co"}) == "@<@U2> &amp; co"


@pytest.mark.parametrize(
    ("sent", "users"),
    [
        ("<@U1> and <@W2|ben>, <@U1>", ("U1", "W2")),
        ("&lt;@U1&gt; <#C1> <!here> <https://a.b|@U3>", ()),
    ],
)
def test_mentioned(sent: str, users: tuple[str, ...]) -> None:
    assert mentioned(sent) == users


@pytest.mark.parametrize(
    ("sent", "rest"),
    [
        ("<@U1> hi", "hi"),
        ("  <@U1|grok>,\n hi", "hi"),
        ("<@U1>: hi", "hi"),
        ("<@U1> <@U1>: hi <@U1>", "hi"),
        ("hi <@U1|grok> ", "hi"),
        ("hi <@U1>, there", "hi <@U1>, there"),
        ("<@U2> hi <@U2>", "<@U2> hi <@U2>"),
        ("<@U1>", ""),
        ("hi", "hi"),
    ],
)
def test_without_call(sent: str, rest: str) -> None:
    assert without_call(sent, "U1") == rest


@pytest.mark.parametrize(
    ("sent", "forgets"),
    [
        ("<@U1> forget", True),
        ("Forget <@U1>", True),
        ("forget", True),
        ("<@U1> forget it", False),
        ("<@U2> forget", False),
        ("<@U1> \u200bforget", True),
    ],
)
def test_says_forget(sent: str, forgets: bool) -> None:
    assert says_forget(sent, "U1") == forgets
