from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.completion.excerpt import excerpt, shown_value


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


def test_values_are_shown_as_they_were_written() -> None:
    assert shown_value(None) == "null"
    assert shown_value(True) == "true"
    assert shown_value(0.5) == "0.5"
    assert shown_value("") == '""'
    assert shown_value([[[]]]) == "a list"
    assert shown_value({}) == "an object"
    assert shown_value(10**5000) == "a number of 5001 digits"
    assert shown_value(10**23 - 1) == "a number of 23 digits"
