"""What an eval has found out: a row for each setting, as a table and as a picture, and the best."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bot.characters import shortened
from bot.eval.grid import Setting
from bot.rules.shares import Proportion
from bot.words.sentences import took
from bot.words.terminal import eval as words

_WIDTH, _HEIGHT = 820, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 280, 50, 60
_NAME_CHARS = 36
_TICKS = 5
_STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 20)
_COLOURS = ("#5f4bb6", "#00755a", "#d01b52", "#1264a3", "#b35c00", "#4a4a4a")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: how many of its answers are good, and what they came to on the mean, in
    micro-dollars and seconds; `missing`: answers that did not come; `is_measure`: the others were
    compared with it, so that its share is so by definition, and not by chance."""

    setting: Setting
    share: Proportion
    micro_dollars: float | None
    first_seconds: float | None
    seconds: float | None
    missing: int = 0
    is_measure: bool = False

    @property
    def interval(self) -> tuple[float, float]:
        """The least and the most that the true share is likely to be."""
        return (self.share.value, self.share.value) if self.is_measure else self.share.interval


def table(rows: Sequence[SettingRow]) -> Iterator[str]:
    """The lines of a table, the best setting first."""
    cells = [words.HEAD, *(_cells(row) for row in ranked(rows))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()


def ranked(rows: Sequence[SettingRow]) -> list[SettingRow]:
    """The best first; of those that are as good, the cheapest, then the quickest."""
    return sorted(
        rows,
        key=lambda row: (
            -row.share.value if row.share.total else 1.0,
            row.micro_dollars or 0.0,
            row.seconds or 0.0,
        ),
    )


def verdict(rows: Sequence[SettingRow]) -> Iterator[str]:
    """Which is the best, how to make it the default, and whether that is sure."""
    best, *others = ranked(rows)
    if not best.share.total:
        return
    if not others:
        yield words.ONE_SETTING
        return
    if not best.share.hits:
        yield words.NONE_GOOD
        return
    yield words.BEST(setting=best.setting.name, command=best.setting.command)
    least = best.interval[0]
    near = [row.setting.name for row in others if row.interval[1] >= least]
    yield words.UNSURE(near) if near else words.SURE


def _cells(row: SettingRow) -> tuple[str, ...]:
    return (
        row.setting.name,
        f"{row.share.total:,}" + (words.MISSING(row.missing) if row.missing else ""),
        _good(row) if row.share.total else "-",
        "-" if row.micro_dollars is None else f"${row.micro_dollars / 1_000_000:.6f}",
        "-" if row.first_seconds is None else took(row.first_seconds),
        "-" if row.seconds is None else took(row.seconds),
    )


def _good(row: SettingRow) -> str:
    least, most = row.interval
    told = f"{row.share.value:.0%}"
    return told if row.is_measure else f"{told} ({100 * least:.0f}–{most:.0%})"


def can_be_drawn(rows: Sequence[SettingRow]) -> bool:
    """Whether there is a dot to be seen."""
    return any(row.share.total and row.micro_dollars is not None for row in rows)


def plot(rows: Sequence[SettingRow]) -> str:
    """Quality against cost as SVG: a dot for each setting, and a line for its interval."""
    shown = [row for row in ranked(rows) if row.share.total and row.micro_dollars is not None]
    dearest = max((row.micro_dollars or 0.0 for row in shown), default=0.0) or 1.0
    parts = [*_frame(dearest)]
    for number, row in enumerate(shown):
        parts += _point(row, dearest, number)
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n{inside}\n</svg>\n'
    )


def _x(micro_dollars: float, dearest: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * micro_dollars / _end(dearest)


def _end(dearest: float) -> float:
    """The end of the axis: its marks are at round sums."""
    least = dearest * 1.02 / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return _TICKS * power * next(step for step in _STEPS if step * power >= least)


def _y(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)


def _frame(dearest: float) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    yield f'<text x="{_LEFT}" y="28" font-size="16">{words.PLOT_TITLE}</text>'
    for tick in range(_TICKS + 1):
        share, cost = tick / _TICKS, _end(dearest) * tick / _TICKS
        x, y = _x(cost, dearest), _y(share)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        label = f"{cost / 1_000:,.6g}"
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>'
    middle = (_LEFT + right) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 16}" text-anchor="middle">{words.PLOT_X}</text>'
    up = (_TOP + bottom) / 2
    yield (
        f'<text x="18" y="{up}" text-anchor="middle" transform="rotate(-90 18 {up})">'
        f"{words.PLOT_Y}</text>"
    )


def _point(row: SettingRow, dearest: float, number: int) -> Iterator[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    x, y = _x(row.micro_dollars or 0.0, dearest), _y(row.share.value)
    least, most = map(_y, row.interval)
    yield f'<line x1="{x:.1f}" y1="{least:.1f}" x2="{x:.1f}" y2="{most:.1f}" stroke="{colour}"/>'
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'
    beside = _WIDTH - _RIGHT + 12
    key = _TOP + 18 * number
    yield f'<circle cx="{beside}" cy="{key}" r="4" fill="{colour}"/>'
    name = escape(shortened(row.setting.name, _NAME_CHARS))
    yield f'<text x="{beside + 10}" y="{key + 4}">{name}</text>'
