"""What Slack sends, turned back into what the person saw when they wrote it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

_TOKEN = re.compile(
    r"<(?P<sigil>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>|&(?P<entity>amp|lt|gt);"
)
_MENTION = re.compile(r"<@([^<>|]+)(?:\|[^<>]*)?>")
_GROUP = re.compile(r"<!(?:subteam\^|here|channel|everyone)")
_LEFT_OUT = re.compile(r"\A(?:(?:https?://)?(?:www\.)?|mailto:|tel:)")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NO_NAMES: Mapping[str, str] = {}


def shown(text: str, names: Mapping[str, str] | None = None) -> str:
    """`text` of a payload as it looked in Slack.

    `&amp; &lt; &gt;` are undone, in one pass, so that what was typed as `&lt;` stays so.
    Mentions and links become the words shown for them (docs.slack.dev, "Formatting message
    text"), and a link says where it leads; a command needs `should_escape: true` in the manifest
    for its mentions to come so. A message names people and channels by id alone: `names` says
    what they are called.
    """
    known = names or _NO_NAMES
    return _TOKEN.sub(lambda token: _shown_token(token, known), text)


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the people that `text` of a payload mentions, each once, in order."""
    return tuple(dict.fromkeys(_MENTION.findall(text)))


def escaped(text: str) -> str:
    """`text` as Slack sends it: `shown` gives it back to the letter."""
    return text.translate(_ESCAPES)


def without_call(text: str, bot_user: str) -> str:
    """`text` of a payload without the mentions of the bot that it begins or ends with."""
    call = rf"<@{re.escape(bot_user)}(?:\|[^<>]*+)?>"
    start, end = 0, len(text)
    if begun := re.compile(rf"\s*+(?:{call}\s*+,?+:?+\s*+)*+").match(text):
        start = begun.end()
    last = re.compile(rf"\s*+{call}\s*+")
    while (at := text.rfind("<@", start, end)) >= 0 and last.fullmatch(text, at, end):
        end = at
    return text[start:end].strip()


def says_forget(text: str, bot_user: str) -> bool:
    """Whether `text` of a payload says nothing but that the bot shall forget the conversation."""
    return without_call(text, bot_user).lower() == "forget"


def says_leave(text: str, bot_user: str) -> bool:
    """Whether `text` of a payload says nothing but that the bot shall leave the thread alone."""
    return without_call(text, bot_user).rstrip(".!").lower() == "leave"


def names_somebody(text: str, *, but: Collection[str]) -> bool:
    """Whether `text` of a payload speaks to somebody: a person, none of `but`, or a group."""
    return bool(_GROUP.search(text)) or not set(mentioned(text)) <= set(but)


def _shown_token(match: re.Match[str], names: Mapping[str, str]) -> str:
    entity = match["entity"]
    if entity:
        return _ENTITIES[entity]
    sigil, target, label = match["sigil"], match["target"], match["label"]
    if sigil in ("@", "#") and not label and target in names:
        return sigil + names[target]
    if sigil in ("@", "#"):
        return sigil + shown(label or target)
    if sigil == "!":
        return _shown_command(target, label)
    return _shown_link(shown(target), shown(label or ""))


def _shown_link(address: str, label: str) -> str:
    """The words of a link, and where it leads, unless they say that already."""
    if not label or _bare(label) == _bare(address):
        return label or address
    return f"{label} ({address})"


def _bare(address: str) -> str:
    """`address` without what people leave out of it."""
    return _LEFT_OUT.sub("", address.strip().lower()).removesuffix("/")


def _shown_command(target: str, label: str | None) -> str:
    kind, _, rest = target.partition("^")
    if kind == "date":
        return shown(label) if label else _shown_date(rest.partition("^")[0])
    words = shown(label or (rest if kind == "subteam" else kind))
    return words if words.startswith("@") else "@" + words


def _shown_date(moment: str) -> str:
    """A moment, Unix time in seconds, for whom nobody says how it was shown."""
    try:
        at = datetime.fromtimestamp(int(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{at:%Y-%m-%d %H:%M} UTC"
