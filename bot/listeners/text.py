"""What Slack sends, turned back into what the person saw when they wrote it."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"<(?P<sigil>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>|&(?P<entity>amp|lt|gt);"
)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}


def shown(text: str) -> str:
    """`text` of a payload as it looked in Slack.

    `&amp; &lt; &gt;` are undone, in one pass, so that what was typed as `&lt;` stays so.
    Mentions and links become the words shown for them (docs.slack.dev, "Formatting message
    text"); a command needs `should_escape: true` in the manifest for its mentions to come so.
    """
    return _TOKEN.sub(_shown_token, text)


def _shown_token(match: re.Match[str]) -> str:
    entity = match["entity"]
    if entity:
        return _ENTITIES[entity]
    sigil, target, label = match["sigil"], match["target"], match["label"]
    if sigil in ("@", "#"):
        return sigil + shown(label or target)
    if sigil == "!":
        return _shown_command(target, label)
    return shown(label or target)


def _shown_command(target: str, label: str | None) -> str:
    if target.startswith("date^"):
        return shown(label or "")
    words = shown(label or target.partition("^")[0])
    return words if words.startswith("@") else "@" + words
