"""The texts inside Block Kit JSON."""

from __future__ import annotations

from collections.abc import Iterator


def texts_of(value: object) -> Iterator[str]:
    """Every `text` string in `value`, in order."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "text" and isinstance(item, str):
                yield item
            else:
                yield from texts_of(item)
