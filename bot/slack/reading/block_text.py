"""What the blocks of a message say.

All of it is in Slack's own notation (`&lt;`, `<@U…>`), as `text` is: `shown` makes it readable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic import JsonValue

from bot.slack.inbound.payloads import escaped
from bot.words import talk

RICH_TEXT = "rich_text"

_SILENT = ("divider", "input")
_ESCAPED = ("mrkdwn", "plain_text")
_PARTS = (
    "title",
    "subtitle",
    "caption",
    "text",
    "description",
    "fields",
    "body",
    "elements",
    "blocks",
    "accessory",
)
_DEEPEST = 24
"""Slack's own blocks are not half as deep, each level counted twice."""

Elements = Iterable[JsonValue]


def text_of_blocks(blocks: Iterable[JsonValue]) -> str:
    """The text in `blocks` ("Block Kit"), a line for each of its parts. Of controls only those
    that lead somewhere are in it."""
    return "\n".join(line for block in blocks for line in _lines(block) if line.strip())


def linked(words: str, url: str) -> str:
    """`words`, in Slack's notation, as a link to `url`."""
    address = escaped(url).replace("|", "%7C")
    return f"<{address}|{words}>" if words and url else words or address


def _lines(part: JsonValue, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    match part:
        case dict():
            yield from _block(part, depth)
        case list():
            yield from (line for each in part for line in _lines(each, depth + 1))


def _block(part: Mapping[str, JsonValue], depth: int) -> Iterator[str]:
    kind = part.get("type")
    if not isinstance(kind, str):
        kind = ""
    if kind in _SILENT or kind.endswith(_CHOICES):
        return
    elements = part.get("elements")
    if kind in _RICH and isinstance(elements, list):
        yield from _RICH[kind](elements)
    elif kind == "rich_text_list" and isinstance(elements, list):
        yield from _list(part, elements)
    elif kind == "context" and isinstance(elements, list):
        yield from _lines([each for each in elements if not _is_picture(each)], depth + 1)
    elif kind == "overflow":
        options = part.get("options")
        for option in options if isinstance(options, list) else []:
            yield from _leading(option)
    elif kind == "image":
        yield from _picture(part)
    elif kind.endswith(("button", "buttons")) or ("url" in part and kind != "video"):
        yield from _leading(part)
    else:
        yield from _plain(part, kind, depth)


def _plain(part: Mapping[str, JsonValue], kind: str, depth: int) -> Iterator[str]:
    match part:
        case {"type": "table" | "data_table", "rows": list(rows)}:
            yield from _lines(part.get("caption"), depth + 1)
            yield from map(_row, rows)
        case {"type": "raw_number", "value": int(number) | float(number)}:
            yield str(number)
        case {"type": str(), "text": str(text)}:
            yield text if kind in _ESCAPED else escaped(text)
        case _:
            yield from _lines([part.get(name) for name in _PARTS], depth + 1)


_CHOICES = ("_select", "checkboxes", "radio_buttons", "picker", "_input")
"""Ends of the names of controls whose options are no part of what a message says."""


def _section(elements: Elements) -> Iterator[str]:
    yield "".join(map(_inline, elements))


def _code(elements: Elements) -> Iterator[str]:
    yield f"```\n{''.join(map(_inline, elements))}\n```"


def _quote(elements: Elements) -> Iterator[str]:
    yield from (f"&gt; {line}" for line in "".join(map(_inline, elements)).split("\n"))


_RICH: Mapping[str, Callable[[Elements], Iterator[str]]] = {
    "rich_text_section": _section,
    "rich_text_preformatted": _code,
    "rich_text_quote": _quote,
}

_MOST_INDENT = 8


def _list(part: Mapping[str, JsonValue], items: Elements) -> Iterator[str]:
    indent, offset = part.get("indent"), part.get("offset")
    margin = "  " * min(_MOST_INDENT, indent) if isinstance(indent, int) else ""
    first = 1 + (offset if isinstance(offset, int) else 0)
    for number, item in enumerate(items, first):
        mark = f"{number}." if part.get("style") == "ordered" else "•"
        yield f"{margin}{mark} {_joined(item)}"


def _joined(part: JsonValue) -> str:
    return " ".join(_lines(part))


def _row(cells: JsonValue) -> str:
    return " | ".join(map(_joined, cells)) if isinstance(cells, list) else ""


def _is_picture(part: JsonValue) -> bool:
    """Whether it is a picture; those in small print are faces and signs."""
    return isinstance(part, dict) and part.get("type") == "image"


def _picture(part: Mapping[str, JsonValue]) -> Iterator[str]:
    """What a picture is called: nobody looks at it."""
    alt = part.get("alt_text")
    name = _joined(part.get("title")) or (escaped(alt) if isinstance(alt, str) else "")
    yield talk.PICTURE_UNREAD(name)


def _leading(part: object) -> Iterator[str]:
    """A button that opens an address; what others do can only be done by pressing them."""
    match part:
        case {"url": str(url), "text": {"text": str(words)}} if url:
            yield linked(words, url)


_TOKENS = {
    "user": ("user_id", "<@{}>"),
    "channel": ("channel_id", "<#{}>"),
    "usergroup": ("usergroup_id", "<!subteam^{}>"),
    "broadcast": ("range", "<!{}>"),
    "emoji": ("name", ":{}:"),
    "color": ("value", "{}"),
}
"""By the type of an element, the field that names what it stands for, and how `text` has it."""


def _inline(element: JsonValue) -> str:
    if not isinstance(element, dict):
        return ""
    field, token = _TOKENS.get(str(element.get("type")), ("", ""))
    if isinstance(value := element.get(field), str):
        return token.format(escaped(value))
    match element:
        case {"type": "date", "timestamp": int(moment)} if not element.get("fallback"):
            return f"<!date^{moment}^{{date_short}}>"
        case {"type": "link", "url": str(url), "text": str(text)}:
            return linked(escaped(text), url)
        case {"text": str(text)} | {"fallback": str(text)} | {"url": str(text)}:
            return escaped(text)
        case _:
            return ""
