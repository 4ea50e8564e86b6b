"""Nothing is cut inside what a reader sees as one character."""

from __future__ import annotations

import random
from functools import lru_cache
from itertools import accumulate
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.characters import boundary, excerpt, shortened, unfinished, whole_characters
from bot.completion.ask import beginning as beginning_of_tokens
from bot.grok.errors import safe_name
from bot.markdown.filling import Room
from bot.markdown.markdown import Layout
from bot.slack.blocks import BARE, Offered, Question, long_text, offer
from bot.slack.people.person import Person
from bot.slack.reading.message_text import bounded
from bot.views.form_fields import cut

_WHOLE = regex.compile(r"\p{RI}{2}[\p{M}\u200d]*|\X")

CHARACTERS = {
    "flags": "🇩🇪🇫🇷🇯🇵",
    "a flag of tags": "🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "a family": "👨‍👩‍👧‍👦",
    "a skin": "👩🏽‍🚀",
    "a keycap": "1️⃣",
    "a sign as text": "❤︎❤️",
    "marks": "e\u0301o\u0323\u0302",
    "many marks": "Z̷̡̧̛͉̮̈́",
    "jamo": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "a conjunct": "क्षत्रि",
    "Bengali": "ক্ষ্ম",
    "Malayalam": "ക്ഷ്മ",
    "Thai": "น้ำกำ",
    "Tamil": "நிகௌ",
    "Myanmar": "က္ကို",
    "Arabic": "سَلَامٌ",
    "Persian": "می\u200cخواهم",
    "kana": "か\u3099は\u309a",
    "variants": "葛\U000e0100辻\U000e0101",
    "a line end": "\r\n",
    "Hebrew": "שָׁלוֹם",
    "Khmer": "ក្រុ",
}


def whole(text: str) -> list[str]:
    """The characters of `text`; of many flags the library takes the square of their number."""
    return _WHOLE.findall(text)


@lru_cache
def _places(text: str) -> frozenset[int]:
    return frozenset({0, *accumulate(map(len, whole(text)))})


def begins_whole(text: str, begun: str) -> bool:
    """Whether `begun` is the beginning of `text` and ends between two of its characters."""
    return text.startswith(begun) and len(begun) in _places(text)


def test_the_library_knows_what_people_see() -> None:
    counts = {name: len(whole(text)) for name, text in CHARACTERS.items()}

    assert counts["flags"] == 3
    assert {counts[name] for name in ("a family", "a skin", "a keycap", "a flag of tags")} == {1}
    assert (counts["a conjunct"], counts["Bengali"], counts["Malayalam"]) == (2, 1, 1)
    assert (counts["jamo"], counts["marks"], counts["many marks"]) == (2, 2, 1)
    assert (counts["variants"], counts["kana"], counts["a line end"]) == (2, 2, 1)


@pytest.mark.parametrize("name", CHARACTERS)
def test_every_place_is_between_two_characters(name: str) -> None:
    for before in ("", "x", "次", "🇩🇪", "e\u0301"):
        text = before + CHARACTERS[name] * 9 + "x"
        for end in range(len(text) + 1):
            found = boundary(text, end)
            assert found <= end
            assert begins_whole(text, text[:found]) or len(whole(text)[0]) > end


@pytest.mark.parametrize("seed", range(3))
def test_characters_of_all_kinds_beside_one_another(seed: int) -> None:
    chance = random.Random(seed)
    kinds = [*CHARACTERS.values(), "a", " ", ".", "次", "é", "&amp;", "\\*", "한"]
    for _ in range(150):
        text = "".join(chance.choices(kinds, k=chance.randint(5, 60)))
        end = chance.randint(0, len(text))
        found = boundary(text, end)
        assert begins_whole(text, text[:found]) or len(whole(text)[0]) > end
        assert begins_whole(text, text[: whole_characters(text, end, 0)]) or end < 40


