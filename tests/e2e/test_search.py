"""Searching, from the flag to the sources below the answer: what one sees, and what it cost."""

from __future__ import annotations

import asyncio
import re

import pytest

from bot import metrics
from bot import words as words_of
from bot.reply import growing
from bot.words import search as words
from sandbox.grok import Script, ToolCall
from sandbox.workspace import ANA, GENERAL, Message
from tests.e2e.stage import last_line, markdown, on_stage

PAGES = ("https://news.example.com/a", "https://wiki.example.net/TCP_(new)")
POST = "https://x.com/xai/status/1990000000000000001"
CALLS = (
    ToolCall(asked="tcp news", sources=PAGES),
    ToolCall(name="x_keyword_search", asked="tcp *new* <!channel>", posts=44, sources=(POST,)),
)
CITED = f"It is new.[[1]]({PAGES[1]}) People like it [[2]]({POST}), and again [[1]]({PAGES[1]})."
SHOWN = (
    f"It is new. [wiki.example.net 1]({PAGES[1]}) People like it [x.com 2]({POST}), and again"
    f" [wiki.example.net 1]({PAGES[1]})."
)


def _shown(message: Message) -> list[str]:
    """What every revision showed, of whatever is not the question."""
    return [
        "\n".join(block["text"] for block in revision.blocks or [] if block["type"] == "markdown")
        for revision in message.revisions
    ]


@pytest.mark.parametrize("annotated", ["placed", "late", "none"])
@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_an_answer_says_where_it_was_found(redis_url: str, mode: str, annotated: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        stage.grok.script(Script(text=CITED, calls=CALLS, annotated=annotated))  # type: ignore[arg-type]
        await stage.ask("--search web,x what is new in TCP")
        (message,) = await stage.answer()

    text = markdown(message)
    assert text.startswith(SHOWN)
    assert words.SOURCES in text
    assert f"1. [wiki.example.net/TCP…]({PAGES[1]})" in text
    assert f"2. [x.com/xai/status/1990000000000000001]({POST})" in text
    assert text.count("\n1. ") == text.count("\n2. ") == 1
    assert "news.example.com" not in text
    assert " · 2 sources · 44 posts · $0.23 · " in last_line(message)
    assert "(responses)" in last_line(message)
    assert [tool["type"] for tool in stage.sent()["tools"]] == ["web_search", "x_search"]
    assert not message.unfurls
    assert not stage.workspace.problems


async def test_what_was_searched_is_counted(redis_url: str) -> None:
    def counted() -> dict[str, float]:
        names = ("web_calls", "x_calls", "posts", "profiles")
        return {name: metrics.SEARCHED.labels(name)._value.get() for name in names}

    before = counted()
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=CITED, calls=CALLS))
        await stage.ask("--search web,x what is new in TCP")
        await stage.answer()
        await stage.quiet()

    added = {name: value - before[name] for name, value in counted().items()}
    assert added == {"web_calls": 1, "x_calls": 1, "posts": 44, "profiles": 0}


async def test_while_it_searches_the_message_says_what_it_does(redis_url: str) -> None:
    release = asyncio.Event()
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=CITED, calls=CALLS, within=1, stall_after=0, release=release))
        await stage.ask("--search web,x what is new in TCP")
        searching = "Searching X for “tcp new ‹!channel›”: 2 searches"
        await stage.workspace.wait_for(
            lambda: any(
                searching in text
                for each in stage.workspace.messages(GENERAL)
                for text in _shown(each)
            )
        )
        release.set()
        (message,) = await stage.answer()

    assert markdown(message).startswith(SHOWN)
    assert "Searching" not in markdown(message)
    assert set(message.pings) <= {"<@U0ANA00001>"}


async def test_that_it_searches_once_more_is_told_below_the_text(redis_url: str) -> None:
    release = asyncio.Event()
    added = {"type": "response.output_item.added", "output_index": 7}
    again = added | {"item": {"type": "web_search_call", "id": "ws_7", "status": "in_progress"}}
    done = {"type": "response.web_search_call.completed", "item_id": "ws_7"}
    async with on_stage(redis_url) as stage:
        stage.grok.script(
            Script(
                pieces=["One. ", "Two. ", "Three."],
                calls=CALLS[:1],
                beside={1: [again], 2: [done]},
                stall_after=2,
                release=release,
            )
        )
        await stage.ask("--search web what is new in TCP")
        await stage.workspace.wait_for(
            lambda: any(
                words_of.SEARCHING in str(message.revisions[-1].blocks)
                for message in stage.workspace.messages(GENERAL)
            )
        )
        release.set()
        (message,) = await stage.answer()

    assert markdown(message).startswith("One. Two. Three.")
    assert words_of.SEARCHING not in str(message.revisions[-1].blocks)


