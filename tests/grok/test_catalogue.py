from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bot.completion.request import CompletionRequest
from bot.completion.result import LongPrompt
from bot.grok import catalogue as module
from bot.grok.catalogue import FRESH_SECONDS, Catalogue
from bot.grok.client import GrokClient
from bot.grok.known_models import KNOWN, WINDOWS, Model
from bot.grok.routing import Router
from sandbox.grok import GrokServer
from tests.fixtures.grok import OpenGrokClient

LONG = {
    "long_context_threshold": 200_000,
    "prompt_text_token_price_long_context": 40_000,
    "cached_prompt_text_token_price_long_context": 10_000,
    "completion_text_token_price_long_context": 120_000,
}


class Replies:
    """Hands out what each path says, and counts."""

    def __init__(self, **replies: Any) -> None:
        self.replies = {f"/{name.replace('_', '-')}": reply for name, reply in replies.items()}
        self.asked: list[str] = []

    async def __call__(self, path: str) -> Any:
        self.asked.append(path)
        return self.replies.get(path)


async def test_who_asks_while_the_first_list_is_fetched_waits_for_it() -> None:
    may_come = asyncio.Event()

    async def fetch(path: str) -> Any:
        await may_come.wait()
        return {"models": [{"id": "grok-new"}]}

    catalogue = Catalogue(fetch)
    await catalogue.first_list()  # nobody fetches one
    with catalogue.expected():
        fetching = asyncio.create_task(catalogue.refresh())
        asking = asyncio.create_task(catalogue.first_list())
        await asyncio.sleep(0)
        assert not asking.done()
        may_come.set()
        await fetching
    await asking
    assert catalogue.find("grok-new")


async def test_nobody_waits_long_for_a_list_that_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.01)
    catalogue = Catalogue(Replies())
    with catalogue.expected():
        await catalogue.first_list()

    assert catalogue.find("grok-4.3")  # by heart


async def test_models_come_from_the_api(grok: GrokServer, grok_client: GrokClient) -> None:
    await grok_client.catalogue.refresh()

    found = grok_client.catalogue.find("grok-4.20-NON-reasoning")
    assert found == Model(
        "grok-4.20-0309-non-reasoning",
        ("grok-4.20-non-reasoning", "grok-4.20-non-reasoning-latest"),
        1.25,
        0.2,
        2.5,
        LongPrompt(200_000, 2.5, 5.0, 0.4),
        sees=True,
    )
    assert [each.path for each in grok.lookups] == ["/v1/language-models"]


async def test_a_server_with_a_plain_list_of_models(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(openai_grok)

    assert client.catalogue.models == ()
    await client.catalogue.refresh()

    assert client.catalogue.find("llama-3.3-70b") == Model("llama-3.3-70b")


async def test_the_known_models_stand_in(open_grok_client: OpenGrokClient) -> None:
    async with GrokServer(api_key="other") as server:
        client = await open_grok_client(server, xai_api_key="wrong")
        await client.catalogue.refresh()

    await client.catalogue.refresh()
    assert client.catalogue.models == KNOWN


async def test_the_list_is_kept_for_ten_minutes() -> None:
    now = 0.0
    replies = Replies(language_models={"models": [{"id": "a"}]})
    catalogue = Catalogue(replies, clock=lambda: now)

    await catalogue.refresh()
    await catalogue.refresh()
    assert len(replies.asked) == 1

    now = FRESH_SECONDS
    await catalogue.refresh()
    assert len(replies.asked) == 2


@pytest.mark.parametrize(
    "odd", [None, [], "x", {"models": None}, {"models": []}, {"models": [1, {"id": 2}]}]
)
async def test_an_odd_list_changes_nothing(odd: Any) -> None:
    catalogue = Catalogue(Replies(language_models=odd, models=odd))

    await catalogue.refresh()

    assert catalogue.models == KNOWN


async def test_odd_entries_are_read_as_far_as_they_go() -> None:
    entry = {"id": "a", "aliases": "b", "prompt_text_token_price": "free"}
    catalogue = Catalogue(Replies(models={"data": [entry, None]}))

    await catalogue.refresh()

    assert catalogue.models == (Model("a"),)


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("grok-4.7", True),
        ("GROK-4.3-latest", True),
        ("grok-latest", True),
        ("grok-4.20-0309-reasoning", True),
        ("grok-4.20-non-reasoning", False),
        ("grok-10", True),
        ("grok-3", None),
        ("grok-2-1212", None),
        ("grok-3-mini", True),
        ("llama-3.3", None),
        ("", None),
    ],
)
def test_who_reasons(name: str, reasons: bool | None) -> None:
    assert Catalogue(Replies()).reasons(name) is reasons


