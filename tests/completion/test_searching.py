"""What is searched while an answer is made, and what of it is told and counted."""

from __future__ import annotations

import pytest

from bot.completion import CompletionRequest
from bot.completion.collect import Collector
from bot.completion.references import Reference
from bot.completion.result import Chunk, ToolStep, ToolUse, Usage
from bot.completion.search import Search, search_in
from bot.completion.tools import Searching
from bot.words import search as words

X = search_in({"search": "x"})
NARROW = search_in({"search": "x", "handles": ["xai"]})
SOURCE = Reference(url="https://x.com/xai/status/1", number=1)


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def collected(search: Search, *chunks: Chunk) -> Collector:
    collector = Collector(CompletionRequest(model="grok-4.3", prompt="Hi"), search)
    for chunk in chunks:
        collector.add(chunk)
    return collector


def note(search: Search, *chunks: Chunk, **how: object) -> str:
    answer = collected(search, *chunks).answer(endpoint="responses", **how)  # type: ignore[arg-type]
    return answer.sections[0].note


def step(call: str, asked: str = "", **fields: object) -> Chunk:
    fields = {"tool": "x", "posts": 20, "profiles": 0} | fields
    return Chunk(step=ToolStep(call, asked=asked, **fields))  # type: ignore[arg-type]


def test_what_is_done_now_is_told() -> None:
    clock = _Clock()
    searching = Searching(clock)
    assert searching.progress == ""

    searching.take(ToolStep("1", "web"))
    assert searching.progress == "Searching the web: 1 search, 0 s"
    searching.take(ToolStep("2", "x", "from:xai *new*"))
    searching.take(ToolStep("1", "web", over=True))
    clock.now += 12.6
    assert searching.progress == "Searching X for “from:xai new”: 2 searches, 12 s"
    searching.take(ToolStep("3", "web", "https://a.example", opens=True))
    assert searching.progress == "Reading https://a.example: 3 searches, 12 s"


@pytest.mark.parametrize(
    "asked", ["<!channel> @here", "[a](https://evil.example)", "x" * 900, "`a`"]
)
def test_what_is_told_cannot_act(asked: str) -> None:
    searching = Searching()
    searching.take(ToolStep("1", "x", asked))

    assert not set("<>@`[]*_\n") & set(searching.progress)
    assert len(searching.progress) < 120


def test_the_bill_counts_and_where_it_says_nothing_what_was_seen() -> None:
    steps = (
        step("1"),
        step("2", over=True),
        step("3", failed=True),
        step("4", tool="web", posts=0),
    )
    seen = ToolUse(web_calls=1, x_calls=2, posts=40)
    billed = ToolUse(web_calls=1, x_calls=2, posts=33, profiles=1)
    old = ToolUse(web_calls=1, x_calls=2, posts=None, profiles=None)

    assert collected(X, *steps).tools == seen
    assert collected(X, *steps, Chunk(usage=Usage(total_tokens=9))).tools == seen
    assert collected(X, *steps, Chunk(usage=Usage(tools=billed))).tools == billed
    assert collected(X, *steps, Chunk(usage=Usage(tools=old))).tools == seen
    assert collected(X, step("1", posts=None)).tools == ToolUse(x_calls=1, posts=None)
    assert collected(X, Chunk(text="Hi")).tools is None


def test_until_the_bill_comes_the_most_that_calls_may_fetch_counts() -> None:
    steps = (step("1"), step("2"), step("3", posts=None), step("4", failed=True))
    half = Chunk(usage=Usage(tools=ToolUse(x_calls=2, posts=3)))
    whole = Chunk(usage=Usage(tools=ToolUse(x_calls=3, posts=7)))
    old = Chunk(usage=Usage(tools=ToolUse(x_calls=3, posts=None, profiles=None)))

    assert collected(X, *steps).used_so_far == ToolUse(x_calls=3, posts=40)
    assert collected(X, *steps, half).used_so_far == ToolUse(x_calls=3, posts=40)
    assert collected(X, *steps, whole).used_so_far == ToolUse(x_calls=3, posts=7)
    assert collected(X, *steps[:2], old).used_so_far.posts == 40
    assert collected(X).used_so_far == ToolUse()


def test_what_was_used_is_stored_whatever_became_of_the_answer() -> None:
    collector = collected(X, step("1"))

    answer = collector.answer(endpoint="responses", failure="It broke.")

    assert answer.tools == ToolUse(x_calls=1, posts=20)
    assert answer.usage is None


def test_sources_stand_below_what_is_done() -> None:
    cites = Chunk(text="Yes.", references=(SOURCE,))
    done = Chunk(finish_reason="stop")
    late = Chunk(references=(Reference(url="https://x.com/xai/status/2", placed=True),))

    collector = collected(X, cites)
    assert collector.sections()[0].note == ""
    collector.add(late)
    collector.add(done)
    answer = collector.answer(endpoint="responses")

    assert collector.sections() == answer.sections
    assert answer.sections[0].note.splitlines() == [
        words.SOURCES,
        "",
        "1. [x.com/xai/status/1](https://x.com/xai/status/1)",
        "2. [x.com/xai/status/2](https://x.com/xai/status/2)",
    ]
    assert [reference.cited for reference in answer.references] == [True, True]


@pytest.mark.parametrize(("failure", "stopped"), [("It broke.", False), ("", True)])
def test_sources_of_a_part_are_told_as_well(failure: str, stopped: bool) -> None:
    part = Chunk(text="Yes.", references=(SOURCE,))

    assert words.SOURCES in note(X, part, failure=failure, stopped=stopped)
    assert note(NARROW, Chunk(text="Yes."), failure=failure, stopped=stopped) == ""
    assert note(X, step("1"), failure=failure, stopped=stopped) == ""


@pytest.mark.parametrize(
    ("search", "found", "said"),
    [
        (NARROW, (), words.NOTHING_FOUND),
        (NARROW, (Reference(url="https://x.com/b/status/2"),), words.NOTHING_CITED),
        (NARROW, (SOURCE,), ""),
        (X, (), ""),
    ],
)
def test_an_answer_from_nowhere_says_so(
    search: Search, found: tuple[Reference, ...], said: str
) -> None:
    """A model may answer fluently from memory where what was searched holds nothing."""
    told = note(search, Chunk(text="Yes.", references=found, finish_reason="stop"))

    assert (said in told) if said else ("memory" not in told)


def test_what_the_server_would_not_search_is_said() -> None:
    collector = collected(search_in({"search": "web,x"}), Chunk(text="Yes.", finish_reason="stop"))
    collector.unsearched = ("x",)

    answer = collector.answer(endpoint="responses")

    assert answer.sections[0].note == words.only_elsewhere(["x"])
