"""The buttons of an answer: of somebody else's, of one's own, and of one that is not there."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC

from bot.rules.quota import windows_at
from bot.words import talk
from sandbox.grok.script import Recorded
from sandbox.workspace import BEN, LEADERSHIP, Message, NotAllowedError
from tests.e2e.rights.table import drives
from tests.e2e.rights.world import HERE, TEMPERATURE, Outcome, World, job_of, refused, told
from tests.e2e.stage import is_complete, thumb

ASKED = "Name a lake"

CUT = f"--max-tokens 5 {ASKED}."
"""Asks for an answer that its cap cuts."""

Asked = tuple[Message, Message, Recorded]


async def press(at: World, who: str, action: str, message: Message, job: str = "") -> None:
    """Press a button of `message`; with `job` it says that it is of that one."""
    if job:
        result = await at.workspace.forge.click(who, message.channel, message.ts, action, job)
    else:
        result = await at.workspace.click(who, message.channel, message.ts, action)
    assert result.error is None, result


async def stop(at: World, who: str, growing: Message) -> Outcome:
    heard = at.listening(who)
    await press(at, who, "stop", growing)
    found = await at.workspace.wait_for(lambda: is_complete(growing) or heard())
    return "yes" if found is True else refused(str(found))


async def retry(
    at: World, who: str, message: Message, job: str = "", action: str = "retry"
) -> Outcome:
    """Retry or Continue: whether Grok is asked."""
    heard, before = at.listening(who), len(at.grok.requests)

    def there() -> int:
        """How many whole answers there are, here and below `message`."""
        found = (*at.workspace.messages(HERE), *at.workspace.replies(HERE, message.ts))
        return sum(map(is_complete, found))

    complete = there()
    await press(at, who, action, message, job)

    def outcome() -> str:
        if len(at.grok.requests) > before:
            return "asked"
        return heard()

    found = await at.workspace.wait_for(outcome)
    if found != "asked":
        return refused(found)
    await at.workspace.wait_for(lambda: heard() or there() > complete)
    return "yes"


async def look(at: World, who: str, action: str, message: Message, job: str = "") -> Outcome:
    """Details or Edit: what is shown of a question, its prompt and its rules."""
    await press(at, who, action, message, job)
    text = await at.read(who)
    if ASKED not in text:
        return refused(text)
    return told(text, TEMPERATURE)


async def of_asker(at: World) -> Message:
    return await at.keep("of the asker", lambda: at.answer(BEN, f"{ASKED}."))


async def elsewhere(at: World) -> str:
    """The job of a question that the asker asked in a private channel."""
    asked = await at.keep("elsewhere", lambda: at.answer(BEN, f"{ASKED}.", LEADERSHIP))
    return job_of(asked)


async def told_alone(at: World, name: str = "told alone", typed: str = f"{ASKED}.") -> str:
    """The job of an answer that the asker alone was shown, here."""

    async def make() -> Message:
        before = len(at.workspace.ephemerals(BEN))
        await at.workspace.forge.command(BEN, HERE, f"--private {typed}")

        def shown() -> Message | None:
            found = at.workspace.ephemerals(BEN)[before:]
            return next((m for m in found if "details" in json.dumps(m.blocks)), None)

        return await at.workspace.wait_for(shown)

    return job_of(await at.keep(name, make))


@drives("Stop of somebody’s answer")
async def stop_of_asker(at: World, who: str) -> Outcome:
    growing = await at.keep("growing", lambda: at.growing(BEN))
    done = await stop(at, who, growing)
    if done == "yes":
        del at.kept["growing"]
    return done


async def deleted(at: World, who: str, message: Message, asked: Recorded) -> Outcome:
    """Delete a message, which is Slack's to let be; whether Grok was stopped by that."""
    try:
        await at.workspace.delete(who, HERE, message.ts)
    except NotAllowedError:
        assert not asked.closed.is_set()
        return "no"
    async with asyncio.timeout(10):
        await asked.closed.wait()
    return "yes"


async def asked_by_mention(at: World) -> Asked:
    """A question of the asker's, and the answer below it that goes on until it is stopped."""
    prompt = at.stalling()
    before = len(at.grok.requests)
    question = await at.workspace.say(BEN, HERE, f"@grok {prompt}")
    replies = at.workspace.replies
    answer = await at.workspace.wait_for(
        lambda: next((m for m in replies(HERE, question.ts) if "one" in m.shown), None)
    )
    return question, answer, at.grok.requests[before]


@drives("Slack’s own Stop of somebody’s answer, in its thread")
async def stop_of_slack(at: World, who: str) -> Outcome:
    question, answer, _ = at.mentioned = at.mentioned or await asked_by_mention(at)
    heard = at.listening(who)
    place = {"channel": HERE, "thread_ts": question.ts, "streaming_message_ts": []}
    event = {"type": "agent_session_stopped", "user": who, **place}
    await at.workspace.emit("agent_session_stopped", event)
    found = await at.workspace.wait_for(lambda: is_complete(answer) or heard())
    at.mentioned = None if found is True else at.mentioned
    return "yes" if found is True else refused(str(found))


@drives("delete somebody’s question while Grok answers")
async def delete_question(at: World, who: str) -> Outcome:
    question, _, asked = at.mentioned = at.mentioned or await asked_by_mention(at)
    done = await deleted(at, who, question, asked)
    at.mentioned = at.mentioned if done == "no" else None
    return done


