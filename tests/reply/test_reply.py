"""An answer in the strict workspace, from "thinking" to its last edit, on good days."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot import words
from bot.completion.result import Section
from bot.reply import growing
from bot.reply.reply import Reply
from bot.slack.pacing import EditBudget
from sandbox.workspace import ANA, GENERAL, Message, Workspace
from tests.reply.conftest import LAST_LINE, Start, answer, buttons, standing
from tests.reply.fake_ledger import FakeJob

HOSTILE = (
    "<!channel> <!here|here> <@U0BEN00001> @here @everyone <!subteam^S012AB3CD> https://x.example"
)


class Stream:
    """Text as it comes from Grok, and the reply that shows it."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.sections: list[Section] = [Section()]

    def grow(self, *sections: Section) -> None:
        self.sections = list(sections)
        self._reply.changed()

    def say(self, text: str) -> None:
        self.grow(Section(text=text))


@asynccontextmanager
async def streaming(reply: Reply) -> AsyncIterator[Stream]:
    stream = Stream(reply)
    async with asyncio.TaskGroup() as group:
        group.create_task(reply.run(lambda: stream.sections))
        yield stream
        reply.close()


async def shown(workspace: Workspace, text: str) -> None:
    await workspace.wait_for(lambda: any(text in message.shown for message in standing(workspace)))


def check_revisions(message: Message) -> None:
    """No payload twice in a row, no ping but the asker's, no preview, no "(edited)"."""
    pairs = zip(message.revisions, message.revisions[1:], strict=False)
    assert all(one.blocks != other.blocks for one, other in pairs)
    assert set(message.pings) <= {f"<@{ANA}>"}
    assert not message.unfurl
    assert not message.edited


async def test_an_answer_grows_in_the_channel(workspace: Workspace, start: Start) -> None:
    reply = start()
    await reply.open()
    (message,) = standing(workspace)
    assert "Explain TCP slow start" in message.shown
    assert words.THINKING in message.shown

    async with streaming(reply) as stream:
        for text in ("Slow", "Slow start", "Slow start begins"):
            stream.say(text)
            await shown(workspace, text)
    await reply.deliver(answer("Slow start begins slowly."))

    assert standing(workspace) == [message]
    assert len(message.revisions) == 5
    assert "Slow start begins slowly." in message.shown
    assert message.shown.endswith(LAST_LINE)
    check_revisions(message)


async def test_an_answer_in_a_thread_stays_there(workspace: Workspace, start: Start) -> None:
    root = await workspace.say(ANA, GENERAL, "a discussion")
    reply = start(thread_ts=root.ts)

    await reply.open()
    await reply.deliver(answer("word " * 5_000))

    assert workspace.messages(GENERAL) == [root]
    assert len(workspace.replies(GENERAL, root.ts)) == 3


@pytest.mark.parametrize("parameters", [{"stream": False}, {"best_of": 3}])
async def test_what_is_not_streamed_is_posted_whole(
    workspace: Workspace, start: Start, parameters: dict[str, object]
) -> None:
    reply = start(**parameters)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("not yet")
    assert not standing(workspace)

    await reply.deliver(answer("the best"))

    (message,) = standing(workspace)
    assert "the best" in message.shown
    assert len(message.revisions) == 1


async def test_a_long_answer_goes_on_in_the_thread(workspace: Workspace, start: Start) -> None:
    code = "```python\n" + "print('hello')\n" * 1_500 + "```\n"
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        for end in range(4_000, len(code), 4_000):
            stream.say(code[:end])
            await shown(workspace, "hello")
    await reply.deliver(answer(code))

    root, *further = standing(workspace)
    assert len(further) >= 1
    assert all(message.thread_ts == root.ts for message in further)
    joined = "".join(message.shown for message in (root, *further))
    assert joined.count("print('hello')") == 1_500
    for message in (root, *further):
        assert str(markdown(message)).count("```") == 2
        assert str(markdown(message)).startswith("```python\n")
        check_revisions(message)


async def test_every_choice_has_its_own_message_in_order(
    workspace: Workspace, start: Start
) -> None:
    reply = start(n=2)
    await reply.open()
    async with streaming(reply) as stream:
        stream.grow(Section(text="one"), Section(text="two", done=True))
        await shown(workspace, "one")
        assert len(standing(workspace)) == 1
        stream.grow(Section(text="one!", done=True), Section(text="two", done=True))
        await shown(workspace, "two")
    await reply.deliver(answer("one!", "two"))

    root, second = standing(workspace)
    assert "one!" in root.shown
    assert words.OTHERS_IN_THREAD in root.shown
    assert "two" in second.shown
    assert words.OTHERS_IN_THREAD not in second.shown
    for message in (root, second):
        assert message.shown.endswith(LAST_LINE)


async def test_delivering_twice_changes_nothing(workspace: Workspace, start: Start) -> None:
    reply = start()
    await reply.open()
    await reply.deliver(answer("word " * 5_000))
    calls = len(workspace.calls)

    await reply.deliver(answer("word " * 5_000))

    assert len(workspace.calls) == calls


