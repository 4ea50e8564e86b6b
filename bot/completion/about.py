"""What people are told about a parameter; it stands beside the field it describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["basic", "sampling", "output", "advanced"]


@dataclass(frozen=True, slots=True)
class About:
    """Metadata of one field of `CompletionRequest`.

    `short` is the letter of a short flag, or empty; `example` is a value as typed into a form;
    `completions_only` marks what `/v1/chat/completions` cannot carry.
    """

    label: str
    group: Group
    hint: str
    example: str
    short: str = ""
    completions_only: bool = False
