"""A typing error costs nothing, is seen by nobody else, and is mended with one click."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.doors import mistyped
from bot.doors.mistyped import ASK_ANYWAY, TO_FORM
from bot.words import request as request_words
from bot.words import talk
from sandbox.workspace import ANA, BEN, GENERAL, Message, dm_of
from tests.e2e.stage import Stage, buttons, fields, on_stage

DM = dm_of(ANA)


@pytest.fixture
async def stage(redis_url: str) -> AsyncIterator[Stage]:
    async with on_stage(redis_url) as stage:
        yield stage


async def told(stage: Stage, user: str = ANA) -> Message:
    """What `user` alone was told last."""
    return await stage.workspace.wait_for(
        lambda: next(iter(reversed(stage.workspace.ephemerals(user))), None)
    )


async def test_of_a_flood_of_faults_the_newest_is_kept_in_the_place_of_the_one_before(
    stage: Stage, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mistyped, "KEPT_PER_MINUTE", 2)
    acks = [await stage.ask(f"--temprature 1 Hello {number}") for number in range(4)]

    assert ["actions" in str(ack.ack_body) for ack in acks] == [True] * 4
    assert all("temprature" in str(ack.ack_body) for ack in acks)
    async with Redis.from_url(redis_url) as redis:
        assert len([key async for key in redis.scan_iter("*draft*")]) == 2
    given_way, newest = stage.workspace.ephemerals(ANA)[-2:]
    await press(stage, newest, TO_FORM)
    form = await stage.form()
    assert fields(form)["prompt"]["element"]["initial_value"] == "Hello 3"
    await press(stage, given_way, TO_FORM)
    await stage.workspace.wait_for(
        lambda: talk.TYPED_FORGOTTEN in json.dumps(stage.workspace.view(ANA).content)  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("typed", "instead"),
    [("quotas", talk.TYPE_TO_ASK), ("--temprature 1 Hello", talk.TYPE_CORRECTED)],
)
async def test_where_no_button_can_be_given_it_is_said_what_to_type(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, typed: str, instead: str
) -> None:
    monkeypatch.setattr(mistyped, "KEEP_SECONDS", 0)
    await stage.ask(typed)
    note = await told(stage)

    assert instead in note.shown
    assert buttons(note) == []


async def press(stage: Stage, message: Message, action: str, user: str = ANA) -> None:
    result = await stage.workspace.click(user, message.channel, message.ts, action)
    assert result.error is None, result


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("quotas", "/grok quota"),
        ("usge", "/grok usage"),
        ("helpp", "/grok help"),
        ("help nosuch", "/grok help"),
        ("usage bogus", "/grok help usage"),
        ("pause for maintenance until five", "/grok help pause"),
        ("forgett", "@Grok forget"),
        ("defaults set temperature 0.5", "/grok defaults set --temperature 0.5"),
    ],
)
async def test_a_slip_in_a_command_is_asked_only_when_its_author_says_so(
    stage: Stage, text: str, command: str
) -> None:
    await stage.ask(text)
    note = await told(stage)
    assert command in note.shown
    assert buttons(note) == [ASK_ANYWAY]
    assert stage.workspace.messages(GENERAL) == []
    assert stage.grok.requests == []

    await asyncio.gather(press(stage, note, ASK_ANYWAY), press(stage, note, ASK_ANYWAY))
    await stage.answer()
    await stage.quiet()

    assert [each.messages[-1]["content"] for each in stage.grok.requests] == [text]
    assert note.deleted
    assert not stage.workspace.problems


async def test_a_slip_in_what_is_said_in_threads_is_not_asked(stage: Stage) -> None:
    await stage.workspace.say(ANA, GENERAL, "@grok forgett")
    note = await told(stage)

    assert "`@Grok forget`" in note.shown
    assert stage.grok.requests == []


@pytest.mark.parametrize("channel", [GENERAL, DM])
async def test_a_command_in_a_message_is_asked_only_when_its_author_says_so(
    stage: Stage, channel: str
) -> None:
    said = await stage.workspace.say(ANA, channel, "@grok pause" if channel == GENERAL else "pause")
    note = await told(stage)
    assert "`/grok pause`" in note.shown
    assert stage.grok.requests == []

    await press(stage, note, ASK_ANYWAY)
    if channel == GENERAL:
        await stage.reply(0, said.ts)
    else:
        await stage.answer(1, channel=DM)
    assert stage.messages()[-1]["content"] == "pause"


@pytest.mark.parametrize(
    "text",
    [
        "usage of commas in English",
        "Quotas in EU fishing policy, explain",
        "model a bank account in Python",
        "ask me a riddle",
    ],
)
async def test_a_question_that_begins_with_such_a_word_is_asked(stage: Stage, text: str) -> None:
    await stage.ask(text)
    await stage.answer()

    assert stage.messages()[-1]["content"] == text


async def test_a_fault_gives_the_whole_text_back_and_the_form_is_filled_with_it(
    stage: Stage,
) -> None:
    typed = '--temperature 0.3 --temprature 3 --system "Be brief" Explain <b> & "TCP"\nslowly'
    await stage.ask(typed)
    note = await told(stage)
    whole = json.dumps(note.blocks, ensure_ascii=False)
    assert "did you mean --temperature?" in note.shown
    assert json.dumps(f"/grok {typed}", ensure_ascii=False)[1:-1] in whole
    assert buttons(note) == [TO_FORM]

    await press(stage, note, TO_FORM)
    form = await stage.form()
    prompt = fields(form)["prompt"]["element"]["initial_value"]
    assert prompt == 'Explain <b> & "TCP"\nslowly'
    await stage.workspace.submit(ANA, form.id)
    await stage.answer()

    sent = stage.sent()
    assert sent["temperature"] == 0.3
    assert [each["content"] for each in stage.messages()] == ["Be brief", prompt]
    assert not stage.workspace.problems


async def test_the_form_says_at_once_what_a_limit_refused(stage: Stage) -> None:
    await stage.ask("quota set max-tokens=100 channel")
    await stage.ask("--max-tokens 200 Hello")
    note = await told(stage)
    assert "200 is too large; allowed: up to 100 here" in note.shown

    await press(stage, note, TO_FORM)
    form = await stage.form()
    assert "Longest answer: 200 is too large; allowed: up to 100 here." in str(form.content)
    assert fields(form)["max_tokens"]["element"]["initial_value"] == "200"
    assert not stage.workspace.problems


async def test_a_fault_in_a_mention_goes_back_to_the_form_and_its_thread(stage: Stage) -> None:
    root = (await stage.workspace.say(BEN, GENERAL, "hm")).ts
    await stage.workspace.say(ANA, GENERAL, "@grok --temperature hot Why?", root)
    note = await told(stage)
    assert "@Grok --temperature hot Why?" in json.dumps(note.blocks)

    await press(stage, note, TO_FORM)
    form = await stage.form()
    assert "temperature" in fields(form)
    await stage.workspace.submit(ANA, form.id, {"prompt": "Why so?"})
    await stage.workspace.wait_for(lambda: stage.grok.requests or None)
    await stage.reply(0, root)
    assert stage.messages()[-1]["content"].endswith("Why so?")


async def test_a_long_text_is_given_back_as_far_as_it_fits(stage: Stage) -> None:
    await stage.ask("--temperature hot " + "word " * 2_000)
    note = await told(stage)

    assert note.shown.endswith("…") or "…" in note.shown
    assert buttons(note) == [TO_FORM]
    assert not stage.workspace.problems


@pytest.mark.parametrize("action", [ASK_ANYWAY, TO_FORM])
async def test_nobody_else_goes_on_with_what_somebody_typed(stage: Stage, action: str) -> None:
    await stage.ask("quotas" if action == ASK_ANYWAY else "--temperature hot Hi")
    note = await told(stage)
    value = next(
        element["value"]
        for block in note.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    )
    await stage.workspace.say(BEN, GENERAL, "something to click on")
    (seen,) = stage.workspace.messages(GENERAL)
    await stage.workspace.forge.click(BEN, GENERAL, seen.ts, action, value)
    await stage.quiet()

    if action == ASK_ANYWAY:
        said = await told(stage, BEN)
        assert said.shown == talk.TYPED_FORGOTTEN
    else:
        view = await stage.workspace.wait_for(lambda: stage.workspace.view(BEN))
        await stage.workspace.wait_for(
            lambda: talk.TYPED_FORGOTTEN in json.dumps(stage.workspace.view(BEN).content)  # type: ignore[union-attr]
        )
        assert "Hi" not in json.dumps(view.content)
    assert stage.grok.requests == []


async def test_a_command_in_a_message_is_told_to_be_typed_with_a_slash(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.workspace.say(ANA, GENERAL, "@grok quota user @ben")
        (told,) = await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))
        await stage.workspace.say(ANA, GENERAL, "@grok quotas")
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA)[1:])
        slip = stage.workspace.ephemerals(ANA)[1]

    assert told.text == talk.TYPED_ELSEWHERE("/grok quota user ＠ben")
    assert slip.text == talk.MEANT("/grok quota")
    assert not stage.grok.requests


async def test_what_nobody_sees_is_no_question(stage: Stage) -> None:
    await stage.workspace.say(ANA, DM, "\u200b")
    assert request_words.ALLOWED_PROMPT in (await told(stage)).shown
    for blank in ("\u200b", "\u2060\ufeff", "\ufe0f"):
        ack = await stage.ask(blank)
        assert request_words.ALLOWED_PROMPT in str(ack.ack_body)
    ack = await stage.ask("\u200e--temperature 9 hi")
    assert "temperature" in str(ack.ack_body)
    assert stage.grok.requests == []


async def test_behind_the_name_of_the_command_typed_twice_stands_what_was_meant(
    stage: Stage,
) -> None:
    await stage.ask("/grok hi there")
    await stage.answer(0)

    assert "/grok" not in json.dumps(stage.sent())
