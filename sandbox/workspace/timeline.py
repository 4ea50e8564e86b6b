"""Writing to conversations: every write is recorded, shown on the pages and told to the app."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.workspace.blocks.block_ids import with_ids
from sandbox.workspace.blocks.pings import pings_in, unfurls_in
from sandbox.workspace.clock import Clock, Ids
from sandbox.workspace.delivering.events import Events
from sandbox.workspace.feed import Feed
from sandbox.workspace.model import Json, Message, Revision, SharedFile
from sandbox.workspace.serving.page_json import page_message
from sandbox.workspace.state import BOT_USER, State


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be written. `parse_text`: Slack looks for names and @here in `text` too."""

    text: str
    blocks: tuple[Json, ...] = ()
    parse_text: bool = False
    unfurl: bool = True


@dataclass(slots=True)
class Timeline:
    """The one place where messages come, change and go."""

    state: State
    clock: Clock
    ids: Ids
    feed: Feed
    events: Events
    problems: list[str]

    def post(
        self,
        channel: str,
        user: str,
        content: Content,
        *,
        thread_ts: str | None = None,
        metadata: Json | None = None,
        files: Iterable[SharedFile] = (),
        attachments: Iterable[Json] = (),
        broadcast: bool = False,
        subtype: str | None = None,
        streams: bool = False,
    ) -> Message:
        """`streams`: it grows from now on, until its stream ends."""
        message = self._message(channel, user, content, thread_ts)
        message.streaming_since = time.monotonic() if streams else None
        message.subtype = subtype
        message.metadata = metadata
        message.files = tuple(files)
        self.state.files |= {file.id: file for file in message.files}
        message.attachments = tuple(attachments)
        message.broadcast = broadcast
        self.state.add(message)
        self._show("message", message)
        self._show_root(message)
        self.events.posted(message)
        return message

    def edit(self, message: Message, content: Content, *, by: str, flagged: bool) -> None:
        """`flagged`: people see that the message was edited."""
        previous = self.events.seen(message)
        message.revisions.append(self._revision(content, by))
        message.edited = message.edited or flagged
        if flagged:
            message.edited_ts = self.clock.ts()
        self._show("message_changed", message)
        self.events.changed(message, previous)

    def stop_stream(self, message: Message) -> None:
        """A person has read enough: it stays as it stands, and grows no further."""
        message.streaming_since = None
        message.stream_stopped = True
        self._show("message_changed", message)

    def delete(self, message: Message) -> None:
        """A root with replies leaves a tombstone, which goes with the last of them."""
        previous = self.events.seen(message)
        message.deleted_at = time.time()
        if not message.is_reply and self.state.replies(message.channel, message.ts):
            message.tombstone = True
            self._show("message_changed", message)
            self.events.changed(message, previous)
            return
        message.deleted = True
        message.tombstone = False
        frame = {"type": "message_deleted", "channel": message.channel, "ts": message.ts}
        self.feed.publish(frame)
        self._show_root(message)
        self.events.deleted(message, previous)
        root = self.state.find(message.channel, message.thread_ts or "")
        if root is not None and root.tombstone and not self.state.replies(root.channel, root.ts):
            self.delete(root)

    def whisper(
        self, channel: str, to: str, content: Content, *, thread_ts: str | None = None
    ) -> Message:
        """An ephemeral message of the bot, seen by `to` alone. Slack takes one for a thread
        without replies, too, and shows it to nobody."""
        message = self._message(channel, BOT_USER, content, thread_ts)
        message.ephemeral_to = to
        if thread_ts is not None and not self.state.replies(channel, thread_ts):
            self.problems.append(f"nobody sees an ephemeral in a thread without replies: {message}")
            return message
        self.state.ephemerals.append(message)
        self._show("ephemeral", message)
        return message

    def rewrite_whisper(self, message: Message, content: Content) -> None:
        """Replace an ephemeral message (only its own response_url may)."""
        message.revisions.append(self._revision(content, BOT_USER))
        self._show("ephemeral", message)

    def dismiss(self, message: Message) -> None:
        message.deleted = True
        frame = {"type": "ephemeral_deleted", "channel": message.channel, "ts": message.ts}
        self.feed.publish(frame, message.ephemeral_to)

    def _message(self, channel: str, user: str, content: Content, thread_ts: str | None) -> Message:
        return Message(
            channel=channel,
            ts=self.clock.ts(),
            user=user,
            revisions=[self._revision(content, user)],
            thread_ts=thread_ts,
            bot_id=self.state.users[user].bot_id,
            unfurl=content.unfurl,
        )

    def _revision(self, content: Content, by: str) -> Revision:
        blocks = tuple(with_ids(block, self.ids) for block in content.blocks)
        return Revision(
            text=content.text,
            blocks=blocks,
            at=time.time(),
            by=by,
            pings=pings_in(content.text, blocks, parse_text=content.parse_text),
            unfurls=unfurls_in(content.text, blocks) if content.unfurl else (),
        )

    def _show(self, kind: str, message: Message) -> None:
        self.feed.publish(
            {"type": kind, "message": page_message(self.state, message)}, message.ephemeral_to
        )

    def _show_root(self, message: Message) -> None:
        if message.is_reply and (root := self.state.find(message.channel, message.thread_ts or "")):
            self._show("message_changed", root)