async def test_a_text_that_was_shown_already_is_not_sent_again(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("the same")
        await shown(workspace, "the same")
        stream.say("the same")
        stream.say("the same, and more")
        await shown(workspace, "and more")

    (message,) = standing(workspace)
    check_revisions(message)
    assert len(message.revisions) == 3


async def test_another_process_delivers_from_the_ledger_alone(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    whole = answer("word " * 5_000, "second")
    await start().deliver(whole)
    before = [(message.ts, message.shown) for message in standing(workspace)]

    await start().deliver(whole)

    assert [(message.ts, message.shown) for message in standing(workspace)] == before
    assert sorted(job.posts) == ["0", "1", "2", "3"]


async def test_delivering_afresh_writes_over_what_somebody_else_wrote(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    ledger = job.take()
    reply = start(ledger)
    await reply.deliver(answer("the end"))
    zombie = start(job.take())
    await zombie.deliver(answer("something older"))
    job.lease -= 1

    await reply.deliver(answer("the end"), afresh=True)

    (message,) = standing(workspace)
    assert "the end" in message.shown


async def test_messages_of_a_longer_attempt_are_deleted(workspace: Workspace, start: Start) -> None:
    await start().deliver(answer("word " * 8_000))
    assert len(standing(workspace)) == 4

    await start().deliver(answer("short"))

    (message,) = standing(workspace)
    assert "short" in message.shown


async def test_a_restarted_answer_keeps_what_it_showed_until_there_is_new_text(
    workspace: Workspace, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "TELL_SECONDS", 0.01)
    first = start()
    await first.open()
    async with streaming(first) as stream:
        stream.say("shown before the crash")
        await shown(workspace, "before the crash")

    second = start()
    await second.open()
    async with streaming(second) as stream:
        await asyncio.sleep(0.05)
        stream.say("shown anew")
        await shown(workspace, "shown anew")

    (message,) = standing(workspace)
    looks = [revision.shown for revision in message.revisions]
    crashed = next(number for number, look in enumerate(looks) if "before the crash" in look)
    assert "shown anew" in looks[crashed + 1]


async def test_a_failure_keeps_what_was_shown(workspace: Workspace, start: Start) -> None:
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("half an answer")
        await shown(workspace, "half an answer")
    await reply.deliver(answer("half an answer", failure="Grok fell silent."))

    (message,) = standing(workspace)
    assert "half an answer" in message.shown
    assert words.BROKEN_OFF("Grok fell silent.") in message.shown


async def test_nothing_pings_and_nothing_unfurls(workspace: Workspace, start: Start) -> None:
    text = f"{HOSTILE}\n```\n{HOSTILE}\n```\n`{HOSTILE}`\n"
    reply = start(prompt=HOSTILE)
    await reply.open()
    async with streaming(reply) as stream:
        for end in range(0, len(text), 7):
            stream.say("start " + text[:end])
            await shown(workspace, "start")
    await reply.deliver(answer(text * 60, failure="It broke."))

    for message in standing(workspace):
        check_revisions(message)
    asked = workspace.calls_of("chat.postMessage") + workspace.calls_of("chat.update")
    assert all(call.args["parse"] == "none" for call in asked)
    assert not any(call.args["link_names"] for call in asked)


async def test_code_stays_as_written(workspace: Workspace, start: Start) -> None:
    code = "```html\n<!DOCTYPE html>\n<!-- here -->\n```\n`List<@Nullable T>` me@here.com 2>&1"
    await start().deliver(answer(code))

    (message,) = standing(workspace)
    assert code in message.shown


async def test_close_ends_the_run_while_it_waits(
    workspace: Workspace, start: Start, budget: EditBudget
) -> None:
    reply = start()
    await reply.open()
    await budget.rest("chat.update", 3_600)

    async with streaming(reply) as stream:
        stream.say("text")
        await asyncio.sleep(0)

    assert not workspace.calls_of("chat.update")


async def test_the_buttons_follow_the_end_of_the_answer(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    reply = start()
    await reply.open()
    (root,) = standing(workspace)
    assert buttons(root) == ["stop"]
    async with streaming(reply) as stream:
        stream.say("word " * 3_000)
        await workspace.wait_for(lambda: len(standing(workspace)) == 2)
        _, second = standing(workspace)
        await workspace.wait_for(lambda: words.ON_IN_THREAD in root.shown)
        assert (buttons(root), buttons(second)) == (["stop"], ["stop"])
    await reply.deliver(answer("word " * 3_000).model_copy(update={"reasoning": "why"}))

    assert buttons(root) == buttons(second) == ["retry", "edit", "details"]
    (actions,) = [block for block in second.blocks if block["type"] == "actions"]
    assert {element["value"] for element in actions["elements"]} == {job.job_id}


async def test_only_the_buttons_are_new(workspace: Workspace, start: Start) -> None:
    whole = answer("the end")
    await start().deliver(whole)
    await start().deliver(whole.model_copy(update={"reasoning": "why"}))

    (message,) = standing(workspace)
    assert buttons(message) == ["retry", "edit", "details"]


def markdown(message: Message) -> str:
    (text,) = [block["text"] for block in message.blocks if block["type"] == "markdown"]
    return str(text)
