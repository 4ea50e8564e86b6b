"""Texts that are hard to read: repeated, nested, unclosed, interleaved, and made from a pattern."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

Make = Callable[[int], str]
"""A text of so many characters."""

_PARSER: Any = importlib.import_module("re._parser")
_SEED = 20_061

FRAGMENTS = (
    *" \t\n\r\u2028\u200b\u2060\ufeff\x00\ud800",
    *"[]()<>{}|&;#!@*_~`\\:/.,=+-?'\"“”‘’—–$%^0a🚀日",
    *("](", "](x", "](<", "][", "]:", "[a](", "![", "\n\n", "\r\n", " \n", "a ", "\na\n"),
    *("<@", "<!", "<#", "<a:", "<!subteam^", "<@U1", "<https://", "<http://a|", "&lt;", "&amp;"),
    *("&#60;", "&amp;amp;lt;", "&lt;!", "&lt;@U", "@here", "&commat;", "<!channel>", "&"),
    *("http://", "https://a.b/", "www.", "a.", "a.com", "me@", "://", ":/", "h:"),
    *("**", "__", "~~", "***", "_*", "*_", "_*~~a", "*a", "a*", "* ", " *", "** a", "\\*", "``"),
    *("```", "```\n", "~~~\n", "`a`", "` ", "```a", "    ", "> ", ">", "> > ", ">\n", "> ```\n"),
    *("# ", "- ", "* ", "1. ", "1) ", "- [ ] ", "---\n", "===\n", "- - ", "-\n", "#\n"),
    *("|", "| a ", "|-", "|---|\n", "| a | b |\n", ":-", "||", "|\n", "-|", " | "),
    *("--", "--a ", "--a=", '"a" ', "\\n", "--stop ", '{"a":', "[[", "1,", "a=1,", "50256=-100 "),
    *("e\u0301", "\u0301\u0323", "👩🏽\u200d🚀", "\u0301", "\u200d", "🏽", "\ufe0f", "ﷺ", "ß", "İ"),
    *("xoxb-", "sk-", "bearer ", "token=", "team ", "=====[", "\n=====[ Grok", "===== ("),
)
"""What texts are made of: markdown, Slack's marks, flags, addresses, keys, scripts, emoji."""

_PAIRS = {"[": "]", "(": ")", "<": ">", "{": "}", "**": "**", "`": "`", "[a](": ")", "&lt;": "&gt;"}


