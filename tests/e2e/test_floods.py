"""One person who spends as much of Slack's limits as the bot lets them, against two replicas."""

from __future__ import annotations

from bot import words
from bot.slack.people.people import MOST_ASKED_FOR, NAMES_PER_MINUTE_EACH
from bot.slack.views import VIEWS_PER_MINUTE_EACH
from bot.words import admin as admin_words
from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, CHLOE, ENGINEERING, GENERAL, PARTNERS, STRANGER, View
from tests.e2e.stage import Stage, buttons, markdown, on_stage

NOBODIES = [f"<@U0NOBODY{number:04}>" for number in range(1_500)]


def methods(stage: Stage) -> list[str]:
    """What Slack was called for, but for taking a connection."""
    calls = [call for call in stage.workspace.calls if not call.method.startswith("auth.")]
    return sorted(call.method for call in calls if call.method != "apps.connections.open")


async def told(stage: Stage, text: str, user: str = ANA) -> str:
    """What the author of a command reads, alone."""
    before = len(stage.workspace.ephemerals(user))
    result = await stage.ask(text, user=user)
    if said := (result.ack_body or {}).get("text"):
        return str(said)
    await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(user)[before:])
    return stage.workspace.ephemerals(user)[before].shown


async def test_who_may_not_ask_costs_one_look_and_one_refusal(redis_url: str) -> None:
    async with on_stage(redis_url, replicas=2, asking_open_to="members") as stage:
        for number in range(20):
            mentions = " ".join(NOBODIES[number * 60 : number * 60 + 60])
            await stage.workspace.say(STRANGER, PARTNERS, f"@grok hi {mentions}")
        await stage.quiet()
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(STRANGER))

        found = methods(stage)
        assert found.count("users.info") in (1, 2), "once, or once for each replica"
        assert [method for method in found if method != "users.info"] == ["chat.postEphemeral"]
        (refusal,) = stage.workspace.ephemerals(STRANGER)
        assert refusal.shown == admin_words.MEMBERS_ONLY
        assert not stage.grok.requests


async def test_in_other_channels_than_those_for_questions_nobody_is_looked_up(
    redis_url: str,
) -> None:
    async with on_stage(redis_url, replicas=2, asking_channels=ENGINEERING) as stage:
        for _ in range(10):
            await stage.workspace.say(CHLOE, GENERAL, f"@grok hi {' '.join(NOBODIES[:60])}")
        await stage.quiet()
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(CHLOE))

        assert methods(stage) == ["chat.postEphemeral"]


async def test_made_up_mentions_leave_slack_to_the_others(redis_url: str) -> None:
    async with on_stage(redis_url, replicas=2, asking_open_to="members") as stage:
        for _ in range(3):
            await stage.workspace.say(CHLOE, GENERAL, f"@grok hi {' '.join(NOBODIES)} @ben")
        assert await told(stage, "pause workspace") not in (
            admin_words.WHO_ARE_YOU,
            admin_words.only_admins("pause"),
        )
        await told(stage, "resume workspace")
        await stage.ask("Name a river", user=BEN)
        await stage.quiet()

        calls = stage.workspace.calls_of("users.info")
        assert {call.status for call in calls} == {200}
        made_up = [call for call in calls if "NOBODY" in call.args["user"]]
        assert len(made_up) <= min(3 * MOST_ASKED_FOR, NAMES_PER_MINUTE_EACH)


async def test_an_admin_stays_one_while_slack_tells_nobody_who_anybody_is(redis_url: str) -> None:
    async with on_stage(redis_url, replicas=2) as stage:
        before = await told(stage, "audit")
        stage.workspace.fail("users.info", retry_after=60, times=None)
        for number in range(4):
            assert await told(stage, "audit") == before, number
        assert await told(stage, "audit", CHLOE) == admin_words.WHO_ARE_YOU
        assert await told(stage, "audit", BEN) == admin_words.WHO_ARE_YOU

        refused = [c for c in stage.workspace.calls_of("users.info") if c.status == 429]
        assert len(refused) <= 1


