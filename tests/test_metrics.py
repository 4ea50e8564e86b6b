"""Labels of metrics come from closed sets, whatever comes from outside."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import get_args

import pytest
from prometheus_client.metrics import MetricWrapperBase

from bot import metrics
from bot.completion.ask import Surface
from bot.grok.known_models import KNOWN
from bot.jobs.job import State
from bot.metrics import MOST_MODELS, OTHER, ClosedCounter, know_models
from bot.rules.quota import QUOTAS, SCOPE_KINDS
from sandbox.grok import GrokServer
from tests.fixtures.grok import OpenGrokClient
from tests.house import ROOT

METRICS = {
    name: metric for name, metric in vars(metrics).items() if isinstance(metric, MetricWrapperBase)
}
LABELLED = [name for name, metric in METRICS.items() if metric._labelnames]
REASON = {"refused": 0, "_refusal": 0}
"""Functions that pass a reason on to `HTTP_REFUSED`, and where it stands."""
_METHOD = re.compile(
    r"(?:api|apps|assistant|auth|bots|chat|conversations|files|reactions|team|users|views)"
    r"(?:\.[a-zA-Z]+)+"
)


@cache
def sources() -> dict[str, ast.Module]:
    """Every file of the bot, read."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "bot").rglob("*.py"))
    }


def closed(name: str) -> tuple[frozenset[str], ...]:
    metric = METRICS[name]
    assert isinstance(metric, ClosedCounter)
    return metric.closed


@pytest.mark.parametrize("name", LABELLED)
def test_labels_have_a_closed_set_of_values(name: str) -> None:
    metric = METRICS[name]

    assert isinstance(metric, ClosedCounter)
    assert len(metric.closed) == len(metric._labelnames)


@pytest.mark.parametrize("name", LABELLED)
def test_what_comes_from_outside_makes_no_new_counter(name: str) -> None:
    metric = METRICS[name]
    assert isinstance(metric, ClosedCounter)
    before = len(metric._metrics)

    for number in range(1_000):
        metric.labels(*(f"made up {number}" for _ in metric._labelnames))

    assert len(metric._metrics) <= before + 1
    assert (OTHER,) * len(metric._labelnames) in metric._metrics


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id, node


def test_metrics_are_made_in_one_place_and_always_labelled_through_it() -> None:
    """`labels` is a method of our own counters, and nobody makes others."""
    makers = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
    for path, tree in sources().items():
        if path == "bot/metrics.py":
            continue
        for name, call in calls(tree):
            assert not (name in makers and "prometheus_client" in imported(tree)), path
            if name == "labels":
                assert isinstance(call.func, ast.Attribute)
                counter = call.func.value
                assert isinstance(counter, ast.Attribute), path
                assert counter.attr in LABELLED, path


def imported(tree: ast.AST) -> set[str | None]:
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_values_that_the_bot_itself_says_are_known() -> None:
    said = 0
    for path, tree in sources().items():
        for name, call in calls(tree):
            places: tuple[frozenset[str], ...] = ()
            if name == "labels" and isinstance(call.func, ast.Attribute):
                counter = call.func.value
                places = closed(counter.attr) if isinstance(counter, ast.Attribute) else ()
            elif name in REASON:
                places = closed("HTTP_REFUSED")
            for value, among in zip(call.args, places, strict=False):
                if isinstance(value, ast.Constant):
                    said += 1
                    assert value.value in among, (path, value.value)
    assert said > 10


def test_methods_of_slack_that_the_bot_calls_are_known() -> None:
    methods, _ = closed("SLACK_API")
    called = {
        argument.value
        for path, tree in sources().items()
        if path.startswith("bot/slack/") or path == "bot/ops/slack_probe.py"
        for name, call in calls(tree)
        if name not in {"partition", "split", "endswith", "startswith"}
        for argument in call.args
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and _METHOD.fullmatch(argument.value)
    }

    assert len(called) > 10
    assert called <= methods


def test_sets_are_those_of_the_vocabulary() -> None:
    surfaces, _ = closed("REQUESTS")
    (states,) = closed("JOBS_GIVEN_UP")
    scopes, windows = closed("QUOTA_DENIED")

    assert surfaces == set(get_args(Surface))
    assert states == set(get_args(State))
    assert scopes == set(SCOPE_KINDS)
    assert windows == {quota.window or "now" for quota in QUOTAS.values()}


async def test_models_are_those_that_the_operator_chose(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    await open_grok_client(grok, grok_model="our-own-model")
    _, models = closed("TOKENS")

    assert {"our-own-model", *(model.id for model in KNOWN)} <= models


def test_models_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.TOKENS, "closed", metrics.TOKENS.closed)

    know_models(f"model {number}" for number in range(5_000))

    assert len(closed("TOKENS")[1]) == MOST_MODELS
