"""The plot: lag, and time to the final text, against answers at once; an SVG, by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, log10

from bench.streaming.cell import OURS
from bench.streaming.table import Cell

AT_ONCE = {"1": 1, "5": 5, "20": 20, "100": 100}
"""The rows that are bursts, and how many answers they have."""

WIDTH, HEIGHT = 880, 400
_TOP, _BOTTOM, _LEFT, _GAP = 56, 64, 62, 84
_PANEL = (WIDTH - 2 * _LEFT - _GAP) / 2 + 16
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
_LOW, _HIGH = 0.05, 250.0
_SVG = "http://www.w3.org/2000/svg"
_FONT = 'font-family="system-ui, sans-serif" font-size="12"'
_STYLES: Mapping[str, str] = {
    OURS: "#0b6e4f",
    "1 s clock": "#d1495b",
    "20 chunks": "#e08e0b",
    "256 chars": "#5b5fc7",
    "bound": "#777777",
}

Points = list[tuple[int, float]]


def draw(cells: Sequence[Cell]) -> str:
    """The plot of `cells`. What never came whole stands at the upper edge."""
    lag = {system: _points(cells, system, "lag") for system in _STYLES if system != "bound"}
    final = {system: _points(cells, system, "final") for system in _STYLES if system != "bound"}
    bound = [
        (AT_ONCE[c.row], c.bound.least) for c in cells if c.system == OURS and c.row in AT_ONCE
    ]
    parts = [
        f'<svg xmlns="{_SVG}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" {_FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_panel(_LEFT, "Mean lag behind Grok (s)", {**lag, "bound": bound}),
        *_panel(_LEFT + _PANEL + _GAP, "Grok’s end → final text visible, p95 (s)", final),
        *_legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _points(cells: Sequence[Cell], system: str, name: str) -> Points:
    return [
        (AT_ONCE[cell.row], getattr(cell, name))
        for cell in cells
        if cell.system == system and cell.row in AT_ONCE
    ]


def _panel(left: float, title: str, series: Mapping[str, Points]) -> Iterable[str]:
    right, bottom = left + _PANEL, HEIGHT - _BOTTOM
    yield f'<text x="{left:.0f}" y="{_TOP - 14}" font-weight="600" fill="#1d1c1d">{title}</text>'
    for tick in _TICKS:
        y = _y(tick)
        yield f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="#e6e6e6"/>'
        at = f'x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end"'
        yield f'<text {at} fill="#555">{tick:g}</text>'
    for count in AT_ONCE.values():
        x = _x(left, count)
        yield f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="#f0f0f0"/>'
        yield (
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#555">{count}</text>'
        )
    yield (
        f'<text x="{(left + right) / 2:.1f}" y="{bottom + 36}" text-anchor="middle"'
        ' fill="#555">answers at once</text>'
    )
    for system, points in series.items():
        yield from _curve(left, system, points)


def _curve(left: float, system: str, points: Points) -> Iterable[str]:
    if not points:
        return
    colour = _STYLES[system]
    dashes = ' stroke-dasharray="5 4"' if system == "bound" else ""
    width = 3 if system == OURS else 2
    places = [(_x(left, count), _y(value), value) for count, value in sorted(points)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in places)
    yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'
    for x, y, value in places:
        shown = "never" if value == inf else f"{value:.2f} s"
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}">'
            f"<title>{system}: {shown}</title></circle>"
        )


def _legend() -> Iterable[str]:
    x = float(_LEFT)
    for system, colour in _STYLES.items():
        dashes = ' stroke-dasharray="5 4"' if system == "bound" else ""
        y = HEIGHT - 12
        yield f'<path d="M{x:.0f} {y - 4}h26" stroke="{colour}" stroke-width="3"{dashes}/>'
        yield f'<text x="{x + 32:.0f}" y="{y}" fill="#1d1c1d">{system}</text>'
        x += 60 + 7.5 * len(system)


def _x(left: float, count: int) -> float:
    most = max(AT_ONCE.values())
    return left + 14 + (_PANEL - 28) * log10(count) / log10(most)


def _y(value: float) -> float:
    share = (log10(min(max(value, _LOW), _HIGH)) - log10(_LOW)) / (log10(_HIGH) - log10(_LOW))
    return HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP)
