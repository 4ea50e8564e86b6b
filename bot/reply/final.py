"""An answer that is complete: its sections, and where what is shown of it ends, when it takes more
messages than it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot import words
from bot.completion.result import Answer, Section
from bot.reply.ledger import Post
from bot.words import files as files_words
from bot.words import talk


def final_sections(answer: Answer) -> list[Section]:
    """Every section done, and why there is no more told below the last text that came; then which
    files were not read."""
    *before, last = _ended(answer)
    if not answer.unread:
        return [*before, last]
    return [*before, _noted(last, files_words.not_read(answer.unread))]


def _noted(section: Section, note: str) -> Section:
    return section.model_copy(update={"note": "\n\n".join(filter(None, (section.note, note)))})


def _ended(answer: Answer) -> list[Section]:
    sections = [section.model_copy(update={"done": True}) for section in answer.sections]
    if not (answer.stopped or answer.failure):
        return [_spoken(section) for section in sections or [Section(done=True)]]
    while sections and not _says_anything(sections[-1]):
        sections.pop()
    alone, below = why_no_more(answer)
    if not sections:
        return [Section(note=alone, done=True)]
    *whole, last = sections
    cut = bool(last.text.strip())
    return [*map(_spoken, whole), _noted(last.model_copy(update={"cut": cut}), below)]


def why_no_more(answer: Answer) -> tuple[str, str]:
    """What is said when nothing came, and what is said below what came."""
    if answer.stopped:
        return talk.STOPPED_UNWRITTEN, talk.STOPPED
    return words.failed(answer.failure), words.broken_off(answer.failure)


def _says_anything(section: Section) -> bool:
    return bool(section.text.strip() or section.note)


def _spoken(section: Section) -> Section:
    if _says_anything(section):
        return section
    return section.model_copy(update={"note": words.NOTHING_WRITTEN})


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
