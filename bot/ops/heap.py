"""Keeps memory from growing with the time for which many answers stream, and from being looked
through in vain; and loads what is to stay in it."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import sys
from asyncio import selector_events
from collections.abc import Iterator
from contextlib import contextmanager

_M_MMAP_THRESHOLD = -3
_OWN_PAGES_BYTES = 128 * 1024
"""glibc's own default, until the first larger block is freed."""

READ_BYTES = 32 * 1024
"""More than is left in a socket between two sips of an answer."""


@contextmanager
def loading() -> Iterator[None]:
    """What is made while this is entered stays until the process ends, so that no garbage is
    looked for in it, now or later: modules are 300,000 objects."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


async def load(name: str) -> None:
    """Import the module `name`, which takes as long as asking Slack something does, in a thread: so
    the loop goes on with that."""
    if name not in sys.modules:
        await asyncio.to_thread(_loaded, name)


def _loaded(name: str) -> None:
    with loading():
        importlib.import_module(name)


def keep_heap_whole() -> bool:
    """Let large blocks have pages of their own, always; False where malloc is not glibc's.

    asyncio reads each time into 256 KiB and shrinks them to what came. glibc takes such blocks
    from the heap once it has seen one freed. What came is held until there is more of its
    stream; with a thousand of these scattered over the heap, nothing of that size fits in
    between, and the heap grows to twice what is in use.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES_BYTES))


def read_in_small_blocks() -> bool:
    """Let asyncio read into blocks that the heap has; False where its event loop is of another
    kind.

    One of the 256 KiB that it reads into else has pages of its own: to map them, and to give back
    what was not needed, takes longer than to read what has come. TLS reads into the same block
    again and again, and needs none of this.
    """
    transport = vars(selector_events).get("_SelectorTransport")
    if transport is None:
        return False
    transport.max_size = READ_BYTES
    return True
