"""Every flag there is: the parameters of a request, and three that are the bot's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from bot import words
from bot.completion.ask import ReplyTo
from bot.completion.parameters import PARAMETERS, Kind, Parameter
from bot.completion.typed import written

REPLY_TO: tuple[ReplyTo, ...] = get_args(ReplyTo)


@dataclass(frozen=True, slots=True)
class Option:
    """One flag, `name` as the field of a request is called."""

    name: str
    kind: Kind | Literal["reply"]
    hint: str
    example: str
    allowed: str
    short: str = ""
    completions_only: bool = False

    @property
    def flag(self) -> str:
        """The long flag, as it is written in help."""
        return "--" + self.name.replace("_", "-")

    @property
    def off_flag(self) -> str:
        """What turns a switch off."""
        return "--no-" + self.name.replace("_", "-")

    @property
    def usage(self) -> str:
        """The flag with an example of a value, ready to be typed."""
        if self.kind == "boolean":
            return self.flag if self.example == "true" else self.off_flag
        return f"{self.flag} {written(self.example)}"


def _of_parameter(parameter: Parameter) -> Option:
    return Option(
        name=parameter.name,
        kind=parameter.kind,
        hint=parameter.about.hint,
        example=parameter.about.example,
        allowed=parameter.allowed,
        short=parameter.about.short,
        completions_only=parameter.about.completions_only,
    )


_OWN = (
    Option("system", "text", words.HINT_SYSTEM, "Be brief", words.ALLOWED["text"], short="s"),
    Option("reply", "reply", words.HINT_REPLY, "thread", words.ALLOWED["reply"]),
    Option("private", "boolean", words.HINT_PRIVATE, "true", words.ALLOWED["boolean"]),
)

OPTIONS: Mapping[str, Option] = MappingProxyType(
    {o.name: o for o in (*(_of_parameter(p) for p in PARAMETERS.values()), *_OWN)}
)
"""Every flag by name, in the order in which people are shown them."""

SHORT: Mapping[str, Option] = MappingProxyType({o.short: o for o in OPTIONS.values() if o.short})
"""Those with a short flag, by its letter."""