def test_a_character_that_is_too_long_is_cut() -> None:
    assert boundary("a" + "\u0301" * 500, 400) == 400
    assert boundary("🇩🇪" * 500, 777) == 776
    assert whole_characters("👍" + "\u200d👍" * 500, 400, 200) > 0


def test_no_escape_and_no_entity_is_cut() -> None:
    assert whole_characters("次\\*次", 2, 0) == 1
    assert whole_characters("次\\\\次", 3, 0) == 3
    assert whole_characters("次&amp;次", 4, 0) == 1


@pytest.mark.parametrize("name", CHARACTERS)
def test_messages_are_cut_between_characters(name: str) -> None:
    text = CHARACTERS[name].replace("\r\n", "é") * 800
    layout = Layout(Room(700, 40), Room(700, 40))
    layout.feed(text)

    shown = [piece.text for piece in (*layout.sealed, layout.tail())]
    assert len(shown) > 1
    assert [char for part in shown for char in whole(part)] == whole(text)


@pytest.mark.parametrize("name", CHARACTERS)
def test_no_edit_shows_the_beginning_of_a_character(name: str) -> None:
    text = CHARACTERS[name] * 3 + "."
    layout = Layout(Room(700, 40), Room(700, 40))
    for char in text:
        layout.feed(char)
        shown = layout.tail(growing=True).markdown
        begun = name in ("a keycap", "marks", "many marks", "kana", "variants", "a line end")
        assert begins_whole(text, shown) or begun or name in ("Arabic", "Persian", "Hebrew")
    assert layout.tail().markdown == text


def test_what_may_go_on_is_known() -> None:
    held = {text: unfinished(text) for text in ("a", "次", "1", "한", "é", "。")}

    assert not any(held.values())
    assert unfinished("a🇩🇪🇫") == 1
    assert unfinished("👩🏽\u200d") == 3
    assert unfinished("\u200d" * 1_000) < 200


@pytest.mark.parametrize("name", CHARACTERS)
def test_what_is_shortened_ends_with_a_whole_character(name: str) -> None:
    text = CHARACTERS[name].replace("\r\n", "é")
    text *= 40_500 // len(text)
    for most in range(20, 60, 3):
        assert begins_whole(text, shortened(text, most).removesuffix("…"))
        assert len(shortened(text, most)) <= most
        assert begins_whole(text, excerpt(text, most).removesuffix("…"))
        assert begins_whole(text, cut(text, most).removesuffix("…"))
        assert begins_whole(text, beginning_of_tokens(text, most))
    assert begins_whole(text, safe_name(text).removesuffix("…"))
    assert begins_whole(text, Question("U1", text).shown.removesuffix("…"))
    assert begins_whole(text, bounded(text).removesuffix("…"))
    said = offer(text, [Offered("a", "b", "c")]).text
    assert begins_whole(text, said.removesuffix("…"))
    blocks: list[Any] = [*long_text(text)]
    shown = [block["text"]["text"] for block in blocks]
    assert [char for part in shown for char in whole(part)] == whole(text)


def test_a_question_is_whole_in_its_notification() -> None:
    text = "👨‍👩‍👧‍👦" * 200

    message = Question("U1", text).first_message("so", BARE)
    assert "\u200d…" not in message.text
    assert Person(id="U1", name="n").name == "n"


@settings(max_examples=300)
@given(st.text(st.characters(), max_size=500), st.integers(1, 80))
def test_an_excerpt_is_one_short_line_that_cannot_act(text: str, limit: int) -> None:
    short = excerpt(text, limit)

    assert len(short) <= limit
    assert not set("<>&@`|") & set(short)
    assert all(char.isprintable() for char in short)


def test_whitespace_becomes_one_space() -> None:
    assert excerpt("  a\n\n b\tc\x00d ") == "a b c d"


def test_a_cut_is_shown() -> None:
    assert excerpt("one two three", 8) == "one two…"
    assert excerpt("one", 3) == "one"
    assert excerpt("a" + " " * 1_000 + "b", 10).endswith("…")
