"""The stop sequences of a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def stops_in(body: Mapping[str, Any]) -> list[str]:
    """The stop sequences in `body`, one or several."""
    stop = body.get("stop", [])
    return [stop] if isinstance(stop, str) else stop
