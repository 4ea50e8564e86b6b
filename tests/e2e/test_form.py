"""The form: from `/grok` alone, the shortcuts and Edit, to an answer."""

from __future__ import annotations

import asyncio

import pytest

from bot.completion.options import PARAMETERS
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, ENGINEERING, GENERAL, NewFile, dm_of
from tests.e2e.stage import fields, last_line, markdown, on_stage
from tests.files.samples import pdf
from tests.store.proxy import Proxy

MODES = pytest.mark.parametrize("mode", ["socket", "http"])


@MODES
async def test_the_form_of_the_command_asks_with_everything_that_was_filled_in(
    redis_url: str, mode: str
) -> None:
    async with on_stage(redis_url, mode=mode, grok_model="grok-4.20-non-reasoning") as stage:
        await stage.ask("")
        view = await stage.form()
        light = set(fields(view))
        await stage.workspace.click_view(ANA, view.id, "advanced", typed={"prompt": "Name a lake"})
        await stage.workspace.wait_for(lambda: set(fields(view)) >= set(PARAMETERS))
        assert view.values["prompt"]["value"]["value"] == "Name a lake"
        result = await stage.workspace.submit(
            ANA,
            view.id,
            {"temperature": "0.5", "seed": "7", "n": "2", "stop": "END\n###", "system": "Short"},
        )
        await stage.answer()

    assert not result.error, result
    assert not result.errors
    assert {"prompt", "model", "max_tokens"} <= light
    assert not light & {"logit_bias", "best_of", "seed", "user"}
    sent = stage.sent()
    assert [each["content"] for each in stage.messages()] == ["Short", "Name a lake"]
    assert sent["stop"] == ["END", "###"]
    assert (sent["temperature"], sent["seed"], sent["n"]) == (0.5, 7, 2)
    assert not stage.workspace.problems


