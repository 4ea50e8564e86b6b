"""How long Grok is to think: as a flag, a field of the form, and a default of a channel."""

from __future__ import annotations

import pytest

from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, GENERAL
from tests.e2e.stage import markdown, on_stage


@pytest.mark.parametrize("mode", ["socket", "http"])
@pytest.mark.parametrize("endpoint", ["auto", "chat"])
async def test_a_flag_reaches_grok(redis_url: str, mode: str, endpoint: str) -> None:
    async with on_stage(redis_url, mode=mode, grok_endpoint=endpoint) as stage:
        stage.grok.script(Script(text="Quickly."))
        await stage.ask("--effort none Name a river")
        (message,) = await stage.answer()

    sent = stage.sent()
    assert sent.get("reasoning_effort") or sent["reasoning"]["effort"] == "none"
    assert markdown(message) == "Quickly."


async def test_what_a_model_does_not_take_is_told_to_the_asker_alone(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        result = await stage.ask("--effort xhigh Name a river")
        odd = await stage.ask("--effort huge Name a river")
        other = await stage.ask("--effort low -m grok-4.20-non-reasoning Name a river")

    told = result.ack_body["text"]
    assert "grok-4.3 does not take xhigh" in told
    assert "none, low, medium or high" in told
    assert "effort" in odd.ack_body["text"]
    assert "with a model such as" in other.ack_body["text"]
    assert not stage.grok.requests
    assert not stage.workspace.messages(GENERAL)


async def test_the_form_has_a_field_for_it_and_edit_keeps_it(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("--effort high Name a river")
        (message,) = await stage.answer()
        view = await stage.edit(message)
        assert view.values["effort"]["value"]["selected_option"]["value"] == "high"
        await stage.workspace.submit(ANA, view.id, {"effort": "low"})
        await stage.answer(1)
        low = stage.sent()
        await stage.retry(1)
        await stage.answer(2)

    assert low["reasoning"] == {"effort": "low"}
    assert stage.sent()["reasoning"] == {"effort": "low"}
    assert not stage.workspace.problems


async def test_a_default_of_a_channel_holds_until_somebody_says_otherwise(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("defaults set --effort high")
        refused = await stage.ask("defaults set --effort xhigh")
        await stage.ask("Name a river", user=BEN)
        await stage.answer(1)
        by_default = stage.sent()
        await stage.ask("--effort none Name a lake", user=BEN)
        await stage.answer(2)
        said = stage.sent()
        await stage.ask("defaults unset effort")
        await stage.ask("Name a hill", user=BEN)
        await stage.answer(4)

    assert by_default["reasoning"] == {"effort": "high"}
    assert said["reasoning"] == {"effort": "none"}
    assert "reasoning" not in stage.sent()
    assert "xhigh" in str(refused.ack_body) + "".join(
        each.shown for each in stage.workspace.ephemerals(ANA)
    )


async def test_what_it_may_think_is_reserved(redis_url: str) -> None:
    async with on_stage(redis_url, grok_reasoning_tokens=1000, grok_max_tokens=100) as stage:
        await stage.ask("quota set tokens-per-day=3000 workspace")
        too_much = await stage.ask("--effort high Name a river")
        assert not stage.grok.requests
        await stage.ask("--effort none Name a river")
        await stage.workspace.wait_for(lambda: stage.grok.requests)

    assert "tokens" in str(too_much.ack_body)
    assert stage.sent()["reasoning"] == {"effort": "none"}
