"""What is kept of an answer beside the votes on it."""

from __future__ import annotations

import pytest

from bot.completion import CompletionRequest
from bot.completion.result import Usage
from bot.rules.votes import judged_of
from tests.doors.jobs import an_answer, an_ask

SECRET = "the plan is to buy the lake"


def test_nothing_of_what_was_asked_or_said_is_in_it() -> None:
    request = CompletionRequest(
        model="grok-4.3", prompt=SECRET, suffix=SECRET, user=SECRET, stop=SECRET * 5, temperature=0
    )
    ask = an_ask(request=request, system=SECRET, name=SECRET, effort="high")

    judged = judged_of(ask, an_answer(reasoning=SECRET))

    assert SECRET not in judged.model_dump_json()
    assert judged.parameters.keys() == {"stop", "system", "temperature", "effort"}
    assert judged_of(ask, an_answer()).parameters == judged.parameters


@pytest.mark.parametrize(("ticks", "cost"), [(None, None), (0, 0), (1, 1), (20_000, 2)])
def test_what_it_cost_is_rounded_up(ticks: int | None, cost: int | None) -> None:
    usage = Usage(total_tokens=5, cost_in_usd_ticks=ticks)

    judged = judged_of(an_ask(), an_answer(usage=usage, first_seconds=0.5))

    assert (judged.micro_dollars, judged.tokens, judged.first_seconds) == (cost, 5, 0.5)


def test_a_direct_message_is_not_named() -> None:
    assert judged_of(an_ask(channel="D0ANA"), an_answer()).channel == ""
