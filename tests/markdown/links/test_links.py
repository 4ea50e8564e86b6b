"""A link shows where it goes, or is shown as it was written."""

from __future__ import annotations

import random
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.markdown.links.hosts import looks
from bot.markdown.links.links import JOINER
from bot.markdown.links.places import may_name
from bot.markdown.safety import SafeGrowth, make_safe
from tests.markdown.disguises import DISGUISED, HONEST, disguise, hides, scraps
from tests.markdown.undone import show_targets, without_joiners

HIDING = [
    "[bank.com](https://evil.example/x)",
    "[https://bank.com/login](https://evil.example)",
    "[Log in at **bank**.com now](http://evil.example)",
    "[www.bank.com](https://bank.com.evil.example)",
    "[bank.com](https://bank.com@evil.example/)",
    "[bank.com](https://bank.com\\@evil.example/)",
    "[bank&#46;com](https://evil.example)",
    "[bank\\.com](<https://evil.example>)",
    "[bank\u3002com](https://evil.example)",
    "[b\u200bank.com](https://evil.example)",
    "[bаnk.com](https://bank.com)",  # the first a is Cyrillic
    "[10.0.0.1, or https://localhost](https://evil.example)",
    "see [a [b] bank.com](https://evil.example)",
    "![bank.com](https://evil.example/i.png)",
    "[bank.com](\nhttps://evil.example)",
    "[https://bank.com\nin two lines](https://evil.example)",
    "[https://bank.com][1]\n\n[1]: https://evil.example",
    "[https://bank.com]: https://evil.example",
    "<https://evil.example|bank.com>",
    "<https://evil.example|click here>",
]
OPEN = [
    "[RFC 5681](https://www.rfc-editor.org/rfc/rfc5681)",
    "[github.com](https://github.com/a)",
    "[https://github.com/a](https://github.com/a)",
    "[www.github.com](https://github.com)",
    "[github.com](https://docs.github.com/x)",
    "[Wikipedia (wikipedia.org)](https://en.wikipedia.org/wiki/TCP_(x))",
    "[README.md](https://github.com/a) [main.py](https://github.com) [Node.js](https://nodejs.org)",
    "[v1.2](https://x.com) [e.g. this](https://x.com) [1]: https://x.com",
    "handlers[event.type](payload) x[foo.bar][0] a[i]: b std::get<T|U>",
    "<https://x.com> <mailto:a@b.c> <#C012AB3CD>",
    "if (a[b.c](d.e)) [x.com](#part) [x.com](mailto:a@b.c)",
]
TEXTS = st.lists(
    st.sampled_from(
        [*HIDING, *OPEN, *"[]()<>|\n .:", "bank.com", "](https://evil.example", JOINER]
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("text", HIDING)
def test_a_link_that_names_another_host_is_taken_apart(text: str) -> None:
    shown = show_targets(text)

    assert len(shown) == len(text) + 1
    assert without_joiners(shown) == text
    assert JOINER in show_targets(f"a | {text} | b")


@pytest.mark.parametrize("text", OPEN)
def test_any_other_link_stays_as_written(text: str) -> None:
    assert show_targets(text) == text


def test_what_is_made_safe_shows_where_its_links_go() -> None:
    assert make_safe(HIDING[0]) == f"[bank.com]{JOINER}(https://evil.example/x)"


@pytest.mark.parametrize("text", DISGUISED)
def test_no_disguise_is_left_to_any_reader(text: str) -> None:
    shown = make_safe(text)

    assert JOINER in shown
    assert not hides(shown)
    assert make_safe(shown) == shown
    assert without_joiners(shown) == without_joiners(text)


@pytest.mark.parametrize("text", HONEST)
def test_a_link_that_names_what_it_leads_to_is_left_alone(text: str) -> None:
    assert make_safe(text) == text
    assert make_safe(f"- See {text}") == f"- See {text}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_made_up_disguise_is_left_to_any_reader(seed: int) -> None:
    chance = random.Random(seed)
    live = 0
    for _ in range(400):
        text = disguise(chance)
        shown = make_safe(text)
        live += hides(text)
        assert not hides(shown), text
        assert make_safe(shown) == shown, text
    assert live > 200


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_whatever_stands_around_them_no_reader_sees_a_link_that_hides(seed: int) -> None:
    chance = random.Random(seed)
    live = 0
    for _ in range(500):
        text = scraps(chance)
        live += hides(text)
        assert not hides(make_safe(text)), text
    assert live > 20


def test_a_reference_is_taken_apart_where_it_comes_together() -> None:
    assert make_safe("[bank.com][a]") == "[bank.com][a]"
    assert make_safe("[bank.com][a]\n\n[A]: //evil.example") == (
        f"[bank.com][a]\n\n[A]{JOINER}: //evil.example"
    )
    assert make_safe("[A]: //evil.example\n\n[bank.com][a]") == (
        f"[A]: //evil.example\n\n[bank.com]{JOINER}[a]"
    )
    assert make_safe("[a]: //bank.com\n\n[bank.com][a]\n\n[a]: //evil.example").count(JOINER) == 1


def test_what_growing_references_name_is_known_once_they_came_together() -> None:
    text = "see [bank.com][a]\n\nand\n\n[a]: https://evil.example/x\n\nmore\n"
    growth = SafeGrowth()
    for end in range(len(text) + 1):
        assert growth.safe(text[:end]) == make_safe(text[:end])


@given(TEXTS)
def test_twice_is_the_same_as_once(text: str) -> None:
    assert show_targets(show_targets(text)) == show_targets(text)


@given(TEXTS)
def test_what_was_written_can_be_had_back(text: str) -> None:
    if JOINER not in text:
        assert without_joiners(show_targets(text)) == text


@given(TEXTS, st.integers(1, 20))
def test_a_finished_line_stays_as_it_is(text: str, step: int) -> None:
    growth = SafeGrowth()
    for end in range(0, len(text), step):
        assert growth.safe(text[:end]) == make_safe(text[:end])


def test_hostile_labels_take_no_long_time() -> None:
    assert len(show_targets("[" * 20_000 + "](https://x.com)" * 5_000)) < 200_000
    assert show_targets("a." * 50_000 + "](x)").endswith("](x)")


def test_whatever_looks_like_a_dot_may_end_a_name() -> None:
    every = map(chr, range(0x110000))
    likely = (char for char in every if category(char) not in ("Lo", "Cn", "Co", "Cs"))
    dotted = [char for char in likely if "." in looks(char)]
    assert len(dotted) > 40
    assert all(map(may_name, dotted))
    assert not may_name("日本（株）")
