"""What Slack's composer makes of a person's message: one block of rich text beside the `text`.

Bold, lists and code are left as they were typed; mentions, channels and addresses are elements.
"""

from __future__ import annotations

import re
import zlib

from sandbox.workspace.model import Json

_ANGLES = re.compile(
    r"<(?:@(?P<user>[UW][A-Z0-9]+)(?:\|[^<>]*)?|#(?P<channel>C[A-Z0-9]+)(?:\|[^<>]*)?"
    r"|!(?P<range>channel|here|everyone)(?:\|[^<>]*)?|(?P<url>https?://[^<>|]+)(?:\|[^<>]*)?)>"
)


def composed(text: str, seed: str) -> list[Json]:
    """The blocks of a person's message; `seed` gives them their block_id. None for no text."""
    if not text:
        return []
    elements: list[Json] = []
    end = 0
    for match in _ANGLES.finditer(text):
        elements += [*_plain(text[end : match.start()]), _element(match)]
        end = match.end()
    elements += _plain(text[end:])
    section = {"type": "rich_text_section", "elements": elements}
    return [
        {"type": "rich_text", "block_id": f"{zlib.crc32(seed.encode()):08x}", "elements": [section]}
    ]


def _plain(text: str) -> list[Json]:
    shown = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": shown}] if shown else []


def _element(match: re.Match[str]) -> Json:
    if user := match["user"]:
        return {"type": "user", "user_id": user}
    if channel := match["channel"]:
        return {"type": "channel", "channel_id": channel}
    if audience := match["range"]:
        return {"type": "broadcast", "range": audience}
    return {"type": "link", "url": match["url"].replace("&amp;", "&")}
