"""A sentence of the bot where Slack shows no markup, as in the fault of a field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.slack.shown import shown

_BOLD = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*)\*(?![\w*])")
_BULLET = re.compile(r"^• ", re.MULTILINE)
_CODE = re.compile(r"`")


def plain_words(mrkdwn: str, names: Mapping[str, str] | None = None) -> str:
    """`mrkdwn` (of `bot.words`) as one line of plain text: a time as its reader sees it, people by
    their `names` (by id)."""
    text = _BOLD.sub(r"\1", _BULLET.sub("", mrkdwn))
    lines = (line.strip() for line in shown(_CODE.sub("", text), names).splitlines())
    return " ".join(filter(None, lines))
