"""The slash command `/grok`."""

from __future__ import annotations

from bot import metrics
from bot.completion.commands import AskCommand, Form, Help, parse
from bot.completion.flags import Flags
from bot.completion.help import help_text
from bot.errors import NotTaken, RequestRefused
from bot.jobs.accept import Acceptor
from bot.listeners.asking import Asking, Place, promise
from bot.listeners.forms import Forms
from bot.listeners.payloads import SlashCommand
from bot.listeners.reaction import Reaction
from bot.reply.shown import shown


class GrokCommand:
    """Answers `/grok …`: accepts a question, opens the form, or tells what to do instead."""

    def __init__(self, asking: Asking, acceptor: Acceptor, forms: Forms, team: str) -> None:
        self._asking = asking
        self._acceptor = acceptor
        self._forms = forms
        self._team = team

    async def __call__(self, payload: SlashCommand) -> Reaction:
        """The ack is a text for the author alone; empty when something else follows."""
        match parse(shown(payload.text)):
            case Form():
                return await self._forms.on_command(payload)
            case Help(topic=topic):
                return Reaction(help_text(topic))
            case AskCommand(flags=flags):
                return Reaction(await self._ask(flags, payload))

    async def _ask(self, flags: Flags, payload: SlashCommand) -> str:
        place = Place(
            dedupe=f"command:{payload.trigger_id}",
            surface="command",
            channel=payload.channel_id,
            user=payload.user_id,
            response_url=payload.response_url or None,
        )
        try:
            ask = self._asking.ask(flags, place, self._team)
            await self._acceptor.accept(ask)
        except RequestRefused as refused:
            metrics.REQUESTS.labels("command", "refused").inc()
            return refused.sentence
        except NotTaken as not_taken:
            metrics.REQUESTS.labels("command", "not_taken").inc()
            return not_taken.sentence
        return promise(ask)
