"""tools/venv.sh, with a stand-in for Python: what it installs, and when."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT

pytestmark = pytest.mark.integration


class Machine:
    """A directory with tools/venv.sh and a lock file, and a PATH of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bin = path / "bin"
        self.bin.mkdir()
        (path / "tools").mkdir()
        shutil.copy(ROOT / "tools/venv.sh", path / "tools/venv.sh")
        self.lock("thing==1\n")
        for tool in ("sh", "cat", "cksum", "rm", "mkdir", "cp", "chmod"):
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)

    def lock(self, text: str) -> None:
        (self.path / "requirements.lock").write_text(text, encoding="utf-8")

    def python(self, *, recent: bool = True, venv: bool = True, pip: str = "exit 0") -> None:
        """Put a stand-in for Python on the PATH; `pip` is what its pip install does."""
        script = f"""#!/bin/sh
case "$*" in
    *version_info*) exit {0 if recent else 1} ;;
    *ensurepip*) exit {0 if venv else 1} ;;
    --version) echo "Python 3.99" ;;
    "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-m pip --version") exit 0 ;;
    "-m pip install"*) echo "pip $*"; {pip} ;;
esac
"""
        (self.bin / "python3").write_text(script, encoding="utf-8")
        (self.bin / "python3").chmod(0o755)

    def install(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "tools/venv.sh", "requirements.lock"],
            cwd=self.path,
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_a_python_one_line_says_what_is_needed(machine: Machine) -> None:
    done = machine.install()

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Python 3.11 or newer is needed, and none was found")


def test_an_old_python_is_no_python(machine: Machine) -> None:
    machine.python(recent=False)

    assert machine.install().returncode == 1


def test_a_python_without_venv_is_named_with_the_remedy(machine: Machine) -> None:
    machine.python(venv=False)

    done = machine.install()

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("python3 has no venv module")
    assert "python3-venv" in line


def test_the_lock_is_installed_once_and_again_when_it_changes(machine: Machine) -> None:
    machine.python()

    first = machine.install()
    assert first.returncode == 0
    assert "--require-hashes -r requirements.lock" in first.stdout

    second = machine.install()
    assert (second.returncode, second.stdout) == (0, "")

    machine.lock("thing==2\n")
    third = machine.install()
    assert "Installing requirements.lock" in third.stdout
    assert "Making .venv" not in third.stdout


def test_an_install_that_broke_off_is_not_taken_for_done(machine: Machine) -> None:
    machine.python(pip="exit 3")
    assert machine.install().returncode == 3

    machine.python()
    shutil.copy(machine.bin / "python3", machine.path / ".venv/bin/python")
    assert "pip -m pip install" in machine.install().stdout


def test_an_environment_whose_python_is_gone_is_made_again(machine: Machine) -> None:
    machine.python()
    machine.install()
    (machine.path / ".venv/bin/python").unlink()

    assert "Making .venv" in machine.install().stdout
