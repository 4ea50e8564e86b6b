"""The ways to the form, and what is asked with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import metrics
from bot import words as general
from bot.completion import CompletionRequest
from bot.completion.ask import Said
from bot.errors import StoreUnavailable
from bot.files.file import PDF_TURNS
from bot.jobs.job import Job
from bot.words import form as words
from bot.words import talk
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, BEN, DESIGN, ENGINEERING, GENERAL, View, Workspace, dm_of
from tests.doors.form_desk import Desk, desk, fields, held, text_of
from tests.doors.jobs import a_job, an_ask
from tests.sandbox.test_workspace_views import Json, plain


@pytest.fixture
async def stage(workspace: Workspace, grok: GrokServer, valkey: str) -> AsyncIterator[Desk]:
    async with desk(workspace, grok, valkey) as found:
        yield found


async def form_of_command(stage: Desk, channel: str = GENERAL) -> View:
    result = await stage.workspace.command(ANA, channel, "/grok")
    assert result.error is None
    return await stage.form()


async def form_of_message(stage: Desk, ts: str) -> View:
    await stage.workspace.shortcut(ANA, "ask_grok", GENERAL, ts)
    return await stage.form()


async def form_of_edit(stage: Desk, job: Job) -> View:
    async def find() -> Job | None:
        return job

    stage.find = find
    await click_edit(stage)
    return await stage.form()


async def click_edit(stage: Desk) -> None:
    button = {"type": "button", "action_id": "edit", "text": plain("Edit"), "value": "job1"}
    blocks = [{"type": "actions", "elements": [button]}]
    posted = await stage.client.chat_postMessage(channel=GENERAL, text="answer", blocks=blocks)
    await stage.workspace.click(ANA, GENERAL, posted["ts"], "edit")


async def post_blocks(stage: Desk, *blocks: Json) -> str:
    """The ts of an app's message without a text."""
    body = {"channel": GENERAL, "blocks": blocks}
    ts: str = (await stage.client.api_call("chat.postMessage", json=body))["ts"]
    return ts


def counted(surface: str, outcome: str) -> float:
    return float(metrics.REQUESTS.labels(surface, outcome)._value.get())


async def test_the_command_alone_asks_where_it_was_typed(stage: Desk) -> None:
    view = await form_of_command(stage, DESIGN)

    await stage.submit(view, prompt="Name a lake", temperature="0.5", reply="thread")

    (ask,) = await stage.asked()
    assert view.closed
    assert ask.request.given() == {
        "model": "grok-4.3",
        "prompt": "Name a lake",
        "max_tokens": 4096,
        "temperature": 0.5,
    }
    assert (ask.surface, ask.channel, ask.user, ask.reply) == ("form", DESIGN, ANA, "thread")
    assert ask.thread_ts is None
    assert ask.conversation is None
    assert ask.response_url == stage.workspace.deliveries[0].payload["response_url"]
    assert ask.name


async def test_a_fresh_form_holds_the_settings(
    workspace: Workspace, grok: GrokServer, valkey: str
) -> None:
    chosen = {"grok_model": "grok-4.20-non-reasoning", "grok_max_tokens": 77}
    async with desk(workspace, grok, valkey, **chosen) as stage:
        view = await form_of_command(stage)

    assert (held(view, "model"), held(view, "max_tokens")) == ("grok-4.20-non-reasoning", "77")


async def test_from_anywhere_the_channel_is_chosen_in_the_form(stage: Desk) -> None:
    await stage.workspace.shortcut(BEN, "new_grok")
    view = await stage.form(BEN)

    await stage.submit(view, prompt="hi", channel=ENGINEERING)

    (ask,) = await stage.asked()
    (url,) = stage.workspace.deliveries[-1].payload["response_urls"]
    assert (ask.channel, ask.user, ask.surface) == (ENGINEERING, BEN, "form")
    assert ask.response_url == url["response_url"]


