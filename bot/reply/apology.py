"""A fixed sentence in the place of an answer that was given up."""

from __future__ import annotations

from collections.abc import Sequence

from bot import words
from bot.completion.result import Answer, Section
from bot.reply.chain import Chain
from bot.slack.blocks import Foot, Message, apology, with_notice


class Apology(Chain):
    """Lays out a fixed sentence, and neither the question nor anything of an answer: one of them
    may be what the workers of the job have died of."""

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
        foot = Foot(self._job_id, ("retry", "edit"))
        message = self._in_blocks(apology(self._question.user, sentence, foot))
        return with_notice(message, self._notice) if self._notice else message
