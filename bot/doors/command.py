"""The slash command `/grok`."""

from __future__ import annotations

from functools import partial

from bot import metrics
from bot.admin.managing import Managing
from bot.asking.asking import Asking, Place, promise
from bot.asking.taking import Taking, outcome_of
from bot.completion.flags import Flags
from bot.doors.forms import Forms
from bot.errors import NotTaken, RequestRefused
from bot.rules.commands import AskCommand, Form, Help, parse
from bot.rules.help import help_text
from bot.rules.hold import Denied
from bot.rules.managing_grammar import parse_managing
from bot.slack.payloads import SlashCommand
from bot.slack.reaction import Reaction
from bot.slack.shown import mentioned, shown


class GrokCommand:
    """Answers `/grok …`: takes a question, opens the form, or does what the command says."""

    def __init__(
        self, asking: Asking, taking: Taking, forms: Forms, managing: Managing, team: str
    ) -> None:
        self._asking = asking
        self._taking = taking
        self._forms = forms
        self._managing = managing
        self._team = team

    async def __call__(self, payload: SlashCommand) -> Reaction:
        """The ack is a text for the author alone; empty when something else follows."""
        text = shown(payload.text)
        if command := parse_managing(text, mentioned(payload.text)):
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
                return Reaction(await self._ask(flags, payload))

    async def _ask(self, flags: Flags, payload: SlashCommand) -> str:
        place = Place(
            dedupe=f"command:{payload.trigger_id}",
            surface="command",
            channel=payload.channel_id,
            user=payload.user_id,
            user_team=payload.team_id,
            response_url=payload.response_url or None,
        )
        try:
            taken = await self._taking(partial(self._asking.ask, flags, place, self._team))
        except RequestRefused as refused:
            metrics.REQUESTS.labels("command", "refused").inc()
            return refused.sentence
        except (Denied, NotTaken) as not_taken:
            metrics.REQUESTS.labels("command", outcome_of(not_taken)).inc()
            return not_taken.sentence
        return promise(taken.ask)
