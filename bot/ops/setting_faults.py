"""What is wrong with settings: values that cannot be read, with what may stand there; names that
nothing is set by, with what somebody meant to set; and nothing set at all."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.errors import Trouble
from bot.ops import words
from bot.settings import ENV_FILE, Settings, values_in

_SHOWN = re.compile(r"[-+]?[0-9.,_]{1,15}|[A-Za-z]{1,12}")
"""No token or key looks like this, whatever setting it was put into."""

_RANGE = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})
_NUMBER = frozenset(
    {"int_parsing", "int_parsing_size", "int_from_float", "float_parsing", "finite_number"}
)


def setting_faults(error: ValidationError) -> list[str]:
    """A sentence for each; a value is shown where it can be no secret."""
    return [_sentence(detail) for detail in error.errors(include_url=False)]


def _sentence(detail: ErrorDetails) -> str:
    field = str(detail["loc"][0]) if detail["loc"] else ""
    given = str(detail["input"])
    shown = given if _SHOWN.fullmatch(given) else ""
    return words.setting_wrong(field.upper(), shown, _why(field, detail))


def _why(field: str, detail: ErrorDetails) -> str:
    """What the setting takes, as a clause."""
    kind, known = detail["type"], Settings.model_fields.get(field)
    if known is not None and (kind in _RANGE or kind in _NUMBER):
        return words.takes_number(_bounds(known.metadata), whole=known.annotation is int)
    if known is not None and kind == "literal_error":
        return words.TAKES_ONE_OF([str(each) for each in get_args(known.annotation)])
    if kind.startswith("bool_"):
        return words.TAKES_ONE_OF(["true", "false"])
    if kind == "string_unicode":
        return words.TAKES_TEXT
    problem = detail["msg"].removeprefix("Value error, ")
    return problem[:1].lower() + problem[1:]


def _bounds(metadata: list[object]) -> Mapping[str, float]:
    names = ("gt", "ge", "lt", "le")
    return {name: getattr(each, name) for each in metadata for name in names if hasattr(each, name)}


_OURS = frozenset(name.upper() for name in Settings.model_fields)
_OURS_ALONE = "GROK_"
"""Nobody else's variables begin like this."""
_TOO_GENERAL = frozenset({"HOST", "PORT"})
_BEGINNINGS = tuple(sorted({name.partition("_")[0] for name in _OURS - _TOO_GENERAL}))

_ALIKE = 0.8
"""A name that begins like ours and is less like one of them (`difflib`) may be somebody else's."""
_ALMOST = 0.9
"""The same where it begins in another way."""
_NEAREST = 0.6

_LONGEST_NAME = 60
_OF_KUBERNETES = re.compile(r"_SERVICE_(?:HOST|PORT)|_PORT(?:_\d{1,5}_(?:TCP|UDP))?(?:_|\Z)")
"""What Kubernetes sets for each of its services (kubernetes.io, "Environment variables")."""


def set_names() -> list[str]:
    """Every variable that has a value, of the environment and of `.env`."""
    return list(dict.fromkeys(name.upper() for name in (*os.environ, *values_in(ENV_FILE))))


def unknown_settings(names: Iterable[str]) -> list[Trouble]:
    """Those of `names` that were meant for the bot and are none of its settings, with the nearest
    one that is not set. The bot works without them."""
    names = tuple(names)
    unset = _OURS - _TOO_GENERAL - set(names)
    return [
        Trouble(
            words.SETTING_UNKNOWN(name=name, nearest=nearest), words.REMEDY_SETTING_UNKNOWN, name
        )
        for name in names
        if not _is_somebody_elses(name)
        and ((nearest := _nearest(name, unset)) or name.startswith(_OURS_ALONE))
    ]


def _is_somebody_elses(name: str) -> bool:
    return name in _OURS or len(name) > _LONGEST_NAME or bool(_OF_KUBERNETES.search(name))


def _nearest(name: str, unset: Collection[str]) -> str:
    """What was meant by `name`; empty when it is like none of them."""
    if name.startswith(_OURS_ALONE):
        alike = _NEAREST
    else:
        alike = _ALIKE if name.startswith(_BEGINNINGS) else _ALMOST
    return next(iter(get_close_matches(name, unset, n=1, cutoff=alike)), "")


def nothing_set(settings: Settings) -> list[Trouble]:
    """That there is no `.env`, where nothing else says what the bot needs either."""
    needed = (
        settings.slack_bot_token,
        settings.slack_client_id,
        settings.slack_app_token,
        settings.slack_signing_secret,
        settings.xai_api_key,
    )
    if any(needed) or Path(ENV_FILE).exists():
        return []
    fault = words.NO_ENV_FILE(name=ENV_FILE, directory=str(Path.cwd()))
    return [Trouble(fault, words.REMEDY_NO_ENV_FILE, hint=True)]
