"""The form as data: what its fields hold, what they are called, and how their text becomes values
and back.

Texts of fields are those that a person sees there; a switch says `on` or `off`. What a field cannot
hold exactly, such as a prompt that is too long for it, is kept beside the form until something is
typed into that field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.completion.ask import Ask, Effort, ReplyTo
from bot.completion.faults import schema_faults
from bot.completion.flags import Flags
from bot.completion.lexer import Value
from bot.completion.options import OPTIONS, PARAMETERS, typed, written
from bot.completion.request import Group, Option, is_text
from bot.completion.search import OPTION_NAMES, read_all, settled, typed_search
from bot.errors import Fault
from bot.slack_limits import INPUT_CHARS, OPTION_VALUE_CHARS
from bot.words import form as form_words
from bot.words import request as words
from bot.words.sentences import quoted

BASIC: tuple[Option, ...] = tuple(
    PARAMETERS[name] for name in ("model", "max_tokens", "temperature")
)
"""What every form shows below the prompt, in order."""

ADVANCED: Mapping[Group, tuple[Option, ...]] = MappingProxyType(
    {
        group: tuple(p for p in PARAMETERS.values() if p.group == group)
        for group in ("sampling", "output", "advanced")
    }
)
"""What is shown on request, by group and in order."""

MULTILINE = frozenset({"prompt", "system", "stop", "suffix"})
"""Fields whose text may have several lines."""

TASKS: Mapping[str, tuple[str, str]] = {**form_words.TASKS, **form_words.TRANSLATIONS}
"""What is ready to be asked about a message: its label, and the sentence that is asked."""

_EXACT_INTEGER = 2**53 - 1
"""Browsers, and so number fields, count no further without rounding."""

_NUMBER_CHARS = 40
"""Nobody reads a longer number."""

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_END = re.compile(r"\r\n?")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


class Filled(BaseModel):
    """What a form holds.

    `values` are parameters in JSON form, as far as they were given, prompt included; what was
    typed and cannot be read is text there, so that the model of a request says what is wrong
    with it; what is said of searching (`search`) is kept as it was typed. `task` names a ready
    task (`bot.words.form`) to be done with a message, `saved` the saved prompt that was chosen
    (the value of a `bot.rules.saved_prompts.Offer`). With `several`, each paragraph of the prompt
    is a prompt of its own; a list of prompts is that already.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    values: dict[str, JsonValue] = {}
    system: str = ""
    reply: ReplyTo | None = None
    effort: Effort | None = None
    search: dict[str, str] = {}
    task: str = ""
    saved: str = ""
    several: bool = False

    @classmethod
    def of(cls, ask: Ask) -> Filled:
        """A question that was asked, to be changed."""
        return cls().with_flags(Flags(ask.given))

    def flags(self) -> Flags:
        """The same as flags, ready to be asked, with every fault of the values."""
        search, faults = read_all(self.search)
        own = {"prompt": self._prompt(), "reply": self.reply, "effort": self.effort}
        if self.system:
            own["system"] = self.system
        said = {name: value for name, value in own.items() if value is not None}
        flags = Flags({**self.values, **said, **search})
        found = (*_system_faults(self.system), *schema_faults(flags.values), *faults)
        return replace(flags, faults=found)

    def with_flags(self, flags: Flags) -> Filled:
        """The same, with what is right of `flags` in its place."""
        wrong = {fault.parameter for fault in flags.faults}
        given = {name: value for name, value in flags.values.items() if name not in wrong}
        return Filled(
            values={**self.values, **given},
            system=flags.system or self.system,
            reply=flags.reply or self.reply,
            effort=flags.effort or self.effort,
            search=typed_search(settled(flags.search, read_all(self.search)[0].items())),
        )

    @property
    def splits(self) -> bool:
        """Whether there is more than one prompt, or could be."""
        return self.several or isinstance(self.values.get("prompt"), list)

    def _prompt(self) -> JsonValue:
        prompt = self.values.get("prompt")
        if self.several and isinstance(prompt, str):
            prompts = paragraphs(prompt)
            prompt = [*prompts] if len(prompts) > 1 else prompt
        _, task = TASKS.get(self.task, ("", ""))
        match prompt:
            case _ if not task:
                return prompt
            case None:
                return task
            case str():
                return _joined(task, prompt)
            case list():
                return [_joined(task, each) for each in prompt]
            case _:
                return prompt


def holds(name: str, value: JsonValue) -> bool:
    """Whether the field of this option can hold `value`, and gives the same back."""
    return field_text(name, value) is not None


def field_text(name: str, value: JsonValue) -> str | None:
    """What the field shows for `value`, of which None is not given; None: it cannot hold it.

    A list of one is shown as its one element, which means the same.
    """
    if value is None:
        return ""
    text = _written(name, value)
    if text is None or not _fits(name, text):
        return None
    same = _unlisted(_read(name, text, like=value)) == _unlisted(value)
    return text if same else None


