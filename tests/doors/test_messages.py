"""Messages as a way in: which are questions, each once, and where their answers go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import words
from bot.grok.client import GrokClient
from bot.rules.commands import help_text
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.workspace import ANA, BEN, BOT_USER, CHLOE, ENGINEERING, GENERAL, Workspace, dm_of
from tests.doors.conversing import Stage, on_stage

DM = dm_of(ANA)


@pytest.fixture
async def stage(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> AsyncIterator[Stage]:
    async with on_stage(workspace, store, keys, grok_client) as stage:
        yield stage


async def answer(stage: Stage, channel: str = GENERAL) -> str:
    """The ts of a message of the bot's, of which nothing is remembered."""
    return await stage.post(channel, "an answer")


async def known_thread(stage: Stage) -> str:
    """The root of a thread that begins with a question to the bot."""
    return (await stage.say(ANA, GENERAL, "@grok first")).ts


# --- which messages are questions ----------------------------------------------------------


async def test_a_mention_arrives_twice_and_is_one_question(stage: Stage) -> None:
    said = await stage.say(ANA, GENERAL, "@grok what is TCP?")

    assert len(stage.workspace.deliveries) == 2
    ask = await stage.asked()
    assert ask.request.prompt == "what is TCP?"
    assert (ask.surface, ask.user, ask.name) == ("mention", ANA, "ana")
    assert (ask.channel, ask.thread_ts, ask.question_ts) == (GENERAL, said.ts, said.ts)
    assert ask.conversation == f"{GENERAL}:{said.ts}"
    assert ask.reply == "thread"
    assert not ask.reads_thread
    assert ask.dedupe == f"message:{GENERAL}:{said.ts}"
    assert not stage.workspace.ephemerals()


async def test_what_slack_delivers_again_is_no_new_question(stage: Stage) -> None:
    await stage.say(ANA, GENERAL, "@grok what is TCP?")
    for delivery in tuple(stage.workspace.deliveries):
        await stage.workspace.redeliver(delivery)
    await stage.quiet()

    assert len(await stage.jobs()) == 1


async def test_a_direct_message_is_a_question(stage: Stage) -> None:
    said = await stage.say(ANA, DM, "what is TCP?")

    ask = await stage.asked()
    assert ask.request.prompt == "what is TCP?"
    assert (ask.surface, ask.channel) == ("direct", DM)
    assert (ask.thread_ts, ask.question_ts, ask.conversation) == (None, said.ts, DM)
    assert ask.reply == "channel"


async def test_in_a_thread_of_a_direct_message_the_answer_goes_there(stage: Stage) -> None:
    root = await stage.say(ANA, DM, "one")
    await stage.say(ANA, DM, "two", root.ts)

    _, second = await stage.jobs()
    assert (second.ask.thread_ts, second.ask.conversation) == (root.ts, DM)
    assert not second.ask.reads_thread


async def test_a_reply_in_a_thread_of_the_bot_needs_no_mention(stage: Stage) -> None:
    root = await known_thread(stage)
    reply = await stage.say(BEN, GENERAL, "and then?", root)

    first, second = await stage.jobs()
    assert not first.ask.reads_thread
    assert (second.ask.surface, second.ask.user, second.ask.name) == ("thread", BEN, "ben")
    assert (second.ask.thread_ts, second.ask.question_ts) == (root, reply.ts)
    assert second.ask.conversation == first.ask.conversation == f"{GENERAL}:{root}"
    assert not second.ask.reads_thread


async def test_a_reply_to_the_bot_counts_when_nothing_is_remembered(stage: Stage) -> None:
    root = await answer(stage)
    await stage.say(BEN, GENERAL, "how so?", root)

    ask = await stage.asked()
    assert (ask.surface, ask.thread_ts) == ("thread", root)
    assert ask.reads_thread


async def test_called_into_a_thread_of_people_the_bot_reads_it(stage: Stage) -> None:
    root = await stage.say(ANA, ENGINEERING, "the build is red")
    await stage.say(BEN, ENGINEERING, "look, @grok", root.ts)

    ask = await stage.asked()
    assert (ask.surface, ask.thread_ts) == ("mention", root.ts)
    assert ask.reads_thread
    assert ask.request.prompt == "look,"


async def test_what_people_say_to_each_other_is_no_question(stage: Stage) -> None:
    root = await stage.say(ANA, GENERAL, "lunch?")
    await stage.say(BEN, GENERAL, "yes", root.ts)
    ours = await answer(stage)
    await stage.say(BEN, GENERAL, "@ana what do you think?", ours)
    await stage.say(BEN, GENERAL, "@here look at this", ours)
    await stage.say(BEN, GENERAL, "next to an answer")

    assert await stage.jobs() == []
    assert stage.workspace.calls_of("users.info") == []


