"""`python -m bench.streaming.one ROW SYSTEM`: measure one cell, and print it as a line of JSON."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from bench.streaming.cell import measure
from bench.streaming.rows import ROWS


def main(row: str, system: str) -> None:
    """Measure one cell. What the parts log is left out: the numbers say it."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.disable(logging.CRITICAL)
    (load,) = (each for each in ROWS if each.name == row)
    print(asyncio.run(measure(load, system)).model_dump_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
