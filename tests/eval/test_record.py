"""The file of results: whatever a kill leaves of it is read, and nothing in it is lost."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.errors import StartupError
from bot.eval.record import Choice, EvalRecord, Result, key_of
from bot.words.terminal import eval as words


def filled(path: Path) -> None:
    with EvalRecord(path) as record:
        record.begin("a", 100)
        record.end(Result(key="a", text="Ünï \ud83d\n", micro_dollars=40, seconds=1.5))
        record.begin("b", 300)
        record.choose(Choice(key="p", better="second"))
        assert (record.settled, record.lost, record.spent) == (40, 300, 340)


def test_what_was_got_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    filled(path)

    with EvalRecord(path) as record:
        assert record.results["a"].text.startswith("Ünï ")
        assert (record.settled, record.lost, record.cut_off) == (40, 300, 1)
        assert record.choices == {"p": "second"}
        record.begin("b", 300)
        record.end(Result(key="b", micro_dollars=10))
        assert (record.settled, record.lost) == (50, 300)
        record.end(Result(key="b", failed="timeout", failure="Too late."))
        assert (record.settled, record.lost) == (50, 0)


def test_a_kill_at_any_byte_costs_the_last_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    filled(path)
    whole = path.read_bytes()

    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with EvalRecord(path) as record:
            lines = whole[:cut].count(b"\n")
            assert ("a" in record.results) == (lines >= 3)
            assert record.choices == ({"p": "second"} if lines >= 5 else {})
            record.end(Result(key="z", micro_dollars=1))
        with EvalRecord(path) as record:
            assert record.results["z"].micro_dollars == 1


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can be written beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 10, 30])
def test_what_there_was_no_room_for_takes_nothing_along(tmp_path: Path, room: int) -> None:
    """Half a line is written; what comes once there is room again is not the rest of it."""
    path = tmp_path / "out.jsonl"
    filled(path)
    with EvalRecord(path) as record:
        with room_for(path.stat().st_size + room), pytest.raises(OSError, match="too large"):
            record.end(Result(key="b", text="lost", micro_dollars=10))
        assert record.lost == 300
        record.choose(Choice(key="q", better="first"))

    with EvalRecord(path) as record:
        assert record.choices == {"p": "second", "q": "first"}
        assert "b" not in record.results


def test_no_room_from_the_beginning_is_said(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with room_for(5), pytest.raises(StartupError) as raised, EvalRecord(path):
        pass

    assert "cannot be written: File too large" in str(raised.value)
    filled(path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "out.jsonl"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/full"), Path("/dev/zero")):
        with pytest.raises(StartupError) as caught, EvalRecord(path):
            pass

        assert caught.value.faults == (words.NO_FILE(str(path)),)


def test_two_at_once_are_not_let_in(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with (
        EvalRecord(path),
        pytest.raises(StartupError, match=r"Another eval"),
        EvalRecord(path),
    ):
        pass


@pytest.mark.parametrize(
    "content",
    ["Dear diary\n", '{"prompt": "Hi"}\n', "[]\n", "7\n", "\n", "Dear diary", '{"format": 1}'],
)
def test_a_file_of_something_else_stays_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "diary.txt"
    path.write_text(content)

    with pytest.raises(StartupError) as caught, EvalRecord(path):
        pass

    assert caught.value.faults == (words.OF_ANOTHER(str(path)),)
    assert path.read_text() == content


def test_a_line_of_another_version_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    filled(path)
    with path.open("a") as file:
        file.write('{"kind": "choice", "key": "p", "better": "both"}\n')
        file.write('{"kind": "verdict"}\n[]\n{"kind": "answer", "key": 5}\nx\n{"kind": "begun"}\n')

    with EvalRecord(path) as record:
        assert (set(record.results), record.settled) == ({"a"}, 40)
        assert record.choices == {"p": "second"}


def test_a_key_is_that_of_its_parts() -> None:
    assert key_of("a", {"x": 1, "y": 2}) == key_of("a", {"y": 2, "x": 1})
    assert key_of("a", "b") != key_of("ab", "")
