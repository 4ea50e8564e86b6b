"""Finds what reads text in `bot`, and measures how its work grows with the text."""

from __future__ import annotations

import ast
import gc
import importlib
import inspect
import pkgutil
import re
import time
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import bot
from tests.hostile import Make

SIZES = (4_000, 16_000, 64_000)
"""Characters; each four times the one before."""

MOST_GROWTH = 5.0
FLOOR_SECONDS = 0.001
"""What takes less than this is measured as if it took this: noise is no growth."""

_LONG_SECONDS = 0.1
"""Work that grew too fast and takes so long is not tried on longer texts, and measured again only
once. Other work is tried: what is done for each few thousand characters is done once for the first,
and many times from then on."""

_CLEAR_GROWTH = 4.4
"""From the first size to the second: so little is no beginning of `MOST_GROWTH` at the third. What
grows with the square, and is a thirtieth of the work at first, makes it more."""

_TELLING_SECONDS = 0.00005
"""From here on the growth of work can be told from noise, in the best of two."""

_WHOLE = 16
"""Of so many texts one is tried at every size, however clear the beginning looks."""

_TRIES = 3
_MOST_FOUND = 3

_BOT = Path(bot.__file__).parent
_WAYS = ("match", "fullmatch", "search", "sub", "findall", "finditer", "split")
Work = Callable[[str], object]


@dataclass
class Driven:
    """A function given texts, which may refuse them."""

    function: Work
    returned: int = 0
    raised: dict[type[Exception], int] = field(default_factory=dict)

    def __call__(self, text: str) -> object:
        try:
            result: Any = self.function(text)
            result = list(result) if inspect.isgenerator(result) else result
        except Exception as error:  # noqa: BLE001 - what it refuses is not measured otherwise
            self.raised[type(error)] = self.raised.get(type(error), 0) + 1
            return None
        self.returned += 1
        return result


@dataclass(frozen=True, slots=True)
class Slow:
    """Work that grows faster than the text."""

    work: str
    text: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    def __str__(self) -> str:
        taken = ", ".join(f"{seconds * 1000:.1f}" for seconds in self.seconds)
        return f"{self.work} of {self.text}: {taken} ms for {self.sizes} characters"


def slow(name: str, work: Work, texts: Mapping[str, Make], most: int = _MOST_FOUND) -> list[Slow]:
    """Up to `most` of the `texts` on which `work` grows faster than they do, in CPU time.

    What looks so is measured again, since the machine may have had other things to do.
    """
    found: list[Slow] = []
    for number, (text, make) in enumerate(texts.items()):
        known = _beginning(work, make, whole=number % _WHOLE == 0)
        if _is_clear(known):
            continue
        taken: list[float] = []
        for size in SIZES:
            hostile = _made(make, size)
            taken.append(known[size] if size in known else _seconds(work, hostile))
            for _ in range(_TRIES):
                if not _grew(taken):
                    break
                before = _seconds(work, _made(make, SIZES[len(taken) - 2]))
                taken[-2:] = [max(taken[-2], before), min(taken[-1], _seconds(work, hostile))]
                if taken[-1] > _LONG_SECONDS:
                    break
            if _grew(taken) and (size == SIZES[-1] or taken[-1] > _LONG_SECONDS):
                found.append(Slow(name, text, SIZES[: len(taken)], tuple(taken)))
                break
        if len(found) >= most:
            break
    return found


def _beginning(work: Work, make: Make, *, whole: bool) -> dict[int, float]:
    """What the shortest text takes, and another one: the longest where the shortest takes too
    little to tell, or where the `whole` is to be tried; else the one in the middle."""
    first, middle, last = SIZES
    known = {first: _seconds(work, _made(make, first))}
    if whole or known[first] <= _TELLING_SECONDS:
        if known[first] <= FLOOR_SECONDS:
            known[last] = _seconds(work, _made(make, last))
        return known
    known[first] = min(known[first], _seconds(work, _made(make, first)))
    known[middle] = _seconds(work, _made(make, middle))
    if not _is_clear(known):
        known[middle] = min(known[middle], _seconds(work, _made(make, middle)))
    return known


def _is_clear(known: Mapping[int, float]) -> bool:
    """Whether what is `known` of the work is enough to say that it does not grow."""
    first, middle, last = SIZES
    if last in known:
        return known[last] <= MOST_GROWTH * FLOOR_SECONDS  # whatever those between take
    return middle in known and known[middle] <= _CLEAR_GROWTH * known[first]


