"""Which events can be for the bot at all, and what they say to it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.doors.hearing import Heard, completed, hear
from bot.slack.inbound.payloads import MessageEvent, SlackMessage
from sandbox.workspace import ANA, BOT_USER, GENERAL, dm_of

DM = {"channel": dm_of(ANA), "channel_type": "im"}
TS = "1700000000.000100"
ROOT = "1600000000.000100"
OTHER_BOT = {"user": "U0OTHERBOT", "bot_id": "B0OTHERBOT", "app_id": "A0OTHERBOT"}
EDITED = {"edited": {"user": ANA, "ts": "1700000009.000100"}}


BLOCK = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "hello"}]}],
}
FORWARDED = {"is_share": True, "author_name": "Carol", "text": "E42"}


def heard(**fields: Any) -> Heard | None:
    """What is heard of a mention, with `fields` in place of the usual ones."""
    usual = {
        "type": "message",
        "channel": GENERAL,
        "channel_type": "channel",
        "user": ANA,
        "ts": TS,
        "text": f"<@{BOT_USER}> hello",
    }
    event = MessageEvent.model_validate(usual | fields)
    return hear(event, BOT_USER) if event.by_person(BOT_USER) else None


def test_a_mention() -> None:
    assert heard() == Heard(
        channel=GENERAL,
        ts=TS,
        thread_ts="",
        user=ANA,
        user_team="",
        text="hello",
        called=True,
        direct=False,
        in_own_thread=False,
        forgets=False,
    )


@pytest.mark.parametrize(
    "fields",
    [
        OTHER_BOT,
        {"bot_id": "B0OTHERBOT"},
        {"app_id": "A0OTHERBOT"},
        {"type": "app_mention", **OTHER_BOT},
        {"thread_ts": ROOT, "parent_user_id": BOT_USER, **OTHER_BOT},
        {**DM, **OTHER_BOT},
        {"subtype": "bot_message", "user": None},
        {"user": "USLACKBOT"},
        {"user": BOT_USER},
        {"hidden": True},
        EDITED,
        {"type": "app_mention", **EDITED},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"subtype": "message_replied"},
        {"subtype": "reminder_add"},
        {"subtype": "tombstone"},
        {**DM, "text": " "},
        {"text": "hello"},
        {"text": "hello", "thread_ts": TS, "parent_user_id": BOT_USER},
        {"text": " ", "thread_ts": ROOT},
        {"text": "<@U0BEN00001> hello", "thread_ts": ROOT, "parent_user_id": BOT_USER},
        {"text": " <@U0BEN00001|ben> hello", "thread_ts": ROOT},
        {"text": "<!here> hello", "thread_ts": ROOT},
        {"text": "<!subteam^S012|devs> hello", "thread_ts": ROOT},
    ],
)
def test_not_for_the_bot(fields: dict[str, Any]) -> None:
    assert heard(**fields) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"subtype": "file_share"},
        {"subtype": "thread_broadcast"},
        {"subtype": "me_message"},
        {"type": "app_mention", "channel_type": ""},
        {"bot_id": None, "thread_ts": None, "files": None, "edited": None, "subtype": None},
        {**DM, "text": "hello"},
        {**DM, "channel_type": "", "text": "hello"},
        {"text": "hello", "thread_ts": ROOT},
        {"text": "hello", "files": [{"id": "F1"}], "thread_ts": ROOT},
        {"text": "", "blocks": [BLOCK], "thread_ts": ROOT},
    ],
)
def test_perhaps_for_the_bot(fields: dict[str, Any]) -> None:
    found = heard(**fields)
    assert found is not None
    assert found.text == "hello"


def test_a_mention_that_only_the_event_tells_of() -> None:
    """Its text may have it nowhere, as with a mention in a block."""
    found = heard(type="app_mention", text="hello")
    assert found is not None
    assert found.called


def test_whoever_begins_with_somebody_else_may_call_the_bot_too() -> None:
    found = heard(text=f"<@U0BEN00001> ask <@{BOT_USER}> please", thread_ts=ROOT)
    assert found is not None
    assert found.called


def test_in_a_direct_message_names_do_not_matter() -> None:
    found = heard(**DM, text="<@U0BEN00001> is who?")
    assert found is not None
    assert found.direct


@pytest.mark.parametrize(
    "fields",
    [{**DM, "text": ""}, {"text": "", "thread_ts": ROOT, "parent_user_id": BOT_USER}],
)
def test_a_forwarded_message_alone_says_something(fields: dict[str, Any]) -> None:
    found = heard(**fields, attachments=[FORWARDED])
    assert found is not None
    assert found.text == ""
    assert [each.text for each in found.others] == ["E42"]


def test_a_mention_alone_does_not_tell_all_of_its_message() -> None:
    message, mention = heard(), heard(type="app_mention")
    assert message is not None
    assert mention is not None
    assert (message.partial, mention.partial) == (False, True)

    whole = completed(
        mention, SlackMessage(ts=TS, files=[{"name": "a.txt"}], attachments=[FORWARDED])
    )
    assert [each.name for each in whole.files] == ["a.txt"]
    assert [each.author for each in whole.others] == ["Carol"]
    assert not whole.partial


def test_whose_thread_it_is() -> None:
    own = heard(text="hello", thread_ts=ROOT, parent_user_id=BOT_USER)
    foreign = heard(text="hello", thread_ts=ROOT, parent_user_id=ANA)
    assert own is not None
    assert foreign is not None
    assert (own.in_own_thread, foreign.in_own_thread) == (True, False)


def test_the_conversation_and_the_dedupe() -> None:
    top, reply, direct = heard(), heard(thread_ts=ROOT), heard(**DM, thread_ts=ROOT)
    assert top is not None
    assert reply is not None
    assert direct is not None
    assert (top.conversation, top.root_ts) == (f"{GENERAL}:{TS}", TS)
    assert (reply.conversation, reply.root_ts) == (f"{GENERAL}:{ROOT}", ROOT)
    assert direct.conversation == dm_of(ANA)
    assert top.dedupe == reply.dedupe == f"message:{GENERAL}:{TS}"


@pytest.mark.parametrize(
    ("fields", "forgets"),
    [
        ({"text": f"<@{BOT_USER}> forget"}, True),
        ({**DM, "text": "Forget"}, True),
        ({"text": "forget", "thread_ts": ROOT, "parent_user_id": BOT_USER}, False),
        ({"text": f"<@{BOT_USER}> forget it"}, False),
    ],
)
def test_forget(fields: dict[str, Any], forgets: bool) -> None:
    found = heard(**fields)
    assert found is not None
    assert found.forgets == forgets
