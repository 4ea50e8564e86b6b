"""A data set: prompts, with what makes a good answer to each, and what people thought of one.

All of it is read before anything is asked: whatever is wrong with a line is told with its number.
"""

from __future__ import annotations

import codecs
import csv
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from bot.characters import excerpt
from bot.errors import StartupError
from bot.words.terminal import eval as words

MOST_FAULTS = 5
"""Of so many lines it is told what is wrong with them."""

LINE_BYTES = 1_000_000
MOST_BYTES = 256 * 1024 * 1024
"""Of a file, all of which is held: whoever names a device gets a sentence."""

_EXPORTED = frozenset(
    (
        *("at", "channel", "channel_name", "voter", "way", "reasons", "comment", "model"),
        *("endpoint", "surface", "parameters", "tokens", "usd", "first_seconds", "seconds"),
        *("asked_at", "answer"),
    )
)
"""Keys that an export of votes has, and that say nothing here."""


class Item(BaseModel):
    """A prompt. `expected` and the rules below it say what a good answer is: all of them hold.

    `text` is an answer that people voted on, so many of them for it (`up`) and against (`down`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    prompt: str = Field(min_length=1)
    system: str = ""
    id: str = ""
    expected: str = ""
    contains: tuple[str, ...] = ()
    regex: str = ""
    json_schema: dict[str, Any] | bool | None = Field(None, alias="schema")
    max_chars: int | None = Field(None, ge=0, strict=True)
    min_chars: int | None = Field(None, ge=0, strict=True)
    text: str = ""
    up: int = 0
    down: int = 0

    @field_validator("contains", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        return tuple(value) if isinstance(value, list | tuple) else value

    @property
    def ruled(self) -> bool:
        """Whether a rule says what a good answer is."""
        limits = (self.json_schema, self.max_chars, self.min_chars)
        told = self.expected or self.contains or self.regex
        return bool(told) or any(limit is not None for limit in limits)


KEYS = tuple(
    sorted({field.alias or name for name, field in Item.model_fields.items()} - {"up", "down"})
)
"""What a line may say, besides `vote`."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """Its items in order; `left_out`: votes of an export that came without their prompt."""

    items: tuple[Item, ...]
    left_out: int = 0


def read_dataset(path: Path) -> DataSet:
    """What is in the file at `path`, by its ending: `.csv`, `.txt`, or else JSONL.

    Raises `StartupError` with the first faults.
    """
    content = _content(path)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise StartupError([words.UTF_16(str(path))])
    lines = content.split(b"\n")
    reader = _LineReader(str(path))
    entries = _entries(path.suffix.lower(), reader, lines)
    items = [item for number, entry in entries if (item := reader.item(number, entry))]
    reader.end()
    if not items:
        raise StartupError([words.NO_PROMPTS])
    return DataSet(tuple(_merged(items)), reader.left_out)


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            check_file(path, file.fileno())
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StartupError([words.UNREADABLE(path=str(path), why=error.strerror or "")]) from None
    if len(content) > MOST_BYTES:
        raise StartupError([words.TOO_LARGE(path=str(path), most=MOST_BYTES // 1024**2)])
    return content


def _without_waiting(path: str, flags: int) -> int:
    """Opens what nobody writes to as well: a read of a pipe would wait, and no signal end it."""
    return os.open(path, flags | os.O_NONBLOCK)


def check_file(path: Path, descriptor: int) -> None:
    """Raises `StartupError` where what is open is a pipe or a device, which may never end."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise StartupError([words.NO_FILE(str(path))])


