"""Events of `/v1/responses`, as servers write them."""

from __future__ import annotations

import json
from typing import Any

USED = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 42,
    "cost_in_usd_ticks": 37_756_000,
}


def typed(kind: str, **fields: Any) -> bytes:
    """One event of this type."""
    return b"data: " + json.dumps({"type": f"response.{kind}"} | fields).encode() + b"\n\n"


def delta(text: str, place: int = 0, **fields: Any) -> bytes:
    """Some text of the message at `place`."""
    named = {"item_id": f"msg_{place}", "output_index": place, "content_index": 0, "delta": text}
    return typed("output_text.delta", **named | fields)


def thought(text: str, kind: str = "reasoning_summary_text") -> bytes:
    """Some of what is thought."""
    return typed(f"{kind}.delta", item_id="rs", output_index=0, summary_index=0, delta=text)


def message(text: str, place: int = 0, **fields: Any) -> dict[str, Any]:
    """A message as an item of the output."""
    part = {"type": "output_text", "text": text, "annotations": []} | fields
    return {"type": "message", "id": f"msg_{place}", "role": "assistant", "content": [part]}


def reasoned(text: str) -> dict[str, Any]:
    """Thoughts as an item of the output."""
    return {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": text}]}


def response(*output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A whole response."""
    return {
        "id": "r",
        "object": "response",
        "model": "grok-4.3",
        "status": "completed",
        "output": list(output),
        "error": None,
        "incomplete_details": None,
        "usage": USED,
    } | fields


def begun() -> bytes:
    """What comes before anything is said."""
    empty = response(status="in_progress", usage=None)
    return typed("created", response=empty) + typed("in_progress", response=empty)


def ended(*output: dict[str, Any], kind: str = "completed", **fields: Any) -> bytes:
    """The last event."""
    return typed(kind, response=response(*output, **{"status": kind} | fields))
