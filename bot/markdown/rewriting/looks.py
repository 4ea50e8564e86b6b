"""How many formulas of a text are looked into, lest a text of nothing else takes long."""

from __future__ import annotations

MOST_LOOKS, PART_CHARS = 128, 4_096
"""So many are looked into in each part of a text that are not told at a glance, half as many of
lines of their own: more are left as they were written."""


class Looks:
    """Counts what is looked into in the part of a text that is read."""

    def __init__(self) -> None:
        self._count = 0
        self._place = -1
        """Where a formula was looked for last."""
        self.pause = 0
        """Where formulas are looked into again that are passed over now; 0: they are not."""

    def may_look(self, place: int) -> bool:
        """Whether what may be a formula is looked into at `place`, which does not go back."""
        if place // PART_CHARS != self._place // PART_CHARS:
            self._count = 0
        again = place == self._place  # it is read again once more has come
        self._place = place
        return self.count(not again)

    def count(self, more: int) -> bool:
        """So many `more` were looked into; False: no more is."""
        self._count += more
        over = self._count > MOST_LOOKS
        self.pause = (self._place // PART_CHARS + 1) * PART_CHARS if over else 0
        return not over
