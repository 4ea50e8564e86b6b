"""Rules that a piece of Block Kit JSON is checked by, and the words Slack says of a fault."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from sandbox.workspace.model import Json

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


@dataclass(slots=True)
class Report:
    """Faults found so far, in Slack's words."""

    messages: list[str] = field(default_factory=list)

    def add(self, fault: str, pointer: str) -> None:
        self.messages.append(f"[ERROR] {fault} [json-pointer:{pointer}]")


Rule = Callable[[Report, str, object], None]
Extra = Callable[[Report, str, Json], None]


def _no_extra(report: Report, pointer: str, value: Json) -> None:
    """Most shapes have nothing beyond their fields."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a block, element or object; `across` sees to what goes across its fields."""

    required: Mapping[str, Rule]
    optional: Mapping[str, Rule] = field(default_factory=dict)
    across: Extra = _no_extra

    def check(self, report: Report, pointer: str, value: Json) -> None:
        for name in self.required:
            if name not in value:
                report.add(f"missing required field: {name}", pointer)
        rules = {**self.required, **self.optional}
        for name, item in value.items():
            if name == "type" and name not in rules:
                continue
            if name not in rules:
                report.add(f"invalid additional property: {name}", pointer)
            else:
                rules[name](report, f"{pointer}/{name}", item)
        self.across(report, pointer, value)


def string(most: int, least: int = 1) -> Rule:
    """A string of `least` to `most` characters."""

    def rule(report: Report, pointer: str, value: object) -> None:
        if not isinstance(value, str):
            report.add("must provide a string", pointer)
        elif len(value) > most:
            report.add(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            report.add(f"must be more than {least - 1} characters", pointer)

    return rule


def boolean(report: Report, pointer: str, value: object) -> None:
    if not isinstance(value, bool):
        report.add("must be a boolean", pointer)


def integer(least: int, most: int) -> Rule:
    def rule(report: Report, pointer: str, value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.add("must be an integer", pointer)
        elif not least <= value <= most:
            report.add(f"must be between {least} and {most}", pointer)

    return rule


def number(report: Report, pointer: str, value: object) -> None:
    """A number, written as a string as a person would type it: no exponent, no `inf`."""
    if not isinstance(value, str):
        report.add("must provide a string", pointer)
    elif NUMBER.fullmatch(value) is None:
        report.add("must be a number", pointer)


def quantity(least: float | None = None) -> Rule:
    """A finite number, larger than `least`."""

    def rule(report: Report, pointer: str, value: object) -> None:
        known = isinstance(value, int | float) and not isinstance(value, bool)
        if not known or not math.isfinite(value):  # type: ignore[arg-type]
            report.add("must be a number", pointer)
        elif least is not None and value <= least:  # type: ignore[operator]
            report.add(f"must be greater than {least}", pointer)

    return rule


def anything(report: Report, pointer: str, value: object) -> None:
    """Accepted as it is."""


def one_of(*choices: str) -> Rule:
    def rule(report: Report, pointer: str, value: object) -> None:
        if value not in choices:
            report.add(f"must be one of {', '.join(choices)}", pointer)

    return rule


def shaped(shape: Shape) -> Rule:
    def rule(report: Report, pointer: str, value: object) -> None:
        if isinstance(value, dict):
            shape.check(report, pointer, value)
        else:
            report.add("must be an object", pointer)

    return rule


def list_of(item: Rule, most: int, least: int = 1) -> Rule:
    def rule(report: Report, pointer: str, value: object) -> None:
        if not isinstance(value, list):
            report.add("must be an array", pointer)
            return
        if len(value) > most:
            report.add(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            report.add(f"must have at least {least} items", pointer)
        for index, entry in enumerate(value):
            item(report, f"{pointer}/{index}", entry)

    return rule


def typed(shapes: Mapping[str, Shape], allowed: Collection[str] | None = None) -> Rule:
    """An object whose `type` is among `allowed` (default: all of `shapes`)."""

    def rule(report: Report, pointer: str, value: object) -> None:
        if not isinstance(value, dict):
            report.add("must be an object", pointer)
            return
        kind = value.get("type")
        known = isinstance(kind, str) and kind in shapes
        if not known or (allowed is not None and kind not in allowed):
            report.add(f"unsupported type: {kind}", f"{pointer}/type")
            return
        shapes[str(kind)].check(report, pointer, value)

    return rule


def text(most: int, *, mrkdwn: bool = False) -> Rule:
    """A text object; `plain_text` only, unless `mrkdwn` is allowed too."""
    plain = Shape({"text": string(most)}, {"emoji": boolean})
    shapes = {"plain_text": plain}
    if mrkdwn:
        shapes["mrkdwn"] = Shape({"text": string(most)}, {"verbatim": boolean})
    return typed(shapes)