@pytest.mark.parametrize("away", [False, True])
async def test_the_home_tab_leads_to_the_direct_messages(stage: Desk, away: bool) -> None:
    """Where Slack does not say which those are, the place is chosen."""
    if away:
        stage.workspace.fail("conversations.open", error="internal_error", times=9)
    button = {"type": "button", "action_id": "new_grok", "text": plain("Ask Grok")}
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
    await stage.client.views_publish(user_id=ANA, view=home)
    shown = stage.workspace.home(ANA)
    assert shown is not None
    await stage.workspace.click_view(ANA, shown.id, "new_grok")

    typed = {"prompt": "hi", "channel": DESIGN} if away else {"prompt": "hi"}
    await stage.submit(await stage.form(), **typed)

    (ask,) = await stage.asked()
    where = (DESIGN, None) if away else (dm_of(ANA), dm_of(ANA))
    assert (ask.channel, ask.conversation) == where
    assert ask.surface == "form"


async def test_a_message_is_the_context_of_what_is_asked_about_it(stage: Desk) -> None:
    said = await stage.workspace.say(BEN, GENERAL, "1 < 2 & @ana agrees", files=["a.txt", "b.pdf"])

    view = await form_of_message(stage, said.ts)
    await stage.submit(view, prompt="Is that so?")

    (ask,) = await stage.asked()
    assert "1 < 2 & @ana agrees" in text_of(view)
    assert ask.context == (
        Said(author="ben", text="1 < 2 & @ana agrees\n\n(Attached: a.txt, b.pdf)"),
    )
    assert [(each.id, each.turns) for each in ask.files] == [
        (file.id, turns) for file, turns in zip(said.files, (0, PDF_TURNS), strict=True)
    ]
    assert ask.request.prompt == "Is that so?"
    assert (ask.surface, ask.channel, ask.reply) == ("shortcut", GENERAL, "thread")
    assert (ask.thread_ts, ask.conversation) == (said.ts, f"{GENERAL}:{said.ts}")
    assert ask.response_url


async def test_a_ready_task_needs_no_words_of_ones_own(stage: Desk) -> None:
    said = await stage.workspace.say(BEN, GENERAL, "hola")

    await stage.submit(await form_of_message(stage, said.ts), task="summarise")

    (ask,) = await stage.asked()
    assert ask.request.prompt == words.TASKS["summarise"][1]


async def test_about_a_message_something_must_be_asked(stage: Desk) -> None:
    before = counted("shortcut", "refused")
    said = await stage.workspace.say(BEN, GENERAL, "hola")

    result = await stage.submit(await form_of_message(stage, said.ts))

    assert set(result.errors) == {"prompt"}
    assert await stage.asked() == []
    assert counted("shortcut", "refused") == before + 1


async def test_about_a_reply_is_answered_in_its_thread(stage: Desk) -> None:
    root = await stage.workspace.say(ANA, GENERAL, "root")
    reply = await stage.workspace.say(BEN, GENERAL, "reply", root.ts)

    await stage.submit(await form_of_message(stage, reply.ts), prompt="Why?")

    (ask,) = await stage.asked()
    assert (ask.thread_ts, ask.conversation) == (root.ts, f"{GENERAL}:{root.ts}")
    assert ask.context[0].text == "reply"


@pytest.mark.parametrize("reply", ["private", "channel"])
async def test_the_bot_joins_no_thread_that_it_does_not_answer_in(stage: Desk, reply: str) -> None:
    said = await stage.workspace.say(BEN, GENERAL, "hello")

    await stage.submit(await form_of_message(stage, said.ts), prompt="Why?", reply=reply)

    (ask,) = await stage.asked()
    assert (ask.reply, ask.conversation) == (reply, None)
    assert ask.thread_ts == (said.ts if reply == "private" else None)
    assert ask.context[0].text == "hello"


