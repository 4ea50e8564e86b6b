"""Charts as pictures: whatever the names are, every sign in one can be read."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.files.kinds import size_of_png
from bot.slack.charts.charts import MOST_BARS, Bar, Chart
from bot.slack.charts.drawing import Drawn, drawn, in_words
from bot.words import votes as words

PERCENT = st.integers(0, 100)
BARS = st.lists(
    st.builds(Bar, st.text(max_size=80), PERCENT, PERCENT, PERCENT, st.text("0123,of ")),
    min_size=1,
    max_size=30,
)
PAPER, RANGE, SHARE = (255, 255, 255), (195, 184, 239), (74, 47, 189)


def chart_of(*names: str, share: tuple[int, int, int] = (20, 50, 80)) -> Chart:
    return Chart("👍 in %", tuple(Bar(name, *share, "1 of 2") for name in names))


def image_of(picture: Drawn) -> Image.Image:
    return Image.open(io.BytesIO(picture.png)).convert("RGB")


def extent(picture: Drawn, row: int, *colours: tuple[int, int, int]) -> tuple[int, int]:
    """From where to where `colours` reach in the middle of a row, in pixels."""
    image = image_of(picture)
    middle = 110 + 46 * row + 23
    found = [x for x in range(image.width) if image.getpixel((x, middle)) in colours]
    return found[0], found[-1]


@settings(max_examples=25, deadline=None)
@given(BARS, st.text(max_size=60))
def test_whatever_the_names_are_it_is_a_picture_of_bounded_size(
    bars: list[Bar], title: str
) -> None:
    chart = Chart(title, tuple(bars))
    picture = drawn(chart)

    assert size_of_png(picture.png) == (920, 220 + 46 * min(len(bars), MOST_BARS))
    assert len(picture.png) < 500_000
    assert len(in_words(chart, 1_000)) <= 1_000


def test_a_name_with_signs_that_no_font_here_has_is_a_number_with_a_legend() -> None:
    names = ("grok-4.3", "#日本語", "a-b_c/0.2", "#канал", "#قناة", "🦄", "a\u0301", "İstanbul ‹b›")
    picture = drawn(chart_of(*names))

    assert set(picture.legend) == {2, 4, 5, 6, 7, 8}
    assert picture.legend[2] == "#日本語"
    boxed = drawn(chart_of("#日本語"))
    assert boxed.png == drawn(chart_of("🦄")).png  # neither has anything but its number


def test_a_share_lies_in_its_range_at_its_place() -> None:
    picture = drawn(
        Chart("t", (Bar("some", 25, 50, 75), Bar("none", 0, 0, 100), Bar("all", 100, 100, 100)))
    )
    left, right = extent(picture, 1, RANGE, SHARE)
    whole = right - left
    from_, to = extent(picture, 0, RANGE, SHARE)
    at = sum(extent(picture, 0, SHARE)) / 2

    assert abs((from_ - left) / whole - 0.25) < 0.02
    assert abs((to - left) / whole - 0.75) < 0.02
    assert abs((at - left) / whole - 0.5) < 0.02
    assert extent(picture, 2, SHARE)[1] >= right


def test_it_reads_alike_on_light_and_dark() -> None:
    picture = Image.open(io.BytesIO(drawn(chart_of("grok-4.3")).png))

    assert picture.mode == "RGB"  # nothing of it is seen through
    assert picture.getpixel((5, 5)) == PAPER


def test_no_name_runs_into_the_bars_or_out_of_the_picture() -> None:
    picture = drawn(chart_of("W" * 200, "W" * 199 + "x", "grok-4.3"))
    image = image_of(picture)

    for row in range(3):
        top = 110 + 46 * row
        beside = [
            image.getpixel((x, y)) for x in (*range(1, 20), 344) for y in range(top, top + 46)
        ]
        assert set(beside) == {PAPER}


def test_in_words_are_whole_figures_as_many_as_have_room() -> None:
    chart = chart_of(*[f"model {number}" for number in range(30)])
    told = in_words(chart, 120)

    assert told.startswith("Thumbs up in %. model 0: 50% (20–80%); model 1: 50% (20–80%);")
    assert told.endswith(f"{MOST_BARS - told.count('model')} more.")
    assert len(told) <= 120
    assert in_words(chart_of("one"), 1_000) == "Thumbs up in %. one: 50% (20–80%)."
    assert words.MORE_SHARES(1) not in in_words(chart, 1_000)
