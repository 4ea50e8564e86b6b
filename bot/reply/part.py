"""What a worker knows of one message of an answer, besides where it stands (`bot.reply.ledger`)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import SlackError, TooLong
from bot.slack.blocks import Message
from bot.slack.slack import passes

_EDITS_REFUSED = 2
"""A message that Slack would not let be edited so often is left alone until the end."""


@dataclass(slots=True)
class Stream:
    """What is known of a message that streams. Unless `certain`, nobody knows what it says;
    `lasts`: it says everything, and its end is put off."""

    began: float
    said: str = ""
    certain: bool = True
    lasts: bool = False


@dataclass(slots=True)
class Part:
    """`name`: what the ledger calls it. `shown`: what it is known to show. `unrecorded`: where it
    was posted, as long as that is not in the ledger. `gone`: somebody has deleted it. `stream`: it
    grows by one, as far as is known; `streamed`: it does or did, and an edit of it has to say what
    part it is. `has_stop`: Stop stands above its text, until an edit takes it away. `stop_refused`:
    Slack has refused to end its stream, so that it may be edited once that ends by itself."""

    name: str
    shown: Message | None = None
    refused: Message | None = None
    too_long: Message | None = None
    unrecorded: str | None = None
    gone: bool = False
    edits_refused: int = 0
    stream: Stream | None = None
    streamed: bool = False
    has_stop: bool = False
    stop_refused: bool = False

    def streams_by(self, stream: Stream) -> None:
        """It grows by `stream` from here on."""
        self.stream, self.streamed = stream, True

    def refuse(self, message: Message, error: SlackError) -> None:
        """Slack did not take `message`."""
        if not passes(error):
            self.refused = message
        if isinstance(error, TooLong):
            self.too_long = message

    def is_refused(self, message: Message) -> bool:
        """Whether it is of no use to send `message` before the end."""
        return self.edits_refused >= _EDITS_REFUSED or self.refused == message

    def deleted(self) -> None:
        """The bot has deleted it."""
        self.shown, self.stream, self.streamed, self.has_stop = None, None, False, False
        self.stop_refused = False


class Parts(dict[str, Part]):
    """Those of an answer, by their names: nothing is known of one that was not asked for before."""

    def __missing__(self, name: str) -> Part:
        self[name] = part = Part(name)
        return part
