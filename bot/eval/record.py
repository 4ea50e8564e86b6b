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
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.errors import GrokFailure, StartupError
from bot.eval.dataset import check_file
from bot.words.terminal import eval as words

_FORMAT = "grok-eval-1"
_HEAD = json.dumps({"format": _FORMAT}).encode()
"""The first line of a file."""


class _RecordLine(BaseModel):
    """A line: what is known of a request, or of a comparison, by its key."""

    model_config = ConfigDict(frozen=True)

    key: str


class BegunQuestion(_RecordLine):
    """A request that may cost up to so many micro-dollars."""

    kind: Literal["begun"] = "begun"
    most: int


class Result(_RecordLine):
    """An answer, or why there is none (`failure`)."""

    kind: Literal["answer"] = "answer"
    text: str = ""
    failure: str = ""
    failed: GrokFailure | Literal[""] = ""
    micro_dollars: int = 0
    first_seconds: float | None = None
    seconds: float = 0.0


Better = Literal["first", "second", "same"]
"""Which of two answers is."""


class Choice(_RecordLine):
    """What a person said of two answers."""

    kind: Literal["choice"] = "choice"
    better: Better


_ENTRY: TypeAdapter[BegunQuestion | Result | Choice] = TypeAdapter(
    Annotated[BegunQuestion | Result | Choice, Field(discriminator="kind")]
)


def key_of(*parts: object) -> str:
    """What an answer is known by: all that it depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


class EvalRecord:
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
        self._append(BegunQuestion(key=key, most=most))

    def end(self, result: Result) -> None:
        """What the last request with this key came to."""
        self._append(result)

    def choose(self, choice: Choice) -> None:
        """A person has chosen; what was chosen before by that key counts no more."""
        self._append(choice)

    def _take_over(self) -> None:
        check_file(self.path, self._file)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartupError([words.IN_USE(str(self.path))]) from None
        with self.path.open("rb") as file:
            content = file.read()
        head, *lines = content.split(b"\n")
        if not (_format_of(head) == _FORMAT if lines else _HEAD.startswith(content)):
            raise StartupError([words.OF_ANOTHER(str(self.path))])
        os.ftruncate(self._file, content.rfind(b"\n") + 1)
        if not lines:
            self._write(_HEAD.decode())
        for line in filter(None, lines[:-1]):
            with suppress(ValueError):  # what cannot be read is of another version
                self._take_in(_ENTRY.validate_python(json.loads(line)))

    def _take_in(self, entry: BegunQuestion | Choice | Result) -> None:
        match entry:
            case BegunQuestion(key=key, most=most):
                self._begun.setdefault(key, []).append(most)
            case Choice(key=key, better=better):
                self.choices[key] = better
            case Result(key=key):
                self._spent += entry.micro_dollars
                if open_ := self._begun.get(key):
                    open_.pop()
                self.results[key] = entry

    def _append(self, entry: BegunQuestion | Choice | Result) -> None:
        self._write(json.dumps(entry.model_dump(exclude_defaults=True) | {"kind": entry.kind}))
        self._take_in(entry)

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
