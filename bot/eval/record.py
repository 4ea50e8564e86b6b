"""What an eval has got so far, in a file that survives a kill at any instant: a line for each
request that is begun, one for each answer, and one for each choice of a person.

A line is appended by one write, so a kill may at most cut the last one, which then counts for
nothing. A request that was begun and has no answer counts as spent, up to its bound.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import GrokFailure, StartupError
from bot.eval.dataset import check_file
from bot.words.terminal import eval as words

_FORMAT = "grok-eval-1"
_HEAD = json.dumps({"format": _FORMAT}).encode()
"""The first line of a file."""


class Begun(BaseModel):
    """A request that may cost up to so many micro-dollars."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["begun"] = "begun"
    key: str
    most: int


class Result(BaseModel):
    """An answer, or why there is none (`failure`)."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["answer"] = "answer"
    key: str
    text: str = ""
    failure: str = ""
    failed: GrokFailure | Literal[""] = ""
    micro_dollars: int = 0
    first_seconds: float | None = None
    seconds: float = 0.0


Better = Literal["first", "second", "same"]
"""Which of two answers is."""


class Choice(BaseModel):
    """What a person said of two answers."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["choice"] = "choice"
    key: str
    better: Better


def key_of(*parts: object) -> str:
    """What an answer is known by: all that it depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


class Record:
    """The file, while this process alone writes to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1
        self._begun: dict[str, list[int]] = {}
        self.results: dict[str, Result] = {}
        self.choices: dict[str, Better] = {}
        self._spent = 0

    def __enter__(self) -> Self:
        """Raises `StartupError` when another process writes to it, or it is something else."""
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK
            self._file = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise StartupError(
                [words.UNREADABLE(path=str(self.path), why=error.strerror or "")]
            ) from None
        try:
            self._take_over()
        except OSError as error:
            os.close(self._file)
            raise StartupError(
                [words.NO_ROOM(path=str(self.path), why=error.strerror or "")]
            ) from None
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    @property
    def settled(self) -> int:
        """Micro-dollars that answers have cost."""
        return self._spent

    @property
    def lost(self) -> int:
        """Micro-dollars that requests without an answer may have come to."""
        return sum(sum(each) for each in self._begun.values())

    @property
    def cut_off(self) -> int:
        """How many requests that was."""
        return sum(map(len, self._begun.values()))

    @property
    def spent(self) -> int:
        """Micro-dollars that all of it has cost, and may have."""
        return self._spent + self.lost

    def begin(self, key: str, most: int) -> None:
        """A request is made that costs up to so many micro-dollars."""
        self._append(Begun(key=key, most=most))
        self._begun.setdefault(key, []).append(most)

    def end(self, result: Result) -> None:
        """What the last request with this key came to."""
        self._append(result)
        self._take_in(result)

    def choose(self, choice: Choice) -> None:
        """A person has chosen; what was chosen before by that key counts no more."""
        self._append(choice)
        self.choices[choice.key] = choice.better

    def _take_over(self) -> None:
        check_file(self.path, self._file)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartupError([words.IN_USE.format(self.path)]) from None
        with self.path.open("rb") as file:
            content = file.read()
        head, *lines = content.split(b"\n")
        if not (_format_of(head) == _FORMAT if lines else _HEAD.startswith(content)):
            raise StartupError([words.OF_ANOTHER.format(self.path)])
        os.ftruncate(self._file, content.rfind(b"\n") + 1)
        if not lines:
            self._write(_HEAD.decode())
        lines = lines[:-1]
        for line in filter(None, lines):
            self._read(line)

    def _read(self, line: bytes) -> None:
        """A line that cannot be read is of another version, and counts for nothing."""
        try:
            entry = json.loads(line)
            if entry["kind"] == "begun":
                begun = Begun.model_validate(entry)
                self._begun.setdefault(begun.key, []).append(begun.most)
            elif entry["kind"] == "choice":
                choice = Choice.model_validate(entry)
                self.choices[choice.key] = choice.better
            else:
                self._take_in(Result.model_validate(entry))
        except (ValueError, ValidationError, KeyError, TypeError):
            return

    def _take_in(self, result: Result) -> None:
        self._spent += result.micro_dollars
        open_ = self._begun.get(result.key)
        if open_:
            open_.pop()
            if not open_:
                del self._begun[result.key]
        self.results[result.key] = result

    def _append(self, entry: Begun | Choice | Result) -> None:
        self._write(json.dumps(entry.model_dump(exclude_defaults=True) | {"kind": entry.kind}))

    def _write(self, line: str) -> None:
        """All of it or nothing: half a line would take the next one with it. Raises `OSError`."""
        data, whole = f"{line}\n".encode(), os.fstat(self._file).st_size
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            os.ftruncate(self._file, whole)
            raise


def _format_of(line: bytes) -> object:
    try:
        head: Mapping[str, object] = json.loads(line)
        return head.get("format")
    except (ValueError, AttributeError):
        return None
