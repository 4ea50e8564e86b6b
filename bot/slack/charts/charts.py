"""Charts of shares, as Slack draws them in messages ("Data visualization block", June 2026)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.characters import excerpt
from bot.words import votes as words

Block = Mapping[str, object]

CHART = "data_visualization"
MOST_BARS = 20
_TITLE_CHARS = 50
_LABEL_CHARS = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """A share in percent, with the least and the most that it is likely to be; `counted`: of how
    many, in words. `name` may be anybody's."""

    name: str
    least: int
    value: int
    most: int
    counted: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Shares side by side. What has no room is left out."""

    title: str
    bars: tuple[Bar, ...]

    @property
    def block(self) -> Block:
        """As Slack draws it."""
        return bars(
            self.title,
            [bar.name for bar in self.bars],
            {
                words.AT_LEAST: [bar.least for bar in self.bars],
                words.LIKED: [bar.value for bar in self.bars],
                words.AT_MOST: [bar.most for bar in self.bars],
            },
        )

    def names(self, room: int) -> Sequence[str]:
        """What its bars are called, each in so many characters, and no two alike."""
        return _labels([bar.name for bar in self.bars[:MOST_BARS]], room)


def bars(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> Block:
    """A group of bars for each label, one bar for each of `series` by its name. What has no room is
    left out; labels may be anybody's."""
    shown = _labels(labels[:MOST_BARS], _LABEL_CHARS)
    return {
        "type": CHART,
        "title": excerpt(title, _TITLE_CHARS),
        "chart": {
            "type": "bar",
            "series": [
                {"name": name, "data": _points(shown, values)} for name, values in series.items()
            ],
            "axis_config": {"categories": shown},
        },
    }


def without_charts(blocks: Sequence[Block]) -> list[Block]:
    """`blocks` for where none are drawn."""
    return [block for block in blocks if block["type"] != CHART]


def _points(labels: Sequence[str], values: Sequence[float]) -> list[Block]:
    pairs = zip(labels, values, strict=False)
    return [{"label": label, "value": value} for label, value in pairs]


def _labels(names: Sequence[str], room: int) -> list[str]:
    """Each in its room, and no two alike: the middle of a long one is left out, since names of
    models differ at both ends."""
    found: list[str] = []
    for name in names:
        label = _shortened(excerpt(name, 200) or "-", room)
        number = 2
        while label in found:
            mark = f" ({number})"
            label = _shortened(excerpt(name, 200), room - len(mark)) + mark
            number += 1
        found.append(label)
    return found


def _shortened(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    head = room // 2
    return f"{text[:head]}…{text[len(text) - (room - head - 1) :]}"
