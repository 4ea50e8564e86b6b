from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bench.__main__ import find, main


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package with two benchmarks, and a module that is none."""
    home = tmp_path / "some_benchmarks"
    home.mkdir()
    (home / "__init__.py").touch()
    (home / "helpers.py").write_text("SIZE = 3\n")
    for name in ("edits", "queue"):
        (home / f"{name}.py").write_text(
            f'"""How fast {name} are."""\n\ndef main():\n    print("ran")\n'
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("some_benchmarks")]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("some_benchmarks")


def test_all_are_run_unless_some_are_named(
    package: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], package) == 0
    assert capsys.readouterr().out.splitlines() == [
        "edits: How fast edits are.",
        "ran",
        "queue: How fast queue are.",
        "ran",
    ]

    assert main(["queue"], package) == 0
    assert capsys.readouterr().out.splitlines() == ["queue: How fast queue are.", "ran"]


def test_a_name_that_does_not_exist_is_refused_with_those_that_do(
    package: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["quue"], package)

    assert exit_.value.code == 2
    assert "edits, queue" in capsys.readouterr().err


def test_the_benchmarks_of_the_project_can_be_loaded() -> None:
    assert all(callable(module.main) for module in find().values())
