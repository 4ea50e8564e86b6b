"""What the sandbox finds when it searches, how it tells of that, and what it bills."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sandbox.grok import answers
from sandbox.grok.script import Annotated, ToolCall

WEB_CALL_TICKS = 50_000_000
POST_TICKS = 50_000_000
PROFILE_TICKS = 100_000_000
"""$5 for 1,000 calls of the web search, $5 for 1,000 posts, $10 for 1,000 profiles (docs.x.ai,
"Tools pricing", since 2026-09-21)."""

_CALL_TOKENS = 300
_SOURCE_TOKENS = 60
_POST_TOKENS = 40
"""What the model reads of what was found, again in each turn."""

CITATION = re.compile(r"\[\[(\d{1,3})\]\]\(((?:[^()\s]|\([^()\s]*\))+)\)")

_NEWS = re.compile(r"^new (?:in|with|about) ", re.IGNORECASE)
_FIRST_POST = 1_990_000_000_000_000_000
_WEB_HOSTS = ("news.example.com", "blog.example.org", "wiki.example.net")
_TEXT = """## What is new in {topic}

**In short:** people agree on the direction and not on the pace.{0}

- The last release made the usual case simpler, and the documentation followed.{1}
- Reports from production are calm: nobody went back to what they had before.{2}
- What is argued about is the default, and whether it should have changed at all.{3}

One thing to watch: a vote is planned for next week, and *both* sides expect to win it.{4}

_A sample from the sandbox: nothing was searched. With `XAI_API_KEY` set, Grok itself answers._"""
_FROM_MEMORY = """## What is new in {topic}

There have been several changes lately, most of them small. The direction is clear, and the next \
version is expected soon."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What the calls of one answer come to."""

    details: Mapping[str, int]
    ticks: int
    tokens: int
    """Read in all turns together, on top of the prompt."""
    turns: int

    @property
    def calls(self) -> int:
        return sum(self.details[name] for name in ("web_search_calls", "x_search_calls"))


def likely_calls(prompt: str, tools: Mapping[str, Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    """What would be searched for `prompt` with these tools, in at most three turns."""
    topic = _topic(prompt)
    calls: list[ToolCall] = []
    if "web_search" in tools:
        pages = _pages(topic, tools["web_search"].get("filters") or {})
        calls += [
            ToolCall(asked=f"{topic} news", sources=pages, turn=0),
            ToolCall(asked=pages[0], action="open_page", sources=pages[:1], turn=1),
        ]
    if "x_search" in tools:
        posts = _posts(topic, tools["x_search"])
        latest = ToolCall(name="x_keyword_search", asked=f"{topic} filter:links", sources=posts[:2])
        meant = ToolCall(
            name="x_semantic_search", asked=f"what people say about {topic}", sources=posts[2:]
        )
        people = ToolCall(name="x_user_search", asked=topic)
        hits = 1 if posts else 0
        calls += [
            replace(latest, posts=24 * hits, turn=0),
            replace(meant, posts=20 * hits, turn=1),
            replace(people, profiles=3 * hits, turn=2),
        ]
    return tuple(sorted(calls, key=lambda call: call.turn))


def report(prompt: str, calls: Sequence[ToolCall]) -> str:
    """An answer that cites what the calls found; a fluent one from memory where that is nothing."""
    seen = sources_of(calls)
    topic = _topic(prompt)
    if not seen:
        return _FROM_MEMORY.format(topic=topic)
    marks = [f" [[{number}]]({url})" for number, url in enumerate(seen[:4], 1)]
    marks = [*marks, *[""] * (4 - len(marks)), marks[0]]
    return _TEXT.format(*marks, topic=topic)


def sources_of(calls: Sequence[ToolCall]) -> list[str]:
    """Every address that was seen, once, as they were seen."""
    return list(dict.fromkeys(url for call in calls if not call.fails for url in call.sources))


def within_turns(calls: Sequence[ToolCall], most: int | None) -> tuple[ToolCall, ...]:
    """The calls of so many turns."""
    turns = sorted({call.turn for call in calls})[:most]
    return tuple(call for call in calls if call.turn in turns)


def bill(calls: Sequence[ToolCall], prompt_tokens: int) -> Billed:
    """Only what succeeded is billed; what was found is read again in each turn, like the prompt."""
    done = [call for call in calls if not call.fails]
    web = sum(call.name == "web_search" for call in done)
    posts, profiles = sum(call.posts for call in done), sum(call.profiles for call in done)
    details = {
        "web_search_calls": web,
        "x_search_calls": len(done) - web,
        "x_posts_fetched": posts,
        "x_users_fetched": profiles,
        "code_interpreter_calls": 0,
        "file_search_calls": 0,
        "mcp_calls": 0,
        "document_search_calls": 0,
        "image_generation_calls": 0,
    }
    ticks = web * WEB_CALL_TICKS + posts * POST_TICKS + profiles * PROFILE_TICKS
    read = found = 0
    turns = sorted({call.turn for call in calls})
    for turn in turns:
        found += sum(_tokens(call) for call in done if call.turn == turn)
        read += prompt_tokens + found
    return Billed(details, ticks, read, len(turns))


def told_of(
    text: str, calls: Sequence[ToolCall], how: Annotated
) -> Iterator[tuple[int, dict[str, Any]]]:
    """What is told of the citations of `text`, and after how many of its characters."""
    if how == "none":
        return
    cited = set()
    for found in CITATION.finditer(text):
        url = found[2]
        cited.add(url)
        about: dict[str, Any] = {"type": "url_citation", "url": url}
        if how == "placed":
            places = {"start_index": found.start(), "end_index": found.end()}
            yield found.end(), about | places | {"title": found[1]}
        elif how == "unplaced":
            yield len(text), about | {"start_index": 0, "end_index": 0, "title": url}
        else:
            yield len(text), about
    for url in sources_of(calls):
        if url not in cited:
            unplaced = {"start_index": 0, "end_index": 0, "title": url}
            about = {"type": "url_citation", "url": url}
            yield len(text), about if how == "late" else about | unplaced


def _topic(prompt: str) -> str:
    return _NEWS.sub("", answers.topic_of(prompt))


def _tokens(call: ToolCall) -> int:
    return _CALL_TOKENS + _SOURCE_TOKENS * len(call.sources) + _POST_TOKENS * call.posts


def _pages(topic: str, filters: Mapping[str, Any]) -> tuple[str, ...]:
    slug = re.sub(r"[^a-z0-9]+", "-", topic.lower()).strip("-")[:40] or "news"
    hosts = tuple(filters.get("allowed_domains", _WEB_HOSTS))
    barred = tuple(filters.get("excluded_domains", ()))
    kept = [host for host in hosts if not host.endswith(barred)] or ["elsewhere.example"]
    pages = [f"https://{host}/2026/{slug}" for host in kept]
    return (*pages[:-1], f"{pages[-1]}_(overview)")


def _posts(topic: str, tool: Mapping[str, Any]) -> tuple[str, ...]:
    """Posts of the days that are wanted: `to_date` is the first that is not."""
    today = datetime.now(UTC).date()
    since, before = (_date(tool.get(name)) for name in ("from_date", "to_date"))
    if (since and since > today) or (since and before and since >= before):
        return ()
    authors = list(tool.get("allowed_x_handles", ["i"]))
    number = int.from_bytes(hashlib.sha256(topic.encode()).digest()[:4])
    return tuple(
        f"https://x.com/{authors[place % len(authors)]}/status/{_FIRST_POST + 4 * number + place}"
        for place in range(4)
    )


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
