"""The rules of the house: floors, circles, sizes, and what no file may hold."""

from __future__ import annotations

import ast
import graphlib
from collections import Counter

import pytest

from tests.house import (
    FLOORS,
    MAX_FILES,
    MAX_LINES,
    MAX_LINES_OF_TESTS,
    ROOT,
    circles,
    floor_faults,
    forbidden,
    imports,
    modules,
    shared_names,
    tracked,
)
from tests.unused import unused

MODULES = modules(ROOT, "bot", "sandbox")
SOURCES = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}
TRACKED = tracked(ROOT)
OF_TESTS = ("tests", "bench")
CODE = (".py", ".lua", ".js", ".css", ".html", ".sh")


def test_imports_go_down_the_floors() -> None:
    assert floor_faults(SOURCES, PACKAGES) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(SOURCES, PACKAGES) == []


def test_no_room_loads_a_file_of_its_own_that_loads_another_one() -> None:
    """A circle as well, since with each file its room is loaded first: two threads may meet in
    it."""
    loaded = {
        name: {
            target
            for node in ast.parse(SOURCES[name]).body
            if isinstance(node, ast.ImportFrom) and (target := str(node.module)).startswith(name)
        }
        for name in PACKAGES
        if name.startswith("bot.")
    }
    assert {
        target
        for name, targets in loaded.items()
        for target in targets
        for other in imports(target, SOURCES[target], SOURCES)
        if other.target.startswith(f"{name}.")
    } == set()


def test_the_floors_themselves_have_no_circle() -> None:
    order = tuple(graphlib.TopologicalSorter(FLOORS).static_order())
    assert (order[0], order[-1]) == ("characters", "top")


def test_a_timeout_which_has_no_text_is_told_in_the_log() -> None:
    bare = [
        f"{name}:{told.value.lineno}"
        for name, source in SOURCES.items()
        if "TimeoutError" in source
        for caught in ast.walk(ast.parse(source))
        if isinstance(caught, ast.ExceptHandler) and caught.type is not None
        if "TimeoutError" in ast.unparse(caught.type)
        for told in ast.walk(caught)
        if isinstance(told, ast.keyword) and told.arg == "error"
        if ast.unparse(told.value) == f"str({caught.name})"
    ]
    assert bare == []


def test_no_file_is_too_long_to_have_one_subject() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in TRACKED
        if path.suffix in CODE
        and "vendor" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > (MAX_LINES_OF_TESTS if path.relative_to(ROOT).parts[0] in OF_TESTS else MAX_LINES)
    }
    assert long == {}


FOR_TOOLS = {"bot.crash_points.arrive", "bot.rules.commands.parameter_table"}
"""What only tests and benchmarks, or what writes the README, has use for."""


def test_everything_that_is_defined_is_used() -> None:
    bot = {name: source for name, source in SOURCES.items() if name.startswith("bot.")}

    assert set(unused(bot)) == FOR_TOOLS


def test_no_two_classes_have_one_name() -> None:
    """Who searches for it finds one thing. Of a file's own, named with _, there may be several."""
    assert shared_names(SOURCES) == {}


def test_no_room_is_so_full_that_it_has_more_than_one_subject() -> None:
    files = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES.values())
    full = {room: count for room, count in files.items() if count > MAX_FILES}

    assert full == {}


