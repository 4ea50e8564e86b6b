"""The bot before LiteLLM's proxy: a Grok behind it, and what the proxy says itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import words
from bot.words.grok import GROK_SENTENCES, GROK_UNKNOWN_MODEL
from bot.words.terminal.ask import failed, plain, spelled
from sandbox.grok import GrokServer, Script
from sandbox.workspace import GENERAL, Workspace
from tests.e2e.process import environment
from tests.e2e.servers.running import SLOW, Running, ask, check
from tests.e2e.stage import last_line, markdown, on_stage

pytestmark = SLOW

MOCKED = "A river of words, to its end."
WAYS = [("grok", "chat"), ("plain", "chat"), ("plain", "completions")]
"""A model behind the proxy, and the endpoint by which the proxy is asked for it."""
STREAMED = [(), ("--no-stream",)]


@pytest.mark.parametrize("endpoint", ["completions", "chat"])
@pytest.mark.parametrize("more", STREAMED)
async def test_a_mocked_answer_comes_whole(
    litellm: Running, endpoint: str, more: tuple[str, ...]
) -> None:
    code, out, err = await ask(litellm.settings(grok_endpoint=endpoint), *more, "rain")

    assert (code, out.strip()) == (0, MOCKED)
    assert f"mock ({endpoint}) · " in err
    assert " tokens" in err


@pytest.mark.parametrize(
    ("model", "endpoint"), [("grok", "responses"), ("mock", "chat"), ("plain", "chat")]
)
async def test_the_newest_endpoint_is_taken_where_the_proxy_has_it_in_order(
    litellm: Running, grok_behind: GrokServer, model: str, endpoint: str
) -> None:
    """For some models it answers with an error of its own there."""
    grok_behind.script(Script(text=MOCKED, times=None))

    code, out, err = await ask(litellm.settings(), "-m", model, "rain")

    assert (code, out.strip()) == (0, MOCKED)
    assert f"({endpoint}) · " in err


@pytest.mark.parametrize(("model", "endpoint"), WAYS)
@pytest.mark.parametrize("more", STREAMED)
async def test_what_a_grok_says_and_uses_comes_through_the_proxy(
    litellm: Running, grok_behind: GrokServer, model: str, endpoint: str, more: tuple[str, ...]
) -> None:
    text = "**Rain** falls:\n\n```c\nint a = 1 < 2;\n```\n\n• 雨 — “quoted” 👩‍👩‍👧 <!channel>"
    grok_behind.script(Script(text=text))
    settings = litellm.settings(grok_endpoint=endpoint)

    code, out, err = await ask(settings, "-m", model, "--temperature", "0.2", *more, "rain")

    assert (code, out.strip()) == (0, text)
    assert f"{model} ({endpoint})" in err
    assert " tokens" in err
    assert grok_behind.requests[0].body["temperature"] == 0.2
    assert bool(grok_behind.requests[0].body.get("stream")) is not bool(more)


@pytest.mark.parametrize(("model", "endpoint"), WAYS)
@pytest.mark.parametrize("more", STREAMED)
async def test_an_answer_that_its_cap_ends_says_so(
    litellm: Running, grok_behind: GrokServer, model: str, endpoint: str, more: tuple[str, ...]
) -> None:
    settings = litellm.settings(grok_endpoint=endpoint)

    code, out, _ = await ask(settings, "-m", model, "--max-tokens", "4", *more, "rain")

    assert (code, out.strip().endswith(words.cut_off(4))) == (0, True)
    assert grok_behind.requests[0].body["max_tokens"] == 4


@pytest.mark.parametrize("endpoint", ["completions", "chat"])
async def test_stop_sequences_reach_the_model(
    litellm: Running, grok_behind: GrokServer, endpoint: str
) -> None:
    settings = litellm.settings(grok_endpoint=endpoint)

    code, out, _ = await ask(settings, "-m", "plain", "--stop", "Rain", "Rain")

    assert (code, out.strip()) == (0, "##")
    assert grok_behind.requests[0].body["stop"] in ("Rain", ["Rain"])


@pytest.mark.parametrize(("model", "endpoint"), WAYS)
async def test_several_answers_stay_apart(
    litellm: Running, grok_behind: GrokServer, model: str, endpoint: str
) -> None:
    grok_behind.script(Script(text=["one and only", "two in a row"], times=None))
    settings = litellm.settings(grok_endpoint=endpoint)

    code, out, _ = await ask(settings, "-m", model, "-n", "2", "rain")

    assert code == 0
    assert [line for line in out.split("\n\n") if not line.startswith("**")][:2] == [
        "one and only",
        "two in a row",
    ]


async def test_a_parameter_that_the_proxy_does_not_know_is_blamed_and_not_tried_again(
    litellm: Running, grok_behind: GrokServer
) -> None:
    settings = litellm.settings(grok_endpoint="chat")

    code, out, err = await ask(settings, "-m", "plain", "--logprobs", "2", "rain")

    assert (code, out) == (1, "")
    assert "logprobs" in err
    assert not grok_behind.requests


@pytest.mark.parametrize("endpoint", ["completions", "chat"])
async def test_refusals_are_told_as_what_they_are(litellm: Running, endpoint: str) -> None:
    settings = litellm.settings(grok_endpoint=endpoint)
    wrong = litellm.settings(grok_endpoint=endpoint, xai_api_key="wrong")

    code, out, err = await ask(settings, "-m", "nobody", "rain")
    assert (code, out) == (1, "")
    assert err.startswith(plain(GROK_UNKNOWN_MODEL(model="nobody", nearest=())))
    told = plain(failed(GROK_SENTENCES["bad_key"], wrong.xai_base_url))
    assert await ask(wrong, "rain") == (1, "", told)
    assert await ask(settings, "-m", "busy", "rain") == (1, "", GROK_SENTENCES["rate_limited"])


async def test_a_grok_that_refuses_is_told_through_the_proxy(
    litellm: Running, grok_behind: GrokServer
) -> None:
    message = "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"
    grok_behind.script(Script(status=403, body={"error": {"message": message}}))

    code, _, err = await ask(litellm.settings(grok_endpoint="chat"), "-m", "grok", "rain")

    assert (code, err) == (1, spelled(GROK_SENTENCES["refused"]))


@pytest.mark.parametrize(("model", "endpoint"), WAYS)
@pytest.mark.parametrize("more", ["", "--no-stream "])
async def test_a_question_in_slack_is_answered(
    litellm: Running,
    grok_behind: GrokServer,
    redis_url: str,
    model: str,
    endpoint: str,
    more: str,
) -> None:
    text = "**Slow start** doubles the window. " * 12
    grok_behind.script(Script(text=text, speed=60))
    async with on_stage(redis_url, grok_endpoint=endpoint, **litellm.values()) as stage:
        await stage.ask(f"-m {model} {more}Explain TCP slow start")
        (message,) = await stage.answer()

    assert markdown(message).strip() == text.strip()
    assert f"{model} ({endpoint})" in last_line(message)
    assert " tokens" in last_line(message)
    assert (len(message.revisions) == 1) is bool(more)
    assert not stage.workspace.problems


async def test_a_wrong_key_is_told_in_slack_to_whom_it_concerns(
    litellm: Running, redis_url: str
) -> None:
    values = litellm.values() | {"xai_api_key": "wrong"}
    async with on_stage(redis_url, grok_endpoint="chat", **values) as stage:
        await stage.ask("rain")
        (message,) = await stage.answer()

    assert markdown(message) == words.FAILED(GROK_SENTENCES["bad_key"])
    assert len(stage.workspace.messages(GENERAL)) == 1


@pytest.mark.parametrize(
    ("values", "code", "lines"),
    [
        ({}, 0, ["✓ Grok model: mock, by the ", "✓ Grok answer: mock answers"]),
        ({"GROK_ENDPOINT": "completions"}, 0, ["✓ Grok model: mock, by the completions endpoint"]),
        ({"XAI_API_KEY": "wrong"}, 1, ["✗ Grok key: Grok does not accept XAI_API_KEY."]),
        ({"GROK_MODEL": "mok"}, 1, ["✗ Grok model: There is no model mok", "mean mock?"]),
    ],
)
async def test_the_check_tells_the_truth(
    litellm: Running,
    slack: Workspace,
    grok: GrokServer,
    tmp_path: Path,
    values: dict[str, str],
    code: int,
    lines: list[str],
) -> None:
    env = environment(slack, grok, tmp_path, **(litellm.environment() | values))

    checked, out, err = await check(env, tmp_path)

    assert checked == code, err
    assert [line for line in lines if line not in out] == [], out
