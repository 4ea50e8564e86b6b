"""What in a message would notify somebody, and which addresses Slack would preview.

Where Slack's behaviour is not documented (plain words such as @here in a markdown block, markers
inside what is code in `mrkdwn`), the stricter reading is taken. In a `markdown` block nothing is
looked for in what is code to every reader (`code`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sandbox.workspace.blocks.code import without_code
from sandbox.workspace.model import Json

_MARKER = re.compile(
    r"<(?:!(?:channel|here|everyone|group)|!subteam\^[A-Z0-9]+|@[UWB][A-Z0-9]+)(?:\|[^<>]*)?>"
)
_WORD = re.compile(r"(?<![\w@.])@(?:channel|here|everyone)\b")
_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`", re.DOTALL)
_ADDRESS = re.compile(r"https?://[^\s<>|)\]\"'`]+")


def pings_in(text: str, blocks: Iterable[Json], *, parse_text: bool) -> tuple[str, ...]:
    """`parse_text`: Slack looks for names in `text` too (`parse` is not `none`)."""
    found = _MARKER.findall(text)
    if parse_text:
        found += _words(text)
    for block in blocks:
        for kind, value in _parts(block):
            if kind == "element":
                found.append(value)
                continue
            looked_at = without_code(value) if kind == "markdown" else value
            found += _MARKER.findall(looked_at)
            if kind == "markdown":
                found += _WORD.findall(looked_at)
            elif kind == "parsed":
                found += _words(value)
    return tuple(found)


def unfurls_in(text: str, blocks: Iterable[Json]) -> tuple[str, ...]:
    """Addresses that Slack would fetch, in `text` and in every text of `blocks`."""
    found = _ADDRESS.findall(text)
    for block in blocks:
        found += [
            address
            for kind, value in _parts(block)
            if kind != "element"
            for address in _ADDRESS.findall(value)
        ]
    return tuple(dict.fromkeys(found))


def _words(text: str) -> list[str]:
    return _WORD.findall(_CODE.sub(" ", text))


def _parts(value: object) -> Iterator[tuple[str, str]]:
    """(`parsed` | `verbatim` | `markdown`, text) of every formatted text, (`element`, marker)
    of every rich-text element that notifies."""
    if isinstance(value, list):
        for item in value:
            yield from _parts(item)
        return
    if not isinstance(value, dict):
        return
    kind = value.get("type")
    if kind in ("markdown", "mrkdwn") and isinstance(value.get("text"), str):
        formatted = "verbatim" if value.get("verbatim") else "parsed"
        yield ("markdown" if kind == "markdown" else formatted), value["text"]
    elif kind == "user":
        yield ("element", f"<@{value.get('user_id')}>")
    elif kind == "usergroup":
        yield ("element", f"<!subteam^{value.get('usergroup_id')}>")
    elif kind == "broadcast":
        yield ("element", f"<!{value.get('range')}>")
    elif kind == "link" and isinstance(value.get("url"), str):
        yield ("verbatim", value["url"])
    else:
        for item in value.values():
            yield from _parts(item)
