"""The bot before llama-cpp-python's server, at both endpoints: terminal, Slack, checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import words
from bot.words.grok import GROK_SENTENCES
from bot.words.terminal.ask import plain
from sandbox.grok import GrokServer
from sandbox.workspace import Workspace
from tests.e2e.process import environment
from tests.e2e.servers.running import SLOW, Running, ask, check
from tests.e2e.stage import last_line, markdown, on_stage

pytestmark = SLOW

ENDPOINTS = ("completions", "chat")
RIVER = "269"
"""The token ` river` of the tiny model; 2 ends an answer."""
ONLY_RIVERS = ("--logit-bias", f"{RIVER}=100")


@pytest.fixture(params=ENDPOINTS)
def endpoint(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def test_an_answer_is_the_same_streamed_and_at_once(llama: Running, endpoint: str) -> None:
    settings = llama.settings(grok_endpoint=endpoint)
    flags = ("--max-tokens", "12", "--temperature", "0")

    streamed = await ask(settings, *flags, "rain")
    at_once = await ask(settings, *flags, "--no-stream", "rain")

    assert streamed[:2] == at_once[:2]
    assert streamed[0] == 0
    assert streamed[1].strip().endswith(words.cut_off(12))
    assert f"tiny ({endpoint})" in streamed[2]
    assert " tokens" in at_once[2]


async def test_what_biases_tokens_reaches_the_model(llama: Running, endpoint: str) -> None:
    settings = llama.settings(grok_endpoint=endpoint)

    code, out, _ = await ask(settings, "--max-tokens", "5", *ONLY_RIVERS, "rain")
    ended = await ask(settings, "--max-tokens", "5", "--logit-bias", "2=100", "rain")

    assert (code, out.split("\n")[0].split()) == (0, ["river"] * 5)
    assert (ended[0], ended[1].strip()) == (1, words.NOTHING_WRITTEN)


async def test_an_answer_ends_before_a_stop_sequence(llama: Running, endpoint: str) -> None:
    settings = llama.settings(grok_endpoint=endpoint)
    flags = ("--max-tokens", "20", "--temperature", "0")
    whole = (await ask(settings, *flags, "rain"))[1].removesuffix("\n\n")
    whole = whole.removesuffix(words.cut_off(20)).removesuffix("\n\n")
    stop = next(sign for sign in whole[3:] if sign.isalnum() and sign not in whole[:3])

    _, out, _ = await ask(settings, *flags, f"--stop={stop}", "rain")

    assert out.removesuffix("\n\n") == whole.partition(stop)[0]


async def test_of_several_answers_that_it_does_not_give_it_is_said(
    llama: Running, endpoint: str
) -> None:
    settings = llama.settings(grok_endpoint=endpoint)

    code, out, _ = await ask(settings, "--max-tokens", "3", "-n", "2", *ONLY_RIVERS, "rain")
    first, _, second = out.partition(
        words.section_title(prompt=1, prompts=1, answer=2, answers=2, excerpt="")
    )

    assert code == 1
    assert "river river river" in first
    assert second.strip() == words.NOT_GIVEN


async def test_how_likely_tokens_were_is_shown(llama: Running, endpoint: str) -> None:
    settings = llama.settings(grok_endpoint=endpoint)
    flags = ("--max-tokens", "3", "--temperature", "0", "--logprobs", "2")

    streamed, at_once = [
        (await ask(settings, *flags, *more, "rain"))[1] for more in ((), ("--no-stream",))
    ]

    assert words.LOGPROB_HEAD in streamed
    assert streamed == at_once


async def test_only_completions_show_the_prompt_again(llama: Running) -> None:
    settings = llama.settings(grok_endpoint="completions")

    flags = ("--echo", "--max-tokens", "2", *ONLY_RIVERS)
    streamed = await ask(settings, *flags, "rain")
    at_once = await ask(settings, *flags, "--no-stream", "rain")

    assert streamed[0] == at_once[0] == 0
    assert at_once[1].split("\n\n")[:2] == ["> rain", " river river"]
    assert streamed[1].startswith(" river river")  # this server streams no prompt


async def test_more_than_the_model_holds_is_told(llama: Running, endpoint: str) -> None:
    settings = llama.settings(grok_endpoint=endpoint)

    code, out, err = await ask(settings, "--max-tokens", "9", "river " * 400)

    assert (code, out, err) == (1, "", plain(GROK_SENTENCES["too_long"]))
    assert await ask(settings, "--no-stream", "river " * 400) == (code, out, err)


async def test_a_wrong_key_is_told_as_that(llama: Running, endpoint: str) -> None:
    settings = llama.settings(grok_endpoint=endpoint, xai_api_key="wrong")

    code, _, err = await ask(settings, "rain")

    assert code == 1
    assert "XAI_API_KEY" in err


@pytest.mark.parametrize("more", ["", "--no-stream "])
async def test_a_question_in_slack_is_answered(
    llama: Running, endpoint: str, more: str, redis_url: str
) -> None:
    async with on_stage(redis_url, grok_endpoint=endpoint, **llama.values()) as stage:
        told = await stage.ask(f"{more}--max-tokens 6 {' '.join(ONLY_RIVERS)} rain")
        (message,) = await stage.answer()

    assert markdown(message).split("\n")[0].split() == ["river"] * 6
    assert words.cut_off(6) in markdown(message)
    assert f"tiny ({endpoint})" in last_line(message)
    assert (told.ack_body.get("text") == words.POSTED_WHEN_DONE) is bool(more)
    assert not stage.workspace.problems


async def test_a_model_that_there_is_not_is_told_to_the_asker_alone(
    llama: Running, redis_url: str
) -> None:
    async with on_stage(redis_url, **llama.values()) as stage:
        await stage.workspace.settled()
        told = await stage.ask("-m tinny rain")

    assert "tinny" in told.ack_body["text"]
    assert "tiny" in told.ack_body["text"].replace("tinny", "")
    assert not stage.workspace.messages("C0GENERAL1")


@pytest.mark.parametrize(
    ("values", "code", "lines"),
    [
        ({}, 0, ["✓ Grok model: tiny, by the ", "✓ Grok answer: tiny answers"]),
        ({"GROK_ENDPOINT": "completions"}, 0, ["✓ Grok model: tiny, by the completions endpoint"]),
        ({"XAI_API_KEY": "wrong"}, 1, ["✗ Grok key: Grok does not accept XAI_API_KEY."]),
        ({"GROK_MODEL": "tinny"}, 1, ["✗ Grok model: There is no model tinny", "mean tiny?"]),
    ],
)
async def test_the_check_tells_the_truth(
    llama: Running,
    slack: Workspace,
    grok: GrokServer,
    tmp_path: Path,
    values: dict[str, str],
    code: int,
    lines: list[str],
) -> None:
    env = environment(slack, grok, tmp_path, **(llama.environment() | values))

    checked, out, err = await check(env, tmp_path)

    assert checked == code, err
    assert [line for line in lines if line not in out] == [], out
