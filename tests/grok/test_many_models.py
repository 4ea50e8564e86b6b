"""A gateway lists thousands of models: what is done for a question does not grow with them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.asking.rules_text import every_model, models_here
from bot.grok.catalogue import Catalogue
from bot.grok.routing import Router
from bot.rules.policy import InForce, Policy
from bot.views.form_view import model_options
from tests.grok.answers import request

FEW, MANY = 300, 3_000

USUAL = "vendor5/model-5:free"


async def catalogue(count: int) -> Catalogue:
    listed = [{"id": f"vendor{number % 50}/model-{number}:free"} for number in range(count)]

    async def fetch(path: str) -> Any:
        return {"data": listed} if path == "/models" else None

    found = Catalogue(fetch, ())
    await found.refresh()
    return found


def routed(models: Catalogue, name: str, **asked: Any) -> object:
    return Router("auto", models, "openai", usual=USUAL).route(request(model=name, **asked))


def _in_force(models: Catalogue) -> InForce:
    return InForce(Policy(), "C1", settings={"model": USUAL}, id_of=models.id_of)


WORK: dict[str, Callable[[Catalogue], object]] = {
    "route": lambda models: routed(models, USUAL),
    "route of what one endpoint has": lambda models: routed(models, USUAL, echo=True),
    "unknown model": lambda models: routed(models, "vendor5/model-5x:free"),
    "another unknown model": lambda models: routed(models, "zzz"),
    "list": lambda models: models_here(_in_force(models), models),
    "list for everybody": every_model,
    "options of a form": lambda models: model_options(models.models, "model-2"),
}
GROWS = {"list", "options of a form"}
"""These look at each name once: ten times as many take ten times as long, and no more."""


def seconds(work: Callable[[Catalogue], object], models: Catalogue) -> float:
    """The shortest of some runs."""
    took = []
    for _ in range(9):
        began = time.perf_counter()
        for _ in range(3):
            work(models)
        took.append(time.perf_counter() - began)
    return min(took)


@pytest.mark.slow
@pytest.mark.parametrize("name", WORK)
async def test_cost_does_not_grow_with_the_models(name: str) -> None:
    few, many = await catalogue(FEW), await catalogue(MANY)

    ratio = seconds(WORK[name], many) / seconds(WORK[name], few)

    assert ratio < (30 if name in GROWS else 5)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vendor7/model-7x:free", "vendor7/model-7:free"),
        ("xendor7/model-7:free", "vendor7/model-7:free"),
        ("vendor49/model-2999", "vendor49/model-2999:free"),
    ],
)
async def test_what_was_meant_is_found_among_many(typed: str, meant: str) -> None:
    assert meant in (await catalogue(MANY)).nearest(typed)
