"""What asks for nothing, in many languages, and what only begins so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors.thanks import is_thanks


@pytest.mark.parametrize(
    "text",
    [
        "thanks!",
        "Thanks a lot :pray:",
        "thank you so much!!",
        "ok",
        "OK, thanks.",
        "Great, thank you Grok!",
        "got it",
        ":+1:",
        ":thumbsup::skin-tone-3:",
        "👍",
        "👍🏽 🙏",
        "❤️",
        "Danke schön!",
        "Merci beaucoup",
        "d’accord, merci",
        "¡Muchas gracias!",
        "grazie mille",
        "obrigada :)",
        "спасибо",
        "谢谢！",
        "ありがとうございます。",
        "감사합니다",
        "شكرا",
        "*thanks*",
    ],
)
def test_thanks(text: str) -> None:
    assert is_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thanks, and what about IPv6?",
        "ok?",
        "ok again",
        "ok, go on",
        "thanks to whom?",
        "thank you note for my boss",
        "yes",
        "no",
        "why",
        "again",
        "so much",
        ":question:",
        ":thinking_face:",
        "👎",
        "❓",
        "…",
        "1",
        "ok " * 60,
        "good morning",
        "nice weather in Nice tomorrow",
        "`thanks`",
    ],
)
def test_no_mere_thanks(text: str) -> None:
    assert not is_thanks(text)


@given(st.text(max_size=130))
def test_no_text_raises(text: str) -> None:
    is_thanks(text)
