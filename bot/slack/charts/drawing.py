"""Charts as pictures (PNG), for where Slack draws none: imported once one is to be drawn.

A picture is opaque, so that it reads alike on a light and on a dark Slack. The font that comes with
Pillow has the letters of few languages: a name with any other is drawn as a number, and the legend
tells which it is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from bot.slack.charts.charts import Bar, Chart
from bot.words import votes as words

_WIDTH, _MARGIN = 920, 24
_LEFT, _RIGHT = 350, 216
"""What names have to the left of the bars, and figures to the right, in pixels. Slack shows
less than half of those, so letters are large."""

_TOP, _ROW, _BOTTOM = 110, 46, 110
_NAME_CHARS, _CHARS = 30, 60
_SIZE, _TITLE_SIZE, _SMALL_SIZE = 24, 30, 21
_SIZES = (24, 21, 18, 15, 11)
"""Of letters, in pixels; a text is written in the largest of these that it has room in."""

_TICKS = (0, 25, 50, 75, 100)

_PAPER, _LINE, _INK, _SOFT = "#ffffff", "#dedae6", "#1d1c1d", "#5c5a60"
_RANGE, _SHARE = "#c3b8ef", "#4a2fbd"

_NO_GLYPH = "\uffff"
"""Of this no font has a sign."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture; `legend`: what the names are that stand in it as numbers."""

    png: bytes
    legend: Mapping[int, str]


def drawn(chart: Chart) -> Drawn:
    """`chart` as a picture. It takes some tens of milliseconds: not for the event loop."""
    names = chart.names(_NAME_CHARS)
    numbered = enumerate(names, 1)
    legend = {number: name for number, name in numbered if not all(map(_has_sign_of, name))}
    height = _TOP + _ROW * len(names) + _BOTTOM
    image = Image.new("RGB", (_WIDTH, height), _PAPER)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, _WIDTH - 1, height - 1), outline=_LINE)
    _frame(canvas, chart.title, height)
    for number, (name, bar) in enumerate(zip(names, chart.bars, strict=False), 1):
        label = words.NUMBERED(number) if number in legend else name
        _row(canvas, _TOP + _ROW * (number - 1), label, bar)
    written = io.BytesIO()
    image.save(written, "PNG")
    return Drawn(written.getvalue(), legend)


def in_words(chart: Chart, most: int) -> str:
    """What it shows, in at most `most` characters: whole figures, as many as have room."""
    names = chart.names(_NAME_CHARS)
    shares = [
        words.SHARE_IN_WORDS(name=name, value=bar.value, least=bar.least, most=bar.most)
        for name, bar in zip(names, chart.bars, strict=False)
    ]
    return next(filter(lambda text: len(text) <= most, _told(chart.title, shares)), "")


def _told(title: str, shares: Sequence[str]) -> Iterator[str]:
    """The longest first."""
    for left_out in range(len(shares) + 1):
        told = shares[: len(shares) - left_out]
        more = [words.MORE_SHARES(left_out)] if left_out else []
        yield f"{words.without_signs(title)}. {'; '.join([*told, *more])}."


def _frame(canvas: ImageDraw.ImageDraw, title: str, height: int) -> None:
    """The title, the grid with its marks, and what the signs mean."""
    canvas.text((_MARGIN, 30), words.without_signs(title)[:_CHARS], _INK, _font(_TITLE_SIZE))
    bottom = height - _BOTTOM
    for percent in _TICKS:
        x = _x(percent)
        canvas.line((x, _TOP - 10, x, bottom + 6), _LINE, 2)
        canvas.text((x, bottom + 10), f"{percent}%", _SOFT, _font(_SMALL_SIZE), anchor="ma")
    line = height - 36
    canvas.rectangle((_MARGIN, line - 14, _MARGIN + 8, line + 8), _SHARE)
    canvas.text((_MARGIN + 20, line - 3), words.DOT, _SOFT, _font(_SMALL_SIZE), anchor="lm")
    start = _MARGIN + 60 + int(_font(_SMALL_SIZE).getlength(words.DOT))
    canvas.rectangle((start, line - 14, start + 40, line + 8), _RANGE)
    canvas.text((start + 52, line - 3), words.RANGE, _SOFT, _font(_SMALL_SIZE), anchor="lm")


def _row(canvas: ImageDraw.ImageDraw, top: int, label: str, bar: Bar) -> None:
    """One share: its range in a pale colour, and itself as a mark in it."""
    middle = top + _ROW // 2
    font = _fitting(label, _SIZE, _LEFT - 16 - _MARGIN)
    canvas.text((_LEFT - 16, middle), label, _INK, font, anchor="rm")
    least, most, share = _x(bar.least), _x(bar.most), _x(bar.value)
    canvas.rectangle((least, middle - 9, max(most, least + 1), middle + 9), _RANGE)
    canvas.rectangle((share - 4, middle - 15, share + 4, middle + 15), _SHARE)
    right = _WIDTH - _RIGHT
    canvas.text((right + 78, middle), f"{bar.value}%", _INK, _font(_SIZE), anchor="rm")
    font = _fitting(bar.counted, _SMALL_SIZE, _RIGHT - 90 - 10)
    canvas.text((right + 90, middle), bar.counted[:_CHARS], _SOFT, font, anchor="lm")


def _x(percent: int) -> int:
    share = min(100, max(0, percent)) / 100
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * share)


def _fitting(text: str, most: int, width: int) -> FreeTypeFont:
    """The largest font, up to `most`, that `text` is no wider than `width` in; else the least. No
    text that is drawn has more than `_CHARS`."""
    fonts = [_font(size) for size in _SIZES if size <= most]
    return next((font for font in fonts if font.getlength(text[:_CHARS]) <= width), fonts[-1])


@cache
def _font(size: int) -> FreeTypeFont:
    """Raises `OSError` where Pillow was built without FreeType."""
    font = ImageFont.load_default(size)
    if not isinstance(font, FreeTypeFont):
        raise OSError("no font that can be scaled")
    return font


@lru_cache(1_000)
def _has_sign_of(char: str) -> bool:
    """Whether the font has more than a box for it."""
    shown, box = (bytes(_font(_SIZE).getmask(each)) for each in (char[:1], _NO_GLYPH))
    return char == " " or shown not in (box, b"")
