"""The one message of a question that was given up."""

from __future__ import annotations

from collections.abc import Sequence

from bot import words
from bot.completion.result import Answer, Section
from bot.reply.chain import Chain
from bot.slack.blocks import Button, Foot, Message, Question, apology, with_notice
from bot.slack.plain_blocks import with_blocks_of

_BUTTONS: tuple[Button, ...] = ("retry", "edit")


class Apology(Chain):
    """Lays out a fixed sentence, and neither the question nor anything of an answer: one of them
    may be what the workers of the job have died of."""

    def __init__(self, user: str, job_id: str, *, notice: str = "") -> None:
        super().__init__(Question(user, ""), job_id, notice=notice)
        self._user = user
        self._foot = Foot(job_id, _BUTTONS)
        self._above = notice

    async def prepare_all(self, answer: Answer) -> None:
        """There is nothing to lay out."""

    def growing(self, *_: object) -> list[Message]:
        return [self._said(words.GIVEN_UP)]

    def settled(self, sections: Sequence[Section]) -> list[str]:  # noqa: ARG002 - nothing stays
        return [""]

    def complete(self, answer: Answer, most: int | None = None) -> list[Message]:  # noqa: ARG002 - there is one
        return [self._said(answer.failure)]

    def tighten(self) -> bool:
        return False

    def give_up(self) -> bool:
        return False

    def _said(self, sentence: str) -> Message:
        message = with_blocks_of(apology(self._user, sentence, self._foot), self._kind)
        return with_notice(message, self._above) if self._above else message
