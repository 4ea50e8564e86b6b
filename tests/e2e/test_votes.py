"""Votes on answers, from the thumbs below them to what is stored, over the whole bot."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC
from functools import partial

import pytest
from redis.asyncio import Redis

from bot.doors.voting import AT_ONCE, FEEDBACK_FORM, PER_MINUTE
from bot.rules.quota import windows_at
from bot.rules.votes import Ballot
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.votes import Votes
from bot.words import talk
from bot.words import votes as words
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, CHLOE, DESIGN, GENERAL, GUEST, RANDOM, TEAM_ID, Message
from sandbox.workspace.delivering.response_url import RESPONSE_URL
from tests.e2e.stage import Stage, button, buttons, on_stage, thumb


async def ballots(redis_url: str) -> list[Ballot]:
    async with Store(redis_url) as store:
        month = windows_at(time.time(), UTC).month
        return list(await Votes(store, Keys(TEAM_ID)).read(month))


async def choices(redis_url: str) -> dict[str, str]:
    """What each person voted, who has voted on one answer."""
    return {each.user: each.vote.choice for each in await ballots(redis_url)}


async def an_answer(stage: Stage, text: str = "Name a river") -> Message:
    number = len(stage.workspace.messages(GENERAL))
    await stage.ask(text)
    return (await stage.answer(number))[-1]


async def heard(stage: Stage, user: str, before: int) -> str:
    """What `user` alone is told next, after so many messages."""
    found = stage.workspace.ephemerals
    return (await stage.workspace.wait_for(lambda: found(user)[before:]))[0].shown


async def press(
    stage: Stage, user: str, message: Message, choice: str = "up", *, told: bool = True
) -> str:
    """Press a thumb; what is said to whoever did, where they are told anything."""
    before = len(stage.workspace.ephemerals(user))
    result = await stage.workspace.click(
        user, message.channel, message.ts, "feedback", thumb(message, choice)
    )
    assert result.error is None
    return await heard(stage, user, before) if told else ""


async def forge(stage: Stage, user: str, message: Message, value: str) -> str:
    """Press one with a value that is made up; what is said."""
    before = len(stage.workspace.ephemerals(user))
    await stage.workspace.forge.click(user, GENERAL, message.ts, "feedback", value)
    return await heard(stage, user, before)


async def test_a_vote_is_counted_changed_and_explained(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage, "--temperature 0.2 Name a river")
        first = await press(stage, BEN, message)
        await press(stage, BEN, message, told=False)
        assert await choices(redis_url) == {BEN: "up"}

        await press(stage, BEN, message, "down", told=False)
        form = await stage.workspace.wait_for(lambda: stage.workspace.view(BEN))
        assert form.content["callback_id"] == FEEDBACK_FORM
        sent = await stage.workspace.submit(
            BEN, form.id, {"reasons": ["wrong", "slow"], "comment": " It flows\nelsewhere. "}
        )
        third = await press(stage, BEN, message)
        told = len(stage.workspace.ephemerals(BEN))
        problems = list(stage.workspace.problems)

    assert first == words.COUNTED("👍")
    assert not sent.errors
    assert third == words.CHANGED("👍")
    assert told == 2
    assert problems == []
    (ballot,) = await ballots(redis_url)
    assert (ballot.vote.choice, ballot.vote.reasons) == ("up", ())
    judged = ballot.judged
    assert (judged.model, judged.surface, judged.channel) == ("grok-4.3", "command", GENERAL)
    assert judged.parameters["temperature"] == 0.2
    assert "prompt" not in judged.parameters
    assert judged.micro_dollars is not None
    assert judged.first_seconds is not None
    assert judged.first_seconds <= judged.seconds


async def test_admins_see_the_share_on_home_and_nobody_else_does(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
        await press(stage, BEN, message)
        shown = {}
        for user in (ANA, BEN):
            await stage.workspace.open_home(user)
            home = await stage.workspace.wait_for(partial(stage.workspace.home, user))
            shown[user] = str(home.content)

    assert words.TITLE in shown[ANA]
    assert "• `grok-4.3`: ██████████  👍 1 of 1 · 100% (21–100%)" in shown[ANA]
    assert words.TITLE not in shown[BEN]


async def test_what_went_wrong_is_kept_with_the_vote(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
        await press(stage, BEN, message, "down", told=False)
        form = await stage.workspace.wait_for(lambda: stage.workspace.view(BEN))
        await stage.workspace.submit(BEN, form.id, {"reasons": ["unsafe"], "comment": "=1+1"})

        # Somebody else's form, made up: there is no 👎 of theirs that it would be about.
        await press(stage, ANA, message, "down", told=False)
        other = await stage.workspace.wait_for(lambda: stage.workspace.view(ANA))
        forged = await stage.workspace.forge.submit(
            ANA,
            other.id,
            {
                "private_metadata": "no-such-job",
                "state": {"values": {"comment": {"value": {"value": "x"}}}},
            },
        )

    assert forged.errors == {"comment": words.FORM_FORGOTTEN}
    by_user = {each.user: each.vote for each in await ballots(redis_url)}
    assert (by_user[BEN].reasons, by_user[BEN].comment) == (("unsafe",), "=1+1")
    assert by_user[ANA].reasons == ()


async def test_reactions_count_too_and_are_taken_back(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
        at = (GENERAL, message.ts)
        await stage.workspace.react(BEN, *at, "+1::skin-tone-3")
        await stage.workspace.react(CHLOE, *at, "thumbsdown")
        await stage.workspace.react(ANA, *at, "tada")
        await stage.workspace.react(GUEST, *at, "+1")
        asked = await stage.workspace.say(ANA, RANDOM, "@grok count")
        reply = await stage.reply(0, asked.ts, channel=RANDOM)
        await stage.workspace.react(ANA, RANDOM, reply.ts, "thumbsup")
        said = await stage.workspace.say(ANA, GENERAL, "Thanks")
        await stage.workspace.react(BEN, GENERAL, said.ts, "+1")
        await stage.quiet()
        counted = [(each.user, each.vote.choice) for each in await ballots(redis_url)]
        await stage.workspace.take_back(BEN, *at, "+1::skin-tone-3")
        await stage.quiet()
        left = [(each.user, each.vote.choice) for each in await ballots(redis_url)]

    assert sorted(counted) == sorted([(BEN, "up"), (CHLOE, "down"), (ANA, "up")])
    assert sorted(left) == sorted([(CHLOE, "down"), (ANA, "up")])


async def test_a_server_without_thumbs_shows_buttons_and_they_count(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        for method in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
            stage.workspace.fail(
                method,
                error="invalid_blocks",
                times=None,
                where=lambda args: "context_actions" in str(args.get("blocks")),
            )
        message = await an_answer(stage)
        assert [each for each in buttons(message) if "vote" in each] == ["vote_up", "vote_down"]
        await stage.workspace.click(BEN, GENERAL, message.ts, "vote_down")
        await stage.workspace.wait_for(lambda: stage.workspace.view(BEN))
        refused = [call for call in stage.workspace.calls if call.error == "invalid_blocks"]
        second = await an_answer(stage, "Name another")
        assert "vote_up" in buttons(second)
        assert len([c for c in stage.workspace.calls if c.error == "invalid_blocks"]) == len(
            refused
        )

    assert await choices(redis_url) == {BEN: "down"}
    assert len(refused) == 1


async def test_what_is_no_vote_of_an_answer_there_changes_nothing(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
        (job_id, _, _) = thumb(message).partition(":")

        values = ["", job_id, f"{job_id}:sideways", f"{job_id}:none", ":up", "j" * 3_000]
        nonsense = [await forge(stage, BEN, message, value) for value in values]
        unknown = [
            await forge(stage, BEN, message, value)
            for value in ("other:up", "a b:up", f"{job_id} x:up")
        ]
        async with Redis.from_url(redis_url, protocol=2) as redis:
            await redis.delete(Keys(TEAM_ID).job(job_id))
        forgotten = await press(stage, CHLOE, message)

    assert nonsense == [words.NO_SUCH_VOTE] * 4 + [talk.ANSWER_FORGOTTEN, words.NO_SUCH_VOTE]
    assert unknown == [talk.ANSWER_FORGOTTEN] * 3
    assert forgotten == talk.ANSWER_FORGOTTEN
    assert await ballots(redis_url) == []


async def test_a_vote_that_comes_after_the_answer_was_deleted_harms_nothing(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        message, other = await an_answer(stage), await an_answer(stage, "Name a lake")
        value = thumb(message, "up")
        await stage.workspace.delete(ANA, GENERAL, message.ts)
        assert await forge(stage, BEN, other, value) == words.COUNTED("👍")


async def test_nobody_votes_without_end(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
        for number in range(PER_MINUTE + 5):
            value = thumb(message, "down" if number % 2 else "up")
            await stage.workspace.forge.click(BEN, GENERAL, message.ts, "feedback", value)
        await stage.workspace.wait_for(
            lambda: words.OFTEN in [each.shown for each in stage.workspace.ephemerals(BEN)]
        )
        other = await press(stage, CHLOE, message)

    assert other == words.COUNTED("👍")
    assert len(await ballots(redis_url)) == 2


def a_crowd(stage: Stage, size: int) -> list[str]:
    """So many more people in #general."""
    state = stage.workspace._team.state
    crowd = [f"U0CROWD{number:02}" for number in range(size)]
    for user in crowd:
        state.users[user] = replace(state.users[BEN], id=user, name=user.lower())
        state.channels[GENERAL].members.add(user)
    return crowd


