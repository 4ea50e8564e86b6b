"""The slash command `/grok`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from bot import metrics, words
from bot.acks import Reaction
from bot.admin.grok_key import GrokKeyForm
from bot.admin.prompts import PromptCommands
from bot.asking.asking import Asking, Refused, Taken
from bot.completion.ask import Place
from bot.completion.flags import Flags
from bot.doors.forms import Forms
from bot.doors.mistyped import Mistyped
from bot.patience import soon
from bot.rules.commands import (
    Form,
    Help,
    help_text,
    may_be_slip,
    parse,
    parse_command,
    without_name,
)
from bot.rules.nearly import meant
from bot.rules.saved_prompts import filled
from bot.slack.blocks import Message
from bot.slack.inbound.payloads import SlashCommand, mentioned, shown
from bot.words import prompts as prompt_words

if TYPE_CHECKING:
    from bot.admin.commands import CommandRunner

FIND_SECONDS = 0.7
"""How long finding a prompt may take, of an ack's 3 s: accepting takes 2."""


@frozen
class GrokCommand:
    """Answers `/grok …`: takes a question, opens the form, or does what the command says."""

    _asking: Asking
    _forms: Forms
    _managing: Callable[[], CommandRunner]
    _mistyped: Mistyped
    _prompts: PromptCommands
    _grok_key: GrokKeyForm

    async def __call__(self, payload: SlashCommand) -> Reaction:
        """The ack is a text for the author alone; empty when something else follows."""
        text = without_name(shown(payload.text))
        command = parse_command(text, mentioned(payload.text))
        if command and command.name == "prompts use" and not command.faults:
            name, typed = command.names
            return await self._used(name, typed, payload)
        if command and command.name == "key" and not command.faults:
            return await self._grok_key.on_command(payload)
        if command:
            return await self._managing()(command, payload)
        match parse(text):
            case Form():
                return await self._forms.on_command(payload)
            case Help(topic=topic):
                return Reaction(help_text(topic))
            case Flags() as flags:
                return await self._asked(flags, text, payload)

    async def _used(self, name: str, typed: str, payload: SlashCommand) -> Reaction:
        """Ask a saved prompt, with what was `typed` in its places."""
        finding = self._prompts.find(name, user=payload.user_id, channel=payload.channel_id)
        found = await soon(finding, FIND_SECONDS, words.STORE_AWAY, "prompt not found")
        if isinstance(found, str):
            return Reaction(found)
        flags = filled(found[1], typed)
        if flags is None:
            return Reaction(prompt_words.NEEDS_TEXT(name))
        return _told(await self._asking.ask(flags, _place(payload)))

    async def _asked(self, flags: Flags, text: str, payload: SlashCommand) -> Reaction:
        place = _place(payload)
        if may_be_slip(text) and (command := meant(text, mentioned(payload.text))):
            metrics.REQUESTS.labels("command", "refused").inc()
            return _only_to_author(await self._mistyped.like_command(text, place, command))
        asked = await self._asking.ask(flags, place)
        if isinstance(asked, Refused) and asked.outcome == "refused":
            return _only_to_author(
                await self._mistyped.faulty(asked.count(), text, place, prefix="/grok ")
            )
        return _told(asked)


def _told(asked: Taken | Refused) -> Reaction:
    """An ack with what there is to say to whoever asked."""
    if isinstance(asked, Refused):
        return Reaction(asked.count())
    note = asked.promise()
    return _only_to_author(note) if note else Reaction()


def _place(payload: SlashCommand) -> Place:
    return Place(
        dedupe=f"command:{payload.trigger_id}",
        surface="command",
        channel=payload.channel_id,
        user=payload.user_id,
        user_team=payload.team_id,
        response_url=payload.response_url or None,
    )


def _only_to_author(message: Message) -> Reaction:
    """An ack that shows `message` to whoever typed the command."""
    return Reaction(
        {"response_type": "ephemeral", "text": message.text, "blocks": list(message.blocks)}
    )
