"""Making a text safe takes work that grows with it, whatever repeats, nests or never ends."""

from __future__ import annotations

import time

import pytest

from bot.markdown.safety import SafeGrowth, hold_back, make_safe, neutralise

pytestmark = pytest.mark.slow

UNITS = (
    *("[this](", "](", "[[[[", "![", "[a.co](x", "[a](", "[a.com](https://b.com) ", "[a.co][x]"),
    *("[a.co]: b.co\n", "[a]:", "[a]:\n", "![[a.co](", "[a.co](https://a.co) ", "[`](", "](a "),
    *("<", "<a:", "<b ", "<!", "<a@b.c>", "<https://a|", "<https://a.co@b.co>", "&lt;", "&"),
    *("&amp;", "&#60;", "&#60;&#64;", "&#64;&#104;", "@here ", "<!here>", "<@U1", "a@b.co "),
    *("\\", "`", "`` ` ", "```\n", "`a|b`|", "a.", "(a.", "a:a:", "a//", "//", "_", "*", "a_b"),
    *("\n", "a\n", "|\n", "|-\n", "- ", "1. ", "> ", ">", "\t", "    ", " ", "\u3002a", "e\u0301"),
    *("\u0301", "[\u4f8ba.co](x.co)", "\u202e[a.co](b.co)", "\r", "\0", "\ud83d", '[a](b "', "]:"),
)
AROUND = ("{}", "[{}](https://b.co)", "{} [a.co](https://b.co) <!here>", "[a.co](https://b.co) {}")


def seconds(text: str) -> float:
    """CPU seconds that it takes, at best."""
    best = 9.0
    for _ in range(2):
        start = time.process_time()
        make_safe(text)
        neutralise(text)
        hold_back(text)
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("unit", UNITS)
def test_four_times_the_text_takes_about_four_times_the_work(unit: str) -> None:
    for around in AROUND:
        short, long = (around.replace("{}", unit * (size // len(unit))) for size in (8_000, 32_000))
        assert seconds(long) < 6 * seconds(short) + 0.02, around


def test_what_has_ended_is_not_read_again_while_a_text_grows() -> None:
    text = "See [a.co](https://a.co), `code` and @here.\n\n- an item <!here>\n" * 400

    def grown(size: int) -> float:
        growth, start = SafeGrowth(), time.process_time()
        for end in range(0, size, 50):
            growth.safe(text[:end])
        return time.process_time() - start

    assert min(grown(24_000) for _ in range(3)) < 6 * min(grown(6_000) for _ in range(3))