async def test_what_it_does_is_told_as_often_as_edits_allow(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown like text, but no more often than leaves edits for that: here there are 24 calls,
    with 72 events, of which some are told and not all."""
    monkeypatch.setattr(growing, "DOING_SECONDS", 0.3)
    calls = tuple(
        ToolCall(name="x_keyword_search", asked=f"part {each}", posts=1, turn=each // 3)
        for each in range(24)
    )
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="Done.", calls=calls, speed=800, times=2))
        await stage.ask("--search x --max-turns 20 what is new in TCP")
        await stage.ask("--search x --max-turns 20 what is new in UDP")
        answers = [(await stage.answer(number))[0] for number in range(2)]

    each = [[text for text in _shown(message) if "Searching X" in text] for message in answers]
    assert any(each)
    for told in each:
        assert len(told) <= 12, told
        assert told == sorted(told, key=lambda text: int(text.split(" search")[0].split()[-1]))
    assert not stage.workspace.problems


async def test_nothing_that_was_shown_holds_half_a_citation(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=f"{CITED} " * 3, calls=CALLS[1:], speed=150))
        await stage.ask("--search x what is new in TCP")
        (message,) = await stage.answer()

    growing = [text for text in _shown(message) if "It is new" in text][:-1]
    assert len(growing) > 2
    for text in growing:
        links = text.count(f"]({PAGES[1]})") + text.count(f"]({POST})")
        assert text.count("[") == text.count("]") == links, text


async def test_numbers_go_on_over_all_messages_of_an_answer(redis_url: str) -> None:
    """And the list stands once, at its end, with no more than ten."""
    pages = [f"https://news.example.com/{each}" for each in range(12)]
    said = "".join(
        f"Paragraph {each} of what is new.[[{each % 5}]]({pages[each % 12]})\n\n"
        for each in range(360)
    )
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=said, calls=(ToolCall(asked="news", sources=tuple(pages)),)))
        await stage.ask("--search web --max-tokens 100000 what is new")
        messages = await stage.answer()

    texts = list(map(markdown, messages))
    numbers = [int(each) for each in re.findall(r"\[news\.example\.com (\d+)\]", "".join(texts))]
    assert len(messages) > 2
    assert numbers == [each % 12 + 1 for each in range(360)]
    assert [words.SOURCES in text for text in texts] == [False] * (len(texts) - 1) + [True]
    below = texts[-1].partition(words.SOURCES)[2]
    assert re.findall(r"^(\d+)\. \[news\.example\.com/(\d+)\]", below, re.MULTILINE) == [
        (str(each + 1), str(each)) for each in range(10)
    ]
    assert words.MORE_SOURCES(2) in below
    assert " · 12 sources · " in last_line(messages[-1])


async def test_what_goes_on_numbers_sources_on_and_reserves_its_searches(
    redis_url: str,
) -> None:
    other = "https://blog.example.org/b"
    more = f" And more.[[1]]({other}) As said.[[2]]({PAGES[1]})"
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=CITED, calls=CALLS, finish_reason="length"))
        await stage.ask("--search web,x --max-turns 1 what is new in TCP")
        (message,) = await stage.answer()
        await stage.ask("quota set searches-per-day=21 channel")  # 2 were used, 20 are wanted
        seen = len(message.revisions) - 1
        await stage.workspace.click(ANA, GENERAL, message.ts, "continue", seen=seen)
        await stage.workspace.wait_for(
            lambda: [each for each in stage.workspace.ephemerals(ANA) if "searches" in each.shown]
        )
        refused = len(stage.grok.requests)
        await stage.ask("quota set searches-per-day=22 channel")
        stage.grok.script(
            Script(text=more, calls=(ToolCall(asked="tcp", sources=(other, PAGES[1])),))
        )
        await stage.workspace.click(ANA, GENERAL, message.ts, "continue", seen=seen)
        answer = await stage.reply(0, message.ts)
        await stage.ask("usage channel")

    assert refused == 1
    assert [tool["type"] for tool in stage.sent()["tools"]] == ["web_search", "x_search"]
    assert stage.sent()["max_turns"] == 1
    said = f"And more. [blog.example.org 3]({other}) As said. [wiki.example.net 1]({PAGES[1]})"
    assert markdown(answer).strip().startswith(said)
    below = markdown(answer).partition(words.SOURCES)[2]
    assert re.findall(r"^- (\d+): ", below, re.MULTILINE) == ["1", "3"]
    assert " · 2 sources · $" in last_line(answer)
    told = "".join(each.shown for each in stage.workspace.ephemerals(ANA))
    assert "3 searches" in told


async def test_a_day_is_searched_to_its_end(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="Nothing new.", calls=()))
        await stage.ask("--search x --since 2026-11-01 --until 2026-11-30 --handles @xAI news")
        (message,) = await stage.answer()

    (tool,) = stage.sent()["tools"]
    assert (tool["from_date"], tool["to_date"]) == ("2026-11-01", "2026-12-01")
    assert tool["allowed_x_handles"] == ["xai"]
    assert words.NOTHING_FOUND in markdown(message)


async def test_a_stream_that_ends_while_a_tool_runs(redis_url: str) -> None:
    """Nobody pays for another search unasked, and what was searched is counted."""
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=CITED, calls=CALLS, within=1, cut_after=0))
        await stage.ask("--search web,x what is new in TCP")
        (message,) = await stage.answer()

    assert "broke before the answer was complete" in markdown(message)
    assert len(stage.grok.requests) == 1


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
async def test_where_it_cannot_be_had_it_is_said_before_anything_is_spent(
    redis_url: str, endpoint: str
) -> None:
    async with on_stage(redis_url, grok_endpoint=endpoint) as stage:
        result = await stage.ask("--search web what is new in TCP")

    assert "GROK_ENDPOINT=responses" in result.ack_body["text"]
    assert not stage.grok.requests
    assert not stage.workspace.messages(GENERAL)
