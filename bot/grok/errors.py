"""Every way in which the API says no, or breaks, as one plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.completion.options import OPTIONS
from bot.errors import GrokFailed, GrokFailure
from bot.grok.call import Call
from bot.grok.meaning import (
    Missing,
    filter_in,
    kind_of,
    missing_in,
    names_model,
    parameter_in,
    status_in,
)
from bot.grok.said import Said, read_error, safe_name, say, scrub
from bot.words import grok as words


class Failure(GrokFailed):
    """A `GrokFailed` with what the client must know to go on.

    `retry` is whether the same call may succeed later, `retry_after` how many seconds the API
    asks to wait. `missing` says that there is no such model, or not at this endpoint. `said` is
    what the API said.
    """

    def __init__(
        self,
        sentence: str,
        *,
        kind: GrokFailure,
        reached: bool = True,
        spent: bool = True,
        retry: bool = False,
        retry_after: float | None = None,
        missing: Missing = "",
        parameter: str = "",
        said: Said | None = None,
    ) -> None:
        super().__init__(sentence, kind=kind, reached=reached, spent=spent, parameter=parameter)
        self.retry = retry
        self.retry_after = retry_after
        self.missing: Missing = missing
        self.said = said or Said()

    def later(self, seconds: float) -> Failure:
        """The same, with when to ask again."""
        busy = self.kind == "rate_limited"
        self.sentence = words.GROK_BUSY(seconds) if busy else words.GROK_OUT_OF_ORDER(seconds)
        return self


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """The parts of an HTTP error that matter; `retry_after` is in seconds."""

    status: int
    body: str = ""
    retry_after: float | None = None
    should_retry: bool | None = None


def from_reply(reply: ErrorReply, call: Call, secret: str = "") -> Failure:
    """The failure that an HTTP error reply stands for; `secret` is never repeated."""
    said = read_error(reply.body)
    missing = missing_in(reply.status, said)
    kind = "unknown_model" if missing else kind_of(reply.status, said)
    retry = kind in {"rate_limited", "unavailable"} and reply.status not in _NEVER_AGAIN
    if reply.should_retry is not None and kind not in _FINAL:
        retry = reply.should_retry
    return Failure(
        _sentence(kind, said, call, secret),
        kind=kind,
        spent=reply.status in _GIVEN_UP_ON,
        retry=retry and not missing,
        retry_after=reply.retry_after,
        missing=missing,
        parameter=_parameter(kind, said, call),
        said=said,
    )


def not_searched(failure: Failure, model: str, places: Sequence[str]) -> Failure:
    """`failure`, which says that none of these places is searched, in words."""
    sentence = words.grok_ask_without_search(safe_name(model), places)
    return Failure(sentence, kind="invalid", spent=False, parameter="search", said=failure.said)


def moved() -> Failure:
    """The configured address sends the bot on to where it does not follow."""
    return Failure(words.GROK_NO_API, kind="unknown_model", spent=False)


def from_event(data: Any, call: Call, secret: str = "", *, begun: bool = True) -> Failure:
    """The failure that an error inside a stream, or in a body with status 200, stands for.

    Before any of the answer has `begun` it costs what the same error costs as an HTTP reply.
    """
    said = say(data)
    status = status_in(said)
    missing = missing_in(status, said)
    kind = "unknown_model" if missing else kind_of(status, said)
    return Failure(
        _sentence(kind, said, call, secret),
        kind=kind,
        spent=begun or status in _GIVEN_UP_ON,
        retry=kind in {"rate_limited", "unavailable"},
        missing=missing,
        parameter=_parameter(kind, said, call),
        said=said,
    )


def from_transport(error: Exception, *, started: bool) -> Failure:
    """The failure that a broken connection stands for; `started`: some of the answer came."""
    if started:
        return Failure(words.GROK_CUT, kind="cut")
    if isinstance(error, aiohttp.ClientResponseError):  # headers without end, or none
        return Failure(words.GROK_STRANGE, kind="unavailable", spent=False)
    reached = not isinstance(
        error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
    )
    return Failure(words.GROK_UNREACHABLE, kind="unavailable", reached=reached, retry=True)


_FINAL: frozenset[GrokFailure] = frozenset(
    {"bad_key", "no_credit", "not_permitted", "refused", "too_long"}
)
_GIVEN_UP_ON = frozenset({408, 499, 502, 504, 520, 522, 524})
"""What stands before the API says these when it no longer waits for it: it may have worked."""
_NEVER_AGAIN = frozenset({501, 505, 525, 526})


def _parameter(kind: GrokFailure, said: Said, call: Call) -> str:
    """Our name of what is not taken; empty where an error blames nothing of its own."""
    if kind != "invalid":
        return ""
    return (filter_in(said) if call.beside.search else "") or parameter_in(said)


def _sentence(kind: GrokFailure, said: Said, call: Call, secret: str) -> str:
    model = safe_name(call.request.model)
    if kind == "invalid":
        parameter = _parameter(kind, said, call)
        if parameter in call.given:
            return words.GROK_PARAMETER(model=model, parameter=OPTIONS[parameter].typed_name)
        return words.GROK_INVALID(scrub(said.text, secret))
    if kind == "unknown_model":
        return words.GROK_NOT_SERVED(model) if names_model(said) else words.GROK_NO_API
    return words.GROK_SENTENCES[kind]
