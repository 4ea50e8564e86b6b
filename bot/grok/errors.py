"""Every way in which the API says no, or breaks, as one plain sentence; what it said is fit to be
shown: no keys, teams, addresses or markup."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.characters import shortened
from bot.completion.options import OPTIONS
from bot.completion.request import CompletionRequest
from bot.completion.tools import TOOLS, Searched
from bot.deferred import compiled_later
from bot.errors import GrokFailed, GrokFailure
from bot.grok.call import Call
from bot.grok.meaning import (
    Complaint,
    Missing,
    is_page,
    kind_of,
    missing_in,
    names_model,
    read_error,
    say,
    status_in,
)
from bot.words import grok as words

EXCERPT_CHARS = 200
_READ_CHARS = 4_000
"""How much of a text is looked at for an excerpt."""

NAME_CHARS = 80

_SECRETS = (
    re.compile(r"<[^<>]*>"),
    re.compile(r"https?://\S+"),
    re.compile(r"\b(?:xai|sk|pk|gsk|key)-[\w*.-]+", re.IGNORECASE),
    re.compile(r"\bbearer\s++\S+", re.IGNORECASE),
    re.compile(r"(?<![\w-])[\w-]*+\*{2,}+[\w.*-]*+"),
    re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE),
    re.compile(r"(?<=\bteam )(?!and\b|does\b|has\b|is\b|or\b)[\w-]*\d[\w-]*", re.IGNORECASE),
    re.compile(r"\[WKE=[^\]]{0,200}\]"),
    re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}"),
)
_MARKUP = re.compile(r"[<>@`*~|\[\]\\]|[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_PARAMETER = compiled_later(
    r"(?:arguments?|parameters?)\b[^:`'\"]{0,200}?[:`'\"\s]\s{0,3}[`'\"]?([A-Za-z_]{1,40})[`'\"]?\.?$"
    r"|(?:arguments?|parameters?):?\s{1,3}[`'\"]?([A-Za-z_]{1,40})"
    r"|target type:\s{1,3}(?:unknown field\s{1,3})?[`'\"]?([A-Za-z_]{1,40})",
    re.IGNORECASE,
)
_TOOLS = compiled_later(r"\btools?\b|(?:web|x)_search\b", re.IGNORECASE)
_INSTEAD = compiled_later(r"supported values|expected one of|must be|allowed", re.IGNORECASE)

_OURS = {name.replace("_", ""): name for name in CompletionRequest.model_fields} | {
    "toplogprobs": "logprobs",
    "maxcompletiontokens": "max_tokens",
    "messages": "prompt",
    "maxoutputtokens": "max_tokens",
    "input": "prompt",
    "effort": "effort",
    "reasoning": "effort",
    "reasoning.effort": "effort",
    "reasoningeffort": "effort",
    "maxturns": "max_turns",
}
"""Our names of what servers blame, without `_` and in lower case."""


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
        said: Complaint | None = None,
    ) -> None:
        super().__init__(sentence, kind=kind, reached=reached, spent=spent, parameter=parameter)
        self.retry = retry
        self.retry_after = retry_after
        self.missing: Missing = missing
        self.said = said or Complaint()

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
    failure = _failure(reply.status, read_error(reply.body), call, secret)
    failure.retry_after = reply.retry_after
    failure.retry = failure.retry and reply.status not in _NEVER_AGAIN
    if reply.should_retry is not None and failure.kind not in _FINAL and not failure.missing:
        failure.retry = reply.should_retry
    return failure


def from_event(data: Any, call: Call, secret: str = "", *, begun: bool = True) -> Failure:
    """The failure that an error inside a stream, or in a body with status 200, stands for.

    Before any of the answer has `begun` it costs what the same error costs as an HTTP reply.
    """
    said = say(data)
    failure = _failure(status_in(said), said, call, secret)
    failure.spent = failure.spent or begun
    return failure


def _failure(status: int, said: Complaint, call: Call, secret: str) -> Failure:
    missing = missing_in(status, said)
    kind = "unknown_model" if missing else kind_of(status, said)
    return Failure(
        _sentence(kind, said, call, secret),
        kind=kind,
        spent=status in _GIVEN_UP_ON,
        retry=kind in {"rate_limited", "unavailable"},
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


def _parameter(kind: GrokFailure, said: Complaint, call: Call) -> str:
    """Our name of what is not taken; empty where an error blames nothing of its own."""
    if kind != "invalid":
        return ""
    return (filter_in(said) if call.beside.search.sources else "") or parameter_in(said)


def _sentence(kind: GrokFailure, said: Complaint, call: Call, secret: str) -> str:
    model = safe_name(call.request.model)
    if kind == "invalid":
        parameter = _parameter(kind, said, call)
        if parameter in call.given:
            return words.GROK_PARAMETER(model=model, parameter=OPTIONS[parameter].typed_name)
        return words.GROK_INVALID(scrub(said.text, secret))
    if kind == "unknown_model":
        return words.GROK_NOT_SERVED(model) if names_model(said) else words.GROK_NO_API
    return words.GROK_SENTENCES[kind]


def scrub(text: str, secret: str = "") -> str:
    """A short, harmless excerpt of `text`; empty for a page of HTML.

    `secret` is taken out wherever it stands, whatever it looks like.
    """
    if is_page(text):
        return ""
    if secret:  # before it is cut, which could leave the beginning of it
        text = text.replace(secret, "…")
    text = text[:_READ_CHARS]
    for pattern in _SECRETS:
        text = pattern.sub("…", text)
    return _short(text, EXCERPT_CHARS)


def safe_name(name: str) -> str:
    """The id of a model as it may be shown."""
    return _short(name, NAME_CHARS)


def _short(text: str, limit: int) -> str:
    text = " ".join(_MARKUP.sub(" ", text).split())
    return shortened(text, limit)


def parameter_in(said: Complaint) -> str:
    """Our name of the parameter that the API complains about, or `""`."""
    found = [said.parameter]
    found += [name for names in _PARAMETER().findall(said.text.strip()) for name in names if name]
    for name in found:
        ours = _OURS.get(name.replace("_", "").lower(), "")
        if ours:
            return ours
    return ""


def tools_in(said: Complaint, sent: Collection[Searched]) -> tuple[Searched, ...]:
    """Which of the tools that were `sent` an error says cannot be had; those of which it names
    none, or a value of theirs, are not among them."""
    text = f"{said.parameter} {said.every}"
    if filter_in(said) or not _TOOLS().search(text):
        return ()
    return tuple(name for name in sent if TOOLS[name].wire in _unlisted(text)) or tuple(sent)


def filter_in(said: Complaint) -> str:
    """The option of a search that an error is about, or `""`."""
    text = f"{said.parameter} {said.every}"
    filters = {wire: name for tool in TOOLS.values() for name, wire in tool.filters.items()}
    return next((name for wire, name in filters.items() if wire in text), "")


def _unlisted(text: str) -> str:
    """What an error says before it lists what can be had instead."""
    return _INSTEAD().split(text, maxsplit=1)[0]
