"""Data sets: every ending, every fault with its line, and nothing taken that means nothing."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StartupError
from bot.eval import dataset
from bot.eval.dataset import LINE_BYTES, MOST_FAULTS, DataSet, Item, read_dataset
from bot.words.terminal import eval as words


def read(where: Path, content: str | bytes, name: str = "data.jsonl") -> DataSet:
    path = where / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_dataset(path)


def lines(*entries: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in entries)


def faults(where: Path, content: str | bytes, name: str = "data.jsonl") -> list[str]:
    with pytest.raises(StartupError) as caught:
        read(where, content, name)
    return [fault.replace(str(where / name), name) for fault in caught.value.faults]


def test_a_line_is_an_object_or_a_prompt(tmp_path: Path) -> None:
    rules = {"contains": "a", "regex": "^x", "schema": {"type": "object"}, "max_chars": 5}
    found = read(tmp_path, lines("Hi", {"prompt": "Ho", "expected": "3", **rules}) + "\n\r\n")

    assert found.items == (
        Item(prompt="Hi"),
        Item(
            prompt="Ho",
            expected="3",
            contains=("a",),
            regex="^x",
            json_schema={"type": "object"},
            max_chars=5,
        ),
    )
    assert [item.ruled for item in found.items] == [False, True]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.txt", "One river?\n\nTwo lakes?\r\n"),
        ("data.csv", "\ufeffprompt,expected\nOne river?,\nTwo lakes?,\n"),
        ("data.csv", "prompt; expected\r\nOne river?;\r\nTwo lakes?;\r\n"),
        ("data.csv", "id\tprompt\n\tOne river?\n\tTwo lakes?\n"),
        ("data.jsonl", '\ufeff"One river?"\n{"prompt": "Two lakes?"}'),
    ],
)
def test_each_ending_is_read(tmp_path: Path, name: str, content: str) -> None:
    assert [each.prompt for each in read(tmp_path, content, name).items] == [
        "One river?",
        "Two lakes?",
    ]


def test_a_cell_may_hold_lines_and_rules(tmp_path: Path) -> None:
    content = 'prompt,expected,max_chars,contains\n"One\nriver?","the ""Po""",9,\n'

    (item,) = read(tmp_path, content, "data.csv").items

    assert item == Item(prompt="One\nriver?", expected='the "Po"', max_chars=9)


def test_a_character_that_is_escaped_as_two_halves_is_one(tmp_path: Path) -> None:
    (item,) = read(tmp_path, r'{"prompt": "a \ud83d\ude00 \\ud800"}').items

    assert item.prompt == "a 😀 \\ud800"


def test_votes_of_one_answer_are_counted_together(tmp_path: Path) -> None:
    vote = {"id": "j1", "prompt": "Hi", "text": "Ho", "system": "", "voter": "U1", "usd": 0.1}
    found = read(
        tmp_path,
        lines(
            {**vote, "vote": "up"},
            {**vote, "vote": "up", "voter": "U2"},
            {**vote, "vote": "down", "voter": "U3"},
            {"id": "j2", "vote": "up", "channel": "C1"},
            "Hi",
            "Hi",
        ),
    )

    assert [(each.id, each.up, each.down) for each in found.items] == [("j1", 2, 1), ("", 0, 0)]
    assert found.left_out == 1


