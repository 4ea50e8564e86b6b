"""How long to rest before another try: longer and longer, never all replicas at once."""

from __future__ import annotations

import random
from collections.abc import Iterator


def pauses(first: float = 0.2, longest: float = 5.0) -> Iterator[float]:
    """Seconds to wait before the first try again, the second, and so on, with jitter."""
    pause = first
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311
        pause = min(pause * 2, longest)
