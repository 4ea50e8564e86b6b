"""Blocks as Slack keeps and returns them: with ids and with what an app left to the default."""

from __future__ import annotations

from typing import Any

from sandbox.workspace.blocks.block_shapes import elements_of
from sandbox.workspace.clock import Ids
from sandbox.workspace.model import Json

_WITHOUT_ACTION = ("image", "mrkdwn", "plain_text")
_AS_SENT = ("rich_text", "table")
_DEFAULTS = {
    "plain_text": {"emoji": True},
    "mrkdwn": {"verbatim": False},
    "input": {"optional": False, "dispatch_action": False},
}


def with_ids(block: Json, ids: Ids) -> Json:
    """A copy of `block` with a block_id and action_ids. A markdown block has none, as in Slack."""
    if block["type"] == "markdown":
        return {"type": "markdown", "text": block["text"]}
    named: Json = {"block_id": ids.new("b"), **completed(block)}
    for element in elements_of(named):
        if element["type"] not in _WITHOUT_ACTION:
            element.setdefault("action_id", ids.new("a"))
    return named


def completed(value: Any) -> Any:
    """A copy of a piece of Block Kit JSON with Slack's defaults written out."""
    if isinstance(value, list):
        return [completed(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if kind in _AS_SENT:
        return dict(value)
    defaults = _DEFAULTS.get(kind, {}) if isinstance(kind, str) else {}
    return {**defaults, **{name: completed(item) for name, item in value.items()}}
