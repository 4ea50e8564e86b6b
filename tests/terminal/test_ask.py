"""`ask` in the terminal: what Slack would show, and a code that says whether it is all."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pydantic import SecretStr

from bot import words
from bot.completion.flags import parse_words
from bot.terminal.ask import ask_in_terminal
from bot.words import grok as grok_words
from bot.words.terminal import ask as terminal_words
from bot.words.terminal.ask import plain, spelled
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import grok_settings
from tests.grok.wire import DONE, ends, event, says

NOTHING = words.NOTHING_WRITTEN


async def asked(server: GrokServer, *arguments: str) -> tuple[int, str, str]:
    """The exit code of `ask`, with what it wrote to either side."""
    out, err = io.StringIO(), io.StringIO()
    settings = grok_settings(server, grok_model="llama-3.3-70b")
    words_ = arguments if "--prompt" in arguments else (*arguments, "hi")
    code = await ask_in_terminal(settings, parse_words(words_), out, err)
    return code, out.getvalue().strip(), err.getvalue().strip()


def at(index: int, text: str, reason: str | None = None) -> bytes:
    return event({"index": index, "delta": {"content": text}, "finish_reason": reason})


SHOWN: dict[str, tuple[list[str], bytes, int, str]] = {
    "whole": ([], says("Hello") + says(" you") + ends() + DONE, 0, "Hello you"),
    "stop on every chunk": (
        [],
        says("Hello", "stop") + says(" big", "stop") + says(" world", "stop") + DONE,
        0,
        "Hello big world",
    ),
    "stop on an empty first chunk": ([], says("", "stop") + says("Hello") + DONE, 0, "Hello"),
    "half of a character": ([], says("hi \ud83d") + ends() + DONE, 0, "hi \ufffd"),
    "nothing written": ([], says("", "stop") + DONE, 1, NOTHING),
    "an answer that never came": (
        ["-n", "2"],
        says("one", "stop") + DONE,
        1,
        f"**Answer 1 of 2**\n\none\n\n**Answer 2 of 2**\n\n{words.NOT_GIVEN}",
    ),
    "a prompt that was not answered": (
        ["--prompt", "hi", "--prompt", "ho"],
        says("one", "stop") + DONE,
        1,
        f"**Prompt 1 of 2** `hi`\n\none\n\n**Prompt 2 of 2** `ho`\n\n{words.NOT_GIVEN}",
    ),
    "side by side": (
        ["-n", "2"],
        at(0, "a") + at(1, "b") + at(0, "A", "stop") + at(1, "B", "stop") + DONE,
        0,
        "**Answer 1 of 2**\n\naA\n\n**Answer 2 of 2**\n\nbB",
    ),
    "second before the first": (
        ["-n", "2"],
        at(1, "b", "stop") + at(0, "a", "stop") + DONE,
        0,
        "**Answer 1 of 2**\n\na\n\n**Answer 2 of 2**\n\nb",
    ),
    "more of the first after its turn": (
        ["-n", "2"],
        at(0, "a", "stop") + at(1, "b", "stop") + at(0, "A", "stop") + DONE,
        0,
        "**Answer 1 of 2**\n\na\n\n**Answer 2 of 2**\n\nb\n\n**Answer 1 of 2**\n\nA",
    ),
    "cut off at its cap": (
        ["--max-tokens", "7"],
        says("Hello", "length") + DONE,
        0,
        f"Hello\n\n{words.cut_off(7)}",
    ),
    "filtered": (
        [],
        says("Hello", "content_filter") + DONE,
        1,
        f"Hello\n\n{spelled(words.ENDED['content_filter'])}",
    ),
    "aborted": ([], says("Hello", "abort") + DONE, 1, f"Hello\n\n{words.ENDED['broken']}"),
}


@pytest.mark.parametrize("name", SHOWN)
async def test_what_is_shown(name: str, openai_grok: GrokServer) -> None:
    arguments, raw, code, shown = SHOWN[name]
    openai_grok.script(Script(raw=raw, times=None))

    assert (await asked(openai_grok, *arguments))[:2] == (code, shown)


class Tty(io.StringIO):
    """A terminal, as far as anybody asks."""

    def isatty(self) -> bool:
        return True


async def test_nothing_of_an_answer_acts_on_a_terminal_and_a_file_gets_it_to_the_letter(
    openai_grok: GrokServer,
) -> None:
    hostile = "\x1b]0;owned\x07a\x1b[2Jb\rc\x9b1md\te\nf\x08\x7f"
    openai_grok.script(Script(raw=says(hostile, "stop") + DONE, times=None))
    settings = grok_settings(openai_grok, grok_endpoint="chat")

    for out, shown in ((Tty(), "]0;owneda[2Jbc1md\te\nf"), (io.StringIO(), hostile)):
        await ask_in_terminal(settings, parse_words(["hi"]), out, io.StringIO())
        assert out.getvalue().strip("\n") == shown


FAILED: dict[str, tuple[bytes, str, str]] = {
    "nothing came": (DONE, "", grok_words.GROK_NOTHING),
    "no choice": (b'data: {"choices":[]}\n\n' + DONE, "", grok_words.GROK_NOTHING),
    "an error": (
        says("Hello")
        + b'data: {"object":"error","message":"NCCL failure","code":50002}\n\n'
        + DONE,
        "Hello",
        grok_words.GROK_SENTENCES["unavailable"],
    ),
    "a broken event": (
        says("Hello") + b'data: {"choices":[{"delta":{"content":"NOT "}\n\n' + ends() + DONE,
        "Hello",
        (
            "A part of Grok's answer came garbled, so it breaks off here. Ask again. XAI_BASE_URL "
            "is {address}; see python -m bot check."
        ),
    ),
    "cut": (says("Hello"), "Hello", grok_words.GROK_CUT),
}


@pytest.mark.parametrize("name", FAILED)
async def test_what_is_missing_is_said(
    name: str, openai_grok: GrokServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, shown, sentence = FAILED[name]
    openai_grok.script(Script(raw=raw, times=None))

    code, out, err = await asked(openai_grok)

    assert (code, out) == (1, shown)
    assert err == plain(sentence).format(address=openai_grok.base_url)


async def test_body_without_a_choice_is_said(openai_grok: GrokServer) -> None:
    body: dict[str, Any] = {"choices": []}
    openai_grok.script(Script(body=body, times=None))

    assert await asked(openai_grok, "--no-stream") == (1, "", grok_words.GROK_NOTHING)


async def test_chances_without_alternatives_are_said_to_be_so(openai_grok: GrokServer) -> None:
    chances = {"content": [{"token": "Hi", "logprob": -0.1}]}
    choice = {"delta": {"content": "Hi"}, "logprobs": chances, "finish_reason": "stop"}
    openai_grok.script(Script(raw=event(choice) + DONE))

    assert words.NO_ALTERNATIVES in (await asked(openai_grok, "--logprobs", "3"))[1]


async def test_that_a_model_tells_no_chances_is_said_at_once(openai_grok: GrokServer) -> None:
    told = plain(grok_words.GROK_NO_LOGPROBS("grok-4.3"))

    code, _, err = await asked(openai_grok, "--logprobs", "3", "--model", "grok-4.3")
    assert (code, err.splitlines()[0]) == (0, told)
    assert told not in (await asked(openai_grok, "--model", "grok-4.3"))[2]


async def test_who_runs_it_is_told_what_is_wrong_and_where_to_look(
    openai_grok: GrokServer,
) -> None:
    err = io.StringIO()
    gone = grok_settings(openai_grok, xai_base_url=f"{openai_grok.base_url}/gone")
    await ask_in_terminal(gone, parse_words(["hi"]), io.StringIO(), err)
    openai_grok.api_key = "another-key"
    keyless = grok_settings(openai_grok, xai_api_key=SecretStr("wrong-key"))
    await ask_in_terminal(keyless, parse_words(["hi"]), io.StringIO(), err)

    no_api, wrong_key = err.getvalue().splitlines()
    assert no_api.startswith("There is no Grok API at that address. XAI_BASE_URL is http://127.")
    assert no_api.endswith("/gone; see python -m bot check.")
    assert wrong_key.startswith("Grok does not accept this bot's key. Set another XAI_API_KEY. ")
    assert wrong_key.endswith(f"{openai_grok.base_url}; see python -m bot check.")


@pytest.mark.parametrize(
    "typed", [("--private",), ("--reply", "thread"), ("--reply", "channel"), ()]
)
async def test_what_means_something_in_slack_alone_is_said_beside_the_answer(
    typed: tuple[str, ...], openai_grok: GrokServer
) -> None:
    openai_grok.script(Script(raw=says("Hello", "stop") + DONE))
    code, out, err = await asked(openai_grok, *typed)

    assert (code, out) == (0, "Hello")
    assert (terminal_words.IN_SLACK_ALONE in err) == bool(typed)
