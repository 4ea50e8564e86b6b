"""Where the outside comes into the bot: its clock, its chance, its names. All drawn from a seed.

The bot and its libraries reach them as attributes of modules (`time.time()`, `random.uniform()`,
`uuid.uuid4()`), which `test_seams.py` holds for the bot; so another one can stand in their place.
Connections come in as parameters: an `httpx.AsyncClient`, an `AsyncWebClient`, a `Store`.
"""

from __future__ import annotations

import os
import random
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from bot.jobs import worker
from bot.store import policies

T = TypeVar("T")

EPOCH = 1_790_000_000.0
"""What the Unix time is when the loop's is 0."""


IDLE: Sequence[tuple[Any, str, float]] = (
    (policies, "POLL_SECONDS", 5.0),
    (worker, "GAUGE_EVERY_SECONDS", 30.0),
)
"""What goes on beside the answers is done less often: each time costs as much as a step of one."""


@contextmanager
def drawn_from(chance: random.Random, now: Callable[[], float]) -> Iterator[None]:
    """While entered, the time is `now`, in seconds, and everything that is random comes from
    `chance`."""

    def clock() -> float:
        return EPOCH + now()

    def token(count: int | None = None) -> str:
        return chance.randbytes(count or 16).hex()

    def choice(options: Sequence[T]) -> T:
        return options[chance.randrange(len(options))]

    seams: list[tuple[Any, str, Any]] = [
        (time, "time", clock),
        (time, "time_ns", lambda: int(clock() * 1e9)),
        (time, "monotonic", now),
        (time, "perf_counter", now),
        (random, "random", chance.random),
        (random, "uniform", chance.uniform),
        (random, "choice", chance.choice),
        (uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4)),
        (secrets, "token_hex", token),
        (secrets, "token_urlsafe", token),
        (secrets, "choice", choice),
        (os, "urandom", chance.randbytes),
        *IDLE,
    ]
    kept = [(module, name, getattr(module, name)) for module, name, _ in seams]
    for module, name, value in seams:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in kept:
            setattr(module, name, value)
