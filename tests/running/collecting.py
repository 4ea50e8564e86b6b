"""Tests collected once for all workers, as far as that goes: each imports every one of them.

To rewrite the assertions of all tests takes longer than to import them. What comes of it is kept
beside them as bytecode, whatever the environment says of bytecode, and where there is none yet each
worker begins with a share of its own. Garbage is not looked for meanwhile, nor ever among what was
collected: 14,000 tests are a million objects that stay to the end, and no test waits for a pass
through them. The bot does the same with what it loads. Later it is looked for less often than a
program does that goes on for days: to do that takes a fifteenth of the time of all tests.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_GARBAGE = 20_000
"""So many objects more than before, and it is looked for."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    gc.disable()
    try:
        for path in _share(session.config):
            # What cannot be imported is told of where it is collected.
            with suppress(Exception, pytest.skip.Exception):
                importlib.import_module(".".join(path.with_suffix("").parts))
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        gc.enable()


def _share(config: pytest.Config) -> list[Path]:
    """The files of tests that this worker is to import first, where all of them will be."""
    given = getattr(config, "workerinput", None)
    if given is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return []
    left_out = {config.rootpath / each for each in config.getoption("ignore") or ()}
    found = [
        path.relative_to(config.rootpath)
        for top in config.args
        for path in sorted((config.rootpath / top).rglob("test_*.py"))
        if left_out.isdisjoint((path, *path.parents))
    ]
    number = int(given["workerid"].removeprefix("gw"))
    return found[number :: given["workercount"]]
