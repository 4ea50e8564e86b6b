"""No text keeps the bot from others, whoever wrote it: a person, a model, or a stranger.

That no step of the event loop takes long is watched for every test here (`conftest`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.slack_limits import MESSAGE_TEXT_CHARS
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BEN, GENERAL, GUEST, Limits, Message, Workspace
from tests.e2e.process import bot_process, environment
from tests.e2e.stage import Stage, installed_app, markdown, on_stage

AT_ONCE = Limits(scale=0)


def filled(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


PROMPTS = {
    "blanks behind half a link": f"look at [this]({' ' * 11_500}x",
    "entities": filled("&lt;&amp;", 32_000),
    "entities of entities": filled("&amp;amp;lt;", 32_000),
    "half mentions": filled("<!@U", 32_000),
    "flags": filled("--a={", 32_000),
    "quotes": filled("--stop \"'“", 32_000),
    "one line": "x" * 65_000,
}
ANSWERS = {
    "runs of emphasis": "_*~~a" * 2_000,
    "blanks behind half a link": f"[a]({' ' * 9_000}x",
    "half links": filled("](", 10_000),
    "labels": filled("[[[[", 10_000),
    "parentheses": filled("((((", 10_000),
    "quotations in quotations": filled("> > > ", 10_000),
    "short quotations": filled("> > > a\n", 10_000),
    "one row": filled("| a ", 10_000),
    "rows": filled("|a|b|\n|-|-|\n", 6_000),
    "pipes": "|" * 10_000,
    "lines begun": "**a\n" + filled("+\n", 9_000),
    "blank lines": f"a{chr(10) * 9_000}b",
    "code never closed": filled("``a` ", 10_000),
    "addresses": filled("https://a.b/", 10_000),
    "addresses as links": filled("[a.com](https://b.com) ", 10_000),
    "CJK": filled("日本語", 9_000),
    "emoji": filled("👩🏽\u200d🚀", 4_000),
    "combining marks": "e" + filled("\u0301\u0323", 9_000),
    "spaces that show as nothing": "a" + filled("\u200b", 9_000) + "b",
    "64 KiB of short lines": filled("- a\n", 65_536),
    "64 KiB in one line": filled("word**", 65_536),
    "a megabyte": filled("a [b](c) `d` *e*\n\n", 1_000_000),
    "a megabyte in one line": filled("a_b", 1_000_000),
}


async def asked(stage: Stage, prompt: str, answer: str) -> Message:
    """The first message of the answer."""
    stage.grok.script(Script(text=answer))
    await stage.ask(prompt)
    return (await stage.answer())[0]


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
async def test_a_hostile_prompt_is_answered_like_any_other(redis_url: str, prompt: str) -> None:
    async with on_stage(redis_url, limits=AT_ONCE) as stage:
        stage.grok.script(Script(text="It is answered."))
        result = await stage.ask(prompt)
        told = str(result.ack_body.get("text", ""))
        if not told:
            assert "It is answered." in markdown((await stage.answer())[0])
            assert len(stage.grok.requests) == 1
        assert not stage.workspace.problems


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_hostile_answer_is_shown_and_others_are_answered_meanwhile(
    redis_url: str, answer: str
) -> None:
    async with on_stage(redis_url, limits=AT_ONCE, answer_messages=3) as stage:
        message = await asked(stage, "Explain TCP", answer)
        result = await stage.ask("help", user=BEN)
        assert result.ack_body["text"]
        assert not stage.workspace.problems

    assert markdown(message).strip()


async def test_what_a_stranger_shares_is_shown_in_the_form_at_once(redis_url: str) -> None:
    text = f"see [x]({' ' * 39_000}y"
    async with on_stage(redis_url, limits=AT_ONCE, asking_open_to="members") as stage:
        shared = await stage.workspace.say(GUEST, GENERAL, text)
        await stage.workspace.shortcut(GUEST, "ask_grok", GENERAL, shared.ts)
        await stage.workspace.wait_for(lambda: stage.workspace.view(GUEST), 10)
        result = await stage.ask("help")
        assert result.ack_body["text"]


async def test_the_longest_message_shared_is_a_form_too(redis_url: str) -> None:
    async with on_stage(redis_url, limits=AT_ONCE) as stage:
        shared = await stage.workspace.say(
            BEN, GENERAL, filled("[a](b) &lt;@U1 ", MESSAGE_TEXT_CHARS)
        )
        await stage.workspace.shortcut(ANA, "ask_grok", GENERAL, shared.ts)
        view = await stage.form()

    assert "[a](b)" in str(view.content)


async def test_the_question_that_blocked_every_worker_is_answered_by_the_first(
    tmp_path: Path,
) -> None:
    """In a process of its own, as it is run: one attempt, one answer."""
    async with (
        Workspace(app=installed_app()) as workspace,
        GrokServer(speed=None, first_delay=0) as grok,
    ):
        stage = Stage(workspace, grok)
        env = environment(workspace, grok, tmp_path / "data")
        grok.script(Script(text=f"Nothing [there]({' ' * 9_000}x"))
        async with bot_process(env, cwd=tmp_path):
            await workspace.connected()
            await stage.ask(f"look at [this]({' ' * 20_000}x")
            (message,) = await stage.answer()

    assert "Nothing [there](" in markdown(message)
    assert len(grok.requests) == 1
