"""The slash command `/grok`."""

from __future__ import annotations

from bot import metrics, words
from bot.completion.commands import AskCommand, Form, Help, parse
from bot.completion.flags import Flags
from bot.completion.help import help_text
from bot.errors import NotTaken, RequestRefused
from bot.jobs.accept import Acceptor
from bot.listeners.asking import Asking, Place
from bot.listeners.payloads import SlashCommand
from bot.listeners.text import shown


class GrokCommand:
    """Answers `/grok …`: accepts a question, or tells its author what to do instead."""

    def __init__(self, asking: Asking, acceptor: Acceptor, team: str) -> None:
        self._asking = asking
        self._acceptor = acceptor
        self._team = team

    async def __call__(self, payload: SlashCommand) -> str:
        """Text for the author alone, sent with the ack; empty when the answer itself follows."""
        match parse(shown(payload.text)):
            case Form():
                return help_text()
            case Help(topic=topic):
                return help_text(topic)
            case AskCommand(flags=flags):
                return await self._ask(flags, payload)

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
        if ask.reply == "private":
            return words.TOLD_WHEN_DONE
        return "" if ask.request.streams else words.POSTED_WHEN_DONE
