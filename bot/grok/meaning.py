"""What an error means, by its status, its code and its words, at whichever server it arose."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from bot.completion.request import CompletionRequest
from bot.completion.tools import TOOLS, Searched
from bot.deferred import compiled_later
from bot.errors import GrokFailure
from bot.grok.said import Said

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
_PARAMETER = compiled_later(
    r"(?:arguments?|parameters?)\b[^:`'\"]{0,200}?[:`'\"\s]\s{0,3}[`'\"]?([A-Za-z_]{1,40})[`'\"]?\.?$"
    r"|(?:arguments?|parameters?):?\s{1,3}[`'\"]?([A-Za-z_]{1,40})"
    r"|target type:\s{1,3}(?:unknown field\s{1,3})?[`'\"]?([A-Za-z_]{1,40})",
    re.IGNORECASE,
)
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

_TOOLS = compiled_later(r"\btools?\b|(?:web|x)_search\b", re.IGNORECASE)
_INSTEAD = compiled_later(r"supported values|expected one of|must be|allowed", re.IGNORECASE)
_LACKS = compiled_later(
    r"(?:not|n't) (?:supported?|implemented|available|enabled)|unsupported|unknown|requires",
    re.IGNORECASE,
)
_PASSES = compiled_later(r"temporar|again|overload|moment|timed? ?out", re.IGNORECASE)
_STATUS = compiled_later(r"[45]\d\d(?:\d\d)?")
"""vLLM and FastChat write two more digits."""

_CODES = {
    "invalidargument": 400,
    "invalidrequesterror": 400,
    "badrequest": 400,
    "badrequesterror": 400,
    "failedprecondition": 400,
    "contextlengthexceeded": 400,
    "unauthenticated": 401,
    "authenticationerror": 401,
    "invalidapikey": 401,
    "permissiondenied": 403,
    "permissiondeniederror": 403,
    "notfound": 404,
    "notfounderror": 404,
    "modelnotfound": 404,
    "insufficientquota": 429,
    "ratelimit": 429,
    "ratelimiterror": 429,
    "ratelimitexceeded": 429,
    "resourceexhausted": 429,
    "unavailable": 503,
    "overloadederror": 503,
    "deadlineexceeded": 504,
}

_ERROR_WORDS = frozenset({"error", "failed", "failure", "exception"})
_QUIET = frozenset({"ping", "keepalive", "heartbeat"})
_FINE = frozenset({"0", "200", "ok", "success"})


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


def status_in(said: Said) -> int:
    """The HTTP status that an error inside a 200 stands for; 0 where it does not say so."""
    return next(filter(None, map(_status_of, said.codes)), _UNTOLD)


def _status_of(code: str) -> int:
    if _STATUS().fullmatch(code):
        return int(code[:3])
    plain = re.sub(r"[^a-z]", "", code.lower().partition(":")[0])
    return _CODES.get(plain, _UNTOLD)


def missing_in(status: int, said: Said) -> Missing:
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


def names_model(said: Said) -> bool:
    """Whether an error is about a model, and not about the address."""
    return bool(_NO_MODEL().search(said.every)) or "model" in f"{said.text} {said.code}".lower()


def kind_of(status: int, said: Said) -> GrokFailure:  # noqa: PLR0911 - one line for each kind
    """What kind of failure an error is."""
    text = said.every
    if status in _REFUSING and _REFUSED().search(text):
        return "refused"
    if status == 402 or _is_about_money(status, text):
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


def _is_about_money(status: int, text: str) -> bool:
    if status in {_UNTOLD, 403, 429} and _CREDIT().search(text):
        return True
    return status in {_UNTOLD, 400, 401, 403, 422, 429} and bool(_BUDGET().search(text))


def parameter_in(said: Said) -> str:
    """Our name of the parameter that the API complains about, or `""`."""
    found = [said.parameter]
    found += [name for names in _PARAMETER().findall(said.text.strip()) for name in names if name]
    for name in found:
        ours = _OURS.get(name.replace("_", "").lower(), "")
        if ours:
            return ours
    return ""


def tools_in(said: Said, sent: Collection[Searched]) -> tuple[Searched, ...]:
    """Which of the tools that were `sent` an error says cannot be had; those of which it names
    none, or a value of theirs, are not among them."""
    text = f"{said.parameter} {said.every}"
    if filter_in(said) or not _TOOLS().search(text):
        return ()
    return tuple(name for name in sent if TOOLS[name].wire in _unlisted(text)) or tuple(sent)


def lasts(said: Said) -> bool:
    """Whether an error of a server that is out of order says that it does not have a thing."""
    return bool(_LACKS().search(said.every)) and not _PASSES().search(said.every)


def filter_in(said: Said) -> str:
    """The option of a search that an error is about, or `""`."""
    text = f"{said.parameter} {said.every}"
    filters = {wire: name for tool in TOOLS.values() for name, wire in tool.filters.items()}
    return next((name for wire, name in filters.items() if wire in text), "")


def _unlisted(text: str) -> str:
    """What an error says before it lists what can be had instead."""
    return _INSTEAD().split(text, maxsplit=1)[0]


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


def takes_no_pictures(said: Said) -> bool:
    """Whether an error says that no pictures are looked at, and not that this one is not."""
    text = said.every
    found = _PICTURES().search(text) and _NOT_TAKEN().search(text)
    return bool(found) and not _ONE_PICTURE().search(text)


_FILES = compiled_later(r"\b(?:input_file|file_data|files?|pdfs?|documents?)\b", re.IGNORECASE)


def takes_no_files(said: Said) -> bool:
    """Whether an error says that no files are taken as they are, and not that this one is not."""
    text = said.every
    found = _FILES().search(text) and _NOT_TAKEN().search(text)
    return bool(found) and not _ONE_PICTURE().search(text)


def unsupported(said: Said) -> bool:
    """Whether an error says that a parameter is not taken at all, whatever its value."""
    return bool(_UNSUPPORTED().search(said.every)) and not _VALUE().search(said.every)


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
