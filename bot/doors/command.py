"""The slash command `/grok`."""

from __future__ import annotations

from attrs import frozen

from bot import metrics
from bot.admin.commands import CommandRunner
from bot.asking.asking import Place
from bot.asking.taking import Taking, counted
from bot.completion.flags import Flags
from bot.doors.forms import Forms
from bot.doors.mistyped import Mistyped
from bot.doors.promising import promised
from bot.errors import NotTaken, RequestRefused
from bot.rules.admin_commands import parse_command
from bot.rules.commands import AskCommand, Form, Help, parse
from bot.rules.help import help_text
from bot.rules.hold import Denied
from bot.rules.nearly import meant
from bot.slack.blocks import Message
from bot.slack.payloads import SlashCommand
from bot.slack.reaction import Reaction
from bot.slack.shown import mentioned, shown


@frozen
class GrokCommand:
    """Answers `/grok …`: takes a question, opens the form, or does what the command says."""

    _taking: Taking
    _forms: Forms
    _managing: CommandRunner
    _mistyped: Mistyped

    async def __call__(self, payload: SlashCommand) -> Reaction:
        """The ack is a text for the author alone; empty when something else follows."""
        text = shown(payload.text)
        if command := parse_command(text, mentioned(payload.text)):
            return await self._managing(
                command,
                user=payload.user_id,
                channel=payload.channel_id,
                response_url=payload.response_url,
                operation=f"command:{payload.trigger_id}",
            )
        match parse(text):
            case Form():
                return await self._forms.on_command(payload)
            case Help(topic=topic):
                return Reaction(help_text(topic))
            case AskCommand(flags=flags):
                return await self._asked(flags, text, payload)

    async def _asked(self, flags: Flags, text: str, payload: SlashCommand) -> Reaction:
        place = Place(
            dedupe=f"command:{payload.trigger_id}",
            surface="command",
            channel=payload.channel_id,
            user=payload.user_id,
            user_team=payload.team_id,
            response_url=payload.response_url or None,
        )
        if command := meant(text, mentioned(payload.text)):
            metrics.REQUESTS.labels("command", "refused").inc()
            return _only_to_author(await self._mistyped.like_command(text, place, command))
        try:
            taken = await self._taking.ask(flags, place)
        except RequestRefused as refused:
            sentence = counted(refused, "command")
            return _only_to_author(
                await self._mistyped.faulty(sentence, text, place, prefix="/grok ")
            )
        except (Denied, NotTaken) as not_taken:
            return Reaction(counted(not_taken, "command"))
        note = promised(taken)
        return _only_to_author(note) if note else Reaction()


def _only_to_author(message: Message) -> Reaction:
    """An ack that shows `message` to whoever typed the command."""
    return Reaction(
        {"response_type": "ephemeral", "text": message.text, "blocks": list(message.blocks)}
    )
