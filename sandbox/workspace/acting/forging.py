"""What no client of Slack's sends, but what might arrive: payloads with claims made up.

Who it is, where they click and the time Slack says itself, and so it is true here too. The value
of a button, the state of a view and its `private_metadata` are passed on as they come. Commands,
shortcuts and views also come from people to whom Slack does not offer them.
"""

from __future__ import annotations

from sandbox.workspace.acting import commands
from sandbox.workspace.acting.payloads import (
    channel_field,
    common,
    hand_over,
    message_place,
    message_seen,
    view_seen,
)
from sandbox.workspace.acting.submissions import settle
from sandbox.workspace.model import CommandResult, InteractionResult, Json
from sandbox.workspace.serving.page_json import view_json
from sandbox.workspace.team import Team


class Forge:
    """Makes payloads up and hands them over; what comes back people see as of any other."""

    def __init__(self, team: Team) -> None:
        self._team = team

    async def command(self, user: str, channel: str, typed: str) -> CommandResult:
        """A slash command of somebody to whom Slack's client offers none."""
        return await commands.run(
            self._team, user, self._team.state.channels[channel], self._team.app.commands[0], typed
        )

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, value: str
    ) -> InteractionResult:
        """A button of a message that `user` sees, with a value that it does not have."""
        place = message_place(self._team, user, channel, ts)
        return await hand_over(
            self._team,
            {
                **common(self._team, "block_actions", user),
                **place.fields,
                "actions": [_button(self._team, action_id, value)],
                "state": {"values": {}},
                "response_url": self._team.origin + self._team.response_urls.new(channel, user, ts),
                "trigger_id": self._team.triggers.new(user, conversation=channel),
            },
        )

    async def click_view(
        self, user: str, view_id: str, action_id: str, value: str, forged: Json
    ) -> InteractionResult:
        """A button of a view that `user` has open, with the view's fields in `forged` made up."""
        view = view_seen(self._team, user, view_id)
        payload = {
            **common(self._team, "block_actions", user),
            "container": {"type": "view", "view_id": view_id},
            "actions": [_button(self._team, action_id, value)],
            "trigger_id": self._team.triggers.new(user, view=view_id),
            "view": {**view_json(view), **forged},
        }
        return await hand_over(self._team, payload)

    async def shortcut(self, user: str, callback_id: str) -> InteractionResult:
        """A global shortcut of somebody to whom Slack's client offers none."""
        payload = {
            **common(self._team, "shortcut", user),
            "callback_id": callback_id,
            "action_ts": self._team.clock.ts(),
            "trigger_id": self._team.triggers.new(user),
        }
        return await hand_over(self._team, payload)

    async def message_shortcut(
        self, user: str, callback_id: str, channel: str, ts: str
    ) -> InteractionResult:
        """The same for a shortcut of a message that `user` sees."""
        message = message_seen(self._team, user, channel, ts)
        payload = {
            **common(self._team, "message_action", user),
            "callback_id": callback_id,
            "channel": channel_field(self._team, channel),
            "message": self._team.events.seen(message),
            "message_ts": ts,
            "response_url": self._team.origin + self._team.response_urls.new(channel, user),
            "trigger_id": self._team.triggers.new(user, conversation=channel),
        }
        return await hand_over(self._team, payload)

    async def submit(self, user: str, view_id: str, forged: Json) -> InteractionResult:
        """Submit a modal that `user` has open, with the view's fields in `forged` made up: also to
        whom else's it is, or what it holds."""
        view = view_seen(self._team, user, view_id)
        payload = {
            **common(self._team, "view_submission", user),
            "trigger_id": self._team.triggers.new(user, view=view_id),
            "view": {**view_json(view), **forged},
            "response_urls": [],
        }
        return settle(self._team, view, await hand_over(self._team, payload))


def _button(team: Team, action_id: str, value: str) -> Json:
    return {
        "type": "button",
        "block_id": "forged",
        "action_id": action_id,
        "action_ts": team.clock.ts(),
        "text": {"type": "plain_text", "text": action_id},
        "value": value,
    }
