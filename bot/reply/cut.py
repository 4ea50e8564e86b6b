"""Where what is shown of an answer ends, when it takes more messages than it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.completion.result import Answer
from bot.reply.final import final_sections
from bot.reply.ledger import Post

CUT = "cut"
"""The part of a job that says where its answer was cut."""


@dataclass(frozen=True, slots=True)
class Cut:
    """`at` so many characters of the text of the section with this index, counted from 0."""

    section: int
    at: int

    @property
    def record(self) -> str:
        """The cut as the ledger keeps it."""
        return f"{self.section}:{self.at}"

    def rest_of(self, answer: Answer) -> str:
        """What is not shown of `answer`: the model's text, and what the bot says about it."""
        first, *others = final_sections(answer)[self.section :]
        parts = ["" if self.at else first.title, first.text[self.at :], first.note]
        for section in others:
            parts += [section.title, section.text, section.note]
        return "\n\n".join(filter(None, (part.strip() for part in parts)))


def left_out(answer: Answer, posts: Mapping[str, Post]) -> str:
    """What Slack does not show of `answer`, as it was recorded; empty when it shows everything."""
    post = posts.get(CUT)
    section, _, at = (post.cut if post else "").partition(":")
    return Cut(int(section), int(at)).rest_of(answer) if section and at else ""
