"""A person as the judge: which of two answers to one prompt is better, without their names.

In which order pairs come, and which of two answers is A, is decided by what they say: as if by
chance, and the same whenever the eval goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from attrs import frozen

from bot.eval.judge import Pair
from bot.eval.record import Better, Choice, Record, key_of

Chosen = Literal["a", "b", "tie"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pair as it is shown."""

    key: str
    pair: Pair

    @property
    def swapped(self) -> bool:
        """Whether the other of the pair is A."""
        return self.key > "8"

    @property
    def shown(self) -> tuple[str, str]:
        """A and B."""
        one, other = self.pair.one, self.pair.other
        return (other, one) if self.swapped else (one, other)

    def better(self, chosen: Chosen) -> Better:
        """What it means for the pair that a person has chosen this."""
        if chosen == "tie":
            return "same"
        return "second" if (chosen == "a") == self.swapped else "first"


@frozen
class Person:
    """What a person has said, in the record."""

    _record: Record

    def comparisons(self, pairs: Iterable[Pair]) -> Sequence[Comparison]:
        """All that there is to compare, each once; answers that are the same need no judge."""
        by_key = {_key(pair): pair for pair in pairs if pair.differs}
        return [Comparison(key, by_key[key]) for key in sorted(by_key)]

    def has_chosen(self, comparison: Comparison) -> bool:
        """Whether that is done."""
        return comparison.key in self._record.choices

    def choose(self, comparison: Comparison, chosen: Chosen) -> None:
        """Keep what was said; it may be said anew."""
        self._record.choose(Choice(key=comparison.key, better=comparison.better(chosen)))

    def better(self, pair: Pair) -> Better | None:
        """Which of a pair is; None: nobody has said so yet."""
        return self._record.choices.get(_key(pair)) if pair.differs else "same"


def _key(pair: Pair) -> str:
    return key_of("person", pair.item.system, pair.item.prompt, pair.one, pair.other)
