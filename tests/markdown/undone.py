"""What is made safe, undone; and links alone made safe."""

from __future__ import annotations

import re

from bot.markdown.code_spans import code_in
from bot.markdown.links.links import JOINER, hiding_angles, hiding_brackets, with_joiners

_PLACED = re.compile(rf"(?<=[\]<@;*_~]){JOINER}|{JOINER}(?=[*_~])")


def without_joiners(text: str) -> str:
    """`text` without the joiners that were put into it, provided that it held none in such a
    place."""
    return _PLACED.sub("", text)


def show_targets(text: str) -> str:
    """`text`, read as one leaf, with every link taken apart that hides where it goes; twice is
    the same as once."""
    text = with_joiners(text, hiding_angles(text, code_in(text)))
    return with_joiners(text, hiding_brackets(text, code_in(text)))
