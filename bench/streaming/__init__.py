"""Streaming: lag, time to the final text and 429s of six loads, beside the bound and others."""

from __future__ import annotations


def main() -> None:
    """Measure every row, ours three times, and write the results and the plot."""
    # The picture is drawn by `bench.pictures`, which knows the plot that is in this package.
    from bench.streaming.measuring import Plan, run  # noqa: PLC0415

    run(Plan())