def reread(name: str, text: str, before: JsonValue) -> JsonValue:
    """What an option is once its field holds `text` and was `before`; None: it is not given.

    A field that still holds what it was filled with leaves the value as it was: also when
    Slack cut the spaces at its ends, or when the field could not hold it and stayed empty.
    """
    shown = field_text(name, before)
    if not text.strip():
        return before if shown is None else None
    if shown and _line_ends(text) in (_line_ends(shown), _line_ends(shown).strip()):
        return before
    return _read(name, text)


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of `text`: what stands between its blank lines."""
    pieces = _BLANK_LINES.split(_line_ends(text).strip("\n"))
    return tuple(piece for piece in pieces if piece.strip())


def _written(name: str, value: JsonValue) -> str | None:
    match OPTIONS[name].kind, value:
        case "boolean", bool():
            return "on" if value else "off"
        case "integer" | "number", int() | float():
            return _number(PARAMETERS[name], value)
        case "text", str():
            return value
        case "texts", str() | list():
            return _texts(name, value if isinstance(value, list) else [value])
        case "bias", dict():
            return written(value)
        case "bias", str():
            return value
        case _:
            return None


def _texts(name: str, texts: list[JsonValue]) -> str | None:
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) < len(texts):
        return None
    if name == "prompt":
        return "\n\n".join(strings)
    return "\n".join(map(_escaped, strings))


def _escaped(line: str) -> str:
    escaped = line.replace("\\", r"\\")
    for char, sign in (("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t")):
        escaped = escaped.replace(char, sign)
    return escaped


def _number(parameter: Option, value: float) -> str | None:
    least, most = lowest(parameter), parameter.maximum
    if isinstance(value, bool) or abs(value) > _EXACT_INTEGER:
        return None
    if (least is not None and value < least) or (most is not None and value > most):
        return None
    text = f"{Decimal(repr(value)).normalize():f}"
    whole = parameter.kind == "number" or "." not in text
    return text if whole and len(text) <= _NUMBER_CHARS else None


def lowest(parameter: Option) -> int | None:
    """The smallest number allowed; None without a bound."""
    return parameter.minimum if parameter.above is None else parameter.above + 1


def _fits(name: str, text: str) -> bool:
    if not text.strip() or not is_text(text) or _UNSEEN.search(text):
        return False
    if name == "model":
        return text == text.strip() and text.isprintable() and units(text) <= OPTION_VALUE_CHARS
    too_many_lines = name not in MULTILINE and set("\r\n\t") & set(text)
    return not too_many_lines and units(text) <= INPUT_CHARS


def units(text: str) -> int:
    """The length of `text` as browsers count it, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _read(name: str, text: str, like: JsonValue = None) -> JsonValue:
    match OPTIONS[name].kind:
        case "texts" if name == "stop":
            return _stops(text)
        case "texts" if isinstance(like, list):
            return [*paragraphs(text)]
        case "text" | "texts":
            return text
        case kind:
            return typed(kind, text.strip())


def _stops(text: str) -> JsonValue:
    lines = [line for line in _line_ends(text).split("\n") if line.strip()]
    stops: list[JsonValue] = [Value(line).text(control=True) for line in lines]
    return stops[0] if len(stops) == 1 else stops


def _unlisted(value: JsonValue) -> JsonValue:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _joined(task: str, prompt: JsonValue) -> JsonValue:
    return f"{task}\n\n{prompt}" if isinstance(prompt, str) and prompt.strip() else prompt


def _line_ends(text: str) -> str:
    return _LINE_END.sub("\n", text)


def _system_faults(system: str) -> tuple[Fault, ...]:
    if is_text(system):
        return ()
    return (Fault("system", words.VALUE_NOT_TEXT, words.ALLOWED["text"]),)


def label_of(name: str) -> str:
    """What the field of this name is called; empty when there is no such field."""
    if name in {"system", "effort", *OPTION_NAMES}:
        return OPTIONS[name].label
    parameter = PARAMETERS.get(name)
    return parameter.label if parameter else ""


_NAMED = re.compile(r"--(?:no-)?([a-z][a-z-]{0,30})|\b([a-z]{1,20}(?:_[a-z]{1,20}){1,3})\b")
"""What flags and parameters are called outside of the form."""


def in_labels(text: str) -> str:
    """`text` of a fault, with fields by what the form calls them."""
    return _NAMED.sub(_label, text.replace("`", ""))


def _label(name: re.Match[str]) -> str:
    found = next(filter(None, name.groups()))
    label = label_of(found.replace("-", "_"))
    return quoted(label) if label else name[0]


_TYPED = re.compile(r"`--([a-z][a-z-]{0,30})`")


def for_form(sentence: str) -> str:
    """`sentence` in markdown, for whoever filled in the form: a flag that stands alone is a field
    there. What is to be typed as it stands stays as it is."""
    return _TYPED.sub(_label, sentence)