async def test_edits_are_no_questions(stage: Stage) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok one")
    await stage.workspace.edit(ANA, GENERAL, asked.ts, "@grok two")
    plain = await stage.say(ANA, GENERAL, "nobody is called")
    await stage.workspace.edit(ANA, GENERAL, plain.ts, "@grok now somebody is")
    await stage.quiet()

    assert await stage.prompts() == ["one"]


async def test_own_messages_are_no_questions(stage: Stage) -> None:
    root = await answer(stage)
    await stage.post(GENERAL, f"<@{BOT_USER}> hi", root)

    assert await stage.jobs() == []


async def test_two_bots_cannot_talk_each_other_into_a_loop(stage: Stage) -> None:
    """Another bot answers every message of ours, by a mention and in our thread."""
    root = await answer(stage)
    for number in range(3):
        await stage.react(
            {
                "type": "message",
                "subtype": "bot_message" if number else None,
                "channel": GENERAL,
                "channel_type": "channel",
                "user": "U0OTHERBOT",
                "bot_id": "B0OTHERBOT",
                "app_id": "A0OTHERBOT",
                "ts": f"170000000{number}.000100",
                "thread_ts": root,
                "parent_user_id": BOT_USER,
                "text": f"<@{BOT_USER}> and what do you say?",
            }
        )

    assert await stage.jobs() == []
    assert not stage.workspace.ephemerals()


async def test_a_bot_that_posts_like_a_person_is_found_out(stage: Stage) -> None:
    stage.workspace.state.users[CHLOE].is_bot = True
    await stage.say(CHLOE, GENERAL, "@grok hello")
    await stage.say(CHLOE, dm_of(CHLOE), "hello")

    assert await stage.jobs() == []


async def test_a_bot_whom_slack_does_not_tell_from_people_is_a_person(stage: Stage) -> None:
    stage.workspace.fail("users.info", error="user_not_found", times=None)
    await stage.say(ANA, GENERAL, "@grok hello")

    ask = await stage.asked()
    assert (ask.user, ask.name) == (ANA, "")


# --- what is asked -------------------------------------------------------------------------


PROMPTS = {
    "@grok: what is TCP?": "what is TCP?",
    "@grok, @grok what is TCP?": "what is TCP?",
    "what is TCP? @grok": "what is TCP?",
    "tell me, @grok, what is TCP?": "tell me, @Grok, what is TCP?",
    "@grok is @ben right & is 1 < 2?": "is @ben right & is 1 < 2?",
    "@grok read https://example.com/?a=1&b=2": "read https://example.com/?a=1&b=2",
    "@grok two\nlines": "two\nlines",
}


async def test_the_prompt_is_what_people_see(stage: Stage) -> None:
    for said in PROMPTS:
        await stage.say(ANA, GENERAL, said)

    assert await stage.prompts() == list(PROMPTS.values())


async def test_names_that_slack_does_not_say_in_time_stay_ids(stage: Stage) -> None:
    stage.workspace.fail("users.info", delay=5, where=lambda args: args["user"] == BEN)
    await stage.say(ANA, GENERAL, "@grok is @ben right?")

    ask = await stage.asked()
    assert (ask.request.prompt, ask.name) == (f"is @{BEN} right?", "ana")


@pytest.mark.parametrize(
    ("channel", "call"),
    [(GENERAL, "@grok "), (DM, ""), (GENERAL, "")],
    ids=["call", "dm", "thread"],
)
async def test_flags_work_everywhere(stage: Stage, channel: str, call: str) -> None:
    root = None if call or channel == DM else await answer(stage)
    await stage.say(ANA, channel, f"{call}—temperature 0.2 --system “Be brief” what is TCP?", root)

    ask = await stage.asked()
    assert ask.request.temperature == 0.2
    assert (ask.system, ask.request.prompt) == ("Be brief", "what is TCP?")


@pytest.mark.parametrize(
    ("channel", "call"),
    [(GENERAL, "@grok "), (DM, ""), (GENERAL, "")],
    ids=["call", "dm", "thread"],
)
async def test_faults_are_told_to_the_author_alone_and_once(
    stage: Stage, channel: str, call: str
) -> None:
    root = None if call or channel == DM else await answer(stage)
    await stage.say(ANA, channel, f"{call}--temperature 9 --wrong what is TCP?", root)
    for delivery in tuple(stage.workspace.deliveries):
        await stage.workspace.redeliver(delivery)
    await stage.quiet()

    (told,) = stage.workspace.ephemerals()
    assert (told.ephemeral_to, told.channel, told.thread_ts) == (ANA, channel, root)
    assert "--temperature: 9 is too large" in told.shown
    assert "--wrong" in told.shown
    assert await stage.jobs() == []


