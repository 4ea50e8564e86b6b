"""Reported of bots in Slack, each in a whole workspace: who is answered, when, and how often.

The list of all reports is `tests/reports`.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, ENGINEERING, GENERAL, Message, dm_of
from tests.e2e.stage import Stage, is_complete, markdown, on_stage

TWICE = [
    ("slackapi/python-slack-sdk#1487", "http", ("message", "app_mention")),
    ("RasaHQ/rasa#3882", "http", ("message",)),
    ("slackapi/hubot-slack#664", "socket", ("message", "app_mention")),
    ("innogames/slack-bot#163", "socket", ("app_mention",)),
]
"""Slack delivers again, since an answer took long: several answers to one question."""


@pytest.mark.parametrize(("source", "mode", "kinds"), TWICE, ids=[each[0] for each in TWICE])
async def test_what_slack_delivers_again_is_answered_once(
    redis_url: str, source: str, mode: str, kinds: Sequence[str]
) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        asked = await stage.workspace.say(ANA, ENGINEERING, "@grok what is 6 * 7?")
        await stage.reply(0, asked.ts, channel=ENGINEERING)
        for delivery in list(stage.workspace.deliveries):
            if delivery.kind == "events_api" and delivery.payload["event"]["type"] in kinds:
                again = delivery
                for _ in range(3):
                    again = await stage.workspace.redeliver(again)
        await stage.quiet()
        await stage.workspace.settled()

    assert len(stage.grok.requests) == 1, source
    assert len(stage.replies(asked.ts, channel=ENGINEERING)) == 1


async def test_a_mention_is_two_events_and_one_question(redis_url: str) -> None:
    """jeremylongshore/claude-code-slack-channel#8, chenhg5/cc-connect#1822: every mention is
    answered, and paid for, twice."""
    async with on_stage(redis_url) as stage:
        asked = await stage.workspace.say(ANA, ENGINEERING, "@grok hello")
        await stage.reply(0, asked.ts, channel=ENGINEERING)
        await stage.quiet()

    heard = [d for d in stage.workspace.deliveries if d.kind == "events_api"]
    assert {d.payload["event"]["type"] for d in heard} >= {"message", "app_mention"}
    assert len(stage.grok.requests) == 1


async def test_a_mention_without_a_word_is_answered_once(redis_url: str) -> None:
    """archestra-ai/archestra#7720: whether it is answered hangs on which event comes first."""
    async with on_stage(redis_url) as stage:
        await stage.workspace.say(ANA, ENGINEERING, "@grok")
        await stage.quiet()
        told = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))

    assert [each.shown.count(talk.HOW_TO_ASK) for each in told] == [1]
    assert not stage.grok.requests


async def test_the_bot_does_not_answer_what_it_wrote_itself(redis_url: str) -> None:
    """slackapi/python-slack-sdk#390, mishk0/slack-bot-api#84: an answer that holds what the bot
    listens for is a question, without end."""
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="@grok and <@U0GROKBOT1>: forget, help, what is 6 * 7?"))
        await stage.ask("Say your own name")
        (message,) = await stage.answer()
        dm = await _in_direct_messages(stage)
        await stage.quiet()

    assert len(stage.grok.requests) == 2
    assert not [m for m in stage.replies(message.ts) if m.ts != message.ts]
    assert is_complete(dm)


async def _in_direct_messages(stage: Stage) -> Message:
    channel = dm_of(BEN)
    await stage.workspace.say(BEN, channel, "hello")

    def answer() -> Message | None:
        found = [m for m in stage.workspace.messages(channel) if is_complete(m)]
        return found[-1] if found else None

    return await stage.workspace.wait_for(answer)


@pytest.mark.parametrize("text", ["<@U0GROKBOT1> and you?", "And what is next?"])
async def test_two_bots_do_not_talk_to_each_other(redis_url: str, text: str) -> None:
    """CopilotKit/OpenTag#29: another bot's message is answered, and that answer by it."""
    async with on_stage(redis_url) as stage:
        await stage.ask("Hello")
        (message,) = await stage.answer()
        for webhook in (False, True):
            await stage.workspace.say_as_bot(GENERAL, text, message.ts, webhook=webhook)
        await stage.quiet()

    assert len(stage.grok.requests) == 1


async def test_in_a_thread_of_people_only_who_calls_it_is_answered(redis_url: str) -> None:
    """seratch/ChatGPT-in-Slack#10, NousResearch/hermes-agent#12258: once called into a thread, the
    bot answers everything that is said there."""
    async with on_stage(redis_url) as stage:
        root = (await stage.workspace.say(ANA, GENERAL, "Shall we ship on Friday?")).ts
        await stage.workspace.say(BEN, GENERAL, "@grok what speaks against it?", root)
        await stage.reply(0, root)
        await stage.workspace.say(ANA, GENERAL, "I think we should wait.", root)
        await stage.workspace.say(BEN, GENERAL, "Monday, then?", root)
        await stage.quiet()

    assert len(stage.grok.requests) == 1


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("@ben check this out", False),
        ("and how long is it?", True),
        ("@grok what do you think?", True),
        ("@ben and @grok, compare these", True),
    ],
)
async def test_what_is_said_to_somebody_else_is_theirs(
    redis_url: str, text: str, answered: bool
) -> None:
    """NousResearch/hermes-agent#60407: in a thread of its own the bot answers what is said to a
    colleague."""
    async with on_stage(redis_url) as stage:
        await stage.ask("Name a river")
        (message,) = await stage.answer()
        await stage.workspace.say(ANA, GENERAL, text, message.ts)
        if answered:
            await stage.workspace.wait_for(lambda: len(stage.grok.requests) == 2)
        await stage.quiet()

    assert len(stage.grok.requests) == 1 + answered


async def test_brackets_and_lists_in_a_question_are_a_question_once(redis_url: str) -> None:
    """slackapi/bolt-js#2668: a message with a name in angle brackets is answered again and
    again."""
    text = (
        "メンバーに対する上司フィードバックを記入します。\n2. そのメンバーに対する雑感\n"
        "<上司フィードバックの出力フォーマット>\n## 選択したタイトル\n{メンバーへのフィードバック}"
    )
    async with on_stage(redis_url) as stage:
        channel = dm_of(BEN)
        await stage.workspace.say(BEN, channel, text)
        await stage.workspace.wait_for(
            lambda: [m for m in stage.workspace.messages(channel) if is_complete(m)]
        )
        await stage.quiet()

    (request,) = stage.grok.requests
    assert request.messages[-1]["content"] == text


async def test_links_in_an_answer_show_no_previews(redis_url: str) -> None:
    """BURG3R5/github-slack-bot#15, slackapi/bolt-python#938: previews fill the channel."""
    links = "See https://example.com/a, [this](https://example.com/b) and <https://example.com/c>."
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=links))
        await stage.ask("Where is it written?")
        (message,) = await stage.answer()

    assert "example.com/a" in markdown(message)
    assert not message.unfurls