@drives("delete an answer while it is written")
async def delete_answer(at: World, who: str) -> Outcome:
    _, answer, asked = at.mentioned = at.mentioned or await asked_by_mention(at)
    done = await deleted(at, who, answer, asked)
    at.mentioned = at.mentioned if done == "no" else None
    return done


@drives("Stop of one’s own answer")
async def stop_of_own(at: World, who: str) -> Outcome:
    return await stop(at, who, await at.growing(who))


@drives("Retry of somebody’s answer")
async def retry_of_asker(at: World, who: str) -> Outcome:
    return await retry(at, who, await of_asker(at))


@drives("Retry of one’s own answer")
async def retry_of_own(at: World, who: str) -> Outcome:
    return await retry(at, who, await at.answer(who))


@drives("Continue of somebody’s answer")
async def continue_of_asker(at: World, who: str) -> Outcome:
    return await retry(at, who, await at.answer(BEN, CUT), action="continue")


@drives("Continue of one’s own answer")
async def continue_of_own(at: World, who: str) -> Outcome:
    return await retry(at, who, await at.answer(who, CUT), action="continue")


@drives("Continue of an answer in another place (made up)")
async def continue_elsewhere(at: World, who: str) -> Outcome:
    job = job_of(await at.answer(BEN, CUT, LEADERSHIP))
    return await retry(at, who, await of_asker(at), job, "continue")


@drives("Continue of an answer that the asker alone saw (made up)")
async def continue_of_private(at: World, who: str) -> Outcome:
    job = await told_alone(at, "cut, alone", CUT)
    return await retry(at, who, await of_asker(at), job, "continue")


async def vote(at: World, who: str, message: Message, job: str = "") -> Outcome:
    """By a thumb below `message`; with `job` it says that it is of that one."""
    heard = at.listening(who)
    if job:
        await press(at, who, "feedback", message, f"{job}:up")
    else:
        await at.workspace.click(who, message.channel, message.ts, "feedback", thumb(message))
    said = await at.workspace.wait_for(heard)
    return "yes" if "counts" in said else refused(said)


@drives("vote on somebody’s answer")
async def vote_on_asker(at: World, who: str) -> Outcome:
    return await vote(at, who, await at.answer(BEN))


@drives("vote by 👍 as a reaction on somebody’s answer")
async def react_to_asker(at: World, who: str) -> Outcome:
    message = await at.answer(BEN)
    await at.workspace.react(who, message.channel, message.ts, "+1")
    await at.workspace.settled()
    month = windows_at(time.time(), UTC).month
    voted = {(each.job_id, each.user) for each in await at.votes.read(month)}
    return "yes" if (job_of(message), who) in voted else "no"


@drives("vote on one’s own answer")
async def vote_on_own(at: World, who: str) -> Outcome:
    return await vote(at, who, await at.answer(who))


@drives("vote on an answer in another place (made up)")
async def vote_elsewhere(at: World, who: str) -> Outcome:
    return await vote(at, who, await of_asker(at), await elsewhere(at))


@drives("vote on an answer that the asker alone saw (made up)")
async def vote_on_private(at: World, who: str) -> Outcome:
    return await vote(at, who, await of_asker(at), await told_alone(at))


@drives("Stop of an answer in another place (made up)")
async def stop_elsewhere(at: World, who: str) -> Outcome:
    heard, message = at.listening(who), await of_asker(at)
    await press(at, who, "stop", message, await elsewhere(at))
    return refused(await at.workspace.wait_for(heard))


@drives("Retry of an answer in another place (made up)")
async def retry_elsewhere(at: World, who: str) -> Outcome:
    return await retry(at, who, await of_asker(at), await elsewhere(at))


@drives("Retry of an answer that the asker alone saw (made up)")
async def retry_of_private(at: World, who: str) -> Outcome:
    return await retry(at, who, await of_asker(at), await told_alone(at))


@drives("Share of an answer that the asker alone saw (made up)")
async def share_private(at: World, who: str) -> Outcome:
    heard, message, job = at.listening(who), await of_asker(at), await told_alone(at)
    before = len(at.workspace.messages(HERE))
    await press(at, who, "share", message, job)
    said = await at.workspace.wait_for(heard)
    if talk.SHARED not in said:
        assert len(at.workspace.messages(HERE)) == before
        return refused(said)
    assert len(at.workspace.messages(HERE)) == before + 1
    return "yes"


def _looks(name: str, action: str) -> None:
    @drives(f"{name} of somebody’s answer")
    async def of_somebody(at: World, who: str) -> Outcome:
        return await look(at, who, action, await of_asker(at))

    @drives(f"{name} of one’s own answer")
    async def of_own(at: World, who: str) -> Outcome:
        return await look(at, who, action, await at.answer(who, f"{ASKED}."))

    @drives(f"{name} of an answer in another place (made up)")
    async def of_other_place(at: World, who: str) -> Outcome:
        return await look(at, who, action, await of_asker(at), await elsewhere(at))

    @drives(f"{name} of an answer that the asker alone saw (made up)")
    async def of_private(at: World, who: str) -> Outcome:
        return await look(at, who, action, await of_asker(at), await told_alone(at))


_looks("Details", "details")
_looks("Edit", "edit")
