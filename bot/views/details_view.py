"""What stands behind an answer, as a view: what was sent, what it took, how it came about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from pydantic import JsonValue

from bot.characters import excerpt
from bot.completion.ask import Ask
from bot.completion.logprobs import chance_line
from bot.completion.options import OPTIONS, PARAMETERS, written
from bot.completion.result import TICKS_PER_DOLLAR, Answer, Most, TokenLogprob, Usage
from bot.grok.endpoints.writing import ENDPOINTS
from bot.jobs.job import Job
from bot.slack.blocks import Block, fields, heading, long_text, small
from bot.slack.blocks import lines as paragraphs
from bot.slack.views import ViewJson
from bot.slack_limits import VIEW_BLOCKS, VIEW_BYTES
from bot.views.form_fields import modal
from bot.words import files as file_words
from bot.words import talk as words
from bot.words.form import CLOSE
from bot.words.sentences import cost, took

_VALUE_CHARS = 300
_PARAGRAPHS_OF_CHANCES = 10
_FRAME_BLOCKS = 4
_FRAME_BYTES = 2_000
"""Kept for the frame of the view, and for lines that say that something was left out."""


def details_view(
    job: Job, *, knows_rules: bool = True, rest: str = "", files: Sequence[str] = ()
) -> ViewJson:
    """Everything known of `job`, as much of it as a view holds; on top `rest`, which is what its
    answer says beyond what Slack shows of it. `files`: what those are called that were to go along.

    The reasoning, which may be long, gets the room that the rest leaves. Without `knows_rules`,
    what admins have set is left out, and so is the reasoning, which may repeat it.
    """
    room = _ViewRoom()
    asked = room.take(_asked(job.ask if knows_rules else job.ask.without_rules()))
    if job.answer is None:
        return modal(words.DETAILS, [*asked, small(words.DETAILS_NOT_DONE)], close=CLOSE)
    along = room.take(_along(job.answer, job.ask, files))
    answered = room.take(_answered(job.answer, job.lost))
    beyond = room.take(_rest(rest))
    chances = room.take(_chances(job.answer.chances))
    reasoning = room.take(_reasoning(job.answer.reasoning if knows_rules else ""))
    blocks = [*beyond, *asked, *along, *answered, *reasoning, *chances]
    return modal(words.DETAILS, blocks, close=CLOSE)


class _ViewRoom:
    """What a view still has room for."""

    def __init__(self) -> None:
        self._blocks = VIEW_BLOCKS - _FRAME_BLOCKS
        self._bytes = VIEW_BYTES - _FRAME_BYTES

    def take(self, blocks: Iterable[Block]) -> list[Block]:
        """As many of `blocks` as there is room for, and a line that says so if some are not."""
        taken: list[Block] = []
        for block in blocks:
            size = len(json.dumps(block)) + len(", ")
            if not self._blocks or size > self._bytes:
                return [*taken, small(words.DETAILS_SHORTENED)]
            taken.append(block)
            self._blocks -= 1
            self._bytes -= size
        return taken


def _rest(text: str) -> Iterator[Block]:
    if text:
        yield heading(words.DETAILS_REST)
        yield from long_text(text)


def _asked(ask: Ask) -> Iterator[Block]:
    yield heading(words.DETAILS_ASKED)
    given = ask.request.given()
    prompts = ask.request.prompts
    yield from _text(
        words.DETAILS_PROMPT if len(prompts) == 1 else words.DETAILS_PROMPTS,
        "\n\n".join(prompts),
    )
    yield from _text(words.DETAILS_SYSTEM, ask.system)
    shown = [
        (PARAMETERS[name].label, _value(value)) for name, value in given.items() if name != "prompt"
    ]
    if ask.effort is not None:
        shown.append((OPTIONS["effort"].label, ask.effort))
    if ask.search.sources:
        shown += [
            (OPTIONS[name].label, _value(value)) for name, value in ask.search.values().items()
        ]
    yield from fields(_field(label, value) for label, value in shown)


def _answered(answer: Answer, lost: int) -> Iterator[Block]:
    yield heading(words.DETAILS_ANSWERED)
    facts = [(words.DETAILS_MODEL, excerpt(answer.model))]
    if answer.seconds > 0:  # else nothing was sent
        facts.append((words.DETAILS_ASKED_AT, f"/v1{ENDPOINTS[answer.endpoint].path}"))
    facts += _usage(answer.usage) if answer.usage else []
    facts += _most(answer.most) if answer.most else []
    if lost:
        facts.append((words.DETAILS_LOST, f"{lost:,}"))
    if answer.seconds > 0:
        facts.append((words.DETAILS_TIME, took(answer.seconds)))
    yield from fields(_field(label, value) for label, value in facts)
    if answer.usage is None:
        yield small(words.DETAILS_NO_TOKENS)


def _along(answer: Answer, ask: Ask, files: Sequence[str]) -> Iterator[Block]:
    """What went to Grok besides the question."""
    lines = [words.READ_ALONG(answer.turns)] if answer.turns else []
    lines += [words.NOT_READ_ALONG(answer.forgotten)] if answer.forgotten else []
    lines += [words.BEGINNING_ALONG] if ask.begun else []
    unread = {name for name, _ in answer.unread}
    read = [name for name in files if name not in unread]
    lines += [file_words.along(read)] if read and answer.asked else []
    if lines or answer.context.strip():
        yield heading(words.DETAILS_CONTEXT)
        yield from paragraphs(lines)
        yield from _first(1, long_text(answer.context))


def _usage(usage: Usage) -> list[tuple[str, str]]:
    facts = [
        (
            words.DETAILS_TOKENS_IN,
            words.TOKENS_READ(prompt=usage.prompt_tokens, cached=usage.cached_tokens),
        ),
        (words.DETAILS_TOKENS_OUT, f"{usage.completion_tokens:,}"),
    ]
    if usage.reasoning_tokens:
        facts.append((words.DETAILS_TOKENS_REASONING, f"{usage.reasoning_tokens:,}"))
    if usage.cost_in_usd_ticks is not None:
        dollars = usage.cost_in_usd_ticks / TICKS_PER_DOLLAR
        facts.append((words.DETAILS_COST, cost(dollars)))
    return facts


def _most(most: Most) -> list[tuple[str, str]]:
    facts = [(words.DETAILS_MOST_TOKENS, f"{most.tokens:,}")]
    if most.micro_dollars is not None:
        facts.append((words.DETAILS_MOST_COST, cost(most.micro_dollars / 1_000_000)))
    return facts


def _reasoning(reasoning: str) -> Iterator[Block]:
    if reasoning.strip():
        yield heading(words.DETAILS_REASONING)
        yield from long_text(reasoning)


def _chances(chances: Sequence[TokenLogprob]) -> Iterator[Block]:
    if chances:
        yield heading(words.DETAILS_CHANCES)
        yield from _first(_PARAGRAPHS_OF_CHANCES, paragraphs(map(chance_line, chances)))


def _text(label: str, text: str) -> Iterator[Block]:
    """One paragraph of `text` below its label; nothing at all without a text."""
    if text.strip():
        yield small(words.LABELLED(label=label))
        yield from _first(1, long_text(text))


def _first(most: int, blocks: Iterator[Block]) -> Iterator[Block]:
    """The first of `blocks`, and a line that says so if there are more."""
    yield from islice(blocks, most)
    if next(blocks, None) is not None:
        yield small(words.DETAILS_SHORTENED)


def _field(label: str, value: str) -> str:
    return words.LABELLED(label=label, value=f"`{value}`")


def _value(value: JsonValue) -> str:
    """A parameter's value on one short line, safe to show."""
    match value:
        case bool():
            return words.ON if value else words.OFF
        case list():
            line = ", ".join(map(written, value))
        case _:
            line = written(value)
    return excerpt(line.replace("\n", "\\n"), _VALUE_CHARS) or '""'
