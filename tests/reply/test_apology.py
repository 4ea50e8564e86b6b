"""The sentence of a question that was given up: in the place of everything, and of nothing made."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from bot.completion.result import Answer, Section
from bot.markdown.safety import make_safe
from bot.reply.reply import Reply
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from sandbox.workspace import ANA, GENERAL, Message, Workspace
from sandbox.workspace.blocks.pings import pings_in
from tests.reply.conftest import Start, answer, ask, buttons, standing
from tests.reply.fake_ledger import FakeJob

SORRY = Answer.failed("grok-4.3", words.GIVEN_UP)


@pytest.fixture
def sorry(slack: Slack, budget: EditBudget, job: FakeJob) -> Start:
    """The reply of a holder who says so; keywords go to `ask`."""

    def reply(**fields: Any) -> Reply:
        return Reply(slack, budget, job.take(), ask(**fields), backoff=0.01, given_up=True)

    return reply


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may make safe what is longer than a sentence of the bot's."""

    def watched(text: str) -> Any:
        assert len(text) < 200, "laid out"
        return make_safe(text)

    monkeypatch.setattr("bot.markdown.safety.make_safe", watched)


def says(message: Message) -> str:
    (text,) = [block["text"] for block in message.blocks or [] if block["type"] == "markdown"]
    return str(text)


async def test_it_stands_in_the_place_of_what_was_shown(
    workspace: Workspace, start: Start, sorry: Start
) -> None:
    await start().deliver(answer("one", "two", "three"))
    assert len(standing(workspace)) == 3
    await sorry().deliver(SORRY)

    (message,) = standing(workspace)
    assert says(message) == words.FAILED(words.GIVEN_UP)
    assert "TCP" not in str(message.blocks)
    assert message.text == words.GIVEN_UP
    assert buttons(message) == ["retry", "edit"]


@pytest.mark.usefixtures("deadly")
@pytest.mark.parametrize("reply", ["channel", "thread", "private"])
async def test_nothing_is_laid_out_from_the_question(
    workspace: Workspace, sorry: Start, reply: str
) -> None:
    await sorry(prompt="x" * 60_000, reply=reply).deliver(SORRY)

    if reply == "private":
        (alone,) = workspace.ephemerals(ANA)
        blocks_, text = list(alone.blocks or []), alone.text
    else:
        (message,) = standing(workspace)
        blocks_, text = list(message.blocks or []), message.text
    assert "xxx" not in str(blocks_) + text
    assert pings_in(text, blocks_, parse_text=True) == (f"<@{ANA}>",)


async def test_who_was_told_in_private_is_told_so_too_and_once(
    workspace: Workspace, start: Start, sorry: Start
) -> None:
    await start(reply="private").deliver(answer("one"))
    await sorry(reply="private").deliver(SORRY)
    await sorry(reply="private").deliver(SORRY)

    told = [str(each.blocks) for each in workspace.ephemerals(ANA)]
    assert [words.GIVEN_UP in each for each in told] == [False, True]


async def test_where_the_answer_stood_in_a_thread_nothing_of_it_stays(
    workspace: Workspace, start: Start, sorry: Start, root: str
) -> None:
    await start(thread_ts=root, conversation=f"{GENERAL}:{root}").deliver(answer("one", "two"))
    await sorry(thread_ts=root, conversation=f"{GENERAL}:{root}").deliver(SORRY)

    question, message = standing(workspace)
    assert question.ts == root
    assert says(message) == words.FAILED(words.GIVEN_UP)


async def test_an_answer_that_streams_ends_with_it(
    workspace: Workspace, start: Start, sorry: Start, root: str
) -> None:
    place = {"thread_ts": root, "conversation": f"{GENERAL}:{root}", "question_ts": root}
    dying = start(streaming="native", **place)
    await dying.open()
    shown = [Section(text="A beginning.\n\nAnd more")]
    dying.changed()
    dying.close()
    await dying.run(lambda: shown)
    await sorry(**place).deliver(SORRY)

    _, message = standing(workspace)
    assert says(message) == words.FAILED(words.GIVEN_UP)