def test_what_is_broken_in_line_7000_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    whole = [json.dumps({"prompt": f"p{number}"}) for number in range(7_100)]
    whole[6_999] = whole[6_999][:-3]

    assert faults(tmp_path, "\n".join(whole)) == [
        words.line("data.jsonl", 7_000, words.NOT_JSON),
    ]


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("[1]", words.NO_OBJECT),
        ("7", words.NO_OBJECT),
        ("null", words.NO_OBJECT),
        ("{}", words.NO_PROMPT),
        ('{"prompt": ""}', words.NO_PROMPT),
        ('{"prompt": 5}', words.WRONG_VALUE("prompt")),
        ('{"prompt": "a", "vote": "sideways"}', words.NO_VOTE),
        ('{"prompt": "a", "vote": ["up"]}', words.NO_VOTE),
        ('{"prompt": "a", "contain": "b"}', words.UNKNOWN_KEY(key="contain", near="contains")),
        ('{"prompt": "a", "up": 5}', words.UNKNOWN_KEY(key="up", near="")),
        ('{"prompt": "a", "max_chars": -1}', words.WRONG_VALUE("max_chars")),
        ('{"prompt": "a", "max_chars": true}', words.WRONG_VALUE("max_chars")),
        ('{"prompt": "a", "min_chars": "5"}', words.WRONG_VALUE("min_chars")),
        ('{"prompt": "a", "contains": [1]}', words.WRONG_VALUE("contains")),
        ('{"prompt": "a", "schema": "b"}', words.WRONG_VALUE("schema")),
        ('{"prompt": "a", "regex": "("}', "regular expression"),
        ('{"prompt": "a", "schema": {"type": 5}}', "no JSON Schema"),
        ('{"prompt": "a", "regex": "' + "(" * 9_999 + ")" * 9_999 + '"}', "regular expression"),
        ('{"prompt": "a", "schema": {"$ref": "#/$defs/b"}}', "refers to #/$defs/b"),
        ('{"prompt": "a", "schema": {"$ref": "#/anyOf/b", "anyOf": [{}]}}', "refers to #/anyOf/b"),
        ('{"prompt": "a", "schema": {"items": {"$ref": "file:///etc/passwd"}}}', "refers to file:"),
        ('{"prompt": "a", "schema": {"not": {"$ref": "http://127.0.0.1/"}}}', "refers to http:"),
        ('{"prompt": "a", "schema": {"allOf": [{"$dynamicRef": "#b"}]}}', "refers to #b"),
        ('{"prompt": "a"', words.NOT_JSON),
        ("[" * 100_000, words.NOT_JSON),
        (b'{"prompt": "\xff"}', words.NO_TEXT),
        ('{"prompt": "a \\ud83d"}', words.HALVED),
        ('"\\uDC00"', words.HALVED),
        ('{"prompt": "a", "system": "\\udead"}', words.HALVED),
        ('{"prompt": "a", "contains": ["b", "\\ud800c"]}', words.HALVED),
        ('{"prompt": "a", "\\ud800": "b"}', words.HALVED),
        (b'"' + b"x" * LINE_BYTES + b'"', words.TOO_LONG),
    ],
)
def test_each_fault_is_told_with_its_line(tmp_path: Path, entry: str | bytes, fault: str) -> None:
    content = entry.encode() if isinstance(entry, str) else entry

    (told,) = faults(tmp_path, b'"fine"\n' + content)

    assert told.startswith("data.jsonl, line 2: ")
    assert fault in told


def test_of_many_faults_the_first_are_told(tmp_path: Path) -> None:
    told = faults(tmp_path, "x\n" * 20)

    assert len(told) == MOST_FAULTS + 1
    assert told[-1] == words.MORE_FAULTS(15)


@pytest.mark.parametrize(
    ("content", "number", "fault"),
    [
        ("question,expected\na,b\n", 1, words.NO_COLUMN),
        ("\nprompt\na\n", 1, words.NO_COLUMN),
        ("prompt, prompt\na,b\n", 1, words.COLUMN_TWICE("prompt")),
        ("prompt,expected\na,b\nc,d,e\n", 3, words.MORE_CELLS),
        ("prompt,expected,\na,b,c\n", 2, words.MORE_CELLS),
        ('prompt,expected\na,b\nc,"d\ne,f\ng,h\n', 3, "is no CSV"),
        ('prompt,expected\na,b\n"c"d,e\n', 3, "is no CSV"),
        ('prompt,expected\n"a,b\nc,d\n', 2, "is no CSV"),
        ('"prompt,expected\na,b\n', 1, "is no CSV"),
        ("prompt,expeted\na,b\n", 2, words.UNKNOWN_KEY(key="expeted", near="expected")),
    ],
)
def test_what_is_wrong_with_a_table_is_told(
    tmp_path: Path, content: str, number: int, fault: str
) -> None:
    (told,) = faults(tmp_path, content, "data.csv")

    assert told.startswith(f"data.csv, line {number}: {fault}")
    assert told.endswith(("?", "."))
    assert not told.endswith("?.")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["data.jsonl", "data.csv", "data.txt"])
def test_another_encoding_is_named(tmp_path: Path, name: str, encoding: str) -> None:
    content = "\ufeffOne river?\nTwo lakes?\n".encode(encoding)

    assert faults(tmp_path, content, name) == [words.UTF_16(name)]


def test_no_more_is_held_than_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "MOST_BYTES", 3 * 1024**2)
    path = tmp_path / "data.jsonl"
    with path.open("wb") as file:
        file.truncate(3 * 1024**2 + 1)
    with pytest.raises(StartupError) as caught:
        read_dataset(path)

    assert list(caught.value.faults) == [words.TOO_LARGE(path=str(path), most=3)]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "data.jsonl"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(StartupError) as caught:
            read_dataset(path)

        assert list(caught.value.faults) == [words.NO_FILE(str(path))]


def test_without_a_prompt_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert faults(tmp_path, "\n\n") == [words.NO_PROMPTS]
    assert faults(tmp_path, lines({"id": "j", "vote": "up"})) == [words.NO_PROMPTS]
    with pytest.raises(StartupError, match="No such file"):
        read_dataset(tmp_path / "nowhere.jsonl")
    with pytest.raises(StartupError, match="directory"):
        read_dataset(tmp_path)


@given(st.binary(max_size=300))
def test_whatever_stands_there_is_read_or_refused(tmp_path_factory: Any, content: bytes) -> None:
    where = tmp_path_factory.mktemp("data")
    for name in ("data.jsonl", "data.csv", "data.txt"):
        with suppress(StartupError):
            assert read(where, content, name).items
