"""Finds what is defined in the source, and that nothing in it uses."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.house import parsed

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def unused(sources: Mapping[str, str]) -> list[str]:
    """What modules define and no module uses, as `module.name` and `module.Class.name`.

    Of a module: its functions, classes and constants, used where they are read beside their own
    definition, imported, or looked up in the module. Of a class whose bases are all known: methods
    and fields whose name stands nowhere else, as an attribute, an argument or a string; what is
    decorated, but for properties, is left out.
    """
    trees = {name: parsed(source) for name, source in sources.items()}
    used = {each for name, tree in trees.items() for each in _uses(name, tree, frozenset(trees))}
    mentioned = Counter(word for tree in trees.values() for word in _mentions(tree))
    classes = {
        node.name for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef)
    }
    found: list[str] = []
    for name, tree in trees.items():
        for node in tree.body:
            found.extend(
                f"{name}.{each}"
                for each in _defined(node)
                if (name, each) not in used and not each.startswith("__")
            )
            if isinstance(node, ast.ClassDef) and _is_ours(node, classes):
                found.extend(
                    f"{name}.{node.name}.{each}"
                    for each in _members(node)
                    if not mentioned[each] and not each.startswith("__")
                )
    return found


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module, or of a class, gives to something."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _members(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, _Definition) and any(map(_does_more, each.decorator_list)):
            continue
        yield from _defined(each)


def _does_more(decorator: ast.expr) -> bool:
    """Whether what is decorated may be called by whoever decorates it."""
    known = {"property", "cached_property", "staticmethod", "classmethod", "asynccontextmanager"}
    return not (isinstance(decorator, ast.Name) and decorator.id in known)


def _is_ours(node: ast.ClassDef, classes: set[str]) -> bool:
    """Whether no base of a class can call or read what it defines without our knowing."""
    known = classes | {"Protocol", "object"}
    return all(isinstance(base, ast.Name) and base.id in known for base in node.bases)


def _uses(name: str, tree: ast.Module, modules: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(module, name) for all that the module `name` uses."""
    own = {each for node in tree.body for each in _defined(node)}
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                if f"{node.module}.{each.name}" in modules:
                    aliases[each.asname or each.name] = f"{node.module}.{each.name}"
                else:
                    yield node.module, each.name
    for statement in tree.body:
        inside = statement.name if isinstance(statement, _Definition) else ""
        for node in ast.walk(statement):
            match node:
                case ast.Name(id=read, ctx=ast.Load()) if read in own and read != inside:
                    yield name, read
                case ast.Constant(value=str(read)) if read in own:
                    yield name, read
                case ast.Attribute(value=ast.Name(id=module), attr=read) if module in aliases:
                    yield aliases[module], read


def _mentions(tree: ast.Module) -> Iterator[str]:
    """Every word by which something of an object may be read."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=word, ctx=ast.Load()) | ast.Constant(value=str(word)):
                yield word
            case ast.MatchClass(kwd_attrs=words):
                yield from words
