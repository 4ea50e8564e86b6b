"""What people are told about what admins have set."""

from __future__ import annotations

from collections.abc import Sequence

from bot.words.sentences import Sentence, one_of

_SET_BY: dict[str, str] = {
    "own": "your own defaults",
    "channel": "the defaults of this channel",
    "workspace": "the defaults of the workspace",
    "settings": "whoever runs this bot",
}


def by_default(problem: str, source: str, name: str = "") -> str:
    """`problem` of a fault about a value that the asker did not give; `name` is empty, or the flag
    of another parameter whose value that is."""
    whose = f"{name} is set" if name else "set"
    return f"{problem} ({whose} by {_SET_BY[source]})"


def default_refused(model: str, parameter: str, source: str) -> str:
    """The API refused a value that the asker did not give; `parameter` is its flag, and `model` is
    made safe to show."""
    return (
        f"{model} does not take `{parameter}` as it is set by {_SET_BY[source]}. Give another "
        "value or another model yourself, or ask an admin to change it."
    )


NOT_ALLOWED = Sentence("{model} is not allowed here")


def any_of(models: Sequence[str]) -> str:
    """`allowed` of the same fault; `models` are some of those that are."""
    return one_of(models) or "no model until an admin allows one"


ANY_BUT = Sentence("any but {models:or}")


def not_searched_here(places: Sequence[str]) -> str:
    """`problem` of the same fault; `places` are named as in a sentence."""
    return f"{' and '.join(places)} may not be searched here"


INCLUDES_FORBIDDEN = Sentence("{name} includes {forbidden}, which is not allowed here")
TOO_MANY_BESIDE = Sentence(
    "{count} are too many to leave out, with the {forbidden} that admins leave out"
)
TOO_MANY_ALLOWED = Sentence(
    "admins allow {count} here, and one search takes fewer: say which of them"
)
ASK_AN_ADMIN = "other domains; an admin can change that"
LEAVES_NOTHING = "leaves nothing of what may be searched here"
UP_TO_HERE = Sentence("up to {most:,} here")
