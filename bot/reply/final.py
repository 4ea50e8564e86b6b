"""An answer that is complete: its sections, its last line (model, tokens, cost, time, and what it
did not know), and where what is shown of it ends, when it takes more messages than it may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot import words
from bot.completion.excerpt import excerpt
from bot.completion.result import TICKS_PER_DOLLAR, Answer, Most, Section, Usage
from bot.reply.ledger import Post
from bot.words import files as files_words
from bot.words import search, talk
from bot.words.sentences import cost, took


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
    return words.FAILED(answer.failure), words.BROKEN_OFF(answer.failure)


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


_VERSION = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|latest)(?=-|$)")


def last_line(answer: Answer) -> str:
    """`grok-4.3 (chat) · 1,234 tokens (200 reasoning) · $0.0042 · 3.2 s`, as far as it is known.

    The endpoint stands there once a model has been asked. What was found by searching comes before
    what it cost: `7 sources · 44 posts · $0.22`. Where the API did not say what it used, as when it
    was stopped, it is what is charged: `at most 1,234 tokens and $0.0042`.
    """
    asked = answer.seconds > 0
    facts = [words.BY(model=_model(answer), endpoint=answer.endpoint) if asked else _model(answer)]
    facts += _tokens(answer.usage) if answer.usage else _most(answer.most)
    facts += _searched(answer)
    if answer.usage and answer.usage.cost_in_usd_ticks is not None:
        facts.append(cost(answer.usage.cost_in_usd_ticks / TICKS_PER_DOLLAR))
    if asked:
        facts.append(took(answer.seconds))
    if answer.forgotten:
        facts.append(talk.FIRST_FORGOTTEN(answer.forgotten))
    return " · ".join(facts)


def same_model(asked: str, answered: str) -> bool:
    """Whether two ids name one model, a dated release of it or its latest one apart."""
    return _family(asked) == _family(answered)


def _family(model: str) -> str:
    return _VERSION.sub("", model.rpartition("/")[2].lower())


def _model(answer: Answer) -> str:
    model, asked = excerpt(answer.model), excerpt(answer.model_asked)
    if same_model(answer.model_asked, answer.model):
        return model
    return words.OTHER_MODEL(model=model, asked_for=asked)


def _tokens(usage: Usage) -> list[str]:
    visible_and_reasoning = usage.completion_tokens + usage.reasoning_tokens
    total = usage.total_tokens or usage.prompt_tokens + visible_and_reasoning
    return [words.TOKENS_USED(total=total, reasoning=usage.reasoning_tokens)] if total else []


def _most(most: Most | None) -> list[str]:
    if most is None:
        return []
    money = "" if most.micro_dollars is None else cost(most.micro_dollars / 1_000_000)
    return [
        words.USED_AT_MOST(tokens=words.TOKENS_USED(total=most.tokens, reasoning=0), money=money)
    ]


def _searched(answer: Answer) -> list[str]:
    """What was found by searching, where something was searched."""
    if answer.tools is None and not answer.references:
        return []
    cited = sum(reference.cited for reference in answer.references)
    facts = [search.sources(cited, len(answer.references))]
    if answer.tools is not None and answer.tools.posts:
        facts.append(search.posts(answer.tools.posts))
    return facts
