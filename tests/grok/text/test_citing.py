"""Citations in a text that comes in pieces, and what they are numbered and named."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.completion.result import Chunk
from bot.completion.search import search_in
from bot.grok.answering import stages_of
from bot.grok.call import Beside
from bot.grok.endpoints.writing import write
from bot.grok.text.citing import Citing
from tests.grok.answers import request

A, B = "https://a.example/1", "https://www.b.example/wiki/X_(company)"


def cited(text: str, *cuts: int, end: str | None = "stop") -> tuple[str, list[tuple[int, str]]]:
    """What is shown of `text`, which comes in pieces, and what it cites."""
    citing = Citing()
    places = [0, *cuts, len(text)]
    pieces = [Chunk(text=text[start:stop]) for start, stop in pairwise(places)]
    chunks = [each for piece in pieces for each in citing.follow(piece)]
    if end is not None:
        chunks += citing.follow(Chunk(finish_reason=end))
    chunks += citing.rest(cut=end is None)
    found = [(each.number, each.url) for chunk in chunks for each in chunk.references]
    return "".join(chunk.text for chunk in chunks), found


RIGHT = {
    "one": (f"Yes [[1]]({A}).", f"Yes [a.example 1]({A})."),
    "no space before it": (
        f"Yes.[[1]]({A})[[2]]({B})",
        f"Yes. [a.example 1]({A}) [b.example 2]({B})",
    ),
    "numbered anew": (
        f"[[7]]({B}) [[3]]({A}) [[7]]({B})",
        f"[b.example 1]({B}) [a.example 2]({A}) [b.example 1]({B})",
    ),
    "the same place in two ways": (
        f"[[1]]({A}) [[2]]({A}/#top) [[3]](http://www.a.example/1)",
        f"[a.example 1]({A}) [a.example 1]({A}) [a.example 1]({A})",
    ),
    "in parentheses": (f"([[1]]({B}))", f"([b.example 1]({B}))"),
    "parentheses that are not paired": (
        "[[1]](https://a.example/x_(y) and",
        "[a.example 1](https://a.example/x_%28y) and",
    ),
    "behind an exclamation": (f"Great![[1]]({A})", f"Great! [a.example 1]({A})"),
    "in a table": (f"| a [[1]]({A}) |", f"| a [a.example 1]({A}) |"),
    "odd characters": (
        '[[1]](https://a.example/a|b`c$d"e<f>)',
        "[a.example 1](https://a.example/a%7Cb%60c%24d%22e%3Cf%3E)",
    ),
    "a port": ("[[1]](https://a.example:8443/x)", "[a.example 1](https://a.example:8443/x)"),
    "letters of another script": (
        "[[1]](https://bücher.example/x)",
        "[xn--bcher-kva.example 1](https://xn--bcher-kva.example/x)",
    ),
    "in a fence": (
        f"```\n[[1]]({A})\n```\n[[2]]({B})",
        f"```\n[[1]]({A})\n```\n[b.example 1]({B})",
    ),
    "in a fence of an item": (
        f"- ~~~py\n  [[1]]({A})\n  ~~~\n[[2]]({B})",
        f"- ~~~py\n  [[1]]({A})\n  ~~~\n[b.example 1]({B})",
    ),
    "in code": (f"`[[1]]({A})` and [[1]]({A})", f"`[[1]]({A})` and [a.example 1]({A})"),
    "in code of two marks": (
        f"``a ` [[1]]({A}) b`` [[1]]({A})",
        f"``a ` [[1]]({A}) b`` [a.example 1]({A})",
    ),
    "in code that begins a line like a fence": (
        f"```a [[1]]({A})``` [[1]]({A})",
        f"```a [[1]]({A})``` [a.example 1]({A})",
    ),
    "behind a mark that opens nothing": (
        f"a ` b [[1]]({A})\n\nc",
        f"a ` b [a.example 1]({A})\n\nc",
    ),
    "behind a mark of a paragraph before": (
        f"a ` b\n\nc [[1]]({A}) `",
        f"a ` b\n\nc [a.example 1]({A}) `",
    ),
    "escaped": (f"\\[[1]]({A})", f"\\[[1]]({A})"),
    "nothing of the web": (
        "[[1]](javascript:alert) [[2]](htp://a.example)",
        "[[1]](javascript:alert) [[2]](htp://a.example)",
    ),
    "an address that hides where it leads": (
        "[[1]](https://a.example@evil.example/x)",
        "[[1]](https://a.example@evil.example/x)",
    ),
    "no number": (
        f"[[note]]({A}) [[]] [[1]] [[12345]]({A})",
        f"[[note]]({A}) [[]] [[1]] [[12345]]({A})",
    ),
    "a link": (f"[1]({A}) [[a]]", f"[1]({A}) [[a]]"),
    "in our own form": (
        f"[a.example 4]({A}) [www.a.example 2]({A}) [b.example 1]({A}) [see this 3]({A})",
        f"[a.example 1]({A}) [www.a.example 2]({A}) [b.example 1]({A}) [see this 3]({A})",
    ),
    "words in brackets": ("[a] [b c] [d.example", "[a] [b c] [d.example"),
    "an address without an end": ("[[1]](https://a.example/x y", "[[1]](https://a.example/x y"),
    "an address that is too long": (
        f"[[1]](https://a.example/{'x' * 2500}) [[2]]({A})",
        f"[[1]](https://a.example/{'x' * 2500}) [a.example 1]({A})",
    ),
    "many brackets": ("[" * 9 + f"[[1]]({A})", "[" * 9 + f"[a.example 1]({A})"),
    "a long run": ("`" * 250 + f" [[1]]({A})", "`" * 250 + f" [[1]]({A})"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_a_citation_becomes(name: str) -> None:
    text, shown = RIGHT[name]

    assert cited(text)[0] == shown


@pytest.mark.parametrize("name", RIGHT)
def test_however_it_is_cut(name: str) -> None:
    """In two at every character, and in pieces of one size; but for runs too long to be waited
    for."""
    text, _ = RIGHT[name]
    whole = cited(text)

    if name == "a long run":
        return
    for cut in range(1, min(len(text), 200)):
        assert cited(text, cut) == whole, cut
    for size in (1, 2, 5):
        assert cited(text, *range(size, len(text), size)) == whole, size


def test_an_answer_goes_on_with_its_numbers() -> None:
    behind = f"[a.example 3]({A}) [evil.example 9]({A}) [b.example 4]({B}) [[7]](https://d.example)"
    citing = Citing(behind)

    (chunk,) = citing.follow(
        Chunk(text=f"[[1]]({B}) [[2]](https://c.example/x)", finish_reason="stop")
    )

    assert chunk.text == f"[b.example 4]({B}) [c.example 5](https://c.example/x)"
    assert [each.number for each in chunk.references] == [4, 5]


def test_what_is_cited_has_its_number() -> None:
    assert cited(f"[[1]]({A}) [[9]]({B})")[1] == [(1, A), (2, B)]


@pytest.mark.parametrize("end", [None, "length"])
def test_half_a_citation_is_not_shown_where_the_answer_breaks_off(end: str | None) -> None:
    text = f"Yes [[1]]({B})."
    for cut in range(len(text)):
        shown, found = cited(text[:cut], end=end)
        assert f"Yes [b.example 1]({B}).".startswith(shown), cut
        assert bool(found) == (")" in shown), cut


def test_nothing_is_cited_where_nothing_was_searched() -> None:
    asked = request(model="m")
    searched = write(
        asked, "", "responses", "xai", beside=Beside(search=search_in({"search": "x"}))
    )

    for call, cites in ((write(asked, "", "responses", "xai"), False), (searched, True)):
        assert any(isinstance(stage, Citing) for stage in stages_of(call)) == cites
