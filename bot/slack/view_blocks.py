"""The blocks that views are made of.

Texts called `mrkdwn` come from `bot.words`, with what others wrote in them made safe; those
called `text` may be anybody's: they are made safe here, and Slack shows them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.markdown.characters import boundary
from bot.markdown.pieces import most_within
from bot.markdown.safety import neutralise, printable
from bot.slack.blocks import Block
from bot.slack_limits import SECTION_FIELDS, SECTION_TEXT_CHARS

DIVIDER: Block = {"type": "divider"}


def heading(words: str) -> Block:
    """A heading of ours."""
    return {"type": "header", "text": {"type": "plain_text", "text": words, "emoji": False}}


def section(mrkdwn: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": _mrkdwn(mrkdwn)}


def small(mrkdwn: str) -> Block:
    """A small line."""
    return {"type": "context", "elements": [_mrkdwn(mrkdwn)]}


def fields(mrkdwns: Iterable[str]) -> Iterator[Block]:
    """Short texts in two columns."""
    texts = [_mrkdwn(text) for text in mrkdwns]
    for first in range(0, len(texts), SECTION_FIELDS):
        yield {"type": "section", "fields": texts[first : first + SECTION_FIELDS]}


def lines(mrkdwns: Iterable[str]) -> Iterator[Block]:
    """Lines, as many to a paragraph as it holds."""
    paragraph = ""
    for line in mrkdwns:
        longer = f"{paragraph}\n{line}" if paragraph else line
        if paragraph and len(longer) > SECTION_TEXT_CHARS:
            yield section(paragraph)
            longer = line
        paragraph = longer
    if paragraph:
        yield section(paragraph)


def long_text(text: str) -> Iterator[Block]:
    """`text` in paragraphs as long as Slack allows, cut at the end of a line or word."""
    whole = text.strip()
    at = 0
    while at < len(whole):
        start = whole[at : at + SECTION_TEXT_CHARS]
        end = _end_of_piece(start, last=at + SECTION_TEXT_CHARS >= len(whole))
        end = boundary(whole, at + end, at) - at
        if shown := neutralise(printable(start[:end])).strip():
            yield {"type": "section", "text": {"type": "plain_text", "text": shown, "emoji": False}}
        at += end


def _end_of_piece(start: str, *, last: bool) -> int:
    """How much of `start` goes into one paragraph; `last`: nothing follows behind it."""
    most = most_within(start, SECTION_TEXT_CHARS)
    if last and most == len(start):
        return most
    cuts = (start.rfind(mark, most // 2, most) for mark in ("\n", " "))
    return next((cut for cut in cuts if cut > 0), most)


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
