"""The page in which a person judges: who is let in, and what is taken."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.eval.dataset import Item
from bot.eval.judge import AnswerPair, PersonJudge
from bot.eval.page import TOKEN, UNDO_SECONDS, JudgingPage
from bot.eval.record import EvalRecord

pytestmark = pytest.mark.integration

PAIRS = [
    AnswerPair(Item(prompt=f"p{number}"), f"one {number}", "<b>other</b>") for number in range(3)
]


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[JudgingPage]:
    with EvalRecord(tmp_path / "out.jsonl") as record:
        person = PersonJudge(record)
        async with JudgingPage(person, person.comparisons(PAIRS)) as opened:
            yield opened


@pytest.fixture
async def client(page: JudgingPage) -> AsyncIterator[httpx.AsyncClient]:
    base, _, token = page.address.partition("#")
    async with httpx.AsyncClient(base_url=base, headers={TOKEN: token}) as opened:
        yield opened


async def test_pairs_come_without_their_settings_until_all_are_judged(
    page: JudgingPage, client: httpx.AsyncClient
) -> None:
    state = (await client.get("/pair")).json()
    assert state.keys() == {"done", "total", "key", "system", "prompt", "expected", "a", "b"}
    seen = []
    while "key" in state:
        assert not page.finished.is_set()
        seen.append(state["prompt"])
        assert {state["a"], state["b"]} == {f"one {state['prompt'][1:]}", "<b>other</b>"}
        key = state["key"]
        state = (await client.post("/choice", json={"key": key, "chosen": "a"})).json()

    assert sorted(seen) == ["p0", "p1", "p2"]
    assert state == {"done": 3, "total": 3, "ends_in": UNDO_SECONDS}
    assert not page.finished.is_set()
    back = (await client.get("/pair", params={"key": key})).json()
    assert back["key"] == key
    await client.post("/choice", json={"key": key, "chosen": "b"})
    await client.post("/end", json={})
    assert page.finished.is_set()


async def test_the_last_choice_can_be_taken_back_until_it_ends_by_itself(tmp_path: Path) -> None:
    """Nor does it end while somebody looks at it again."""
    with EvalRecord(tmp_path / "out.jsonl") as record:
        person = PersonJudge(record)
        comparisons = person.comparisons(PAIRS[:1])
        async with JudgingPage(person, comparisons, undo_seconds=0.2) as page:
            base, _, token = page.address.partition("#")
            async with httpx.AsyncClient(base_url=base, headers={TOKEN: token}) as client:
                key = comparisons[0].key
                assert (await client.post("/end", json={})).json()["key"] == key
                for chosen in ("a", "b"):
                    await client.get("/pair", params={"key": key})
                    with pytest.raises(TimeoutError):
                        await asyncio.wait_for(page.finished.wait(), 0.4)
                    await client.post("/choice", json={"key": key, "chosen": chosen})
                await asyncio.wait_for(page.finished.wait(), 30)

        assert record.choices == {key: comparisons[0].better("b")}


@pytest.mark.parametrize(
    "headers",
    [
        {TOKEN: ""},
        {TOKEN: "x" * 32},
        {TOKEN: b"\xff\xe4"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
    ],
)
async def test_nobody_else_is_let_in(
    page: JudgingPage, client: httpx.AsyncClient, headers: dict[str, Any]
) -> None:
    key = (await client.get("/pair")).json()["key"]
    said = {"key": key, "chosen": "a"}
    refused = [
        await client.get("/pair", headers=headers),
        await client.post("/choice", json=said, headers=headers),
        await client.post("/end", json={}, headers=headers),
    ]

    assert [each.status_code for each in refused] == [403, 403, 403]
    assert "one" not in refused[0].text
    assert (await client.get("/pair")).json()["done"] == 0


async def test_a_page_of_another_origin_cannot_choose(client: httpx.AsyncClient) -> None:
    """A form can send no header of its own, and no other page is allowed to."""
    key = (await client.get("/pair")).json()["key"]
    body = json.dumps({"key": key, "chosen": "a"})
    async with httpx.AsyncClient(base_url=client.base_url) as other:
        sent = await other.post("/choice", content=body, headers={"Content-Type": "text/plain"})
        asked = await other.options("/choice", headers={"Origin": "https://evil.example"})

    assert sent.status_code == 403
    assert asked.status_code == 405
    assert not [name for name in asked.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"key": "0" * 32, "chosen": "a"}, 404),
        ({"key": "KEY", "chosen": "c"}, 400),
        ({"key": "KEY", "chosen": ["a"]}, 400),
        ({"key": "KEY", "chosen": "a", "better": "first"}, 400),
        ({"chosen": "a"}, 400),
        ([], 400),
        ("not json", 400),
        ("[" * 100_000, 400),
    ],
)
async def test_what_is_no_choice_changes_nothing(
    client: httpx.AsyncClient, body: Any, status: int
) -> None:
    key = (await client.get("/pair")).json()["key"]
    text = body if isinstance(body, str) else json.dumps(body).replace("KEY", key)

    assert (await client.post("/choice", content=text)).status_code == status
    assert (await client.get("/pair")).json() == (await client.get("/pair?key=no")).json()
    assert (await client.get("/pair")).json()["done"] == 0


async def test_a_choice_that_cannot_be_kept_ends_it(
    page: JudgingPage, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (await client.get("/pair")).json()["key"]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(EvalRecord, "_write", full)
    reply = await client.post("/choice", json={"key": key, "chosen": "a"})

    assert reply.status_code == 507
    assert page.finished.is_set()
    assert page.unkept == "No space left on device"
    assert (await client.get("/pair")).json()["done"] == 0


@pytest.mark.parametrize("path", ["/", "/judge.js", "/judge.css"])
async def test_the_page_may_run_nothing_but_its_own(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={TOKEN: ""})

    assert answer.status_code == 200
    assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (await client.get(f"{path}..%2frecord.py")).status_code == 404
