from __future__ import annotations

import io
import os
import pty
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.terminal.input import with_input
from bot.words.terminal import ask as words

MOST = 1_000


def asked(arguments: list[str], given: bytes, path: Path, *, most: int = MOST) -> object:
    """The prompt when `given` comes from a file."""
    (path / "given").write_bytes(given)
    with (path / "given").open() as stdin:
        return with_input(arguments, most=most, stdin=stdin).values.get("prompt")


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: where somebody types, and what a program reads."""
    keyboard, program = pty.openpty()
    yield keyboard, program
    os.close(keyboard)
    os.close(program)


@pytest.mark.parametrize(
    ("arguments", "given", "prompt"),
    [
        ([], b"hi\n", "hi"),
        (["-"], b"hi\n", "hi"),
        (["-t", "0.2", "-"], b"hi", "hi"),
        (["Sum", "it up"], b"one\ntwo\n\n", "Sum it up\n\none\ntwo\n"),
        (["Sum it up", "-"], b"one", "Sum it up\n\none"),
        (["--prompt", "a", "--prompt", "b"], b"one", ["a\n\none", "b\n\none"]),
        (["hi"], b"", "hi"),
        (["hi"], b" \n", "hi"),
        (["hi"], b"--temperature 3", "hi\n\n--temperature 3"),
        ([], b"--temperature 3", "--temperature 3"),
        (["--stop", "-"], b"hi", "hi"),
        (["--", "-"], b"hi", "-\n\nhi"),
        (["a-", "b-"], b"", "a- b-"),
        ([], "grüß dich\r\n".encode(), "grüß dich"),
        ([], "\ufeffhi".encode(), "hi"),
        ([], "hi ☕".encode("utf-16"), "hi ☕"),
    ],
)
def test_what_is_given_is_the_prompt_or_follows_it(
    arguments: list[str], given: bytes, prompt: object, tmp_path: Path
) -> None:
    assert asked(arguments, given, tmp_path) == prompt


def test_nothing_given_leaves_the_prompt_out(tmp_path: Path) -> None:
    assert asked([], b"", tmp_path) is None


def test_flags_and_their_faults_stay(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"hi")
    with (tmp_path / "given").open() as stdin:
        flags = with_input(["-t", "7", "-s", "Be brief"], most=MOST, stdin=stdin)

    assert [fault.parameter for fault in flags.faults] == ["temperature"]
    assert flags.system == "Be brief"


@pytest.mark.parametrize("given", [b"\xff\xfe\xff", b"\x80abc", b"PNG\x00\xff"])
def test_what_is_no_text_is_said_so(given: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no text"):
        asked([], given, tmp_path)


@pytest.mark.parametrize("given", [b"x" * (MOST + 1), "☕".encode() * MOST, b"x" * 10 * MOST])
def test_more_than_a_prompt_may_hold_is_not_read_for_ever(given: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="GROK_MAX_PROMPT_BYTES"):
        asked([], given, tmp_path)


def test_a_source_without_an_end_ends() -> None:
    """Like `yes |`."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            try:
                while True:
                    pipe.write(b"y\n" * 1_000)
            except BrokenPipeError:
                pass

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(UserError), os.fdopen(reading) as stdin:
        with_input([], most=MOST, stdin=stdin)
    writer.join()


def test_a_terminal_is_read_only_when_asked_to(terminal: tuple[int, int]) -> None:
    keyboard, program = terminal
    err = io.StringIO()
    with os.fdopen(os.dup(program)) as stdin:
        assert with_input(["hi"], most=MOST, stdin=stdin, err=err).values == {"prompt": "hi"}
        assert with_input([], most=MOST, stdin=stdin, err=err).values == {}
        assert err.getvalue() == ""

        os.write(keyboard, b"typed\n\x04")
        assert with_input(["-"], most=MOST, stdin=stdin, err=err).values == {"prompt": "typed"}
    assert words.TYPE_NOW in err.getvalue()


def test_a_pipe_that_says_nothing_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.terminal.input._SILENT_SECONDS", 0.01)
    reading, writing = os.pipe()
    told = threading.Event()

    class Screen(io.StringIO):
        def flush(self) -> None:
            told.set()

    err = Screen()
    with os.fdopen(reading) as stdin:

        def close_when_told() -> None:
            told.wait()
            os.close(writing)

        closer = threading.Thread(target=close_when_told)
        closer.start()
        assert with_input(["hi"], most=MOST, stdin=stdin, err=err).values == {"prompt": "hi"}
        closer.join()
    assert words.READING in err.getvalue()


def test_what_the_caller_happened_to_have_is_left_alone_beside_a_prompt() -> None:
    """A socket, as supervisors give, may never end."""
    ours, theirs = socket.socketpair()
    with theirs, ours, os.fdopen(os.dup(ours.fileno())) as stdin:
        assert with_input(["hi"], most=MOST, stdin=stdin).values == {"prompt": "hi"}
        theirs.sendall(b"hi\n")
        theirs.shutdown(socket.SHUT_WR)
        assert with_input([], most=MOST, stdin=stdin).values == {"prompt": "hi"}
    with Path(os.devnull).open() as stdin:
        assert with_input(["hi"], most=MOST, stdin=stdin).values == {"prompt": "hi"}
