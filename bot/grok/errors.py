"""Every way in which the API says no, or breaks, as one plain sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from bot.completion.request import CompletionRequest
from bot.errors import GrokFailed, GrokFailure
from bot.grok.call import Call
from bot.grok.scrub import is_page, safe_name, scrub
from bot.words import grok as words

Missing = Literal["", "model", "endpoint"]


class Failure(GrokFailed):
    """A `GrokFailed` with what the client must know to go on.

    `retry` is whether the same call may succeed later, `retry_after` how many seconds the API
    asks to wait. `missing` says that there is no such model, or not at this endpoint.
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
    ) -> None:
        super().__init__(sentence, kind=kind, reached=reached, spent=spent, parameter=parameter)
        self.retry = retry
        self.retry_after = retry_after
        self.missing: Missing = missing


@dataclass(frozen=True, slots=True)
class Said:
    """What an error body says, whatever its shape."""

    text: str = ""
    code: str = ""
    parameter: str = ""


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
    missing = _missing(reply.status, said)
    kind = "unknown_model" if missing else _kind(reply.status, said)
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
        parameter=_parameter(said) if kind == "invalid" else "",
    )


def from_event(
    event: Mapping[str, Any], call: Call, secret: str = "", *, begun: bool = True
) -> Failure:
    """The failure that an error inside a stream, or in a body with status 200, stands for.

    Before any of the answer has `begun` it costs what the same error costs as an HTTP reply.
    """
    said = _said(event)
    status = _status_of(said.code)
    kind = _kind(status, said)
    retry = kind in {"rate_limited", "unavailable"}
    spent = begun or status in _GIVEN_UP_ON
    return Failure(_sentence(kind, said, call, secret), kind=kind, spent=spent, retry=retry)


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


def read_error(body: str) -> Said:
    """Read an error body: flat or nested JSON, a JSON string, plain text, a page, or nothing."""
    try:
        return _said(json.loads(body))
    except (ValueError, RecursionError):
        return Said("" if is_page(body) else body.strip()[:_READ_CHARS])


_READ_CHARS = 2000
"""How much of an error text is looked at."""

_FINAL: frozenset[GrokFailure] = frozenset({"bad_key", "no_credit", "not_permitted", "too_long"})
_GIVEN_UP_ON = frozenset({408, 499, 502, 504, 520, 522, 524})
"""What stands before the API says these when it no longer waits for it: it may have worked."""
_NEVER_AGAIN = frozenset({501, 505, 525, 526})

_CREDIT = re.compile(
    r"\bcredits?\b|spending[ -]limit|insufficient_quota|current quota|billing", re.IGNORECASE
)
_KEY = re.compile(
    r"\b(?:incorrect|invalid|wrong|missing|expired|no)\s+"
    r"(?:api[ _-]?key|credentials|authentication)"
    r"|api[ _-]?key (?:is )?(?:incorrect|invalid|not valid|expired|disabled)|unauthenticated",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    r"context[ _](?:length|window|limit|size)|maximum (?:context|prompt|model len)|prompt length"
    r"|too many (?:input |prompt )?tokens|token count\b.{0,40}\bexceeds|reduce the length"
    r"|(?:input|prompt|messages?) (?:is |are )?too (?:long|large)",
    re.IGNORECASE,
)
_NOT_HERE = re.compile(
    r"not (?:supported|available|served|compatible|allowed|found) (?:on|in|at|by|for|with|via) "
    r"(?:the |this |our )?(?:legacy |text )?(?:/?v1/\S+|chat|completions?|endpoint|reasoning)"
    r"|(?:endpoint|completions)\b.{0,40}\bnot (?:supported|available|served)"
    r"|does not support (?:the )?(?:/?v1/)?(?:legacy |text |chat[ /])?completions?\b"
    r"|not a chat model",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model\b.{0,120}\b(?:does not exist|not found|not exist|no longer available|was retired)"
    r"|(?:unknown|invalid|no such) model\b|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT_PARAMETER = re.compile(r"\b(?:arguments?|parameters?)\b", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?:arguments?|parameters?)\b[^:`'\"]{0,200}?[:`'\"\s]\s{0,3}[`'\"]?([A-Za-z_]{1,40})[`'\"]?\.?$"
    r"|(?:arguments?|parameters?):?\s{1,3}[`'\"]?([A-Za-z_]{1,40})"
    r"|target type:\s{1,3}(?:unknown field\s{1,3})?[`'\"]?([A-Za-z_]{1,40})",
    re.IGNORECASE,
)

