"""What the blocks and attachments of a message say, for those whose `text` does not.

All of it is in Slack's own notation (`&lt;`, `<@U…>`), as `text` is: `shown` makes it readable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic import JsonValue

from bot.completion.excerpt import excerpt
from bot.slack.shown import escaped

_SILENT = ("actions", "context_actions", "divider", "input")
_ESCAPED = ("mrkdwn", "plain_text")
_PARTS = ("title", "text", "fields", "elements", "blocks")
_DEEPEST = 24
"""Slack's own blocks are not half as deep, each level counted twice."""
_ATTACHED = ("pretext", "title", "text")

Elements = Iterable[JsonValue]


def text_of_message(
    text: str,
    blocks: Iterable[JsonValue],
    attachments: Iterable[Mapping[str, JsonValue]],
    *,
    by_app: bool,
) -> str:
    """What a message says: of a person's `text` says it all, an app may put but a summary there."""
    if text.strip() and not by_app:
        return text.strip()
    said = (text_of_blocks(blocks), text_of_attachments(attachments))
    whole = "\n".join(filter(None, said)).strip()
    return whole if len(whole) > len(text.strip()) else text.strip()


def names_of_files(files: Iterable[Mapping[str, JsonValue]]) -> tuple[str, ...]:
    """What the files of a message are called, as far as Slack says it ("File object"); safe."""
    names = (file.get("name") or file.get("title") for file in files)
    return tuple(excerpt(name) for name in names if isinstance(name, str))


def text_of_blocks(blocks: Iterable[JsonValue]) -> str:
    """The text in `blocks` ("Block Kit"), a line for each of its parts; controls are left out."""
    return "\n".join(line for block in blocks for line in _lines(block) if line.strip())


def text_of_attachments(attachments: Iterable[Mapping[str, JsonValue]]) -> str:
    """The text in `attachments` ("Secondary message attachments")."""
    return "\n".join(filter(None, map(_attached, attachments)))


def _attached(attachment: Mapping[str, JsonValue]) -> str:
    parts = {**attachment}
    match attachment:
        case {"title": str(title), "title_link": str(url)} if "<" not in title:
            parts["title"] = _linked(title, url)
    lines = [value for name in _ATTACHED if isinstance(value := parts.get(name), str)]
    blocks = attachment.get("blocks")
    lines += [text_of_blocks(blocks)] if isinstance(blocks, list) else []
    fallback = attachment.get("fallback")
    return "\n".join(filter(None, lines)) or (fallback if isinstance(fallback, str) else "")


def _lines(part: JsonValue, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    match part:
        case {"type": kind} if kind in _SILENT:
            return
        case {"type": str(kind), "elements": list(elements)} if kind in _RICH:
            yield from _RICH[kind](elements)
        case {"type": "rich_text_list", "style": "ordered", "elements": list(items)}:
            yield from (f"{number}. {_joined(item)}" for number, item in enumerate(items, 1))
        case {"type": "rich_text_list", "elements": list(items)}:
            yield from (f"• {_joined(item)}" for item in items)
        case {"type": "table", "rows": list(rows)}:
            yield from map(_row, rows)
        case {"type": kind, "text": str(text)}:
            yield text if kind in _ESCAPED else escaped(text)
        case dict():
            yield from _lines([part.get(name) for name in _PARTS], depth + 1)
        case list():
            yield from (line for each in part for line in _lines(each, depth + 1))


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


def _joined(part: JsonValue) -> str:
    return " ".join(_lines(part))


def _row(cells: JsonValue) -> str:
    return " | ".join(map(_joined, cells)) if isinstance(cells, list) else ""


def _inline(element: JsonValue) -> str:
    match element:
        case {"type": "user", "user_id": str(user)}:
            return f"<@{user}>"
        case {"type": "channel", "channel_id": str(channel)}:
            return f"<#{channel}>"
        case {"type": "broadcast", "range": str(whom)}:
            return f"<!{whom}>"
        case {"type": "emoji", "name": str(name)}:
            return f":{name}:"
        case {"type": "link", "url": str(url), "text": str(text)}:
            return _linked(escaped(text), url)
        case {"text": str(text)} | {"fallback": str(text)} | {"url": str(text)}:
            return escaped(text)
        case _:
            return ""


def _linked(words: str, url: str) -> str:
    """`words`, in Slack's notation, as a link to `url`."""
    address = escaped(url).replace("|", "%7C")
    return f"<{address}|{words}>" if words and url else words or address
