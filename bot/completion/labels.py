"""What the form calls that which is set by flags elsewhere."""

from __future__ import annotations

import re

from bot.completion.options import OPTIONS, PARAMETERS
from bot.completion.search import OPTION_NAMES
from bot.words import form as words


def label_of(name: str) -> str:
    """What the field of this name is called; empty when there is no such field."""
    if name in {"system", "effort", *OPTION_NAMES}:
        return OPTIONS[name].label
    parameter = PARAMETERS.get(name)
    return parameter.label if parameter else ""


_NAMED = re.compile(r"--(?:no-)?([a-z][a-z-]{0,30})|\b([a-z]{1,20}(?:_[a-z]{1,20}){1,3})\b")
"""What flags and parameters are called outside of the form."""


def in_labels(text: str) -> str:
    """`text` of a fault, with fields by what the form calls them."""
    return _NAMED.sub(_label, text.replace("`", ""))


def _label(name: re.Match[str]) -> str:
    found = next(filter(None, name.groups()))
    label = label_of(found.replace("-", "_"))
    return words.called(label) if label else name[0]


_TYPED = re.compile(r"`--([a-z][a-z-]{0,30})`")


def for_form(sentence: str) -> str:
    """`sentence` in markdown, for whoever filled in the form: a flag that stands alone is a field
    there. What is to be typed as it stands stays as it is."""
    return _TYPED.sub(_label, sentence)
