"""Where an answer was found: each address once, named so that one sees where it leads."""

from __future__ import annotations

from itertools import permutations

import pytest

from bot.completion.references import (
    MOST_LISTED,
    MOST_REFERENCES,
    AnswerReferences,
    Reference,
    host_of,
    link_to,
    listing,
)
from bot.markdown.safety import make_safe
from bot.words import search as words

A, B, C = "https://a.example/x", "https://www.b.example/wiki/X_(y)", "https://c.example"


def _listed(*found: Reference) -> tuple[Reference, ...]:
    references = AnswerReferences()
    references.add(found)
    return references.listed()


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_each_once_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    came = (
        Reference(url=A),
        Reference(url=B, number=1),
        Reference(url=A + "/", number=2, placed=True),
        Reference(url=C),
    )

    listed = _listed(*(came[place] for place in order))

    assert [(each.url.rstrip("/"), each.number) for each in listed] == [(B, 1), (A, 2), (C, 0)]
    assert [each.cited for each in listed] == [True, True, False]


def test_a_post_is_one_whoever_its_address_names() -> None:
    addresses = (
        "https://x.com/i/status/19900",
        "https://x.com/xai/status/19900?s=20",
        "https://twitter.com/XAI/status/19900/",
    )

    assert len(_listed(*(Reference(url=url) for url in addresses))) == 1
    assert len(_listed(Reference(url=addresses[0]), Reference(url=f"{addresses[0]}1"))) == 2


def test_no_more_are_kept_than_anybody_reads() -> None:
    many = [Reference(url=f"https://a.example/{each}") for each in range(2 * MOST_REFERENCES)]

    assert len(_listed(*many)) == MOST_REFERENCES


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.com/a", "example.com"),
        ("http://example.com:8080/", "example.com"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://faß.example/", "xn--fa-hia.example"),
        ("https://good.example@evil.example/", ""),
        ("https://good.example\\@evil.example/", ""),
        ("https://exa\u200bmple.com/", ""),
        ("https://a.example/b c", ""),
        ("https://a.exam\nple/", ""),
        ("https://[::1]/", ""),
        ("https://localhost/", ""),
        ("https://a..example/", ""),
        ("https://", ""),
        ("https://[oops/", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


def test_the_list_is_short_and_says_how_much_is_left_out() -> None:
    cited = [Reference(url=f"https://a.example/{each}", number=each) for each in range(1, 14)]

    lines = listing([*cited, Reference(url=C)]).splitlines()

    assert lines[0] == words.SOURCES
    assert lines[2] == "1. [a.example/1](https://a.example/1)"
    assert len([line for line in lines if "](" in line]) == MOST_LISTED
    assert lines[-1] == "and 3 more"


def test_numbers_of_what_goes_on_with_another_answer_are_kept() -> None:
    listed = _listed(Reference(url=A, number=3), Reference(url=B, number=7), Reference(url=C))

    assert listing(listed).splitlines()[2:] == [
        f"- 3: [a.example/x]({A})",
        f"- 7: [b.example/wiki/X…]({B})",
    ]


def test_what_was_seen_and_is_not_cited_is_called_so() -> None:
    assert listing([]) == ""
    assert listing([Reference(url=C)]).splitlines() == [
        words.SEEN,
        "",
        "- [c.example](https://c.example)",
    ]
    assert "c.example" not in listing([Reference(url=A, number=1), Reference(url=C)])


@pytest.mark.parametrize(
    "url",
    [
        A,
        B,
        "https://x.com/xai/status/1990000003125854528",
        "https://a.example/" + "very-long/" * 30,
        "https://a.example/?q=https://evil.example",
        "https://a.example/*_~`$|<!channel>",
        "https://" + "long." * 20 + "example.com/x",
        "https://bücher.example/a)b",
        "https://user.github.io/x",
    ],
)
def test_links_show_where_they_go(url: str) -> None:
    """What makes links safe has nothing to take apart in them: they name the place they lead to."""
    for markdown in (link_to(Reference(url=url, number=12)), listing([Reference(url=url)])):
        assert make_safe(markdown) == markdown
        assert markdown.count("](") == 1