async def test_nobody_asks_more_in_a_minute_than_they_may(redis_url: str) -> None:
    async with on_stage(redis_url, replicas=2, questions_per_minute=3) as stage:
        for number in range(8):
            await stage.workspace.say(CHLOE, GENERAL, f"@grok question {number}")
        await stage.quiet()
        assert "You have asked 3 questions" in await told(stage, "one more", CHLOE)
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(CHLOE))
        await stage.ask("And may I?", user=BEN)
        await stage.workspace.wait_for(lambda: len(stage.grok.requests) >= 4)
        await stage.quiet()

        assert len(stage.grok.requests) == 4
        assert len(stage.workspace.calls_of("chat.postEphemeral")) == 1


async def test_a_form_for_whoever_may_not_ask_costs_the_one_view(redis_url: str) -> None:
    async with on_stage(redis_url, asking_open_to="members") as stage:
        workspace = stage.workspace
        workspace.state.users[CHLOE].is_guest = True
        said = await workspace.say(BEN, GENERAL, f"hello {' '.join(NOBODIES[:50])}")
        await stage.ask("", user=CHLOE)
        await workspace.wait_for(lambda: workspace.view(CHLOE))
        for _ in range(3):
            await workspace.shortcut(CHLOE, "ask_grok", GENERAL, said.ts)
            await workspace.shortcut(CHLOE, "new_grok")
        await workspace.wait_for(lambda: len(workspace.calls_of("views.open")) == 7)
        await stage.quiet()

        view = workspace.view(CHLOE)
        assert view is not None
        assert admin_words.MEMBERS_ONLY in str(view.content)
        assert methods(stage) == ["users.info", *["views.open"] * 7]


async def test_nobody_is_shown_all_the_views_that_slack_lets_be_shown(redis_url: str) -> None:
    async with on_stage(redis_url, replicas=2) as stage:
        for _ in range(40):
            await stage.workspace.open_home(CHLOE)
        await stage.quiet()
        await stage.workspace.open_home(BEN)
        await stage.workspace.wait_for(lambda: stage.workspace.home(BEN))

        def published() -> int:
            calls = stage.workspace.calls_of("views.publish")
            return len([call for call in calls if call.args["user_id"] == CHLOE])

        await stage.workspace.wait_for(lambda: published() >= VIEWS_PER_MINUTE_EACH)
        await stage.quiet()
        assert published() == VIEWS_PER_MINUTE_EACH


async def test_an_answer_takes_no_more_messages_than_it_may(redis_url: str) -> None:
    async with on_stage(redis_url, answer_messages=3) as stage:
        stage.grok.script(Script(text=["first " * 3_000, "second " * 3_000, "third " * 3_000]))
        await stage.ask("-n 3 --max-tokens 9000 Write")
        messages = await stage.answer()

        assert len(messages) == 3
        assert words.left_out(5 - 2) in str(messages[-1].revisions[-1].blocks)
        assert buttons(messages[-1]) == ["retry", "edit", "details"]
        await stage.workspace.click(ANA, GENERAL, messages[-1].ts, "details")

        def details() -> View | None:
            view = stage.workspace.view(ANA)
            return view if view and talk.DETAILS_REST in str(view.content) else None

        view = await stage.workspace.wait_for(details)
        shown = "".join(map(markdown, messages)) + str(view.content)
        for word, count in (("first", 3_000), ("second", 3_000), ("third", 3_000)):
            assert shown.count(f"{word} ") >= count - 10, word


async def test_of_more_answers_than_messages_is_told_at_once_that_not_all_are_seen(
    redis_url: str,
) -> None:
    async with on_stage(redis_url, answer_messages=3) as stage:
        few = await stage.ask("-n 3 Write")
        many = await stage.ask("-n 4 Write")
        await stage.ask("defaults set -n 4 me")
        by_default = await stage.ask("Write")

        assert not (few.ack_body or {}).get("text")
        assert many.ack_body["text"] == talk.ANSWERS_UNSEEN(answers=4, most=3)
        assert "Stop" not in str(many.ack_body["blocks"])
        assert not (by_default.ack_body or {}).get("text")
