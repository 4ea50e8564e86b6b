"""Everything a person can do in Slack, from Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from sandbox.workspace.acting import interactivity, people, sessions, submissions
from sandbox.workspace.acting.commands import run_command
from sandbox.workspace.acting.payloads import message_place, view_place
from sandbox.workspace.acting.picking import Hand
from sandbox.workspace.acting.suggestions import suggest
from sandbox.workspace.blocks.view_values import fill
from sandbox.workspace.model import CommandResult, InteractionResult, Json, Message
from sandbox.workspace.team import Team
from sandbox.workspace.uploads import NewFile


class Acts:
    """What people do, each method for one of them (`user`). What Slack's client would not let
    them do raises `NotAllowedError`; what was typed that nobody could type, `KeyError`.

    What is typed into a form (`typed`) is `{block_id: value}`: the text, an option by its value,
    a list of them, a conversation's id, or None for nothing. What is not named stays as shown.
    External selects are searched for it, which asks the app. `{block_id: {action_id: {…}}}` in
    Slack's own shape is taken as it is.

    Several at once: `await asyncio.gather(ws.submit(ANA, id), ws.submit(ANA, id))` submits twice
    before the first is acked; `gather(ws.click(…), ws.click(…))` is a double click; what is
    deleted or archived while an answer streams is simply done while it streams.
    """

    _team: Team

    # Writing.

    async def command(self, user: str, channel: str, text: str) -> CommandResult:
        """Type a slash command. Returns when it was acked, or when Slack gave up."""
        return await run_command(self._team, user, channel, text)

    async def say(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        files: Iterable[str | NewFile] = (),
        attachments: Iterable[Json] = (),
        broadcast: bool = False,
        me: bool = False,
    ) -> Message:
        """Write a message, or a reply in a thread. `@name`, `#channel` and addresses become
        what Slack makes of them. `files`: what is dropped into it. `attachments`: what comes of
        forwarding a message, or of a table that is pasted. `broadcast`: "also send to channel";
        `me`: `/me …`."""
        return people.say(
            self._team,
            user,
            channel,
            text,
            thread_ts,
            files=files,
            attachments=attachments,
            broadcast=broadcast,
            me=me,
        )

    async def say_as_bot(
        self,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        *,
        blocks: Iterable[Json] = (),
        attachments: Iterable[Json] = (),
        webhook: bool = False,
    ) -> Message:
        """Post as another app's bot (`OTHER_BOT`); `f"<@{BOT_USER}> …"` mentions ours, which is
        told of it as of anybody's mention. `webhook`: with the subtype `bot_message` and no
        user, as incoming webhooks post."""
        return people.say_as_bot(
            self._team,
            channel,
            text,
            thread_ts,
            blocks=blocks,
            attachments=attachments,
            webhook=webhook,
        )

    async def edit(self, user: str, channel: str, ts: str, text: str) -> Message:
        return people.edit(self._team, user, channel, ts, text)

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """One's own message; an admin may delete anybody's, the bot's included."""
        people.delete(self._team, user, channel, ts)

    async def delete_file(self, user: str, file_id: str) -> None:
        """One's own, from all messages."""
        people.delete_file(self._team, user, file_id)

    async def stop_stream(self, user: str, channel: str, ts: str) -> None:
        """Stop a message that still streams; the app hears of it when it appends to it again."""
        people.stop_stream(self._team, user, channel, ts)

    async def dismiss(self, user: str, channel: str, ts: str) -> None:
        """Take away an ephemeral message."""
        people.dismiss(self._team, user, channel, ts)

    async def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """React to a message with an emoji by its name (`thumbsup`, `+1::skin-tone-2`)."""
        people.react(self._team, user, channel, ts, name, added=True)

    async def take_back(self, user: str, channel: str, ts: str, name: str) -> None:
        """Take such a reaction back."""
        people.react(self._team, user, channel, ts, name, added=False)

    # Messages with something to use.

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        chosen: Any = None,
        *,
        seen: int | None = None,
    ) -> InteractionResult:
        """Press a button of a message (an ephemeral one included), or choose in its select (an
        option by its value). `seen`: the index of the revision the person still looks at, to
        press a button that an edit has just taken away."""
        place = message_place(self._team, user, channel, ts, seen)
        given = await Hand(self._team, user, place).choose(action_id, chosen)
        return await interactivity.click(
            self._team, user, channel, ts, action_id, chosen=given, seen=seen
        )

    async def shortcut(
        self,
        user: str,
        callback_id: str,
        channel: str | None = None,
        ts: str | None = None,
        *,
        viewing: str | None = None,
    ) -> InteractionResult:
        """Run a global shortcut while `viewing` a conversation, or a message's when `channel`
        and `ts` are given."""
        if channel is None or ts is None:
            return await interactivity.shortcut(self._team, user, callback_id, viewing)
        return await interactivity.message_shortcut(self._team, user, callback_id, channel, ts)

    # Forms and the Home tab.

    async def fill(self, user: str, view_id: str, typed: Json) -> None:
        """Type into a form without doing anything else: the app hears of it with the next
        click or the submission."""
        place = view_place(self._team, user, view_id)
        fill(place.blocks, place.values, await Hand(self._team, user, place).fill(typed))

    async def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        chosen: Any = None,
        typed: Json | None = None,
    ) -> InteractionResult:
        """Press a button of a view, or choose in its select, with `typed` filled in before. An
        input of a form tells the app only with `dispatch_action`; else `fill` it."""
        place = view_place(self._team, user, view_id)
        given = await Hand(self._team, user, place).choose(action_id, chosen)
        filled = await Hand(self._team, user, place).fill(typed or {})
        return await interactivity.click_view(
            self._team, user, view_id, action_id, chosen=given, typed=filled
        )

    async def submit(self, user: str, view_id: str, typed: Json | None = None) -> InteractionResult:
        """Submit a modal with `typed` filled in. `errors` of the result marks fields, by what
        Slack's client refuses (the app is then not asked) or by what the app answered."""
        place = view_place(self._team, user, view_id)
        filled = await Hand(self._team, user, place).fill(typed or {})
        return await submissions.submit(self._team, user, view_id, filled)

    async def close_view(self, user: str, view_id: str) -> InteractionResult:
        return await submissions.close_view(self._team, user, view_id)

    async def suggest(
        self, user: str, view_id: str, action_id: str, query: str, *, block_id: str | None = None
    ) -> InteractionResult:
        """Type `query` into an external select of a view (`block_id` where several share the
        action_id); what the app offers is in `options` of the result."""
        place = view_place(self._team, user, view_id)
        return await suggest(self._team, user, place, action_id, query, block_id=block_id)

    async def open_home(self, user: str, tab: Literal["home", "messages"] = "home") -> None:
        """Open a tab of the app; Slack tells it of both."""
        interactivity.open_app(self._team, user, tab)

    # An agent's own surface.

    async def look_at(self, user: str, channel: str | None) -> None:
        """Open a conversation beside the app, or none."""
        sessions.look_at(self._team, user, channel)

    async def press_stop(self, user: str, channel: str, root: str) -> None:
        """Press Slack's own Stop in a thread that is being worked on."""
        sessions.stop(self._team, user, channel, root)

    async def rename_session(self, user: str, channel: str, root: str, title: str) -> None:
        """Give the session of a thread another title."""
        sessions.rename(self._team, user, channel, root, title)

    async def pick(self, user: str, number: int) -> Message:
        """Click one of the prompts that the Messages tab suggests: Slack sends it for `user`."""
        channel = self._team.state.dm(user).id
        prompt = sessions.suggested_in(self._team, channel)["prompts"][number]
        return people.say(self._team, user, channel, prompt["message"])

    # Conversations.

    async def invite(self, user: str, channel: str) -> None:
        """Invite the bot."""
        people.invite_bot(self._team, user, channel)