_STATUS = re.compile(r"[45]\d\d")
_CODES = {
    "invalid-argument": 400,
    "invalid_request_error": 400,
    "unauthenticated": 401,
    "authentication_error": 401,
    "permission-denied": 403,
    "not-found": 404,
    "resource-exhausted": 429,
    "rate_limit_exceeded": 429,
    "unavailable": 503,
}


def _said(data: Any) -> Said:
    if isinstance(data, str):
        return Said(data.strip()[:_READ_CHARS])
    if not isinstance(data, Mapping):
        return Said()
    inner = data.get("error")
    source = inner if isinstance(inner, Mapping) else data
    text = next(
        (
            source[name].strip()
            for name in ("message", "error", "detail")
            if isinstance(source.get(name), str)
        ),
        "",
    )
    code = next(
        (
            str(each[name])
            for each in (source, data)
            for name in ("code", "type", "status")
            if isinstance(each.get(name), str | int)
        ),
        "",
    )
    parameter = source.get("param")
    return Said(
        text[:_READ_CHARS], code[:_READ_CHARS], parameter if isinstance(parameter, str) else ""
    )


def _status_of(code: str) -> int:
    """The HTTP status that the code of an error event stands for."""
    if _STATUS.fullmatch(code):
        return int(code)
    return _CODES.get(code.lower().partition(":")[0], 500)


def _missing(status: int, said: Said) -> Missing:
    text = said.text
    if status in {405, 410}:
        return "endpoint"
    if status not in {400, 403, 404, 422} or _KEY.search(text):
        return ""
    if _NOT_HERE.search(text) and not _ABOUT_PARAMETER.search(text):
        return "endpoint"
    if status == 404:
        return "model" if _names_model(said) else "endpoint"
    return "model" if status == 400 and _NO_MODEL.search(f"{text} {said.code}") else ""


def _names_model(said: Said) -> bool:
    """Whether an error is about a model, and not about the address."""
    return "model" in f"{said.text} {said.code}".lower()


def _kind(status: int, said: Said) -> GrokFailure:
    text = f"{said.code} {said.text}"
    if status == 402 or (status in {403, 429} and _CREDIT.search(text)):
        return "no_credit"
    if status == 401 or (status in {400, 403} and _KEY.search(text)):
        return "bad_key"
    if status == 403:
        return "not_permitted"
    if status == 404 or 300 <= status < 400:
        return "unknown_model"
    if status == 429:
        return "rate_limited"
    if status == 413 or _LENGTH.search(text):
        return "too_long"
    if status >= 500 or status in {408, 409, 425} or status < 400:
        return "unavailable"
    return "invalid"


def _sentence(kind: GrokFailure, said: Said, call: Call, secret: str) -> str:
    model = safe_name(call.request.model)
    if kind == "invalid":
        parameter = _parameter(said)
        if parameter in call.request.model_fields_set:
            return words.grok_parameter(model, parameter)
        return words.grok_invalid(scrub(said.text, secret))
    if kind == "unknown_model":
        return words.grok_not_served(model) if _names_model(said) else words.GROK_NO_API
    return words.GROK_SENTENCES[kind]


def _parameter(said: Said) -> str:
    """Our name of the parameter that the API complains about, or `""`."""
    found = [said.parameter]
    found += [name for names in _PARAMETER.findall(said.text.strip()) for name in names if name]
    for name in found:
        ours = _OURS.get(name.replace("_", "").lower(), "")
        if ours:
            return ours
    return ""


_OURS = {name.replace("_", ""): name for name in CompletionRequest.model_fields} | {
    "toplogprobs": "logprobs",
    "maxcompletiontokens": "max_tokens",
    "messages": "prompt",
}
