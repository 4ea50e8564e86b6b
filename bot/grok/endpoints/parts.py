"""Pictures and PDFs on the wire: the question is written in parts where some go along with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.completion.transcript import Past
from bot.files.material import Enclosure

Message = Mapping[str, Any]
Part = dict[str, Any]


def with_parts(
    messages: Sequence[Message],
    past: Past,
    text_type: str,
    part_of: Callable[[Enclosure], Part | None],
) -> list[Message]:
    """`messages`, of which the question is written in parts when any file of `past` is a part; the
    text of the question comes first."""
    parts = [part for part in map(part_of, past.files) if part is not None]
    if not parts:
        return list(messages)
    place = len(messages) - (3 if past.begun else 1)
    asked = messages[place]
    text = {"type": text_type, "text": asked["content"]}
    return [
        *messages[:place],
        {**asked, "content": [text, *parts]},
        *messages[place + 1 :],
    ]