async def test_a_message_may_be_longer_than_a_form_has_room_for(stage: Desk) -> None:
    text = "".join(f"line {number} — naïve 🙂\n" for number in range(1_700)).strip()
    said = await stage.workspace.say(BEN, GENERAL, text)

    await stage.submit(await form_of_message(stage, said.ts), prompt="Shorter, please")

    (ask,) = await stage.asked()
    assert len(text) > 30_000
    assert ask.context[0].text == text


async def test_of_an_app_the_blocks_are_read(stage: Desk) -> None:
    header = {"type": "header", "text": plain("Build 7 failed")}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "a &lt; b, see <@U0BEN00001>"}}
    ts = await post_blocks(stage, header, section)

    await stage.submit(await form_of_message(stage, ts), prompt="Why?")

    (ask,) = await stage.asked()
    assert ask.context[0].text == "Build 7 failed\na < b, see @ben"


async def test_a_message_without_any_text_is_declined_in_words(stage: Desk) -> None:
    ts = await post_blocks(stage, {"type": "divider"})

    await stage.workspace.shortcut(ANA, "ask_grok", GENERAL, ts)

    assert await stage.sentence() == words.NOTHING_TO_READ


async def test_edit_shows_what_was_asked_and_asks_at_the_same_place(stage: Desk) -> None:
    request = CompletionRequest(
        model="grok-4.3", prompt="Name a river", max_tokens=9, top_p=0.3, seed=7
    )
    old = an_ask(
        request=request,
        system="Be brief",
        reply="thread",
        channel=DESIGN,
        thread_ts="1700000000.000100",
        conversation=f"{DESIGN}:1700000000.000100",
        context=(Said(author="ben", text="rivers"),),
    )

    view = await form_of_edit(stage, a_job(old, None))
    await stage.submit(view, prompt="Name a lake")

    (ask,) = await stage.asked()
    assert held(view, "max_tokens") == "9"
    assert ask.request == request.model_copy(update={"prompt": "Name a lake"})
    same = ("system", "reply", "channel", "thread_ts", "conversation", "context")
    assert [getattr(ask, name) for name in same] == [getattr(old, name) for name in same]
    assert (ask.surface, ask.user, ask.retry_of) == ("form", ANA, "")
    assert ask.response_url != old.response_url


async def test_a_direct_message_stays_one_conversation(stage: Desk) -> None:
    old = an_ask(channel=dm_of(ANA), conversation=dm_of(ANA))

    await stage.submit(await form_of_edit(stage, a_job(old, None)), prompt="again")

    (ask,) = await stage.asked()
    assert (ask.channel, ask.conversation, ask.reply) == (dm_of(ANA), dm_of(ANA), "channel")


async def test_an_answer_long_forgotten_cannot_be_edited(stage: Desk) -> None:
    await click_edit(stage)

    assert await stage.sentence() == talk.ANSWER_FORGOTTEN


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(StoreUnavailable(), general.STORE_AWAY), (ValueError("no job"), general.ANSWER_FAILED)],
)
async def test_edit_says_so_when_the_answer_cannot_be_found(
    stage: Desk, error: Exception, sentence: str
) -> None:
    async def find() -> Job | None:
        raise error

    stage.find = find
    await click_edit(stage)

    assert await stage.sentence() == sentence


async def test_a_form_sent_twice_is_asked_once(stage: Desk) -> None:
    view = await form_of_command(stage)
    await stage.submit(view, prompt="hi")

    again = await stage.workspace.redeliver(stage.workspace.deliveries[-1])

    assert again.acked
    assert len(await stage.asked()) == 1


async def test_whoever_cannot_watch_the_answer_is_told_that_it_comes(stage: Desk) -> None:
    view = await form_of_command(stage)

    await stage.submit(view, prompt="hi", reply="private")
    await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))

    (told,) = stage.workspace.ephemerals(ANA)
    assert (told.channel, told.shown) == (GENERAL, f"{general.TOLD_WHEN_DONE}\nStop")
    assert (await stage.asked())[0].reply == "private"


