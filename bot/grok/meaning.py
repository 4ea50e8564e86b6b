"""What an error says, whatever its shape (flat, nested, in a list, as JSON in a text, a page), and
what it means, by its status, its code and its words, at whichever server it arose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.characters import as_text
from bot.deferred import compiled_later
from bot.errors import GrokFailure

Missing = Literal["", "model", "endpoint"]

_UNTOLD = 0
"""The status of an error that came without one."""

_REFUSED = compiled_later(
    r"violat\w{0,5}\b.{0,40}\b(?:guidelines|polic(?:y|ies)|guardrail)"
    r"|usage guidelines|safety_check|safety system|content[ _-]?(?:filter|polic|management polic)"
    r"|responsible ?ai|prohibited_content|image_safety|requires moderation|moderation_blocked"
    r"|(?:flagged|blocked|rejected)\b.{0,80}\b(?:moderation|safety|inappropriate|harm\w*|polic\w*)"
    r"|data_?inspection_?failed|inappropriate content|guardrail|for safety reasons",
    re.IGNORECASE | re.DOTALL,
)
_CREDIT = compiled_later(
    r"\bcredits?\b|spending[ -]limit|insufficient_quota|current quota|billing", re.IGNORECASE
)
_BUDGET = compiled_later(
    r"budget\b.{0,60}\bexceeded|exceeded\b.{0,40}\bbudget|budget_?exceeded|over budget"
    r"|insufficient[ _](?:balance|funds?|credits?|quota)|out of credits?"
    r"|credit balance|payment required|account balance|arrear",
    re.IGNORECASE,
)
_KEY = compiled_later(
    r"\b(?:incorrect|invalid|wrong|missing|expired|no)\s+"
    r"(?:(?:proxy )?(?:server )?token|api[ _-]?key|credentials|authentication|bearer)"
    r"|(?:api[ _-]?)?key\b.{0,20}\b(?:incorrect|invalid|not valid|not found|expired|disabled)"
    r"|unauthenticated|not authenticated|unauthorized|authentication[ _-]?(?:error|failed)"
    r"|invalid_api_?key|api_?key_?invalid"
    r"|token_not_found|no_db_connection|no connected db",
    re.IGNORECASE,
)
_ACCESS = compiled_later(
    r"model_access_denied|only access models"
    r"|(?:not (?:allowed|authorized|permitted|entitled)|(?:no|not have|n't have|cannot) access)"
    r"\b.{0,40}\bmodel",
    re.IGNORECASE,
)
_BUSY = compiled_later(
    r"rate[ _-]?limit|too many requests|resource\b.{0,8}exhausted|quota exceeded", re.IGNORECASE
)
_LENGTH = compiled_later(
    r"context[ _](?:length|window|limit|size)|maximum (?:context|prompt|model len)|prompt length"
    r"|too many (?:input |prompt )?tokens|token count\b.{0,40}\bexceeds|reduce the length"
    r"|(?:input|prompt|messages?) (?:is |are )?too (?:long|large)",
    re.IGNORECASE,
)
_NOT_HERE = compiled_later(
    r"not (?:supported|available|served|compatible|allowed|found) (?:on|in|at|by|for|with|via) "
    r"(?:the |this |our )?(?:legacy |text )?"
    r"(?:/?v1/\S+|chat|completions?|responses|endpoint|reasoning)"
    r"|(?:endpoint|completions)\b.{0,40}\bnot (?:supported|available|served)"
    r"|does not support (?:the )?(?:/?v1/)?(?:legacy |text |chat[ /])?(?:completions?|responses)\b"
    r"|not a chat model|unexpected endpoint|unknown request url|cannot (?:post|get) /|no route",
    re.IGNORECASE,
)
_NO_MODEL = compiled_later(
    r"(?:model|deployment)\b.{0,120}\b(?:does not exist|not found|not exist|no longer available"
    r"|was retired|not loaded)"
    r"|(?:unknown|invalid|no such) model\b|model_not_found|not a valid model|no endpoints found"
    r"|deployment_?not_?found",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT_PARAMETER = compiled_later(r"\b(?:arguments?|parameters?)\b", re.IGNORECASE)
_UNSUPPORTED = compiled_later(
    r"\b(?:unsupported|unrecognized|unknown|unexpected)\b|not (?:supported|permitted|allowed)"
    r"|(?:does not|doesn't|do not|don't) support|extra inputs",
    re.IGNORECASE,
)
_UNEXPECTED = compiled_later(r"got an unexpected keyword argument '\w", re.IGNORECASE)
"""Of Python: a gateway hands a parameter on to what does not know it."""
_VALUE = compiled_later(
    r"\bvalues?\b|unsupported_value|\b(?:only|must|when|together|combin\w+)\b"
    r"|\bwith (?!(?:this |the )?model)",
    re.IGNORECASE,
)

_LACKS = compiled_later(
    r"(?:not|n't) (?:supported?|implemented|available|enabled)|unsupported|unknown|requires",
    re.IGNORECASE,
)
_PASSES = compiled_later(r"temporar|again|overload|moment|timed? ?out", re.IGNORECASE)
_STATUS = compiled_later(r"[45]\d\d(?:\d\d)?")
"""vLLM and FastChat write two more digits."""

_NAMED: Mapping[int, str] = {
    400: "invalidargument invalidrequesterror badrequest badrequesterror failedprecondition"
    " contextlengthexceeded",
    401: "unauthenticated authenticationerror invalidapikey",
    403: "permissiondenied permissiondeniederror",
    404: "notfound notfounderror modelnotfound",
    429: "insufficientquota ratelimit ratelimiterror ratelimitexceeded resourceexhausted",
    503: "unavailable overloadederror",
    504: "deadlineexceeded",
}
_CODES = {name: status for status, names in _NAMED.items() for name in names.split()}

_ERROR_WORDS = frozenset({"error", "failed", "failure", "exception"})
_QUIET = frozenset({"ping", "keepalive", "heartbeat"})
_FINE = frozenset({"0", "200", "ok", "success"})

_HTML = re.compile(r"^\s*(?:<!doctype|<html|<head|<body|<\?xml)", re.IGNORECASE)

READ_CHARS = 2000
"""How much of an error is looked at."""

_LONGEST_INNER = 64 * 1024
"""Of JSON in a text, in characters."""

_MOST_LEVELS = 6
_MOST_PARTS = 20

_TEXT_KEYS = (
    *("message", "error", "errors", "detail", "details", "msg", "error_message", "error_msg"),
    *("error_description", "errormessage", "description", "reason", "title", "fault"),
    *("faultstring", "metadata", "raw", "innererror", "inner_error", "cause"),
)
"""Where a server puts its words, the likeliest first."""

_CODE_KEYS = ("code", "type", "status", "error_code", "errorcode", "error_type", "provider_code")
_PARAMETER_KEYS = ("param", "parameter", "field")
_GENERIC = re.compile(r"provider returned error|upstream error|bad request|error", re.IGNORECASE)
"""Says nothing: what the provider itself said stands further in (OpenRouter's `metadata.raw`)."""


def is_page(text: str) -> bool:
    """Whether `text` is an HTML page, as gateways send them."""
    return bool(_HTML.match(text))


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says: its words, its code and the parameter that it blames; `every` holds
    all of its words and codes, to look for what they mean."""

    text: str = ""
    code: str = ""
    parameter: str = ""
    every: str = ""
    codes: tuple[str, ...] = ()


def read_error(body: str) -> Complaint:
    """Read an error body: JSON of any shape, plain text, a page, or nothing."""
    try:
        return say(json.loads(body, strict=False))
    except (ValueError, RecursionError):
        return Complaint() if is_page(body) else say(body[:READ_CHARS])


def say(data: Any) -> Complaint:
    """What an error says that came as `data`."""
    found = _Found()
    found.read(data, 0)
    texts = [text for text in found.texts if not _GENERIC.fullmatch(text.rstrip(" .!"))]
    text = next(iter(texts or found.texts), "")
    every = " ".join((*found.codes, *found.texts))
    return Complaint(
        as_text(text[:READ_CHARS]),
        as_text(next(iter(found.codes), "")[:READ_CHARS]),
        as_text(next(iter(found.parameters), "")[:READ_CHARS]),
        as_text(every[:READ_CHARS]),
        tuple(found.codes),
    )


@dataclass(slots=True)
class _Found:
    """What has been found in an error, in the order in which it was."""

    texts: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    parts: int = 0

    def read(self, value: Any, level: int) -> None:
        """Take what `value` says, and what stands in it."""
        self.parts += 1
        if level > _MOST_LEVELS or self.parts > _MOST_PARTS:
            return
        if isinstance(value, str):
            self._read_text(value.strip(), level)
        elif isinstance(value, Mapping):
            self._read_map(value, level)
        elif isinstance(value, list):
            for each in value[:_MOST_PARTS]:
                self.read(each, level + 1)

    def _read_text(self, text: str, level: int) -> None:
        inner = _inner(text)
        if inner is not None:
            self.read(inner, level + 1)
        elif text:
            self.texts.append(text[:READ_CHARS])

    def _read_map(self, value: Mapping[str, Any], level: int) -> None:
        plain = {str(name).lower(): each for name, each in value.items()}
        nested = plain.get("error")
        if isinstance(nested, Mapping):  # its words and its code are the nearest to the fault
            self.read(plain.pop("error"), level + 1)
        self.codes += [
            str(plain[name])[:READ_CHARS]
            for name in _CODE_KEYS
            if isinstance(plain.get(name), str | int) and not isinstance(plain[name], bool)
        ]
        for name in _PARAMETER_KEYS:
            if isinstance(plain.get(name), str):
                self.parameters.append(plain[name])
        place = plain.get("loc")
        if isinstance(place, list) and place and isinstance(place[-1], str):
            self.parameters.append(place[-1])
            self.texts.append(f"{place[-1]}: {plain.pop('msg', '')}"[:READ_CHARS])
        for name in _TEXT_KEYS:
            if name in plain:
                self.read(plain[name], level + 1)


def _inner(text: str) -> Any:
    """The map or list that a text is, written as JSON; None for any other text."""
    if not text.startswith(("{", "[")) or len(text) > _LONGEST_INNER:
        return None
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, Mapping | list) else None


def tells_error(data: Mapping[str, Any]) -> bool:
    """Whether an event or a body tells of an error, under whichever key."""
    choices = data.get("choices")
    if any(data.get(name) for name in ("error", "errors", "fault")):
        return True
    if isinstance(choices, list) and choices:
        return any(isinstance(choice, Mapping) and choice.get("error") for choice in choices)
    said = {str(data.get(name)).lower().replace("_", "") for name in ("object", "type", "status")}
    if said & _QUIET:
        return False
    if said & _ERROR_WORDS or data.get("success") is False:
        return True
    return not data.get("usage") and any(_words_of_error(data))


def _words_of_error(data: Mapping[str, Any]) -> Iterator[bool]:
    code = str(data.get("code", data.get("status", data.get("statusCode", ""))))
    yield bool(_STATUS().fullmatch(code))
    for name in ("message", "detail", "msg", "error_message", "error_msg", "title"):
        said = data.get(name)
        answers = isinstance(said, Mapping) and "content" in said
        yield bool(said) and not answers and code.lower() not in _FINE


def status_in(said: Complaint) -> int:
    """The HTTP status that an error inside a 200 stands for; 0 where it does not say so."""
    return next(filter(None, map(_status_of, said.codes)), _UNTOLD)


def _status_of(code: str) -> int:
    if _STATUS().fullmatch(code):
        return int(code[:3])
    plain = re.sub(r"[^a-z]", "", code.lower().partition(":")[0])
    return _CODES.get(plain, _UNTOLD)


def missing_in(status: int, said: Complaint) -> Missing:
    """Whether an error says that there is no such model, or not at this endpoint."""
    text = said.text
    if status in {405, 410}:
        return "endpoint"
    if status not in {_UNTOLD, 400, 403, 404, 422} or _KEY().search(text):
        return ""
    if _NOT_HERE().search(text) and not _ABOUT_PARAMETER().search(text):
        return "endpoint"
    if status == 404:
        return "model" if names_model(said) else "endpoint"
    return "model" if status in {_UNTOLD, 400} and _NO_MODEL().search(said.every) else ""


def names_model(said: Complaint) -> bool:
    """Whether an error is about a model, and not about the address."""
    return bool(_NO_MODEL().search(said.every)) or "model" in f"{said.text} {said.code}".lower()


def kind_of(status: int, said: Complaint) -> GrokFailure:  # noqa: PLR0911 - one line for each kind
    """What kind of failure an error is."""
    text = said.every
    if status in _REFUSING and _REFUSED().search(text):
        return "refused"
    credit = status in {_UNTOLD, 403, 429} and _CREDIT().search(text)
    budget = status in {_UNTOLD, 400, 401, 403, 422, 429} and _BUDGET().search(text)
    if status == 402 or credit or budget:
        return "no_credit"
    if status in {_UNTOLD, 400, 401, 403} and _ACCESS().search(text):
        return "not_permitted"
    if status == 401 or (status in {_UNTOLD, 400, 403} and _KEY().search(text)):
        return "bad_key"
    if status == 403:
        return "not_permitted"
    if status == 404:
        return "unknown_model"
    if status == 429 or (status == _UNTOLD and _BUSY().search(text)):
        return "rate_limited"
    if status == 413 or _LENGTH().search(text):
        return "too_long"
    away = status >= 500 or status in {408, 409, 425} or status < 400
    return "unavailable" if away and not _UNEXPECTED().search(text) else "invalid"


_REFUSING = frozenset({_UNTOLD, 400, 403, 406, 422, 446, 451})


def lasts(said: Complaint) -> bool:
    """Whether an error of a server that is out of order says that it does not have a thing."""
    return bool(_LACKS().search(said.every)) and not _PASSES().search(said.every)


_PICTURES = compiled_later(
    r"\b(?:images?|vision|multi-?modal|image_url|input_image|mmproj)\b", re.IGNORECASE
)
_NOT_TAKEN = compiled_later(
    r"(?:\bnot|n['\u2019]t|\bun)\s{0,3}(?:\w{1,12}\s){0,2}"
    r"(?:support|accept|allow|enabled?|multi-?modal)"
    r"|\bunsupported\b|\bmmproj\b|\btext[- ]only\b|\bonly (?:supports? |accepts? )?text\b",
    re.IGNORECASE,
)
_ONE_PICTURE = compiled_later(
    r"\b(?:formats?|corrupt|decod\w{0,4}|too (?:large|big|many)|maximum|size)\b", re.IGNORECASE
)
"""What is wrong with a picture, and not with pictures."""


def takes_no_pictures(said: Complaint) -> bool:
    """Whether an error says that no pictures are looked at, and not that this one is not."""
    return _takes_none(_PICTURES(), said.every)


_FILES = compiled_later(r"\b(?:input_file|file_data|files?|pdfs?|documents?)\b", re.IGNORECASE)


def takes_no_files(said: Complaint) -> bool:
    """Whether an error says that no files are taken as they are, and not that this one is not."""
    return _takes_none(_FILES(), said.every)


def _takes_none(kind: re.Pattern[str], text: str) -> bool:
    return bool(kind.search(text) and _NOT_TAKEN().search(text) and not _ONE_PICTURE().search(text))


def unsupported(said: Complaint) -> bool:
    """Whether an error says that a parameter is not taken at all, whatever its value."""
    return bool(_UNSUPPORTED().search(said.every)) and not _VALUE().search(said.every)