def test_no_file_names_a_registry_a_machine_or_a_token() -> None:
    found = {
        str(path.relative_to(ROOT)): faults
        for path in TRACKED
        if (faults := forbidden(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("bot.errors", "from bot.completion.ask import Ask"),
        ("bot.completion.ask", "import bot.store.keys"),
        ("bot.store.keys", "from bot.grok import client"),
        ("bot.grok.client", "from bot.markdown.markdown import render"),
        ("bot.markdown.markdown", "def late():\n    from bot.grok.client import open_grok"),
        ("bot.markdown.markdown", "from ..grok import client"),
        ("bot.jobs.queue", "from bot.doors.command import GrokCommand"),
        ("bot.doors.command", "from bot.ops.health import OpsServer"),
        ("bot.ops.health", "from bot.app import serve"),
        ("bot.jobs.queue", "import importlib\nimportlib.import_module('bot.app')"),
        ("bot.app", "import sandbox.workspace"),
        ("bot.attic", "from bot import words"),
        ("sandbox.workspace.state", "from bot.errors import BotError"),
        ("sandbox.workspace.state", "import bot"),
    ],
)
def test_an_import_that_breaks_the_floors_is_found(name: str, source: str) -> None:
    sources = {**dict.fromkeys(SOURCES, ""), name: source}

    assert len(floor_faults(sources, PACKAGES)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("bot.demo", "from sandbox.workspace import Workspace\nfrom bot.app import serve"),
        ("bot.cli", "from bot.ops.check import check"),
        ("bot.ops.check", "from bot.grok.client import open_grok\nfrom bot.store import keys"),
        ("bot.jobs.run", "from bot import metrics, words\nfrom . import queue"),
        ("bot.store", "from . import keys\nfrom .keys import Keys"),
        ("sandbox.grok.server", "import aiohttp\nfrom sandbox.grok import answers"),
    ],
)
def test_an_import_that_goes_down_is_fine(name: str, source: str) -> None:
    sources = {**dict.fromkeys(SOURCES, ""), name: source}

    assert floor_faults(sources, PACKAGES) == []


@pytest.mark.parametrize(
    "last",
    [
        "from bot import a",
        "def f():\n    from bot import a",
        "if TYPE_CHECKING:\n    from bot import a",
    ],
)
def test_a_circle_is_found_wherever_its_imports_stand(last: str) -> None:
    circle = {"bot.a": "import bot.b", "bot.b": "from bot.c import x", "bot.c": last}

    assert circles(circle) == [("bot.a", "bot.b", "bot.c", "bot.a")]


def test_a_name_and_a_module_are_told_apart() -> None:
    known = {"bot", "bot.words", "bot.store", "bot.store.keys"}
    source = "from bot import words, __version__\nfrom bot.store.keys import Keys\nimport os.path"

    targets = [found.target for found in imports("bot.app", source, known)]

    assert targets == ["bot.words", "bot", "bot.store.keys", "os"]


@pytest.mark.parametrize(
    "text",
    [
        "https://py" + "pi.org/simple",
        "https://files.python" + "hosted.org/x.whl",
        "see /wor" + "k/main/bot",
        "cd /hom" + "e/jo/grok-bot",
        "xox" + "b-1234567890-1234567890123-" + "a" * 24,
    ],
)
def test_what_no_file_may_hold_is_found(text: str) -> None:
    assert len(forbidden(text)) == 1


def test_ordinary_words_are_not_forbidden() -> None:
    assert forbidden("pip install, /proc/self, homework/rooted, xoxb-…, https://api.x.ai/v1") == []


def test_what_nothing_uses_is_found() -> None:
    used = """
MOST = 3
MOST_OF_ALL = 4
def made(): return Made(MOST).had
def again(): return again()
class Made:
    had: int
    never: str = ""
    def come(self): self.never = "come again"
    def _gone(self): self.come()
    @given
    def found(self): pass
class Ours(Elsewhere):
    def called_there(self): pass
"""
    other = "from bot import a as first\nfrom bot.a import Ours\nfirst.made()\nprint(Ours)"

    assert unused({"bot.a": used, "bot.b": other}) == [
        "bot.a.MOST_OF_ALL",
        "bot.a.again",
        "bot.a.Made.never",
        "bot.a.Made._gone",
    ]


def test_a_name_of_two_classes_is_found() -> None:
    one, own = "class Held:\n    class Meta: ...", "class _Held: ..."
    sources = {"bot.a": one, "bot.b": one, "bot.c": own, "bot.d": own, "sandbox.a": one}

    assert shared_names(sources) == {"Held": ["bot.a", "bot.b"]}
