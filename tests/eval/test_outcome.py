"""The table, the picture, and which setting is best."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bot.eval.grid import Setting
from bot.eval.outcome import SettingRow, plot, ranked, table, verdict
from bot.rules.shares import Proportion
from bot.words.terminal import eval as words


def row(temperature: float, hits: float, total: int, cost: float | None = 100) -> SettingRow:
    return SettingRow(
        Setting({"temperature": temperature}), Proportion(hits, total), cost, 0.5, 2.0
    )


def test_the_best_comes_first_and_of_equals_the_cheapest() -> None:
    rows = [row(0.1, 5, 10), row(0.2, 9, 10, 300), row(0.3, 9, 10, 200), row(0.4, 0, 0, None)]

    assert [each.setting.values["temperature"] for each in ranked(rows)] == [0.3, 0.2, 0.1, 0.4]
    lines = list(table(rows))
    assert lines[1].split("  ")[0] == "temperature=0.3"
    assert "90% (60–98%)" in lines[1]
    assert "$0.000200" in lines[1]
    assert lines[-1].split()[1:4] == ["0", "-", "-"]


def test_how_sure_it_is_is_said() -> None:
    sure = list(verdict([row(0.2, 95, 100), row(0.8, 20, 100)]))
    unsure = list(verdict([row(0.2, 6, 10), row(0.8, 5, 10), row(0.9, 0, 10)]))

    assert sure[0] == words.BEST(
        setting="temperature=0.2", command="/grok defaults set --temperature 0.2"
    )
    assert sure[1] == words.SURE
    assert unsure[1] == words.UNSURE(["temperature=0.8"])
    assert list(verdict([row(0.2, 0, 0)])) == []


def test_of_one_setting_and_of_none_that_is_good_none_is_the_best() -> None:
    assert list(verdict([row(0.2, 5, 10)])) == [words.ONE_SETTING]
    assert list(verdict([row(0.2, 0, 10), row(0.8, 0, 10)])) == [words.NONE_GOOD]


def test_what_the_others_are_measured_by_has_no_range() -> None:
    """Its share is 50 % by definition: 10 of 40 are surely less, whatever would be by chance."""
    measure = SettingRow(
        Setting({"temperature": 0.2}), Proportion(20, 40), 100, 0.5, 2.0, is_measure=True
    )
    worse, better, like = row(0.8, 10, 40), row(0.8, 30, 40), row(0.8, 18, 40)

    assert list(table([measure, worse]))[1].split()[1:4] == ["40", "50%", "$0.000100"]
    assert list(verdict([measure, worse]))[1] == words.SURE
    assert list(verdict([measure, better]))[1] == words.SURE
    assert list(verdict([measure, like]))[1] == words.UNSURE(["temperature=0.8"])
    assert list(verdict([row(0.2, 20, 40), worse]))[1] == words.UNSURE(["temperature=0.8"])


def test_the_picture_is_svg_with_a_dot_and_a_line_for_each_setting() -> None:
    rows = [row(0.2, 9, 10), row(0.8, 5, 10, 400), row(0.9, 0, 0), row(0.7, 1, 2, None)]
    rows.append(
        SettingRow(Setting({"system": 'Be <b>"brief"</b> &'}), Proportion(1, 2), 0.0, None, None)
    )

    root = ET.fromstring(plot(rows))
    kind = "{http://www.w3.org/2000/svg}"
    dots = [each for each in root.iter(f"{kind}circle") if each.get("r") == "5"]

    assert len(dots) == 3
    assert all(0 <= float(dot.get("cx", "")) <= 820 for dot in dots)
    said = "".join(text.text or "" for text in root.iter(f"{kind}text"))
    assert words.PLOT_TITLE in said
    assert "Be <b>" in said
    assert ET.fromstring(plot([])) is not None
