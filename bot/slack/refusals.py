"""What Slack means by what it refuses: the codes of its errors, and our own for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.errors import (
    MessageGone,
    OutcomeUnknown,
    PostingDenied,
    RateLimited,
    SlackError,
    TooLong,
    TryAgain,
)

STREAMING = "streaming_state_conflict"
"""What Slack answers to an edit or a deletion of a message that streams."""

BLOCK_MISMATCH = "block_mismatch"
"""What Slack answers to an edit that would put blocks of one kind in the place of another."""

STREAM_ENDED = "message_not_in_streaming_state"
"""What Slack answers to whoever would let such a message grow, or end, after its end."""

MESSAGE_DELETED = "message_not_found"
"""What Slack answers to an edit or a deletion of a message that is not there any more."""

THREAD_GONE = "thread_not_found"
"""What Slack answers to a post in a thread whose root was deleted."""

_GONE = {
    MESSAGE_DELETED,
    BLOCK_MISMATCH,
    "cant_update_message",
    "edit_window_closed",
    "is_inactive",
}
_DENIED = {
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "message_limit_exceeded",
    "messages_tab_disabled",
    "cannot_reply_to_message",
    THREAD_GONE,
    "no_permission",
    "user_not_in_channel",
    "expired_url",
    "used_url",
}

_NO_ADDRESS = {403, 404, 410}
"""What a response_url answers when it can no longer be used, whatever it says."""

_MAYBE_APPLIED = {"internal_error", "fatal_error"}
"""Of these Slack says that a part of the call may have succeeded."""

TOKEN_GONE = frozenset(
    {
        "account_inactive",
        "app_uninstalled",
        "invalid_auth",
        "team_access_not_granted",
        "token_revoked",
    }
)
"""What Slack says of a token that will never be good again ("auth.test")."""

_PASSING = frozenset({"service_unavailable", "request_timeout", "team_added_to_org"})
"""Codes of refusals that pass by themselves."""

_BLOCKS_REFUSED = frozenset({"invalid_arguments", "invalid_payload", "invalid_json", "http_400"})
"""What Slack may answer as well to a block that it does not take; not all of its ways in name
what is wrong."""

NO_REPLY = (
    TimeoutError,
    aiohttp.ClientError,
    OSError,
    ValueError,
    RecursionError,
    AttributeError,
)
"""What slack_sdk lets through when there was no reply to make sense of; the last one comes
from a reply that is text where it expects JSON."""

_UNSAID_SECONDS = 5.0
_MOST_REST_SECONDS = 300.0


def passes(error: SlackError) -> bool:
    """Whether the same call may succeed later."""
    passing = isinstance(error, RateLimited | OutcomeUnknown | TryAgain)
    return passing or error.code in _PASSING


def refuses_blocks(error: SlackError) -> bool:
    """Whether Slack may take the same text in other blocks."""
    return error.code.startswith("invalid_blocks") or error.code in _BLOCKS_REFUSED


def refused(method: str, error: SlackApiError) -> SlackError:
    """What `error` says of a call of `method`."""
    reply = error.response
    status: int = getattr(reply, "status_code", 0) or getattr(reply, "status", 0)
    data = getattr(reply, "data", None)
    return refusal(method, status, data if isinstance(data, Mapping) else {}, reply.headers)


def refusal(
    method: str, status: int, data: Mapping[str, Any], headers: Mapping[str, str]
) -> SlackError:
    """What Slack means by a reply that is no success."""
    code = data.get("error")
    code = code if isinstance(code, str) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RateLimited(retry_after(headers))
    if status >= 500 or code in _MAYBE_APPLIED or (status < 400 and not code):
        # Without a code it is a gateway that gave up on Slack, which may still be at it.
        said = f"{method}: {code or f'HTTP {status}'}"
        return OutcomeUnknown(said, pending=not code, status=status)
    code = code or f"http_{status}"
    said = f"{method}: {code}"
    if isinstance(data.get("needed"), str):
        said += f" (needed: {data['needed']})"
    return _class_of(code)(code, said)


def no_place(status: int, error: SlackError) -> SlackError:
    """`error` as it is meant by a `response_url` that answers with this status."""
    if status not in _NO_ADDRESS or isinstance(error, PostingDenied):
        return error
    return PostingDenied(error.code, str(error))


def no_reply(method: str, error: Exception) -> OutcomeUnknown:
    """Nobody knows what came of a call of `method`, which `error` has ended."""
    return OutcomeUnknown(f"{method}: no reply ({type(error).__name__})", pending=True)


def _class_of(code: str) -> type[SlackError]:
    if code in _GONE:
        return MessageGone
    # Slack answers so to a table or a number of blocks beyond its limits.
    if code.endswith("_too_long") or code.startswith("invalid_blocks"):
        return TooLong
    if code in _DENIED or code.startswith("restricted_action"):
        return PostingDenied
    return SlackError


def retry_after(headers: Mapping[str, str], *, unsaid: float = _UNSAID_SECONDS) -> float:
    """For how many seconds Slack lets something rest ("Rate limits"): from 1 to 300, whatever it
    says, and `unsaid` where that is no number."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return unsaid
    return unsaid if math.isnan(seconds) else min(max(seconds, 1.0), _MOST_REST_SECONDS)
