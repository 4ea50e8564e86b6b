"""Finds sentences, and places of theirs that are not given, or not by name, where they are said."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import bot
from bot.words.sentences import OPTIONAL, Sentence, places
from tests.house import parsed


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


_BOT = Path(bot.__file__).parent
_MODULES = frozenset(
    _module(path, _BOT)
    for path in (*(_BOT / "words").rglob("*.py"), *(_BOT / "ops").glob("*words.py"))
)
"""Where sentences stand."""


def required(template: str) -> tuple[str, ...]:
    """The places that may not be left out."""
    return places(OPTIONAL.sub("", template))


def sentences(path: Path, root: Path) -> Mapping[str, Sentence]:
    """The sentences that stand in a file of the bot, by their names."""
    return dict(_sentences(_module(path, root)))


def misspoken(path: Path, root: Path) -> Iterator[str]:
    """What is wrong where a file of the bot in the folder `root` says a sentence."""
    nodes = list(ast.walk(parsed(path.read_text(encoding="utf-8"))))
    known = dict(_known(nodes, _module(path, root)))
    if not known:
        return
    names = {
        id(node): known[name]
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and (name := ast.unparse(node)) in known
    }
    where = path.relative_to(root)
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr == "template":
            names.pop(id(node.value), None)
        if not (isinstance(node, ast.Call) and (sentence := names.pop(id(node.func), None))):
            continue
        if fault := _fault(node, sentence.template):
            yield f"{where}:{node.lineno} {ast.unparse(node.func)}: {fault}"
    for node in nodes:
        if (sentence := names.get(id(node))) and len(places(sentence.template)) > 1:
            yield f"{where}: {ast.unparse(node)} has to be called by name, where it stands"


def _fault(call: ast.Call, template: str) -> str:
    wanted, needed = places(template), required(template)
    given = [keyword.arg for keyword in call.keywords]
    if call.args and len(wanted) == len(call.args) == 1 and not given:
        given = [*wanted]
    elif call.args or None in given:
        return "its values are given by name"
    if missing := set(needed) - set(given):
        return f"without {missing}"
    more = set(given) - set(wanted)
    return f"has no place for {more}" if more else ""


def _known(nodes: Iterable[ast.AST], module: str) -> Iterator[tuple[str, Sentence]]:
    """What sentences are called in a module: `words.BY`, or `BY` alone."""
    yield from _sentences(module)
    for node in nodes:
        if not (isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("bot.")):
            continue
        for each in node.names:
            called = each.asname or each.name
            if f"{node.module}.{each.name}" in _MODULES:
                for name, sentence in _sentences(f"{node.module}.{each.name}"):
                    yield f"{called}.{name}", sentence
            elif own := dict(_sentences(f"{node.module}")).get(each.name):
                yield called, own


def _sentences(module: str) -> Iterator[tuple[str, Sentence]]:
    if module in _MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, Sentence):
                yield name, value
