"""What of its own Slack takes of us: thumbs, charts and streams, as far as this process has found
out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks import FEEDBACK_BLOCK, THUMBS, plain
from bot.slack.charts.charts import CHART, without_charts

REFUSED_SECONDS = 3600.0
"""How long it is remembered that Slack takes none."""

_NO_STREAMS = frozenset(
    ("unknown_method", "feature_not_enabled", "method_deprecated", "missing_scope")
)
"""Codes by which a workspace, or a server that is like Slack, has no streams at all."""

Block = Mapping[str, object]


class Taken:
    """Where Slack refuses blocks with thumbs among them, nobody says that those are to blame: the
    same is tried with buttons, and when that is refused too, thumbs were not. Charts are left out:
    all that they show is said beside them.
    """

    def __init__(self) -> None:
        self._plain_until = {False: 0.0, True: 0.0}
        """By whether a `response_url` refused it: what goes by those alone may be less."""
        self._undrawn_until = 0.0
        self._unstreamed_until = 0.0

    @property
    def streams(self) -> bool:
        """Whether it is worth asking for a stream."""
        return time.monotonic() >= self._unstreamed_until

    @property
    def draws(self) -> bool:
        """Whether charts go along."""
        return time.monotonic() >= self._undrawn_until

    def unstreamed(self, code: str) -> None:
        """A stream was refused with `code`."""
        if code in _NO_STREAMS:
            self._unstreamed_until = time.monotonic() + REFUSED_SECONDS

    def written(self, blocks: Sequence[Block], *, by_url: bool = False) -> list[Block]:
        """`blocks` as they are sent; `by_url`: through a `response_url`."""
        drawn = list(blocks) if self.draws else without_charts(blocks)
        until = max(self._plain_until[way] for way in {False, by_url})
        return plain(drawn) if time.monotonic() < until else drawn

    def refused(self, body: Mapping[str, Any], *, by_url: bool = False) -> bool:
        """Whether `body`, whose blocks were refused, is worth another try."""
        blocks = body.get("blocks") or ()
        if any(block.get("type") == CHART for block in blocks):
            self._undrawn_until = time.monotonic() + REFUSED_SECONDS
            return True
        if any(block.get("type") == THUMBS for block in blocks):
            self._plain_until[by_url] = time.monotonic() + REFUSED_SECONDS
            return True
        if any(block.get("block_id") == FEEDBACK_BLOCK for block in blocks):
            self._plain_until[by_url] = 0.0
        return False
