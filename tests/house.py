"""Reads the source and says where it breaks the rules of the house."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

GROUND = frozenset(
    {
        "errors",
        "words",
        "slack_limits",
        "settings",
        "metrics",
        "tracing",
        "acks",
        "duties",
        "patience",
        "crash_points",
        "deferred",
        "net",
    }
)
TOP = frozenset(
    {
        "app",
        "joining",
        "later",
        "cli",
        "terminal",
        "demo",
        "__main__",
    }
)

_BELOW_JOBS = frozenset(
    {"characters", "ground", "markdown", "files", "completion", "rules", "store", "slack", "grok"}
)
_BELOW_ADMIN = _BELOW_JOBS | {"reply", "jobs", "views", "asking"}

FLOORS: Mapping[str, frozenset[str]] = {
    "characters": frozenset(),
    "ground": frozenset({"characters"}),
    "markdown": frozenset({"characters"}),
    "files": frozenset({"characters", "ground", "markdown"}),
    "completion": frozenset({"characters", "ground", "markdown", "files"}),
    "rules": frozenset({"characters", "ground", "files", "completion"}),
    "store": frozenset({"characters", "ground", "files", "completion", "rules"}),
    "slack": frozenset(
        {"characters", "ground", "markdown", "files", "completion", "rules", "store"}
    ),
    "grok": frozenset({"characters", "ground", "files", "completion", "rules", "store"}),
    "reply": frozenset(
        {"characters", "ground", "markdown", "completion", "rules", "store", "slack"}
    ),
    "jobs": _BELOW_JOBS | {"reply"},
    "views": _BELOW_JOBS | {"jobs"},
    "asking": _BELOW_JOBS | {"reply", "jobs"},
    "admin": _BELOW_ADMIN,
    "doors": _BELOW_ADMIN | {"admin"},
    "eval": frozenset({"characters", "ground", "completion", "rules", "grok"}),
    "teams": frozenset({"characters", "ground", "store", "slack"}),
    "ops": frozenset(
        {"teams", "characters", "ground", "completion", "rules", "store", "slack", "grok", "doors"}
    ),
    "top": frozenset(
        {
            "characters",
            "ground",
            "files",
            "completion",
            "rules",
            "store",
            "slack",
            "grok",
            "reply",
            "jobs",
            "views",
            "asking",
            "admin",
            "doors",
            "teams",
            "ops",
            "eval",
        }
    ),
}
"""Room → the rooms it may import from, besides itself."""

SANDBOX_USER = "bot.demo"
"""The one module of the bot that may import the sandbox, which never imports the bot."""

MAX_FILES = 20
"""Of a room; in one with more there is a second subject."""

MAX_LINES = 400
"""Of a file of the bot, or of what comes with it; in a longer one there is a second subject."""

MAX_LINES_OF_TESTS = 500
"""Of a file of tests or benchmarks."""

FORBIDDEN = {
    "the host of a package registry": re.compile(
        r"\bpy[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|proxy\.golan[g]\.org"
    ),
    "a path of somebody's machine": re.compile(
        r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+)/"
    ),
    "what looks like a real token": re.compile(r"xox[abp]-\d{9,}-\d{9,}-\w{20,}|xai-\w{60,}"),
}


@dataclass(frozen=True, slots=True)
class Import:
    """One import, wherever it stands: inside a function or for type checkers, too."""

    target: str
    line: int


def modules(root: Path, *packages: str) -> dict[str, Path]:
    """Every module of `packages` below `root`, by dotted name."""
    found = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(
    name: str, source: str, known: Iterable[str], *, package: bool = False
) -> Sequence[Import]:
    """What the module `name` imports of the modules `known`, or of packages beside it."""
    return _imports(name, source, frozenset(known), package)


@cache
def _imports(name: str, source: str, names: frozenset[str], package: bool) -> Sequence[Import]:
    found: list[Import] = []
    calls = "import_module" in source

    def visit(node: ast.AST) -> None:
        line = getattr(node, "lineno", 0)
        targets = (_module_of(target, names) for target in _targets(node, name, package))
        found.extend(Import(target, line) for target in targets)
        for child in ast.iter_child_nodes(node):
            if calls or isinstance(child, _HOLD_STATEMENTS):
                visit(child)

    visit(parsed(source))
    return found


_HOLD_STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)
"""What an `import` can stand in: much less than there is in a module."""


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _targets(node: ast.AST, name: str, package: bool) -> Iterator[str]:
    match node:
        case ast.Import(names=aliases):
            yield from (alias.name for alias in aliases)
        case ast.ImportFrom(module=module, names=aliases, level=level):
            base = _base(name, module, level, package)
            yield from (f"{base}.{alias.name}" for alias in aliases)
        case ast.Call(
            func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(target)), *_],
        ):
            yield target


def _base(name: str, module: str | None, level: int, package: bool) -> str:
    if not level:
        return module or ""
    parts = name.split(".")
    parts = parts[: len(parts) - level + (1 if package else 0)]
    return ".".join([*parts, module] if module else parts)


def _module_of(target: str, known: frozenset[str]) -> str:
    """`bot.words.NAME` is an import of `bot.words`."""
    while target not in known and "." in target:
        target = target.rpartition(".")[0]
    return target


def room(module: str) -> str | None:
    """The room of a module of the bot; None for one that has none."""
    first = module.partition("bot")[2].lstrip(".").partition(".")[0]
    if not first or first in GROUND:
        return "ground"
    if first in TOP:
        return "top"
    return first if first in FLOORS else None


def floor_faults(sources: Mapping[str, str], packages: Iterable[str] = ()) -> list[str]:
    """Imports that go up, sideways, or between the bot and the sandbox."""
    faults = []
    for name, source in sources.items():
        for found in imports(name, source, sources, package=name in packages):
            fault = _floor_fault(name, found.target)
            if fault:
                faults.append(f"{name}:{found.line} imports {found.target}: {fault}")
    return faults


def _floor_fault(name: str, target: str) -> str:
    here, there = name.partition(".")[0], target.partition(".")[0]
    if here == "sandbox":
        return "the sandbox never imports the bot" if there == "bot" else ""
    if there == "sandbox":
        return "" if name == SANDBOX_USER else f"only {SANDBOX_USER} imports the sandbox"
    if there != "bot":
        return ""
    upper, lower = room(name), room(target)
    if upper is None or lower is None:
        return f"{name if upper is None else target} has no room"
    return "" if upper == lower or lower in FLOORS[upper] else f"{upper} stands not above {lower}"


def circles(sources: Mapping[str, str], packages: Iterable[str] = ()) -> list[tuple[str, ...]]:
    """Modules that import each other in a circle, if only inside a function or for types."""
    edges = {
        name: sorted(
            {
                found.target
                for found in imports(name, source, sources, package=name in packages)
                if found.target in sources and found.target != name
            }
        )
        for name, source in sources.items()
    }
    found: list[tuple[str, ...]] = []
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            found.append((*path[path.index(name) :], name))
        elif name not in done:
            for target in edges[name]:
                walk(target, (*path, name))
            done.add(name)

    for name in edges:
        walk(name, ())
    return found


def shared_names(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Public classes of the bot of which there are several, by name, and the modules they are
    in."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module, source in sources.items():
        if module.startswith("bot."):
            for node in parsed(source).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(module)
    return {name: among for name, among in found.items() if len(among) > 1}


def tracked(root: Path) -> list[Path]:
    """Every file that is, or would be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return sorted(path for name in names if name and (path := root / name).is_file())
    hidden = {".git", ".venv", "__pycache__"}
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not hidden & set(path.relative_to(root).parts)
    )


def forbidden(text: str) -> list[str]:
    """What `text` holds that no file of the project may hold."""
    return [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]
