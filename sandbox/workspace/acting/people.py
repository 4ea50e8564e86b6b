"""What people (and other apps) do with messages: say, edit, delete, dismiss; and invite."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.workspace.acting import choices
from sandbox.workspace.blocks.typed_text import encode_message
from sandbox.workspace.model import Channel, Json, Message
from sandbox.workspace.state import BOT_USER, NAMED, OTHER_BOT
from sandbox.workspace.team import Team
from sandbox.workspace.timeline import Content
from sandbox.workspace.uploads import NewFile, dropped


class NotAllowedError(Exception):
    """Slack's own client would not let this person do that. The text is Slack's error name."""


def sees(team: Team, user: str, channel_id: str) -> bool:
    """Whether `user` may open that conversation."""
    channel = team.state.channels.get(channel_id)
    if channel is None or user not in team.state.users:
        return False
    return choices.sees(team.state, user, channel)


def must_see(team: Team, user: str, channel_id: str) -> Channel:
    if not sees(team, user, channel_id):
        raise NotAllowedError("channel_not_found")
    return team.state.channels[channel_id]


def must_write(team: Team, user: str, channel_id: str) -> Channel:
    """A conversation in which `user` has a composer."""
    channel = must_see(team, user, channel_id)
    if channel.is_archived:
        raise NotAllowedError("is_archived")
    if user not in channel.members:
        raise NotAllowedError("not_in_channel")
    return channel


def say(
    team: Team,
    user: str,
    channel_id: str,
    text: str,
    thread_ts: str | None = None,
    *,
    files: Iterable[str | NewFile] = (),
    attachments: Iterable[Json] = (),
    broadcast: bool = False,
    me: bool = False,
) -> Message:
    """Post as a person, as typed: `@name` becomes a mention."""
    channel = must_write(team, user, channel_id)
    files, attachments = tuple(files), tuple(attachments)
    if not (text.strip() or files or attachments):
        raise NotAllowedError("no_text")
    if channel.user is not None and (not team.app.messages_tab or team.app.messages_tab_read_only):
        raise NotAllowedError("messages_tab_disabled")
    if thread_ts is not None:
        thread_ts = _root(team, channel_id, thread_ts)
    if broadcast and thread_ts is None:
        raise NotAllowedError("only_replies_are_broadcast")
    return team.timeline.post(
        channel_id,
        user,
        Content(encode_message(team.state, text)),
        thread_ts=thread_ts,
        files=dropped(files, team.ids),
        attachments=attachments,
        broadcast=broadcast,
        subtype="me_message" if me else None,
    )


def say_as_bot(
    team: Team,
    channel_id: str,
    text: str,
    thread_ts: str | None = None,
    *,
    blocks: Iterable[Json] = (),
    attachments: Iterable[Json] = (),
    webhook: bool = False,
) -> Message:
    """Post as another app's bot, `text` in Slack's own form (`<@U…>` is a mention)."""
    channel = must_write(team, OTHER_BOT, channel_id)
    if thread_ts is not None:
        thread_ts = _root(team, channel.id, thread_ts)
    content = Content(text, tuple(blocks))
    subtype = "bot_message" if webhook else None
    return team.timeline.post(
        channel.id,
        OTHER_BOT,
        content,
        thread_ts=thread_ts,
        attachments=attachments,
        subtype=subtype,
    )


def edit(team: Team, user: str, channel_id: str, ts: str, text: str) -> Message:
    message = _standing(team, user, channel_id, ts, may=False)
    if not text.strip():
        raise NotAllowedError("no_text")
    content = Content(encode_message(team.state, text))
    team.timeline.edit(message, content, by=user, flagged=True)
    return message


def delete(team: Team, user: str, channel_id: str, ts: str) -> None:
    """One's own message; an admin of the workspace may delete anybody's."""
    person = team.state.users[user]
    ours = person.is_placed and person.organisation is None
    team.timeline.delete(_standing(team, user, channel_id, ts, may=person.is_admin and ours))


def delete_file(team: Team, user: str, file_id: str) -> None:
    """Delete a file for good; the messages that held it stay."""
    mine = [message for message in team.state.shares(file_id) if message.user == user]
    if not mine or file_id in team.state.deleted_files:
        raise NotAllowedError("file_not_found")
    team.state.deleted_files.add(file_id)


def react(team: Team, user: str, channel_id: str, ts: str, name: str, *, added: bool) -> None:
    """React to a message with an emoji, or take that back."""
    must_see(team, user, channel_id)
    message = team.state.find(channel_id, ts)
    if message is None or message.tombstone:
        raise NotAllowedError("message_not_found")
    reaction = (user, name)
    if added == (reaction in message.reactions):
        raise NotAllowedError("already_reacted" if added else "no_reaction")
    (message.reactions.append if added else message.reactions.remove)(reaction)
    team.events.reacted(message, user, name, added=added)


def dismiss(team: Team, user: str, channel_id: str, ts: str) -> None:
    """Take away an ephemeral message that one was shown."""
    message = team.state.find_ephemeral(channel_id, ts)
    if message is None or message.ephemeral_to != user:
        raise NotAllowedError("message_not_found")
    team.timeline.dismiss(message)


def stop_stream(team: Team, user: str, channel_id: str, ts: str) -> None:
    """Stop what the bot still streams, as anybody who sees it may."""
    must_see(team, user, channel_id)
    message = team.state.find(channel_id, ts)
    if message is None or not message.is_streaming(team.limits.stream):
        raise NotAllowedError("message_not_in_streaming_state")
    team.timeline.stop_stream(message)


def invite_bot(team: Team, user: str, channel_id: str) -> None:
    channel = must_see(team, user, channel_id)
    if channel.kind not in NAMED:
        raise NotAllowedError("method_not_supported_for_channel_type")
    if BOT_USER in channel.members:
        raise NotAllowedError("already_in_channel")
    channel.members.add(BOT_USER)
    team.feed.publish({"type": "state"})
    team.events.member_joined(BOT_USER, channel, user)


def _root(team: Team, channel_id: str, ts: str) -> str:
    root = team.state.thread_of(channel_id, ts)
    if root is None:
        raise NotAllowedError("thread_not_found")
    return root


def _standing(team: Team, user: str, channel_id: str, ts: str, *, may: bool) -> Message:
    """A message that stands; not somebody else's, unless `may`. In an archived channel
    everything stays as it is."""
    if must_see(team, user, channel_id).is_archived:
        raise NotAllowedError("is_archived")
    message = team.state.find(channel_id, ts)
    if message is None or message.tombstone:
        raise NotAllowedError("message_not_found")
    if message.user != user and not may:
        raise NotAllowedError("not_your_message")
    return message