def _filled(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def _run(before: str, unit: str, after: str) -> Make:
    return lambda size: before + _filled(unit, size) + after


def _nested(opening: str, closing: str) -> Make:
    return lambda size: _filled(opening, size // 2) + _filled(closing, size // 2)


def _halves(first: str, second: str) -> Make:
    return lambda size: _filled(first, size // 2) + _filled(second, size // 2)


def _mixed(seed: int, units: tuple[str, ...]) -> Make:
    def make(size: int) -> str:
        dice = random.Random(seed)
        found = "".join(dice.choice(units) for _ in range(size // 2))
        return found[:size]

    return make


def common(number: int = 40) -> dict[str, Make]:
    """Texts for any function: every fragment again and again, and `number` of each other kind."""
    dice = random.Random(_SEED)
    texts: dict[str, Make] = {}
    for unit in FRAGMENTS:
        texts[f"{unit!r} * n"] = _run("", unit, "")
    for opening, closing in _PAIRS.items():
        texts[f"{opening!r} * n + {closing!r} * n"] = _nested(opening, closing)
    for _ in range(number):
        one, two, three = dice.choices(FRAGMENTS, k=3)
        texts[f"{one!r} + {two!r} * n + {three!r}"] = _run(one, two, three)
        texts[f"({one!r} + {two!r}) * n"] = _run("", one + two, "")
        texts[f"{one!r} * n + {two!r} * n"] = _halves(one, two)
    for seed in range(4):
        few = tuple(dice.sample(FRAGMENTS, 6))
        texts[f"any of {few!r}, seed {seed}"] = _mixed(seed, few)
    return texts


def against(pattern: re.Pattern[str], most: int = 120) -> dict[str, Make]:
    """Texts that bring `pattern` to each of its repetitions, repeat that, and then fail."""
    found = _Attacks(pattern)
    return dict(islice(found.texts(), most))


class _Attacks:
    """Walks the parsed form of a pattern (`re._parser`)."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._parsed = _PARSER.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        self._dice = random.Random(_SEED)

    def texts(self) -> Iterator[tuple[str, Make]]:
        runs = dict.fromkeys(self._runs(list(self._parsed), ""))
        for before, unit in runs:
            if not unit:
                continue
            for after in ("", "\n", "!", "a", "\x00"):
                yield f"{before!r} + {unit!r} * n + {after!r}", _run(before, unit, after)
            yield f"{unit!r} * n", _run("", unit, "")
            if before:
                yield f"({before!r} + {unit!r}) * n", _run("", before + unit, "")
                yield f"{before!r} * n + {unit!r} * n", _halves(before, unit)
        whole = self._sample(list(self._parsed))
        for unit in {whole, whole[:-1], whole[1:]} - {""}:
            yield f"{unit!r} * n", _run("", unit, "")

    def _runs(self, nodes: list[Any], before: str) -> Iterator[tuple[str, str]]:
        """What can be repeated, and what stands before it."""
        for node in nodes:
            kind, value = str(node[0]), node[1]
            if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
                least, most, inner = value
                if most > 8 or most == _PARSER.MAXREPEAT:
                    for _ in range(2):
                        yield before, self._sample(list(inner))
                yield from self._runs(list(inner), before)
                before += self._sample(list(inner)) * max(least, 0 if most == 1 else 1)
                continue
            for inner in _inside(kind, value):
                yield from self._runs(list(inner), before)
            before += self._sample([node])

    def _sample(self, nodes: list[Any]) -> str:
        return "".join(self._one(str(kind), value) for kind, value in nodes)

    def _one(self, kind: str, value: Any) -> str:
        match kind:
            case "LITERAL":
                return chr(value)
            case "NOT_LITERAL":
                return "b" if chr(value) == "a" else "a"
            case "ANY":
                return "a"
            case "IN":
                return self._of_set(value)
            case "BRANCH":
                return self._sample(list(self._dice.choice(value[1])))
            case "SUBPATTERN":
                return self._sample(list(value[3]))
            case "ATOMIC_GROUP":
                return self._sample(list(value))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._sample(list(value[2])) * max(int(value[0]), 1)
            case _:
                return ""

    def _of_set(self, items: list[Any]) -> str:
        """A character of a set, or outside of one that is negated."""
        inside = [item for item in items if str(item[0]) != "NEGATE"]
        if len(inside) < len(items):
            outside = (
                char for char in "a b\n0!é→" if not any(_holds(each, char) for each in inside)
            )
            return next(outside)
        kind, value = self._dice.choice(inside)
        match str(kind):
            case "LITERAL":
                return chr(value)
            case "RANGE":
                return chr(value[0])
            case _:
                fitting = (char for char in "a0 \n!" if _holds((kind, value), char))
                return next(fitting, "a")


def _inside(kind: str, value: Any) -> list[Any]:
    match kind:
        case "BRANCH":
            return list(value[1])
        case "SUBPATTERN":
            return [value[3]]
        case "ATOMIC_GROUP":
            return [value]
        case "ASSERT" | "ASSERT_NOT":
            return [value[1]] if value[0] == 1 else []
        case _:
            return []


_CLASSES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def _holds(item: Any, char: str) -> bool:
    kind, value = str(item[0]), item[1]
    if kind == "LITERAL":
        return bool(ord(char) == value)
    if kind == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    return bool(re.match(_CLASSES.get(str(value), "(?!)"), char))
