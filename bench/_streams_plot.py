"""The plot of `bench.streams`: CPU and memory against streams; an SVG, by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WIDTH, HEIGHT = 880, 320
_TOP, _BOTTOM, _LEFT, _GAP = 56, 56, 62, 84
_PANEL = (WIDTH - 2 * _LEFT - _GAP) / 2 + 16
_SVG = "http://www.w3.org/2000/svg"
_FONT = 'font-family="system-ui, sans-serif" font-size="12"'
_COLOURS = "#0b6e4f", "#5b5fc7"
_TICKS = 4

Point = tuple[float, float]


def draw(measured: Sequence[tuple[int, float, float]]) -> str:
    """The plot of (streams, share of a core, MiB)."""
    cpu = [(float(streams), core) for streams, core, _ in measured]
    memory = [(float(streams), mib) for streams, _, mib in measured]
    parts = [
        f'<svg xmlns="{_SVG}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" {_FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_panel(_LEFT, "CPU of the whole bot (cores)", cpu, _COLOURS[0]),
        *_panel(_LEFT + _PANEL + _GAP, "Memory of the whole bot (MiB)", memory, _COLOURS[1]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(left: float, title: str, points: Sequence[Point], colour: str) -> Iterable[str]:
    right, bottom = left + _PANEL, HEIGHT - _BOTTOM
    across, up = max(x for x, _ in points), _rounded(max(y for _, y in points))

    def place(point: Point) -> Point:
        x = left + 14 + (_PANEL - 28) * point[0] / across
        return x, bottom - (bottom - _TOP) * point[1] / up

    yield f'<text x="{left:.0f}" y="{_TOP - 14}" font-weight="600" fill="#1d1c1d">{title}</text>'
    for number in range(_TICKS + 1):
        tick = up * number / _TICKS
        _, y = place((0, tick))
        yield f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="#e6e6e6"/>'
        at = f'x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end"'
        yield f'<text {at} fill="#555">{tick:g}</text>'
    for streams, _ in points:
        x, _ = place((streams, 0))
        yield f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="#f0f0f0"/>'
        at = f'x="{x:.1f}" y="{bottom + 18}" text-anchor="middle"'
        yield f'<text {at} fill="#555">{streams:g}</text>'
    at = f'x="{(left + right) / 2:.1f}" y="{bottom + 38}" text-anchor="middle"'
    yield f'<text {at} fill="#555">streams of 50 tokens a second</text>'
    path = "L".join("{:.1f} {:.1f}".format(*place(point)) for point in points)
    yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="3"/>'
    for point in points:
        x, y = place(point)
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}">'
            f"<title>{point[0]:g}: {point[1]:.2f}</title></circle>"
        )


def _rounded(most: float) -> float:
    """The next round number that is not below `most`."""
    step = 10.0 ** (len(f"{most:.0f}") - 1) if most >= 1 else 0.1
    return next(step * n for n in range(1, 100) if step * n >= most)
