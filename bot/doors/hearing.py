"""Which messages are for the bot, as far as the event itself says it, and what they ask: their
words, what their author put beside them, and what nobody reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from bot.characters import printable
from bot.completion.ask import Said, conversation_of
from bot.completion.flags import Flags
from bot.doors.thanks import is_thanks
from bot.files.file import FileInfo
from bot.slack.files import files_of
from bot.slack.inbound.interactions import viewed_in
from bot.slack.inbound.payloads import (
    MessageEvent,
    SlackMessage,
    mentioned,
    names_somebody,
    says_forget,
    says_leave,
    shown,
    without_call,
)
from bot.slack.reading.message_text import Attached, Parts, bounded, parts_of, with_reasons
from bot.words import files as words
from bot.words import talk
from bot.words.form import AN_APP

MOST_CONTEXT = 10
"""Messages that are read beside one question."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a person that may be a question.

    `text` is in Slack's notation, without the mention of the bot that it begins or ends with;
    `beside` is what else its author shows, `others` what others wrote and is attached to it.
    `files` are those that go along, and those of which it is known that they cannot. `partial`:
    Slack told but a part of the message.
    `called`: the bot is mentioned in it; `direct`: it is a direct message to the bot;
    `in_own_thread`: it is a reply to a message of the bot's. `thread_ts` is empty when it is
    no reply.
    """

    channel: str
    ts: str
    thread_ts: str
    user: str
    user_team: str
    text: str
    called: bool
    direct: bool
    in_own_thread: bool
    forgets: bool
    """Whether it says nothing but that the conversation shall be forgotten."""
    leaves: bool = False
    """Whether it says nothing but that the bot shall leave the thread alone."""
    beside: str = ""
    others: tuple[Attached, ...] = ()
    files: tuple[FileInfo, ...] = ()
    partial: bool = False
    by_thread: bool = False
    """Whether each thread of the direct messages is a conversation of its own."""
    viewed: str = ""
    """The channel that its author looks at, as far as Slack says it."""
    hints: tuple[Said, ...] = ()
    """What is known of that."""

    @property
    def holds_more(self) -> bool:
        """Whether there is more to read than its text."""
        return bool(self.beside or self.others) or any(not file.unread for file in self.files)

    @property
    def addressed(self) -> bool:
        """Whether it speaks to the bot outright."""
        return self.called or self.direct

    @property
    def root_ts(self) -> str:
        """The root of the thread that it is in, or would start."""
        return self.thread_ts or self.ts

    @property
    def conversation(self) -> str:
        """The conversation that it belongs to."""
        return conversation_of(self.channel, self.root_ts, by_thread=self.by_thread)

    @property
    def dedupe(self) -> str:
        """The same for each delivery, as a mention or as a message."""
        return dedupe_of(self.channel, self.ts)


def dedupe_of(channel: str, ts: str) -> str:
    """What a question asked by the message at `ts` is known by."""
    return f"message:{channel}:{ts}"


def hear(event: MessageEvent, bot_user: str, *, agent: bool = False) -> Heard | None:
    """What `event`, of a person, says to the bot; None when it cannot be for it. As an `agent` it
    has a conversation in each thread of its direct messages.

    A reply in a thread may be for the bot, unless it names somebody else; no mere thanks is. In a
    direct message there is nobody else to speak to.
    """
    parts = parts_of(event.text, event.blocks, event.attachments)
    called = event.type == "app_mention" or bot_user in mentioned(parts.text)
    direct = event.channel_type == "im" or event.channel.startswith("D")
    thread_ts = event.thread_ts if event.thread_ts != event.ts else ""
    if not (called or direct) and (not thread_ts or _speaks_to_others(parts, event, bot_user)):
        return None
    if not called and _is_thanks(parts, event):
        return None
    heard = Heard(
        channel=event.channel,
        ts=event.ts,
        thread_ts=thread_ts,
        user=event.user,
        user_team=event.user_team,
        text=without_call(parts.text, bot_user),
        called=called,
        direct=direct,
        in_own_thread=bool(thread_ts) and event.parent_user_id == bot_user,
        forgets=(called or direct) and says_forget(parts.text, bot_user),
        leaves=(called or direct) and says_leave(parts.text, bot_user),
        beside=parts.beside,
        others=parts.others,
        files=_files(event, parts),
        partial=event.type == "app_mention" and not event.files,
        by_thread=agent,
        viewed=viewed_in(event.app_context) if agent and direct else "",
    )
    return heard if called or heard.text or heard.files or heard.holds_more else None


def _speaks_to_others(parts: Parts, event: MessageEvent, bot_user: str) -> bool:
    return names_somebody(parts.text, but=(bot_user, event.user))


def _is_thanks(parts: Parts, event: MessageEvent) -> bool:
    """Whether nobody waits for the bot to say something to this."""
    return is_thanks(parts.text) and not (parts.beside or parts.others or event.files)


def completed(heard: Heard, message: SlackMessage) -> Heard:
    """`heard` with what an `app_mention` does not tell of its `message`."""
    parts = parts_of(message.text, message.blocks, message.attachments)
    return replace(
        heard,
        beside=parts.beside,
        others=parts.others,
        files=_files(message, parts),
        partial=False,
    )


def _files(message: MessageEvent | SlackMessage, parts: Parts) -> tuple[FileInfo, ...]:
    """What is attached to `message`."""
    nameless = [FileInfo(name=talk.AN_ATTACHMENT, unread=words.NOTHING_IN_IT)] * parts.unread
    return with_reasons((*files_of(message.files), *parts.files, *nameless))


def people_in(heard: Heard) -> tuple[str, ...]:
    """The ids of all whom the message names, each once."""
    texts = (heard.text, heard.beside, *(each.text for each in heard.others))
    users = [user for text in texts for user in mentioned(text)]
    return tuple(dict.fromkeys([*users, *(each.user for each in heard.others if each.user)]))


def context_of(heard: Heard, names: Mapping[str, str], bot_user: str) -> tuple[Said, ...]:
    """What others wrote and its author shares with the question."""
    said = [_said(each, names, bot_user) for each in heard.others[:MOST_CONTEXT]]
    return tuple(each for each in said if each.text)


def with_more(flags: Flags, heard: Heard, names: Mapping[str, str]) -> Flags:
    """`flags` with a prompt that holds what stands beside it in the message; where there is
    something to read and nothing was asked, it is asked what that says."""
    beside = bounded(printable(shown(heard.beside, names)).strip())
    prompt = flags.values.get("prompt")
    if not prompt and not any(fault.parameter == "prompt" for fault in flags.faults):
        prompt = "" if beside else talk.ABOUT_THIS if heard.holds_more else None
    if prompt is None or not (beside or prompt):
        return flags
    return flags.with_(prompt=_joined(prompt, beside))


def _joined(prompt: JsonValue, added: str) -> JsonValue:
    match prompt:
        case str() if added:
            return f"{prompt}\n\n{added}".lstrip("\n") if prompt else added
        case list():
            return [_joined(each, added) for each in prompt]
        case _:
            return prompt


def _said(attached: Attached, names: Mapping[str, str], bot_user: str) -> Said:
    own = attached.user == bot_user
    author = names.get(attached.user) or shown(attached.author, names) or AN_APP
    text = bounded(printable(shown(attached.text, names)).strip())
    return Said(author=talk.GROK if own else author, text=text, own=own)
