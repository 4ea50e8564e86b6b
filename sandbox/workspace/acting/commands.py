"""Slash commands: from the composer to the app, and its ack back to the person."""

from __future__ import annotations

from sandbox.workspace.acting.payloads import CHANNEL_NAMES
from sandbox.workspace.acting.people import must_write
from sandbox.workspace.blocks.typed_text import encode
from sandbox.workspace.config import Command
from sandbox.workspace.delivering.response_url import show_reply
from sandbox.workspace.model import Channel, CommandResult, Delivery, Json
from sandbox.workspace.state import APP_ID
from sandbox.workspace.team import Team


async def run_command(team: Team, user: str, channel_id: str, typed: str) -> CommandResult:
    """Send `typed` (`/name …`) to the app and show the person what comes back."""
    channel = must_write(team, user, channel_id)
    name, rest = [*typed.split(None, 1), ""][:2]
    command = next((c for c in team.app.commands if c.command == name), None)
    outsider = team.state.users[user].organisation is not None
    offered = team.state.installed and "commands" in team.app.scopes
    if command is None or outsider or not offered:
        return CommandResult(None, {}, 0.0, "invalid_command", "", "")
    return await run(team, user, channel, command, rest.strip())


async def run(
    team: Team, user: str, channel: Channel, command: Command, text: str
) -> CommandResult:
    """Send a command that Slack has let through, and show the person what comes back."""
    payload = _payload(team, user, channel, command, text)
    delivery = await team.dispatcher.deliver("slash_commands", payload)
    return CommandResult(
        ack_status=delivery.status,
        ack_body=delivery.ack or {},
        delay=delivery.delay or 0.0,
        error=_error(delivery) or show_ack(team, user, channel.id, delivery.ack or {}),
        response_url=payload["response_url"],
        trigger_id=payload["trigger_id"],
    )


def show_ack(team: Team, user: str, channel: str, ack: Json) -> str | None:
    """Show what the app answered at once; the error that its author sees instead, if any."""
    if not ack:
        return None
    status, reply = show_reply(team, ack, channel=channel, user=user)
    return None if status == 200 else f"dispatch_unknown_error ({reply})"


def _error(delivery: Delivery) -> str | None:
    if delivery.error is None:
        return None
    return "operation_timeout" if delivery.error == "http_timeout" else "dispatch_failed"


def _payload(team: Team, user: str, channel: Channel, command: Command, text: str) -> Json:
    return {
        "token": "sandbox-verification",
        "team_id": team.state.team_id,
        "team_domain": team.state.domain,
        "channel_id": channel.id,
        "channel_name": CHANNEL_NAMES.get(channel.kind, channel.name),
        "user_id": user,
        "user_name": team.state.users[user].name,
        "command": command.command,
        "text": encode(team.state, text, escape=command.should_escape),
        "api_app_id": APP_ID,
        **{f"enterprise_{name}": v for name, v in (team.state.enterprise_json or {}).items()},
        "is_enterprise_install": "true" if team.state.org_wide else "false",
        "response_url": team.origin + team.response_urls.new(channel.id, user),
        "trigger_id": team.triggers.new(user, conversation=channel.id),
    }