@lru_cache(maxsize=1_000)
def _made(make: Make, size: int) -> str:
    return make(size)


def _grew(taken: Sequence[float]) -> bool:
    """Whether the last step was too long, and all of them together too: caches that overflow make
    one of them longer on a busy machine."""
    if len(taken) < 2:
        return False
    in_all = MOST_GROWTH ** (len(taken) - 1)
    step = taken[-1] > MOST_GROWTH * max(taken[-2], FLOOR_SECONDS)
    return step and taken[-1] > in_all * max(taken[0], FLOOR_SECONDS / 2)


def _seconds(work: Work, text: str) -> float:
    enabled = gc.isenabled()
    gc.disable()
    try:
        begin = time.thread_time()
        work(text)
        return time.thread_time() - begin
    finally:
        if enabled:
            gc.enable()


def modules() -> dict[str, ModuleType]:
    """Every module of the bot, by name."""
    names = [each.name for each in pkgutil.walk_packages([str(_BOT)], "bot.")]
    return {name: importlib.import_module(name) for name in names if name != "bot.__main__"}


# Patterns


def patterns_in(module: ModuleType) -> dict[str, re.Pattern[str]]:
    """Every compiled pattern that `module` holds, in classes and containers too."""
    found: dict[int, tuple[str, re.Pattern[str]]] = {}
    for name, value in vars(module).items():
        for path, pattern in _patterns(value, name, module.__name__, 0):
            found.setdefault(id(pattern), (path, pattern))
    return dict(found.values())


def _patterns(
    value: object, path: str, module: str, depth: int
) -> Iterator[tuple[str, re.Pattern[str]]]:
    value = _compiled(value)
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield path, value
    elif depth > 4:
        return
    elif isinstance(value, Mapping):
        for key, each in list(value.items()):
            yield from _patterns(each, f"{path}[{key!r}]", module, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for index, each in enumerate(value):
            yield from _patterns(each, f"{path}[{index}]", module, depth + 1)
    elif isinstance(value, type) and value.__module__ == module:
        for name, each in list(vars(value).items()):
            yield from _patterns(each, f"{path}.{name}", module, depth + 1)


def _compiled(value: object) -> object:
    """The pattern that `compiled_later` gives, and anything else as it is."""
    later = getattr(value, "__wrapped__", None)
    return later() if isinstance(later, partial) and later.func is re.compile else value


def written_in_functions(source: str) -> dict[str, tuple[re.Pattern[str], str]]:
    """Patterns that functions of `source` hand to `re` as they are written, and to what use."""
    return {
        f"{function}: {call.args[0].value!r}": (re.compile(str(call.args[0].value)), way)
        for function, way, call in _calls_of_re(source)
        if call.args and isinstance(call.args[0], ast.Constant)
    }


def made_in_functions(source: str) -> list[str]:
    """Where functions of `source` put patterns together, which nobody can find here."""
    return [
        f"{function}: re.{way}"
        for function, way, call in _calls_of_re(source)
        if not (call.args and isinstance(call.args[0], ast.Constant))
    ]


def _calls_of_re(source: str) -> Iterator[tuple[str, str, ast.Call]]:
    if not re.search(r"\bre\s*\.", source):  # to read all of them takes a second
        return
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            match call:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=way)):
                    if way != "escape":
                        yield function.name, way, call


def ways_of(name: str, source: str) -> tuple[str, ...]:
    """How `source` uses the pattern of this name; one that is handed on is used as those are that
    are called `pattern` there, or annotated as patterns."""
    name = re.split(r"[\[.]", name)[0]
    called = re.findall(rf"\b{name}(?:\[[^\]]*\]|\(\))?\.([a-z]+)\(", source)
    ways = set(called)
    uses = len(re.findall(rf"(?<![\w.]){name}\b", source))
    uses -= len(re.findall(rf"\bif [^\n]* in {name}\b", source))
    if uses > len(called) + 1:  # beside where it is made
        handed = "|".join({"pattern", *re.findall(r"(\w+): re\.Pattern", source)})
        ways |= set(re.findall(rf"\b(?:{handed})\.([a-z]+)\(", source))
    return tuple(way for way in _WAYS if way in ways) or ("match", "fullmatch", "search")