async def test_where_the_answer_goes_can_be_chosen(stage: Stage) -> None:
    root = await stage.say(ANA, GENERAL, "a thread of people")
    here = await stage.say(ANA, GENERAL, "@grok --reply channel one")
    await stage.say(ANA, GENERAL, "@grok --reply channel two", root.ts)
    alone = await stage.say(ANA, DM, "--reply thread three")

    one, two, three = [job.ask for job in await stage.jobs()]
    assert (one.reply, one.thread_ts, one.question_ts) == ("channel", None, here.ts)
    assert (two.reply, two.thread_ts) == ("channel", None)
    assert (one.conversation, two.conversation) == (None, None)
    assert (three.reply, three.thread_ts, three.conversation) == ("thread", alone.ts, DM)


async def test_a_private_answer_is_promised_and_begins_no_conversation(stage: Stage) -> None:
    root = await stage.say(ANA, GENERAL, "a thread of people")
    await stage.say(BEN, GENERAL, "@grok --private one")
    await stage.say(BEN, GENERAL, "@grok --private two", root.ts)
    await stage.say(CHLOE, GENERAL, "we go on talking", root.ts)

    one, two = [job.ask for job in await stage.jobs()]
    assert (one.reply, one.thread_ts, one.conversation) == ("private", None, None)
    assert (two.reply, two.thread_ts, two.conversation) == ("private", root.ts, None)
    assert two.reads_thread
    assert stage.told(BEN) == [words.TOLD_WHEN_DONE] * 2
    assert [told.thread_ts for told in stage.workspace.ephemerals(BEN)] == [None, root.ts]


async def test_a_private_answer_goes_on_with_a_conversation(stage: Stage) -> None:
    root = await known_thread(stage)
    await stage.say(BEN, GENERAL, "--private two", root)

    assert (await stage.jobs())[1].ask.conversation == f"{GENERAL}:{root}"


async def test_an_answer_that_comes_in_one_piece_is_promised(stage: Stage) -> None:
    await stage.say(ANA, GENERAL, "@grok --no-stream what is TCP?")

    assert stage.told(ANA) == [words.POSTED_WHEN_DONE]
    assert len(await stage.jobs()) == 1


# --- what else can be said -----------------------------------------------------------------


async def test_a_mention_alone_gets_a_hint(stage: Stage) -> None:
    root = await stage.say(ANA, GENERAL, "hm")
    await stage.say(BEN, GENERAL, "@grok", root.ts)

    (told,) = stage.workspace.ephemerals(BEN)
    assert (told.shown, told.thread_ts) == (talk.HOW_TO_ASK, root.ts)
    assert await stage.jobs() == []


@pytest.mark.parametrize(
    ("channel", "said", "topic"),
    [(GENERAL, "@grok help", ""), (DM, "Help", ""), (DM, "help temperature", "temperature")],
)
async def test_help(stage: Stage, channel: str, said: str, topic: str) -> None:
    await stage.say(ANA, channel, said)

    assert stage.told(ANA) == [help_text(topic)]
    assert await stage.jobs() == []


async def test_what_only_begins_like_help_is_a_question(stage: Stage) -> None:
    root = await answer(stage)
    await stage.say(ANA, GENERAL, "@grok help me with TCP")
    await stage.say(ANA, GENERAL, "help", root)
    await stage.say(ANA, GENERAL, "@grok ask help")

    assert await stage.prompts() == ["help me with TCP", "help", "ask help"]


async def test_forget_clears_the_thread(stage: Stage) -> None:
    root = await known_thread(stage)
    conversation = f"{GENERAL}:{root}"
    await stage.store.redis.rpush(stage.keys.thread(conversation), "a turn")
    await stage.say(BEN, GENERAL, "@grok Forget", root)

    assert stage.told(BEN) == [talk.FORGOTTEN]
    assert not await stage.store.redis.exists(stage.keys.thread(conversation))
    assert len(await stage.jobs()) == 1
    await stage.say(ANA, GENERAL, "who are you?", root)
    assert not (await stage.jobs())[1].ask.reads_thread


async def test_forget_that_is_delivered_again_forgets_nothing_new(stage: Stage) -> None:
    conversation = DM
    await stage.say(ANA, DM, "forget")
    forgetting = stage.workspace.deliveries[-1]
    await stage.store.redis.rpush(stage.keys.thread(conversation), "a turn")
    await stage.workspace.redeliver(forgetting)
    await stage.quiet()

    assert stage.told(ANA) == [talk.FORGOTTEN]
    assert await stage.store.redis.exists(stage.keys.thread(conversation))


async def test_forget_without_a_conversation(stage: Stage) -> None:
    await stage.say(ANA, GENERAL, "@grok forget")

    assert stage.told(ANA) == [talk.NOTHING_TO_FORGET]


async def test_forget_is_a_word_like_others(stage: Stage) -> None:
    root = await answer(stage)
    await stage.say(ANA, GENERAL, "forget", root)
    await stage.say(ANA, GENERAL, "@grok forget it, what is TCP?", root)

    assert await stage.prompts() == ["forget", "forget it, what is TCP?"]
    assert stage.told(ANA) == [talk.IN_LINE(1)]
