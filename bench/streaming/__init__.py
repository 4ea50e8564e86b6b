"""Streaming: lag, time to the final text and 429s of six loads, beside the bound and others."""

from __future__ import annotations

from bench.streaming.measuring import Plan, run


def main() -> None:
    """Measure every row, ours three times, and write the results and the plot."""
    run(Plan())
