"""Who looks after Grok, and what they are answered."""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.blocks import Message, offer
from bot.slack.charts.charts import Chart
from bot.slack.documents import Document
from bot.slack.people.person import Person
from bot.slack.views import lines
from bot.slack_limits import BLOCKS_PER_MESSAGE, UPDATE_TEXT_BYTES


@dataclass(frozen=True, slots=True)
class Caller:
    """Who typed a command, and where. `operation` names it, for Slack may deliver it again."""

    person: Person
    channel: str
    operation: str = ""

    @property
    def user(self) -> str:
        """Their Slack id."""
        return self.person.id


@dataclass(frozen=True, slots=True)
class CommandReply:
    """What its author alone reads, line by line, and what everybody in `channel` does.

    Slack's mrkdwn. `announcement` is empty when nobody else is told. `documents` come to the
    author in direct messages. `charts` stand below the first line; where Slack draws none, pictures
    of them come in direct messages.
    """

    lines: tuple[str, ...]
    announcement: str = ""
    channel: str = ""
    documents: tuple[Document, ...] = ()
    copy: str = ""
    """A text to be copied to the letter, below the lines."""
    charts: tuple[Chart, ...] = ()

    @property
    def message(self) -> Message:
        """What is shown to the author."""
        if self.copy:
            return offer("\n".join(self.lines), copy=self.copy)
        first = 1 if self.charts else 0
        charts = (chart.block for chart in self.charts)
        blocks = (*lines(self.lines[:first]), *charts, *lines(self.lines[first:]))
        return Message(blocks[:BLOCKS_PER_MESSAGE], self.lines[0][:UPDATE_TEXT_BYTES])