async def test_when_many_react_at_once_slack_is_asked_about_the_answer_seldom(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
        crowd = a_crowd(stage, 60)
        for wave in (crowd[:20], crowd[20:40], crowd[40:]):
            for user in wave:
                await stage.workspace.react(user, GENERAL, message.ts, "+1")
            await stage.quiet()
        looked = stage.workspace.calls_of("conversations.replies")

    assert await choices(redis_url) == dict.fromkeys(crowd, "up")
    assert 0 < len(looked) <= AT_ONCE


async def test_500_votes_in_moments_are_all_acked_and_each_person_has_one(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
        crowd = a_crowd(stage, 50)
        waves = ["down", "up"] * 5
        acks = [
            await asyncio.gather(
                *(
                    stage.workspace.forge.click(
                        user, GENERAL, message.ts, "feedback", thumb(message, choice)
                    )
                    for user in crowd
                )
            )
            for choice in waves
        ]
        await stage.quiet()
        told = {m.shown for user in crowd for m in stage.workspace.ephemerals(user)}

    assert [ack.error for wave in acks for ack in wave] == [None] * 500
    assert await choices(redis_url) == dict.fromkeys(crowd, waves[-1])
    assert told <= {words.FORM_LATE, words.COUNTED("👍"), words.CHANGED("👍")}


async def test_where_votes_are_switched_off_there_are_none(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await an_answer(stage)
    async with on_stage(redis_url, feedback=False) as stage:
        bare = await an_answer(stage)
        told = await forge(stage, BEN, bare, thumb(message))

    assert not any(block["type"] == "context_actions" for block in bare.blocks)
    assert told == words.SWITCHED_OFF
    assert await ballots(redis_url) == []


async def test_what_failed_is_no_answer_to_vote_on(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        good = await an_answer(stage)
        stage.grok.script(Script(status=400, body={"error": "no"}))
        bad = await an_answer(stage, "Name a lake")
        value = str(button(bad, "details")["value"])
        told = await forge(stage, BEN, good, f"{value}:up")
        await stage.workspace.react(BEN, GENERAL, bad.ts, "+1")
        await stage.quiet()

    assert not any(block["type"] == "context_actions" for block in bad.blocks)
    assert told == words.NO_ANSWER
    assert await ballots(redis_url) == []


async def test_a_second_click_on_stop_is_no_vote(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(pieces=["one ", "two"], stall_after=1))
        await stage.ask("Count")
        message = await stage.workspace.wait_for(
            lambda: next((m for m in stage.workspace.messages(GENERAL) if "one" in m.shown), None)
        )
        await stage.workspace.click(ANA, GENERAL, message.ts, "stop")
        stopped = (await stage.answer())[-1]
        await stage.workspace.react(BEN, GENERAL, stopped.ts, "-1")
        await stage.quiet()

    assert talk.STOPPED.strip("_") in stopped.shown
    assert not {"feedback", "vote_up"} & set(buttons(stopped))
    assert await choices(redis_url) == {BEN: "down"}


async def a_private_answer(stage: Stage, text: str) -> Message:
    """What Ben alone is shown where the bot is not, through the `response_url` of the command."""
    before = len(stage.workspace.ephemerals(BEN))
    await stage.ask(text, user=BEN, channel=DESIGN)

    def answered() -> list[Message]:
        told = stage.workspace.ephemerals(BEN)[before:]
        return [each for each in told if "details" in buttons(each)]

    return (await stage.workspace.wait_for(answered))[-1]


@pytest.mark.parametrize("refused", [False, True])
async def test_the_thumbs_of_a_private_answer_are_those_of_a_public_one(
    redis_url: str, refused: bool
) -> None:
    """Where a `response_url` takes none of Slack's own, buttons are there, and there alone."""
    async with on_stage(redis_url) as stage:
        if refused:
            stage.workspace.fail(
                RESPONSE_URL,
                error="invalid_blocks",
                times=None,
                where=lambda args: "context_actions" in str(args.get("blocks")),
            )
        private = [await a_private_answer(stage, f"Name river {number}") for number in range(2)]
        public = await an_answer(stage, "Name a lake")
        action = "vote_up" if refused else "feedback"
        value = thumb(public, "up").replace(job_of(public), job_of(private[0]))
        pressed = await stage.workspace.click(
            BEN, DESIGN, private[0].ts, action, None if refused else value
        )
        await stage.quiet()
        failed = [use for use in stage.workspace.responses if use.status != 200]

    assert pressed.error is None
    assert [action in str(each.blocks) for each in private] == [True, True]
    assert "context_actions" in str(public.blocks)
    assert len(failed) == int(refused)
    assert await choices(redis_url) == {BEN: "up"}


def job_of(message: Message) -> str:
    """The job that the buttons of an answer name."""
    return str(button(message, "details")["value"])
