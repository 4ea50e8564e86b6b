"""Tests collected once, for all workers, which are forks of the process that does it.

To rewrite the assertions of all tests takes longer than to import them. What comes of it is kept
beside them as bytecode, whatever the environment says of bytecode. Garbage is not looked for
meanwhile, nor ever among what was collected: 14,000 tests are a million objects that stay to the
end, no test waits for a pass through them, and the forks share them. The bot does the same with
what it loads.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator

import pytest

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
