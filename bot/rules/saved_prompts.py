"""Prompts that are saved under a name: how they are named and filled in, and their commands."""

from __future__ import annotations

import re
from collections.abc import Collection

from pydantic import BaseModel, ConfigDict, JsonValue

from bot.characters import excerpt, first_word
from bot.completion.flags import Flags, likeliest, parse_text
from bot.completion.lexer import QUOTES
from bot.errors import Fault
from bot.rules.arguments import LEAST_BEGUN, Arguments, Split
from bot.rules.quota import ScopeKind
from bot.words import prompts as said

MOST_CHARS = 2_500
"""Of a saved prompt: so much is shown to be copied."""

_PLACE = re.compile(r"\{\{[ ]{0,3}text[ ]{0,3}\}\}|\{[ ]{0,3}text[ ]{0,3}\}", re.IGNORECASE)
"""What stands for the words behind the name: `{text}`, or as other templates have it."""

_ANY_PLACE = re.compile(r"\{\{?[ ]{0,3}[A-Za-z][A-Za-z0-9_-]{0,30}[ ]{0,3}\}\}?")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_QUOTED = re.compile(rf"\s*[{QUOTES}]([^{QUOTES}]*)[{QUOTES}](?=\s|\Z)")
_RESERVED = (
    *("me", "channel", "workspace", "user", "each-user"),
    *("save", "show", "use", "share", "delete", "help", "all"),
)
"""Words that mean something else where a name stands."""


class Offer(BaseModel):
    """A saved prompt that somebody may choose: whose it is, its name, and how it begins."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    owner: ScopeKind
    name: str
    beginning: str

    @property
    def value(self) -> str:
        """What stands for it in a form."""
        return f"{self.owner} {self.name}"


def to_save(text: str, _: Split) -> Arguments | None:
    """`NAME PROMPT`, which may have flags before it; to the letter."""
    name, rest = _named(text)
    faults = [*_faults_of_name(name)]
    prompt = rest.strip()
    if not prompt:
        faults.append(Fault("", said.NOTHING_TO_SAVE, said.ALLOWED_TO_SAVE))
    elif len(prompt) > MOST_CHARS:
        faults.append(Fault("", said.TOO_LONG(len(prompt)), said.UP_TO_CHARS(MOST_CHARS)))
    else:
        faults += _faults_of_flags(parse_text(prompt))
    return Arguments(names=(name, prompt), faults=tuple(faults))


def to_use(text: str, _: Split) -> Arguments | None:
    """`NAME`, and what is to stand in its places; to the letter."""
    name, rest = _named(text)
    return Arguments(names=(name, rest.strip()), faults=_faults_of_saved(name))


def one_name(text: str, split: Split) -> Arguments | None:
    """`NAME`, and a scope."""
    quoted = _QUOTED.match(text)
    end = split(text[quoted.end() :] if quoted else text)
    if len(end.before) > (0 if quoted else 1):
        return None
    name = _keyed(quoted[1] if quoted else "".join(end.before))
    return Arguments(end.target, (name,), faults=(*_faults_of_saved(name), *end.faults))


def other_place(template: str) -> str:
    """What looks like a place of a template and is none: `{name}`; empty for nothing."""
    found = (each[0] for each in _ANY_PLACE.finditer(template))
    return next((each for each in found if not _PLACE.fullmatch(each)), "")


def has_place(template: str) -> bool:
    """Whether words are to stand within it."""
    return _PLACE.search(template) is not None


def filled(template: str, words: str) -> Flags | None:
    """The flags and the prompt of a template with `words` in its places, or behind it where it has
    none; None where it has places and there are no words. They are never read as flags."""
    flags = parse_text(template)
    places = has_place(template)
    if places and not words:
        return None

    def fill(value: JsonValue) -> JsonValue:
        if isinstance(value, list):
            return [fill(each) for each in value]
        if not isinstance(value, str):
            return value
        if places or not words:
            return _PLACE.sub(lambda _: words, value)
        return f"{value}\n\n{words}" if value else words

    prompt = fill(flags.values.get("prompt", ""))
    system = {} if flags.system is None else {"system": _PLACE.sub(lambda _: words, flags.system)}
    return flags.with_(prompt=prompt, **system)


def _faults_of_flags(flags: Flags) -> list[Fault]:
    if "prompt" in flags.values or flags.faults:
        return list(flags.faults)
    return [Fault("", said.NOTHING_TO_SAVE, said.ALLOWED_TO_SAVE)]


def _named(text: str) -> tuple[str, str]:
    """A name, which may stand in quotes, and what follows it to the letter."""
    if quoted := _QUOTED.match(text):
        return _keyed(quoted[1]), text[quoted.end() :]
    first, rest = first_word(text)
    return _keyed(first), rest


def _keyed(word: str) -> str:
    """`word` as a name; one quote alone stays, since nobody can say where it was to end."""
    name = word.strip(",.")
    if name and (name[0] in QUOTES) == (name[-1] in QUOTES):
        name = name.strip(QUOTES)
    return name.strip().casefold()


def _faults_of_saved(name: str) -> tuple[Fault, ...]:
    """What is wrong with the name of a prompt that is to be there already."""
    return tuple(_faults_of_name(name, said.ALLOWED_SAVED))


def _faults_of_name(name: str, allowed: str = said.ALLOWED_NAME(_RESERVED)) -> list[Fault]:
    if not name:
        return [Fault("", said.NO_NAME, allowed)]
    if name in _RESERVED or not _NAME.fullmatch(name):
        return [Fault("", said.NOT_A_NAME(excerpt(name, 30)), allowed)]
    return []


def nearest_name(name: str, names: Collection[str]) -> str:
    """That of `names` which is likely to be meant by `name`; empty where none is."""
    return next(iter(likeliest(name, names, least=LEAST_BEGUN)), "")