def uses_of(pattern: re.Pattern[str], way: str) -> Work:
    """What `way` of using `pattern` does with a whole text."""
    match way:
        case "match":
            return pattern.match
        case "fullmatch":
            return pattern.fullmatch
        case "search":
            return pattern.search
        case "split":
            return pattern.split
        case _:
            return lambda text: sum(1 for _ in pattern.finditer(text))


# Functions


def functions_of(module: ModuleType) -> dict[str, Driven]:
    """Every function of `module` that makes something of text, by name; one entry for each of
    its texts."""
    found: dict[str, Driven] = {}
    for name, value in vars(module).items():
        function = inspect.unwrap(value) if callable(value) else value
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            for suffix, work in _driven(function):
                found[f"{module.__name__}.{name}{suffix}"] = work
    return found


def _driven(function: FunctionType) -> Iterator[tuple[str, Driven]]:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        return
    made = hints.get("return")
    if made in (None, type(None), typing.NoReturn) or typing.get_origin(made) is re.Pattern:
        return
    required = [
        each
        for each in inspect.signature(function).parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    known = {*_NAMES, *_closed(function)}
    texts = [
        each.name for each in required if _is_text(hints.get(each.name)) and each.name not in known
    ]
    given = {*texts, *known}
    if not texts or not all(each.name in given or _is_given(each, hints) for each in required):
        return
    for text in texts if len(texts) < 4 else texts[:1]:
        suffix = f"({text})" if len(texts) > 1 else ""
        yield suffix, _call(function, required, hints, [text])
    if len(texts) > 1:
        yield "(all)", _call(function, required, hints, texts)


_OTHERS: tuple[tuple[object, Callable[[str], object]], ...] = (
    (bool, lambda _: True),
    (int, lambda text: len(text) // 2),
    (float, lambda _: 1.0),
    (Mapping[str, str], lambda _: {}),
)
_TEXTS: tuple[tuple[object, Callable[[str], object]], ...] = (
    (str, lambda text: text),
    (str | None, lambda text: text),
    (bytes, lambda text: text.encode(errors="replace")),
    (object, lambda text: text),
    (Sequence[str], lambda text: text.split(" ", _MOST_PARTS)),
    (Iterable[str], lambda text: text.split(" ", _MOST_PARTS)),
    (tuple[str, ...], lambda text: tuple(text.split(" ", _MOST_PARTS))),
)
_MOST_PARTS = 30
_SMALL = frozenset({"least"})
_NAMES = frozenset({"bot_user"})
"""Ids that the bot has of itself."""

_CLOSED: Mapping[str, Mapping[str, str]] = {
    "bot.words.request.not_of_kind": {"kind": "integer"},
    "bot.words.usage.amount": {"unit": "usd"},
    "bot.words.usage.heading": {"kind": "workspace"},
    "bot.words.usage.amount_used": {"unit": "usd"},
    "bot.ops.check._no_api": {"onward": ""},  # else it is `_base`, and all others are left
}
"""Words of the bot's own that a function looks up, and what others stand behind."""


def _is_text(hint: object) -> bool:
    return any(hint == known for known, _ in _TEXTS)


def _is_given(parameter: inspect.Parameter, hints: Mapping[str, object]) -> bool:
    return any(hints.get(parameter.name) == known for known, _ in _OTHERS)


def _closed(function: FunctionType) -> Mapping[str, str]:
    return _CLOSED.get(f"{function.__module__}.{function.__name__}", {})


def _call(
    function: FunctionType,
    required: Sequence[inspect.Parameter],
    hints: Mapping[str, object],
    texts: Sequence[str],
) -> Driven:
    makers = [
        (each, next(make for known, make in (*_TEXTS, *_OTHERS) if known == hints[each.name]))
        for each in required
    ]

    closed: Mapping[str, object] = {**dict.fromkeys(_SMALL, 0), **_closed(function)}

    def work(text: str) -> object:
        args: list[object] = []
        named: dict[str, object] = {}
        for each, make in makers:
            given = text if each.name in texts or not _is_text(hints[each.name]) else "a"
            value = closed[each.name] if each.name in closed else make(given)
            if each.kind is each.KEYWORD_ONLY:
                named[each.name] = value
            else:
                args.append(value)
        return function(*args, **named)

    return Driven(work)
