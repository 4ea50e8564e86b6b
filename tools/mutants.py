"""`python -m tools.mutants`: plant faults in a copy of the bot, and see which ones tests notice.

A sample, the same for the same seed: each fault is one small change of one line, tried alone, by
the tests of the room that it was planted in. What survives is printed; some change nothing that
anyone could notice.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300.0
"""A fault that makes tests hang this long counts as noticed."""

_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_LUA = (
    (re.compile(r" < "), " <= "),
    (re.compile(r" <= "), " < "),
    (re.compile(r" > "), " >= "),
    (re.compile(r" >= "), " > "),
    (re.compile(r" == "), " ~= "),
    (re.compile(r" ~= "), " == "),
    (re.compile(r" and "), " or "),
    (re.compile(r" or "), " and "),
    (re.compile(r"^(\s*)redis\.call\(.*\)$"), r"\1-- left out"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One change: of `path`, the text from `start` to `end` (offsets) becomes `text`."""

    path: Path
    line: int
    start: int
    end: int
    text: str

    def planted(self, source: str) -> str:
        """`source` with the fault in it."""
        return source[: self.start] + self.text + source[self.end :]

    def shown(self, source: str) -> str:
        """Where it is, and what was changed to what."""
        before = " ".join(source[self.start : self.end].split())
        after = " ".join(self.text.split()) or "nothing"
        return f"{self.path}:{self.line}: {before[:70]}  →  {after[:70]}"


@cache
def faults_of(path: Path, source: str) -> Sequence[Fault]:
    """Every fault that can be planted in one file."""
    found = _lua(path, source) if path.suffix == ".lua" else _python(path, source)
    return tuple(found)


def _lua(path: Path, source: str) -> Iterator[Fault]:
    start = 0
    for number, line in enumerate(source.splitlines(keepends=True), 1):
        code = line.rstrip("\n")
        if not code.lstrip().startswith("--"):
            for pattern, text in _LUA:
                for found in pattern.finditer(code):
                    changed = found.expand(text)
                    yield Fault(path, number, start + found.start(), start + found.end(), changed)
        start += len(line)


def _python(path: Path, source: str) -> Iterator[Fault]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def at(line: int, column: int) -> int:
        """The offset of a place that `ast` counts in UTF-8 bytes."""
        text = source[starts[line - 1] : starts[line]]
        return starts[line - 1] + len(text.encode()[:column].decode(errors="ignore"))

    def change(node: ast.expr | ast.stmt, text: str) -> Fault:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return Fault(
            path, node.lineno, at(node.lineno, node.col_offset), at(end_line, end_column), text
        )

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.expr | ast.stmt):
            for text in _changes(node):
                yield change(node, text)


def _changes(node: ast.AST) -> Iterator[str]:
    """What may stand in place of `node`."""
    yield from _changed_statements(node)
    yield from _changed_values(node)


def _changed_statements(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.If(test=test):
            body = ast.unparse(node).split("\n", 1)[1]
            yield f"if not ({ast.unparse(test)}):\n{_indented(body, node.col_offset)}"
        case ast.Expr(value=ast.Await() | ast.Call()):
            yield "pass"
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "return None"


def _changed_values(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            yield f"({ast.unparse(left)} {_COMPARED[type(op)]} {ast.unparse(right)})"
        case ast.BoolOp(op=op, values=values):
            other = " or " if isinstance(op, ast.And) else " and "
            yield "(" + other.join(f"({ast.unparse(value)})" for value in values) + ")"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"bool({ast.unparse(operand)})"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield f"({ast.unparse(left)} - {ast.unparse(right)})"
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield f"({ast.unparse(left)} + {ast.unparse(right)})"
        case ast.Constant(value=bool(value)):
            yield str(not value)
        case ast.Constant(value=int(value)):
            yield str(value + 1)


def _indented(body: str, columns: int) -> str:
    return "\n".join(" " * columns + line for line in body.split("\n"))


def room_tests(path: Path) -> list[str]:
    """The tests of the room that `path` lies in."""
    room = path.parts[1]
    if room == "store" and path.suffix == ".lua":
        return ["tests/store", "tests/jobs", "tests/slack"]
    found = [f"tests/{room}"] if (ROOT / "tests" / room).is_dir() else []
    return found or ["tests/ops", "tests/test_settings.py"]


def sample(seed: int, count: int, only: str) -> list[Fault]:
    """`count` faults in files whose path holds `only`: as many from each room as there are."""
    rng = random.Random(seed)
    by_room: dict[str, list[Fault]] = {}
    for file in sorted((ROOT / "bot").rglob("*")):
        path = file.relative_to(ROOT)
        if file.suffix not in (".py", ".lua") or "words" in path.parts or only not in str(path):
            continue
        room = "lua" if file.suffix == ".lua" else path.parts[1]
        by_room.setdefault(room, []).extend(faults_of(path, file.read_text(encoding="utf-8")))
    for faults in by_room.values():
        rng.shuffle(faults)
    chosen: list[Fault] = []
    while len(chosen) < count and any(by_room.values()):
        for faults in by_room.values():
            if faults and len(chosen) < count:
                chosen.append(faults.pop())
    return chosen


def noticed(copy: Path, fault: Fault) -> bool:
    """Whether a test fails with the fault planted in the `copy` of the project."""
    file = copy / fault.path
    source = file.read_text(encoding="utf-8")
    file.write_text(fault.planted(source), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    try:
        run = subprocess.run(
            [*command, *room_tests(fault.path)],
            cwd=copy,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        file.write_text(source, encoding="utf-8")
    return run.returncode != 0


def main(argv: list[str] | None = None) -> int:
    """Plant a sample; returns 1 when more than one in twenty survives."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--only", default="", help="part of the path of the files to plant in")
    options = parser.parse_args(argv)
    chosen = sample(options.seed, options.count, options.only)
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        copy = Path(directory) / "copy"
        left_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "out")
        shutil.copytree(ROOT, copy, ignore=left_out)
        for number, fault in enumerate(chosen, 1):
            found = noticed(copy, fault)
            shown = fault.shown((copy / fault.path).read_text(encoding="utf-8"))
            print(
                f"{number}/{len(chosen)} {'noticed' if found else 'SURVIVED'} {shown}", flush=True
            )
            if not found:
                survivors.append(shown)
    print(f"\n{len(chosen) - len(survivors)} of {len(chosen)} were noticed (seed {options.seed}).")
    print(*survivors, sep="\n")
    return 1 if len(survivors) * 20 > len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
