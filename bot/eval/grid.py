"""The settings that are compared: every combination of the values on the axes of a grid."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bot.characters import excerpt, one_line
from bot.completion.ask import Effort, effort_in
from bot.completion.faults import validate
from bot.completion.flags import named_option, parse_text
from bot.completion.options import PARAMETERS, written
from bot.completion.request import CompletionRequest
from bot.errors import RequestRefused, StartupError
from bot.settings import Settings, default_values
from bot.words.terminal import eval as words
from bot.words.terminal.ask import plain

AXES = (
    *("model", "system", "effort", "temperature", "top_p", "max_tokens"),
    *("frequency_penalty", "presence_penalty", "seed", "stop"),
)
"""What may differ: what a default may be, and what leaves one answer to each prompt."""

MOST_SETTINGS = 64

_PART = re.compile(r'\s*(?:"((?:[^"]|"")*+)"\s*|([^,]*))(,|\Z)')
"""A value in double quotes, or up to the next comma, with what ends it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Values by the names of their options, in JSON form."""

    values: Mapping[str, JsonValue]

    @property
    def name(self) -> str:
        """How it is called, on one line: `model=grok-4.3 temperature=0.2`."""
        told = " ".join(f"{name}={_shown(value)}" for name, value in self.values.items())
        return told or words.AS_SET

    @property
    def command(self) -> str:
        """What an admin types to make it the default of a channel."""
        flags = [
            f"--{name.replace('_', '-')} {written(value)}" for name, value in self.values.items()
        ]
        return " ".join(["/grok defaults set", *flags])

    @property
    def effort(self) -> Effort | None:
        return effort_in(self.values.get("effort"))

    def system(self, of_prompt: str) -> str:
        """The system text: that of the setting, else that of the prompt."""
        own = self.values.get("system")
        return own if isinstance(own, str) else of_prompt

    def request(self, prompt: str, settings: Settings) -> CompletionRequest:
        """The request for `prompt`. Raises `RequestRefused`."""
        values = {**default_values(settings), **self.values}
        own = {name: value for name, value in values.items() if name in PARAMETERS}
        return validate({**own, "prompt": prompt})


def _shown(value: JsonValue) -> str:
    return one_line(written(value[0] if isinstance(value, list) and len(value) == 1 else value))


def read_grid(axes: Sequence[str], settings: Settings) -> tuple[Setting, ...]:
    """The settings of these axes, each `NAME=VALUE,VALUE…`; one that is empty, of none. A value
    that stands in double quotes may hold commas.

    Raises `StartupError` with everything that is wrong.
    """
    faults: list[str] = []
    values: dict[str, list[JsonValue]] = {}
    for axis in axes:
        name, read = _axis(axis, faults)
        values.setdefault(name, []).extend(read)
    if faults:
        raise StartupError(faults)
    once = ([v for at, v in enumerate(each) if v not in each[:at]] for each in values.values())
    combined = itertools.product(*once)
    found = [Setting(dict(zip(values, each, strict=True))) for each in combined]
    if len(found) > MOST_SETTINGS:
        raise StartupError([words.TOO_MANY_SETTINGS(number=len(found), most=MOST_SETTINGS)])
    for setting in found:
        try:
            setting.request("-", settings)
        except RequestRefused as refused:
            raise StartupError([plain(refused.sentence)]) from None
    return tuple(found)


def check_judge(model: str) -> None:
    """Raises `StartupError` for what can be the name of no model."""
    try:
        validate({"model": model, "prompt": "-"})
        named = bool(model)
    except RequestRefused:
        named = False
    if not named:
        raise StartupError([words.no_judge(excerpt(model))])


def _axis(axis: str, faults: list[str]) -> tuple[str, list[JsonValue]]:
    typed, equals, rest = axis.partition("=")
    option = named_option(typed.strip())
    parts = _parts(rest)
    if not (equals and typed.strip() and all(parts)):
        faults.append(words.NO_VALUES(axis))
        return "", []
    if option is None or option.name not in AXES:
        faults.append(
            words.NO_SUCH_AXIS(name=typed, known=[name.replace("_", "-") for name in AXES])
        )
        return "", []
    read = [_value(option.name, part, faults) for part in parts]
    return option.name, read


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no quotes, without the spaces around it."""
    parts, at, more = [], 0, ","
    while more and (found := _PART.match(text, at)):
        quoted, bare, more = found.groups()
        parts.append(bare.strip() if quoted is None else quoted.replace('""', '"'))
        at = found.end()
    return parts


def _value(name: str, text: str, faults: list[str]) -> JsonValue:
    flags = parse_text(f"--{name.replace('_', '-')} {written(text)} -- -")
    faults += [f"--grid {name}: {fault.problem}." for fault in flags.faults]
    return flags.given.get(name)
