from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.grok.errors import EXCERPT_CHARS, safe_name, scrub
from bot.grok.meaning import is_page


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Incorrect API key provided: xai-abc123DEF456.", "Incorrect API key provided: …"),
        ("key xa***.. was wrong", "key … was wrong"),
        ("Authorization: Bearer abc.def", "Authorization: …"),
        ("team 7c9e6679-7425-40de-944b-e07fc1f90ae7 is blocked", "team … is blocked"),
        ("your team T012345 has no access", "your team … has no access"),
        ("see https://console.x.ai/team/abc now", "see … now"),
        ("token 0123456789abcdef0123456789abcdef", "token …"),
        ("<!channel> hello <@U123>", "… hello …"),
        ("a\nb\u2028c\x00d", "a b c d"),
        ("`code` *bold* @here", "code bold here"),
        ("max_tokens must be positive", "max_tokens must be positive"),
        ("<!DOCTYPE html><p>secret</p>", ""),
        ("  <html>", ""),
    ],
)
def test_what_is_left(text: str, clean: str) -> None:
    assert scrub(text) == clean


def test_the_key_goes_whatever_it_looks_like() -> None:
    assert scrub("not open sesame now", "open sesame") == "not … now"


def test_no_beginning_of_a_key_is_left_where_a_text_is_cut() -> None:
    key = "A key of no shape whatever."
    text = f"https://example.com/{'a' * 3_960} {key}"

    assert "key" not in scrub(text, key)


@settings()
@given(st.text())
def test_always_short_and_on_one_line(text: str) -> None:
    clean = scrub(text)

    assert len(clean) <= EXCERPT_CHARS
    assert clean.isprintable() or "\n" not in clean
    assert not set(clean) & set("<>@`|[]")


def test_a_name_is_shown_short() -> None:
    assert safe_name("grok-4.3") == "grok-4.3"
    assert safe_name("<!channel>" + "x" * 500).startswith("!channel x")
    assert len(safe_name("x" * 500)) == 80


def test_a_page() -> None:
    assert is_page("\n<!doctype HTML><html>")
    assert not is_page('{"html": "<html>"}')
