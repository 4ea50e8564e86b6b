"""tools/digests.sh, with a stand-in for docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT

pytestmark = pytest.mark.integration

OLD, NEW = "a" * 64, "b" * 64


def pinned(path: Path, says: str) -> subprocess.CompletedProcess[str]:
    """What the script does in a copy of the project whose docker `says` this of every image."""
    (path / "tools").mkdir(exist_ok=True)
    (path / "bin").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tools/digests.sh", path / "tools")
    for name in ("Dockerfile", "compose.yaml"):
        if not (path / name).exists():
            shutil.copy(ROOT / name, path)
    docker = path / "bin/docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >>asked\necho {says}\n', encoding="utf-8")
    docker.chmod(0o755)
    return subprocess.run(
        ["sh", "tools/digests.sh"],
        cwd=path,
        env={"PATH": f"{path / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def lines(path: Path) -> list[str]:
    """The lines that name an image."""
    both = ((path / "Dockerfile").read_text() + (path / "compose.yaml").read_text()).splitlines()
    return [line.strip() for line in both if line.strip().startswith(("ARG PYTHON=", "image:"))]


def test_each_image_is_pinned_and_pinned_anew(tmp_path: Path) -> None:
    for digest in (OLD, NEW):
        assert pinned(tmp_path, f"sha256:{digest}").returncode == 0
        assert lines(tmp_path) == [
            f"ARG PYTHON=python:3.13-slim@sha256:{digest}",
            f"image: valkey/valkey:9-alpine@sha256:{digest}",
        ]
    asked = (tmp_path / "asked").read_text().split()
    assert {word for word in asked if ":" in word} == {"python:3.13-slim", "valkey/valkey:9-alpine"}


def test_nothing_else_is_changed(tmp_path: Path) -> None:
    pinned(tmp_path, f"sha256:{OLD}")

    for name in ("Dockerfile", "compose.yaml"):
        now = (tmp_path / name).read_text().replace(f"@sha256:{OLD}", "")
        then = "\n".join(line.partition("@sha256:")[0] for line in _lines_of(name))
        assert now == then + "\n"


def _lines_of(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("says", ["", "no-such-manifest", "sha256:abc"])
def test_what_is_no_digest_is_not_written(says: str, tmp_path: Path) -> None:
    before = _lines_of("Dockerfile")

    ran = pinned(tmp_path, says)

    assert ran.returncode == 1
    assert "has no digest" in ran.stderr
    assert (tmp_path / "Dockerfile").read_text().splitlines() == before
