"""How long a model is to think before it answers."""

from __future__ import annotations

from typing import Literal, get_args

Effort = Literal["none", "low", "medium", "high", "xhigh"]

EFFORTS: tuple[Effort, ...] = get_args(Effort)
"""From the least to the most."""

_TIMES: dict[Effort, int] = {"none": 0, "low": 1, "medium": 2, "high": 4, "xhigh": 8}
"""How many times the thoughts of a low effort; nobody publishes numbers."""


def effort_in(value: object) -> Effort | None:
    """The effort that `value` names; None when it names none."""
    return next((effort for effort in EFFORTS if effort == value), None)


def thoughts_of(usual: int, effort: Effort | None) -> int:
    """Tokens that an answer's thoughts may take, where `usual` is what they take when nobody says
    how long to think."""
    return usual if effort is None else usual * _TIMES[effort]
