"""Patterns that few questions need: compiled when one does, and not by each start.

To compile one takes as long as to load a small module, 0.1 to 2 ms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial


def compiled_later(pattern: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """What gives `pattern`, compiled when it is first asked for."""
    return cache(partial(re.compile, pattern, flags))
