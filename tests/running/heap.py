"""What was collected stays until the run ends: no test waits while garbage is looked for in it."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """14,000 tests are a million objects; the bot does the same with what it loads."""
    gc.collect()
    gc.freeze()