async def test_every_fault_stands_at_its_field(stage: Desk) -> None:
    before = counted("form", "refused")
    view = await form_of_command(stage)
    await stage.advanced(view)

    result = await stage.submit(
        view, prompt="hi", n="3", best_of="2", logit_bias="x=1", suffix="end", stop="1\n2\n3\n4\n5"
    )

    assert set(result.errors) == {"best_of", "logit_bias", "suffix", "stop"}
    assert held(view, "prompt") == "hi"
    assert await stage.asked() == []
    assert counted("form", "refused") == before + 1
    await stage.submit(view, best_of=None, logit_bias=None, suffix=None, stop=None)
    (ask,) = await stage.asked()
    assert (ask.request.n, ask.request.stop) == (3, None)


async def test_faults_of_hidden_fields_are_told_above_the_whole_form(stage: Desk) -> None:
    view = await form_of_command(stage)
    await stage.advanced(view)
    await stage.advanced(view, suffix="end", logit_bias="x=1", seed="7")
    assert "suffix" not in fields(view)

    await stage.submit(view, prompt="hi")

    assert {"suffix", "logit_bias", "seed"} <= fields(view)
    assert [held(view, name) for name in ("prompt", "suffix", "seed")] == ["hi", "end", "7"]
    top = view.content["blocks"][0]["text"]["text"]
    assert top.startswith(words.PLEASE_CHANGE)
    assert len(top.splitlines()) == 3
    await stage.submit(view, suffix=None, logit_bias=None)
    (ask,) = await stage.asked()
    assert (ask.request.seed, ask.request.prompt) == (7, "hi")


async def test_models_are_offered_with_their_prices(stage: Desk) -> None:
    view = await form_of_command(stage)

    found = await stage.workspace.suggest(ANA, view.id, "value", "non-reas", block_id="model")

    (option,) = found.options["options"]
    assert option["value"] == "grok-4.20-0309-non-reasoning"
    assert "$" in option["text"]["text"]


async def test_a_form_that_was_open_for_too_long_keeps_what_was_typed(stage: Desk) -> None:
    view = await form_of_command(stage)
    await stage.store.redis.flushall()

    result = await stage.submit(view, prompt="hi")

    assert result.errors == {"prompt": words.OPEN_TOO_LONG}
    assert held(view, "prompt") == "hi"


async def test_a_draft_of_another_version_is_no_crash(stage: Desk) -> None:
    view = await form_of_command(stage)
    await stage.store.redis.set(stage.keys.draft(view.content["private_metadata"]), '{"a": 1}')

    result = await stage.submit(view, prompt="hi")

    assert result.errors == {"prompt": words.OPEN_TOO_LONG}


async def test_without_redis_nothing_is_taken_and_nothing_is_lost(stage: Desk) -> None:
    view = await form_of_command(stage)
    await stage.proxy.away()

    result = await stage.submit(view, prompt="hi")

    assert result.errors == {"prompt": general.STORE_AWAY}
    stage.proxy.back()
    await stage.submit(view)
    assert [ask.request.prompt for ask in await stage.asked()] == ["hi"]


async def test_a_redis_that_says_nothing_leaves_time_for_the_ack(stage: Desk) -> None:
    view = await form_of_command(stage)
    stage.proxy.latency = 30

    result = await stage.submit(view, prompt="hi")

    assert result.errors == {"prompt": general.STORE_AWAY}


async def test_an_unsure_outcome_is_no_second_question(stage: Desk) -> None:
    before = counted("form", "not_taken")
    view = await form_of_command(stage)
    stage.proxy.lose = lambda request: True
    stage.proxy.hold = True

    result = await stage.submit(view, prompt="hi")

    assert result.errors == {"prompt": general.MAYBE_NOT_TAKEN}
    assert counted("form", "not_taken") == before + 1
    stage.proxy.lose = lambda request: False
    await stage.submit(view)
    assert len(await stage.asked()) == 1
