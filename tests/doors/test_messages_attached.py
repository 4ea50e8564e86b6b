"""What a message shows beside its text, whichever of its events comes first."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.completion.ask import Said
from bot.files.file import FileRef
from bot.grok.client import GrokClient
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.workspace import ANA, BEN, GENERAL, Workspace, dm_of
from tests.doors.conversing import Stage, on_stage

DM = dm_of(ANA)


@pytest.fixture
async def stage(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> AsyncIterator[Stage]:
    async with on_stage(workspace, store, keys, grok_client) as stage:
        yield stage


FORWARDED = {
    "is_share": True,
    "is_msg_unfurl": True,
    "author_name": "Carol",
    "text": "Deploy of ZEBRA failed &amp; <@U0BEN00001> knows",
    "fallback": "[no preview]",
}
TABLE = {
    "fallback": "[no preview available]",
    "blocks": [
        {
            "type": "table",
            "rows": [
                [{"type": "raw_text", "text": "SKU"}, {"type": "raw_text", "text": "Qty"}],
                [{"type": "raw_text", "text": "LYNX-7"}, {"type": "raw_text", "text": "42"}],
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("channel", "text", "prompt"),
    [
        (DM, "", talk.ABOUT_THIS),
        (DM, "what went wrong here?", "what went wrong here?"),
        (GENERAL, "@grok summarise this", "summarise this"),
        (GENERAL, "@grok --temperature 0.5", talk.ABOUT_THIS),
        (GENERAL, "@grok", talk.ABOUT_THIS),
    ],
)
async def test_a_forwarded_message_goes_along(
    stage: Stage, channel: str, text: str, prompt: str
) -> None:
    await stage.say(ANA, channel, text, attachments=[FORWARDED])

    ask = await stage.asked()
    assert ask.request.prompt == prompt
    assert ask.context == (Said(author="Carol", text="Deploy of ZEBRA failed & @ben knows"),)
    assert not stage.workspace.ephemerals()


async def test_a_forwarded_message_alone_is_a_reply_to_the_bot(stage: Stage) -> None:
    await stage.say(
        ANA, GENERAL, "", (await stage.post(GENERAL, "an answer")), attachments=[FORWARDED]
    )

    assert (await stage.asked()).context[0].author == "Carol"


@pytest.mark.parametrize(
    ("channel", "text", "prompt"),
    [
        (DM, "total qty?", "total qty?\n\nSKU | Qty\nLYNX-7 | 42"),
        (DM, "", "SKU | Qty\nLYNX-7 | 42"),
        (GENERAL, "@grok total qty?", "total qty?\n\nSKU | Qty\nLYNX-7 | 42"),
        (GENERAL, "@grok", "SKU | Qty\nLYNX-7 | 42"),
    ],
)
async def test_a_table_is_part_of_the_question(
    stage: Stage, channel: str, text: str, prompt: str
) -> None:
    await stage.say(ANA, channel, text, attachments=[TABLE])

    assert await stage.prompts() == [prompt]


@pytest.mark.parametrize("in_thread", [False, True])
@pytest.mark.parametrize("first", ["app_mention", "message"])
async def test_a_mention_that_comes_first_knows_as_much(
    stage: Stage, first: str, in_thread: bool
) -> None:
    root = (await stage.say(BEN, GENERAL, "hm")).ts if in_thread else None
    stage.holds_back = "message" if first == "app_mention" else "app_mention"
    await stage.say(
        ANA, GENERAL, "@grok why?", root, files=["error.log"], attachments=[FORWARDED, TABLE]
    )

    ask = await stage.asked()
    assert ask.request.prompt == "why?\n\nSKU | Qty\nLYNX-7 | 42"
    assert [each.author for each in ask.context] == ["Carol"]
    (file,) = ask.files
    assert file == FileRef(id=file.id, tokens=3 * 1_024)


@pytest.mark.parametrize("first", ["app_mention", "message"])
async def test_files_alone_are_a_question_whichever_event_comes_first(
    stage: Stage, first: str
) -> None:
    stage.holds_back = "message" if first == "app_mention" else "app_mention"
    await stage.say(ANA, GENERAL, "@grok", files=["error.log", "film.mp4"])

    ask = await stage.asked()
    assert ask.request.prompt == talk.ABOUT_THIS
    assert [(each.tokens, bool(each.unread)) for each in ask.files] == [
        (3 * 1_024, False),
        (0, True),
    ]


@pytest.mark.parametrize("channel", [DM, GENERAL])
async def test_of_files_alone_that_nobody_reads_the_reasons_are_told(
    stage: Stage, channel: str
) -> None:
    text = "" if channel == DM else "@grok"
    await stage.say(ANA, channel, text, files=["film.mp4", "a.docx"])

    (told,) = stage.told(ANA)
    assert "film.mp4`: it is a video" in told
    assert "a.docx`: it is a Word document" in told


async def test_of_twenty_files_the_first_ten_are_read(stage: Stage) -> None:
    await stage.say(ANA, DM, "sum up", files=[f"{number}.txt" for number in range(20)])

    files = (await stage.asked()).files
    assert [bool(each.unread) for each in files] == [False] * 10 + [True] * 10
    assert {each.tokens for each in files[10:]} == {0}


async def test_files_of_a_forwarded_message_go_along(stage: Stage) -> None:
    held = await stage.say(BEN, GENERAL, "", files=["error.log"])
    forwarded = {**FORWARDED, "files": [{"id": held.files[0].id, "name": "error.log"}]}
    await stage.say(ANA, DM, "why?", attachments=[forwarded])

    assert [each.id for each in (await stage.asked()).files] == [held.files[0].id]


async def test_a_follow_up_knows_the_files_of_the_questions_before_it(stage: Stage) -> None:
    await stage.say(ANA, DM, "what is this?", files=["error.log"])
    for _ in range(4):
        await stage.say(ANA, DM, "and then?")

    *first, last = [job.ask for job in await stage.jobs()]
    assert [ask.enclosed for ask in first] == [first[0].files] * 4
    assert last.enclosed == ()


async def test_what_was_forgotten_goes_along_no_more(stage: Stage) -> None:
    await stage.say(ANA, DM, "what is this?", files=["error.log"])
    await stage.say(ANA, DM, "forget")
    await stage.say(ANA, DM, "and then?")

    assert (await stage.jobs())[-1].ask.enclosed == ()


async def test_a_mention_is_not_looked_up_once_its_message_was_taken(stage: Stage) -> None:
    stage.holds_back = "app_mention"
    await stage.say(ANA, GENERAL, "@grok why?")

    assert not stage.workspace.calls_of("conversations.history")


async def test_a_mention_that_cannot_be_looked_up_leaves_the_question_to_its_message(
    stage: Stage,
) -> None:
    stage.holds_back = "message"
    stage.workspace.fail("conversations.history", retry_after=30)
    said = await stage.say(ANA, GENERAL, "@grok why?", files=["error.log"])

    await stage.workspace.wait_for(lambda: said.ts in stage.refused)
    ask = await stage.asked()
    assert (ask.request.prompt, [each.tokens for each in ask.files]) == ("why?", [3 * 1_024])
