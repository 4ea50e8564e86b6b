from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bench import pictures
from bench.pictures import DOCS, PICTURES, TABLE, with_table
from bench.streaming.rows import ROWS

DRAWN = sorted(path.stem for path in DOCS.glob("*.svg"))


def test_every_drawn_picture_in_docs_has_figures_to_draw_it_from() -> None:
    assert sorted(PICTURES) == DRAWN


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_shows_the_figures_beside_it(name: str, tmp_path: Path) -> None:
    figures = json.loads((DOCS / f"{name}.json").read_text(encoding="utf-8"))

    pictures.keep(tmp_path / f"{name}.svg", name, figures)

    for file in (f"{name}.svg", f"{name}.json"):
        assert (tmp_path / file).read_text() == (DOCS / file).read_text()


def test_all_are_drawn_again_by_one_command(tmp_path: Path) -> None:
    for name in DRAWN:
        shutil.copy(DOCS / f"{name}.json", tmp_path)

    pictures.main(tmp_path)

    assert sorted(path.stem for path in tmp_path.glob("*.svg")) == DRAWN


def test_the_table_shows_what_the_picture_does() -> None:
    page = TABLE.read_text(encoding="utf-8")

    assert with_table(page) == page
    assert page.count("| **ours** |") >= len(ROWS)


@pytest.mark.parametrize("name", DRAWN)
def test_the_docs_name_the_command_that_measures_what_a_picture_shows(name: str) -> None:
    page = (DOCS / f"{'evaluation' if name == 'evaluation' else 'streaming'}.md").read_text()

    assert f"({name}.svg)" in page
    assert f"({name}.json)" in page
