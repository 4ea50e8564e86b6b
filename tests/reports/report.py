"""One reported fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """`kind` groups them, `source` is `owner/repository#number`, `told` what went wrong there;
    `given` is the input, and `right` the outcome, as each list reads them."""

    kind: str
    source: str
    told: str
    given: Any = None
    right: Any = None
    asked: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.kind}: {self.source}"
