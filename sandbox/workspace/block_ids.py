"""The ids that Slack makes up where an app gave none."""

from __future__ import annotations

import copy

from sandbox.workspace.block_shapes import elements_of
from sandbox.workspace.clock import Ids
from sandbox.workspace.model import Json

_WITHOUT_ACTION = ("image", "mrkdwn", "plain_text")


def with_ids(block: Json, ids: Ids) -> Json:
    """A copy of `block` with a block_id and action_ids. A markdown block has none, as in Slack."""
    if block["type"] == "markdown":
        return {"type": "markdown", "text": block["text"]}
    named = {"block_id": ids.new("b"), **copy.deepcopy(block)}
    for element in elements_of(named):
        if element["type"] not in _WITHOUT_ACTION:
            element.setdefault("action_id", ids.new("a"))
    return named