async def test_an_alias_tells_too() -> None:
    listed = {"models": [{"id": "grok-x", "aliases": ["grok-x-non-reasoning"]}]}
    catalogue = Catalogue(Replies(language_models=listed))

    await catalogue.refresh()

    assert catalogue.reasons("grok-x") is False
    assert catalogue.able() == "grok-x"
    assert catalogue.able(but="grok-x") == ""


def test_the_nearest_names() -> None:
    assert Catalogue(Replies()).nearest("grok-4,3")[0] == "grok-4.3"
    assert Catalogue(Replies()).nearest("zebra") == ()


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("grok-4.7", 500_000),
        ("GROK-4.7-latest", 500_000),
        ("grok-4.3", 1_000_000),
        ("grok-4.20-non-reasoning", 1_000_000),
        ("grok-3", 1_000_000),
        ("grok-latest", None),
        ("llama-3.3-70b", None),
        ("", None),
    ],
)
async def test_the_window_of_a_model(name: str, tokens: int | None) -> None:
    assert Catalogue(Replies()).window(name) == tokens


async def test_a_window_is_known_by_the_aliases_that_the_api_lists() -> None:
    models = {"models": [{"id": "grok-4.3", "aliases": ["grok-latest"]}, {"id": "other"}]}
    catalogue = Catalogue(Replies(language_models=models))

    await catalogue.refresh()

    assert catalogue.window("grok-latest") == 1_000_000
    assert catalogue.window("grok-4.7-latest") == 500_000
    assert catalogue.window("other") is None


def test_the_window_of_every_known_model_is_known() -> None:
    assert set(WINDOWS) == {model.id for model in KNOWN}


def steps(work: Callable[[], object]) -> int:
    """How many calls into Python and C `work` takes."""
    count = 0

    def follow(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(follow)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


async def listing(count: int) -> Catalogue:
    data = [{"id": f"vendor{number % 9}/model-{number}:free"} for number in range(count)]

    async def fetch(path: str) -> Any:
        return {"data": data} if path == "/models" else None

    catalogue = Catalogue(fetch, ())
    await catalogue.refresh()
    assert len(catalogue.models) == count
    return catalogue


async def test_a_question_costs_the_same_however_many_models_there_are() -> None:
    few, many = await listing(30), await listing(3_000)

    def route(catalogue: Catalogue) -> None:
        router = Router("auto", catalogue)
        for model in ("vendor3/model-3:free", "no-such-model"):
            router.route(CompletionRequest(model=model, prompt="Hi"))
            catalogue.window(model)
            catalogue.id_of(model)
        catalogue.able()

    assert steps(lambda: route(many)) <= steps(lambda: route(few)) + 10
    assert steps(lambda: many.nearest("vendor3/model-33")) < 100 * 3_000


async def test_listing_is_bounded() -> None:
    entries = [{"id": "m" * 201}, {"id": 7}, {"id": "m", "aliases": ["a" * 201, 7, "b"]}]

    async def fetch(path: str) -> Any:
        return {"models": entries + [{"id": f"m{n}"} for n in range(20_000)]}

    catalogue = Catalogue(fetch, ())
    await catalogue.refresh()

    assert len(catalogue.models) <= 10_000
    assert catalogue.models[0].id == "m"
    assert catalogue.models[0].aliases == ("b",)


@pytest.mark.parametrize(
    ("fields", "long"),
    [
        ({}, None),
        ({"long_context_threshold": 200_000}, None),
        (LONG, LongPrompt(200_000, 4.0, 12.0, 1.0)),
        (
            LONG | {"cached_prompt_text_token_price_long_context": None},
            LongPrompt(200_000, 4.0, 12.0),
        ),
        (LONG | {"long_context_threshold": 0}, None),
        (LONG | {"long_context_threshold": "far"}, None),
        (LONG | {"prompt_text_token_price_long_context": "dear"}, None),
    ],
)
async def test_what_a_long_prompt_costs(fields: dict[str, Any], long: LongPrompt | None) -> None:
    entry = {"id": "a", "prompt_text_token_price": 20_000, "completion_text_token_price": 60_000}
    catalogue = Catalogue(Replies(language_models={"models": [entry | fields]}))

    await catalogue.refresh()

    assert catalogue.models == (Model("a", (), 2.0, None, 6.0, long),)


async def test_who_answers_to_a_retired_id() -> None:
    listed = {"models": [{"id": "grok-4.3"}, {"id": "other"}]}
    catalogue = Catalogue(Replies(language_models=listed))
    await catalogue.refresh()

    for name in ("grok-3", "GROK-4-0709", "grok-4-1-fast-reasoning"):
        assert catalogue.id_of(name) == "grok-4.3"
        assert catalogue.find(name) is None
    assert catalogue.id_of("grok-2") == "grok-2"
    assert Catalogue(Replies(), known=(Model("other"),)).id_of("grok-3") == "grok-3"
