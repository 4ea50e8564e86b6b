"""Nothing in a text can notify anybody, and nothing else changes."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.markdown.safety import JOINER, hold_back, neutralise
from sandbox.workspace.blocks.pings import pings_in
from tests.markdown.undone import without_joiners

PINGS = [
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<!channel|@channel>",
    "<!here|here>",
    "<!subteam^S012AB3CD>",
    "<!subteam^S012AB3CD|@ops>",
    "<@U012AB3CD>",
    "<@W012AB3CD|ann>",
    "@here",
    "@channel",
    "@everyone",
]
HARMLESS = [
    "<!DOCTYPE html>",
    "<!-- a comment -->",
    "List<@Nullable String>",
    "Map<@NonNull K, V>",
    "cat <here >there 2>&1 <<EOF",
    "me@here.com",
    "ann@channel.example",
    "@hereby @channels @everyone_else1",
    "if a<b && c>d",
    "&lt;div&gt; &amp;lt;",
    "<https://example.com|link> <mailto:a@b.c> <#C012AB3CD>",
]
FRAGMENTS = st.sampled_from(
    [
        *PINGS,
        *HARMLESS,
        *"<!@^|>&;# \n`\\aU1",
        "&lt;",
        "&amp;",
        "&#60;",
        "&#x3C;",
        "&#64;",
        "&commat;",
        "&excl;",
        "&gt;",
        "here",
        "channel",
        "&#104;ere",
        "subteam",
    ]
)
TEXTS = st.lists(FRAGMENTS | st.text(max_size=3), max_size=12).map("".join)


def pings(text: str) -> tuple[str, ...]:
    """What Slack would make of `text`, read as strictly as can be."""
    blocks = [{"type": "markdown", "text": text}]
    found = pings_in(text, blocks, parse_text=True)
    for _ in range(4):
        text = html.unescape(text)
        found += pings_in(text, [{"type": "markdown", "text": text}], parse_text=True)
    return found


@pytest.mark.parametrize("ping", PINGS)
@pytest.mark.parametrize(
    "around", ["{}", "a {} b", "({})", "**{}**", "`{}`", "```\n{}\n```", "_{}_"]
)
def test_every_ping_is_broken_wherever_it_stands(ping: str, around: str) -> None:
    text = around.format(ping)

    assert not pings(neutralise(text))
    assert neutralise(text).replace(JOINER, "") == text


@pytest.mark.parametrize("ping", PINGS)
def test_a_ping_that_comes_escaped_does_not_become_live(ping: str) -> None:
    once = html.escape(ping)
    numbers = "".join(f"&#{ord(c)};" for c in ping)
    hexadecimal = "".join(f"&#x{ord(c):X};" for c in ping)

    for text in (once, html.escape(once), numbers, hexadecimal):
        assert not pings(neutralise(text))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_ping_stays_as_written(text: str) -> None:
    assert neutralise(text) == text


def test_the_oracle_sees_every_ping() -> None:
    assert all(pings(ping) for ping in PINGS)
    assert all(pings(html.escape(ping)) for ping in PINGS)


def test_the_case_of_a_group_does_not_matter() -> None:
    assert JOINER in neutralise("<!Channel>")
    assert JOINER in neutralise("@HERE")


@given(TEXTS)
def test_no_text_can_ping(text: str) -> None:
    assert not pings(neutralise(text))


@given(TEXTS)
def test_twice_is_the_same_as_once(text: str) -> None:
    assert neutralise(neutralise(text)) == neutralise(text)


@given(TEXTS)
def test_what_was_written_can_be_had_back(text: str) -> None:
    if JOINER not in text:
        assert without_joiners(neutralise(text)) == text


@pytest.mark.parametrize("text", ["@here&#104;ere", "@here&#x72;e<!channel>", "@channel&amp;x"])
def test_an_entity_behind_a_word_saves_no_ping(text: str) -> None:
    """Whether the reader decodes it or not."""
    assert not pings(neutralise(text))


@given(st.lists(FRAGMENTS, max_size=12).map("".join), st.data())
def test_no_cut_makes_a_ping_live(text: str, data: st.DataObject) -> None:
    """Text shown bit by bit, each bit final once shown."""
    shown = ""
    arrived = 0
    while arrived < len(text):
        arrived += data.draw(st.integers(1, 5))
        part = text[:arrived]
        settled = neutralise(part[: len(part) - hold_back(part)])
        assert settled.startswith(shown)
        assert not pings(settled)
        shown = settled
    assert neutralise(text).startswith(shown)


def test_only_the_end_of_a_text_is_held_back() -> None:
    assert hold_back("plain text") == 0
    assert hold_back("hello <!chan") == len("<!chan")
    assert hold_back("hello @her") == len("@her")
    assert hold_back("a & b") == 0
    assert hold_back("<!channel> ") == 0
    assert hold_back("<" + "a" * 10_000) <= 200
