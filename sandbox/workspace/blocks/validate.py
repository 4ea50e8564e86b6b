"""What Slack refuses: texts, blocks, metadata and views beyond its limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from sandbox.workspace.blocks.block_rules import (
    Report,
    Shape,
    boolean,
    list_of,
    string,
    text,
    typed,
)
from sandbox.workspace.blocks.block_shapes import BLOCKS, ID, IN_MESSAGES, IN_VIEWS, elements_of
from sandbox.workspace.blocks.markdown import counted_chars, stored_blocks
from sandbox.workspace.blocks.texts import texts_of
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Json

UPDATE_TEXT_BYTES = 4_000
POST_TEXT_CHARS = 40_000
MARKDOWN_CHARS = 12_000
MESSAGE_COUNTED_CHARS = 13_200
HEADER_COUNTED_CHARS = 100
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
TABLE_CHARS = 10_000
METADATA_BYTES = 8_000
TS = re.compile(r"\d{9,11}\.\d{6}")

_MESSAGE_BLOCKS = list_of(typed(BLOCKS, IN_MESSAGES), MESSAGE_BLOCKS, least=0)
_VIEW_BLOCKS = list_of(typed(BLOCKS, IN_VIEWS), VIEW_BLOCKS, least=0)
_VIEWS = {
    "modal": Shape(
        {"title": text(24), "blocks": _VIEW_BLOCKS},
        {
            "submit": text(24),
            "close": text(24),
            "private_metadata": string(3000, 0),
            "callback_id": ID,
            "external_id": ID,
            "clear_on_close": boolean,
            "notify_on_close": boolean,
        },
    ),
    "home": Shape(
        {"blocks": _VIEW_BLOCKS},
        {"private_metadata": string(3000, 0), "callback_id": ID, "external_id": ID},
    ),
}
_VIEW = typed(_VIEWS)


def check_message_blocks(blocks: object) -> list[Json]:
    """The blocks of a message, else `ApiError` (`invalid_blocks_format`, `invalid_blocks`,
    `msg_blocks_too_long`)."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ApiError("invalid_blocks_format")
    report = Report()
    _MESSAGE_BLOCKS(report, "/blocks", blocks)
    _check_ids(report, "/blocks", blocks)
    _check_whole(report, blocks)
    _raise("invalid_blocks", report)
    _check_counted(blocks)
    return blocks


def check_grown_blocks(blocks: list[Json]) -> list[Json]:
    """All blocks of a message that grew piece by piece, each piece of which was checked: it is
    held to the limits of any other message. `ApiError` (`msg_too_long`, `msg_blocks_too_long`,
    `invalid_blocks`)."""
    if _markdown_chars(blocks) > MARKDOWN_CHARS:
        raise ApiError("msg_too_long")
    report = Report()
    _check_ids(report, "/blocks", blocks)
    _check_whole(report, blocks)
    _raise("invalid_blocks", report)
    _check_counted(blocks)
    return blocks


def check_view(view: object, *, kind: str) -> Json:
    """A modal or Home tab, else `ApiError` (`invalid_arguments`, `view_too_large`)."""
    if not isinstance(view, dict):
        raise ApiError("invalid_arguments", messages=["[ERROR] view must be an object"])
    if len(json.dumps(view)) > VIEW_BYTES:
        raise ApiError("view_too_large")
    report = Report()
    if view.get("type") != kind:
        report.add(f"must be of type {kind}", "/view/type")
    else:
        _VIEW(report, "/view", view)
    blocks = view.get("blocks")
    if isinstance(blocks, list):
        _check_ids(report, "/view/blocks", blocks)
        _check_elements(report, blocks, modal=kind == "modal")
        has_inputs = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
        if kind == "modal" and has_inputs and "submit" not in view:
            report.add("submit is required when a block of type input is used", "/view")
    _raise("invalid_arguments", report)
    return view


def check_metadata(metadata: object) -> Json | None:
    """Message metadata (None for an empty object, which clears it)."""
    if metadata == {}:
        return None
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_type"), str)
        or not isinstance(metadata.get("event_payload"), dict)
        or set(metadata) - {"event_type", "event_payload", "entities"}
    ):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise ApiError("metadata_too_large")
    return metadata


def check_update_text(value: str) -> None:
    if len(value.encode()) > UPDATE_TEXT_BYTES:
        raise ApiError(
            "msg_too_long",
            messages=["[ERROR] The text field cannot exceed 4,000 characters"],
        )


def check_ts(value: str, error: str) -> str:
    if TS.fullmatch(value) is None:
        raise ApiError(error)
    return value


def is_rich(blocks: Iterable[Json]) -> bool:
    """Whether Slack keeps any of `blocks` as rich text."""
    return any(block["type"] in ("rich_text", "markdown") for block in blocks)


def _raise(error: str, report: Report) -> None:
    if report.messages:
        raise ApiError(error, messages=report.messages)


def _check_ids(report: Report, pointer: str, blocks: list[Json]) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                report.add(f"block_id `{block_id}` already exists", f"{pointer}/{index}")
            seen.add(block_id)
        actions = [element.get("action_id") for element in elements_of(block)]
        named = [action for action in actions if isinstance(action, str)]
        if len(named) != len(set(named)):
            report.add("action_id already exists in this block", f"{pointer}/{index}")


def _check_elements(report: Report, blocks: list[Json], *, modal: bool) -> None:
    """What goes across the elements of a view."""
    focused = 0
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        for element in elements_of(block):
            focused += element.get("focus_on_load") is True
            in_form = modal and block.get("type") == "input"
            if "response_url_enabled" in element and not in_form:
                fault = "response_url_enabled is only for input blocks of modals"
                report.add(fault, f"/view/blocks/{index}")
    if focused > 1:
        report.add("only one element can have focus_on_load", "/view")


def _check_counted(blocks: list[Json]) -> None:
    counted = sum(counted_chars(found) for found in texts_of(blocks))
    stored = stored_blocks(blocks)
    counted += HEADER_COUNTED_CHARS * sum(block["type"] == "header" for block in stored)
    if len(stored) > MESSAGE_BLOCKS or counted > MESSAGE_COUNTED_CHARS:
        raise ApiError("msg_blocks_too_long")


def _markdown_chars(blocks: list[Json]) -> int:
    return sum(
        len(block["text"])
        for block in blocks
        if block.get("type") == "markdown" and isinstance(block.get("text"), str)
    )


def _check_whole(report: Report, blocks: list[Json]) -> None:
    if _markdown_chars(blocks) > MARKDOWN_CHARS:
        report.add("markdown blocks: must be less than 12001 characters in total", "/blocks")
    if sum(block.get("type") == "data_visualization" for block in blocks) > 2:
        report.add("no more than two charts are allowed in a message", "/blocks")
    tables = [block for block in blocks if block.get("type") == "table"]
    if len(tables) > 1:
        report.add("only one table is allowed in a message", "/blocks")
    if sum(len(found) for found in texts_of(tables)) > TABLE_CHARS:
        report.add("table: must be less than 10001 characters in total", "/blocks")