def _entries(
    ending: str, reader: _LineReader, lines: Iterable[bytes]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    texts = reader.texts(lines)
    if ending == ".csv":
        yield from _rows(reader, "".join(f"{text}\n" for _, text in texts))
        return
    for number, text in texts:
        if not text.strip():
            continue
        entry = {"prompt": text} if ending == ".txt" else reader.parsed(number, text)
        if entry is not None:
            yield number, entry


def _rows(reader: _LineReader, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(LINE_BYTES)
    lines = text.splitlines(keepends=True)
    rows = csv.DictReader(lines, restkey="", delimiter=_delimiter(lines), strict=True)
    number = 0
    try:
        names = rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
        if lines and (fault := _fault_of_names(names)):
            reader.add(1, fault)
            return
        number = rows.line_num
        for row in rows:
            number = rows.line_num
            if row.get(""):
                reader.add(number, words.MORE_CELLS)
            else:
                yield number, _of_cells({name: cell for name, cell in row.items() if cell})
    except csv.Error as error:
        # The reader has gone on to the end where a quote stays open: it was opened in the next row.
        reader.add(number + 1, words.NO_CSV(excerpt(str(error))))


def _delimiter(lines: Sequence[str]) -> str:
    """What stands between cells: a comma, or what some programs write in its place."""
    first = lines[0] if lines else ""
    found = (each for each in ",;\t" if "prompt" in map(str.strip, first.split(each)))
    return next(found, ",")


def _fault_of_names(names: Sequence[str]) -> str:
    """What is wrong with the first line of a table."""
    if twice := next((name for name in names if name and names.count(name) > 1), ""):
        return words.COLUMN_TWICE(excerpt(twice))
    return "" if "prompt" in names else words.NO_COLUMN


def _of_cells(cells: Mapping[str, Any]) -> Mapping[str, Any]:
    """Cells are texts; what is no text elsewhere is JSON in them."""
    entry = dict(cells)
    for name in ("schema", "max_chars", "min_chars"):
        if name in entry:
            try:
                entry[name] = json.loads(entry[name])
            except (ValueError, TypeError, RecursionError):
                continue
    return entry


class _LineReader:
    """Reads entries, and gathers what is wrong with them."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._faults: list[str] = []
        self.left_out = 0

    def add(self, number: int, fault: str) -> None:
        """Something is wrong with a line."""
        self._faults.append(words.line(self._path, number, fault))

    def end(self) -> None:
        """Raises `StartupError` if anything was wrong."""
        if self._faults:
            more = len(self._faults) - MOST_FAULTS
            said = [words.MORE_FAULTS(more)] if more > 0 else []
            raise StartupError([*self._faults[:MOST_FAULTS], *said])

    def texts(self, lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
        """The lines that are texts, with their numbers."""
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_BYTES:
                self.add(number, words.TOO_LONG)
                continue
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r")
            except UnicodeDecodeError:
                self.add(number, words.NO_TEXT)

    def parsed(self, number: int, text: str) -> Mapping[str, Any] | None:
        """A line of JSONL: an object, or a prompt as a text."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            self.add(number, words.NOT_JSON)
            return None
        if _is_halved(text, value):
            self.add(number, words.HALVED)
            return None
        if isinstance(value, str):
            return {"prompt": value}
        if not isinstance(value, dict):
            self.add(number, words.NO_OBJECT)
            return None
        return value

    def item(self, number: int, entry: Mapping[str, Any]) -> Item | None:
        """The item that an entry is."""
        if "vote" in entry and not entry.get("prompt"):
            self.left_out += 1
            return None
        fault, item = _item(entry)
        if fault:
            self.add(number, fault)
        return item


def _is_halved(text: str, value: object) -> bool:
    """Whether `text`, which is the JSON of `value`, escapes one half of a character alone."""
    if "\\ud" not in text.lower():
        return False
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except RecursionError:
        pass
    return False


def _item(entry: Mapping[str, Any]) -> tuple[str, Item | None]:
    known = {name: each for name, each in entry.items() if name not in _EXPORTED}
    vote = known.pop("vote", None)
    if vote not in (None, "up", "down"):
        return words.NO_VOTE, None
    unknown = next((name for name in known if name not in KEYS), None)
    if unknown is not None:
        near = get_close_matches(str(unknown), KEYS, n=1)
        return words.UNKNOWN_KEY(key=excerpt(str(unknown)), near=near[0] if near else ""), None
    if not known.get("prompt"):
        return words.NO_PROMPT, None
    try:
        item = Item.model_validate({**known, "up": int(vote == "up"), "down": int(vote == "down")})
    except ValidationError as error:
        return words.WRONG_VALUE(str(error.errors()[0]["loc"][0])), None
    return _fault_of_rules(item), item


def _fault_of_rules(item: Item) -> str:
    try:
        regex.compile(item.regex)
    except (regex.error, RecursionError) as error:
        return words.NO_REGEX(excerpt(str(error)))
    if item.json_schema is not None:
        try:
            Draft202012Validator.check_schema(item.json_schema)
        except (SchemaError, RecursionError) as error:
            return words.NO_SCHEMA(excerpt(getattr(error, "message", "too deep")))
        if missing := next(_dangling(item.json_schema), ""):
            return words.LEADS_NOWHERE(excerpt(missing))
    return ""


def _dangling(schema: dict[str, Any] | bool) -> Iterator[str]:
    """The references of a schema that lead to nothing in it: nothing is fetched for one."""
    root = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    left: list[Any] = [schema]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += part
        elif isinstance(part, dict):
            left += part.values()
            reference = part.get("$ref", part.get("$dynamicRef"))
            if isinstance(reference, str):
                try:
                    root.lookup(reference)
                except (Unresolvable, ValueError):  # a name for the place in a list, say
                    yield reference


def _merged(items: Iterable[Item]) -> Iterable[Item]:
    """Each prompt once: votes of several people on one answer are several lines of an export."""
    found: dict[tuple[str, ...], Item] = {}
    for item in items:
        key = (item.id, item.system, item.prompt)
        known = found.get(key)
        if known is None or not item.id:
            found[key] = item if known is None else known
        else:
            votes = {"up": known.up + item.up, "down": known.down + item.down}
            found[key] = known.model_copy(update=votes)
    return found.values()