@MODES
async def test_every_fault_is_marked_at_its_field_at_once(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        await stage.ask("")
        view = await stage.form()
        await stage.more_options(view, "best_of")
        result = await stage.workspace.submit(
            ANA,
            view.id,
            {"prompt": "hi", "n": "3", "best_of": "2", "logit_bias": "x=1", "suffix": "end"},
        )
        assert set(result.errors) == {"best_of", "logit_bias", "suffix"}
        assert "3" in result.errors["best_of"]
        again = await stage.workspace.submit(
            ANA,
            view.id,
            {"n": None, "best_of": None, "logit_bias": None, "suffix": None},
        )
        await stage.answer()

    assert not again.errors
    assert len(stage.grok.requests) == 1
    assert not stage.workspace.problems


async def test_submitted_twice_is_asked_once(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("")
        view = await stage.form()
        await asyncio.gather(
            *(stage.workspace.submit(ANA, view.id, {"prompt": "hi"}) for _ in range(2)),
            return_exceptions=True,
        )
        await stage.answer()
        for delivery in list(stage.workspace.deliveries):
            if delivery.payload.get("type") == "view_submission":
                await stage.workspace.redeliver(delivery)
        await stage.quiet()

    assert len(stage.grok.requests) == 1
    assert len(stage.workspace.messages(GENERAL)) == 1


@pytest.mark.parametrize("reply", ["thread", "private"])
async def test_where_the_answer_goes_is_chosen_in_the_form(redis_url: str, reply: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("")
        view = await stage.form()
        stage.grok.script(Script(text="chosen"))
        await stage.workspace.submit(ANA, view.id, {"prompt": "hi", "reply": reply})
        await stage.workspace.wait_for(
            lambda: (
                any("chosen" in m.shown for m in stage.workspace.ephemerals(ANA))
                if reply == "private"
                else (m := stage.workspace.messages(GENERAL)) and stage.replies(m[0].ts)
            )
        )

    assert bool(stage.workspace.messages(GENERAL)) == (reply == "thread")


@MODES
async def test_the_global_shortcut_asks_in_the_chosen_channel(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        await stage.workspace.shortcut(BEN, "new_grok")
        view = await stage.form(BEN)
        await stage.workspace.submit(BEN, view.id, {"prompt": "hi", "channel": ENGINEERING})
        (message,) = await stage.answer(channel=ENGINEERING)

    assert last_line(message)
    assert f"<@{BEN}>" in str(message.revisions[0].blocks)


@MODES
async def test_the_message_shortcut_answers_in_the_thread_of_the_message(
    redis_url: str, mode: str
) -> None:
    long = "The quarterly report says: " + "profits & losses " * 400
    report = NewFile("report.pdf", pdf("It went well"))
    async with on_stage(redis_url, mode=mode) as stage:
        shared = await stage.workspace.say(BEN, GENERAL, long, files=[report])
        await stage.workspace.shortcut(ANA, "ask_grok", GENERAL, shared.ts)
        view = await stage.form()
        assert "quarterly report" in str(view.content)
        stage.grok.script(Script(text="It went well."))
        await stage.workspace.submit(ANA, view.id, {"task": "summarise"})
        reply = await stage.reply(0, shared.ts)
        stage.grok.script(Script(text="Really."))
        await stage.workspace.say(BEN, GENERAL, "@grok really?", shared.ts)
        await stage.reply(1, shared.ts)

    text, file = stage.grok.requests[0].messages[-1]["content"]
    first = text["text"]
    assert file["filename"] == "report.pdf"
    assert long.strip() in first
    assert "report.pdf" in first
    assert "ben" in first.lower()
    assert "ummari" in first
    assert markdown(reply) == "It went well."
    assert "profits & losses" not in str(reply.revisions[-1].blocks)
    assert "quarterly report" in stage.messages()[0]["content"]
    assert not stage.workspace.problems


async def test_a_shortcut_on_a_message_without_text_says_so(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        empty = await stage.workspace.say(BEN, GENERAL, "", files=("photo.png",))
        await stage.workspace.shortcut(ANA, "ask_grok", GENERAL, empty.ts)
        view = await stage.workspace.wait_for(lambda: stage.workspace.view(ANA))
        await stage.quiet()

    assert "photo.png" in str(view.content)


async def test_a_channel_archived_meanwhile_leaves_nobody_without_an_answer(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("", user=BEN, channel=ENGINEERING)
        view = await stage.form(BEN)
        stage.workspace.archive(ENGINEERING)
        stage.grok.script(Script(text="still there"))
        await stage.workspace.submit(BEN, view.id, {"prompt": "hi"})
        await stage.workspace.wait_for(
            lambda: any(
                "still there" in message.shown
                for message in (
                    *stage.workspace.ephemerals(BEN),
                    *stage.workspace.messages(dm_of(BEN)),
                )
            )
        )


async def test_a_thread_deleted_meanwhile_leaves_nobody_without_an_answer(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        shared = await stage.workspace.say(BEN, GENERAL, "What is this?")
        await stage.workspace.shortcut(ANA, "ask_grok", GENERAL, shared.ts)
        view = await stage.form()
        await stage.workspace.delete(BEN, GENERAL, shared.ts)
        stage.grok.script(Script(text="still there"))
        await stage.workspace.submit(ANA, view.id, {"prompt": "hi"})
        await stage.workspace.wait_for(
            lambda: any(
                "still there" in message.shown
                for message in (
                    *stage.workspace.ephemerals(ANA),
                    *stage.workspace.messages(dm_of(ANA)),
                )
            )
        )
        await stage.quiet()

    assert not stage.workspace.messages(GENERAL)


async def test_a_trigger_that_expired_ends_in_a_sentence(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.workspace.fail("views.open", error="expired_trigger_id")
        await stage.ask("")
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))

    (told,) = stage.workspace.ephemerals(ANA)
    assert "again" in told.shown
    assert stage.workspace.view(ANA) is None


async def test_the_form_opens_before_redis_is_asked(redis_url: str) -> None:
    async with Proxy(redis_url) as proxy, on_stage(proxy.url) as stage:
        await proxy.away()
        await stage.ask("")
        view = await stage.workspace.wait_for(lambda: stage.workspace.view(ANA))
        await stage.workspace.wait_for(lambda: stage.workspace.calls_of("views.update"))
        sentence = str(view.content)
        proxy.back()

    assert "again" in sentence
    assert not stage.workspace.problems


async def test_models_are_found_by_any_part_of_their_name_with_prices(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("")
        view = await stage.form()
        everything = await stage.workspace.suggest(ANA, view.id, "value", "", block_id="model")
        found = await stage.workspace.suggest(ANA, view.id, "value", "non-reas", block_id="model")
        result = await stage.workspace.submit(
            ANA, view.id, {"prompt": "hi", "model": "grok-4.20-0309-non-reasoning"}
        )
        await stage.answer()

    assert "$" in str(everything.options)
    assert "grok-4.20-0309-non-reasoning" in str(found.options)
    assert "grok-4.3" not in str(found.options)
    assert not result.errors
    assert stage.sent()["model"] == "grok-4.20-0309-non-reasoning"


async def test_what_grok_refuses_of_a_form_is_told_by_its_field(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("Name a river")
        (message,) = await stage.answer()
        view = await stage.edit(message)
        said = "Model grok-4.3 does not support parameter topP."
        stage.grok.script(Script(status=400, body={"error": said}, times=2))
        await stage.workspace.submit(ANA, view.id, {"top_p": "0.5"})
        (refused,) = await stage.answer(1)

    assert "grok-4.3 does not take “Top P” as it was given" in markdown(refused)
    assert "--top-p" not in markdown(refused)
