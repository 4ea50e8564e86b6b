"""What comes from Slack, by whichever way, read at the edge: the JSON of payloads, and the text in
them, turned back into what the person saw when they wrote it. And what a listener makes of a
payload: the ack, and what is done once Slack has it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

import structlog

from bot.completion.excerpt import as_text
from bot.completion.lexer import from_seen

if TYPE_CHECKING:
    from slack_bolt.response import BoltResponse

log = structlog.get_logger(__name__)

T = TypeVar("T")

JsonObject = dict[str, Any]

Answering = Callable[[JsonObject, object], Awaitable["BoltResponse"]]
"""Answers a payload, with what Slack says of how often it has sent it before; raises `Malformed`.
`bolt.answer` is one, given an app."""

DEEPEST = 64
"""Objects and lists within one another; Slack's own views and messages have about twenty."""

_MOST_FIELDS = 200
"""Fields of a form; a command has about fifteen."""

_FORMS = {"payload", "command", "ssl_check"}
"""One of these fields is in each form that Slack sends."""

_LARGEST_NUMBER = 2**63

DRAIN_SECONDS = 5.0
"""How long what was begun may take to end when the process ends."""

_TOKEN = re.compile(
    r"<(?P<sigil>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>|&(?P<entity>amp|lt|gt);"
)
_MENTION = re.compile(r"<@([^<>|]+)(?:\|[^<>]*)?>")
_GROUP = re.compile(r"<!(?:subteam\^|here|channel|everyone)")
_LEFT_OUT = re.compile(r"\A(?:(?:https?://)?(?:www\.)?|mailto:|tel:)")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NO_NAMES: Mapping[str, str] = {}


class Malformed(Exception):  # named as it is told
    """What came is no payload of Slack's. Says why, in words that hold nothing of it."""


def parse(body: bytes, content_type: str) -> JsonObject:
    """The payload in the body of a signed request: JSON, a form, or JSON in a form's `payload`.

    Raises `Malformed`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or text.startswith("{"):
        return json_object(text)
    try:
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Malformed("too many fields") from None
    if not _FORMS & form.keys():
        raise Malformed("nothing in it")
    return json_object(form["payload"]) if "payload" in form else form


def json_object(text: str) -> JsonObject:
    """The JSON object that `text` is. Raises `Malformed`.

    Numbers are finite and fit 64 bits. Half a surrogate pair, which no UTF-8 can hold, is
    replaced.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("no object")
    return {name: value for name, value in _clean(found, 0).items() if value is not None}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _clean(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise Malformed("too deep")
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, dict):
        return {as_text(name): _clean(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    if isinstance(value, int | float) and not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        raise Malformed("a number too large")
    return value


def shown(text: str, names: Mapping[str, str] | None = None) -> str:
    """`text` of a payload as it looked in Slack.

    `&amp; &lt; &gt;` are undone, in one pass, so that what was typed as `&lt;` stays so.
    Mentions and links become the words shown for them (docs.slack.dev, "Formatting message
    text"), and a link says where it leads; a command needs `should_escape: true` in the manifest
    for its mentions to come so. A message names people and channels by id alone: `names` says
    what they are called.
    """
    known = names or _NO_NAMES
    return _TOKEN.sub(lambda token: _shown_token(token, known), text)


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the people that `text` of a payload mentions, each once, in order."""
    return tuple(dict.fromkeys(_MENTION.findall(text)))


def escaped(text: str) -> str:
    """`text` as Slack sends it: `shown` gives it back to the letter."""
    return text.translate(_ESCAPES)


def without_call(text: str, bot_user: str) -> str:
    """`text` of a payload without the mentions of the bot that it begins or ends with."""
    call = rf"<@{re.escape(bot_user)}(?:\|[^<>]*+)?>"
    start, end = 0, len(text)
    if begun := re.compile(rf"\s*+(?:{call}\s*+,?+:?+\s*+)*+").match(text):
        start = begun.end()
    last = re.compile(rf"\s*+{call}\s*+")
    while (at := text.rfind("<@", start, end)) >= 0 and last.fullmatch(text, at, end):
        end = at
    return text[start:end].strip()


def says_forget(text: str, bot_user: str) -> bool:
    """Whether `text` of a payload says nothing but that the bot shall forget the conversation."""
    return from_seen(without_call(text, bot_user)).lower() == "forget"


def says_leave(text: str, bot_user: str) -> bool:
    """Whether `text` of a payload says nothing but that the bot shall leave the thread alone."""
    return from_seen(without_call(text, bot_user)).rstrip(".!").lower() == "leave"


def names_somebody(text: str, *, but: Collection[str]) -> bool:
    """Whether `text` of a payload speaks to somebody: a person, none of `but`, or a group."""
    return bool(_GROUP.search(text)) or not set(mentioned(text)) <= set(but)


def _shown_token(match: re.Match[str], names: Mapping[str, str]) -> str:
    entity = match["entity"]
    if entity:
        return _ENTITIES[entity]
    sigil, target, label = match["sigil"], match["target"], match["label"]
    if sigil in ("@", "#") and not label and target in names:
        return sigil + names[target]
    if sigil in ("@", "#"):
        return sigil + shown(label or target)
    if sigil == "!":
        return _shown_command(target, label)
    return _shown_link(shown(target), shown(label or ""))


def _shown_link(address: str, label: str) -> str:
    """The words of a link, and where it leads, unless they say that already."""
    if not label or _bare(label) == _bare(address):
        return label or address
    return f"{label} ({address})"


def _bare(address: str) -> str:
    """`address` without what people leave out of it."""
    return _LEFT_OUT.sub("", address.strip().lower()).removesuffix("/")


def _shown_command(target: str, label: str | None) -> str:
    kind, _, rest = target.partition("^")
    if kind == "date":
        return shown(label) if label else _shown_date(rest.partition("^")[0])
    words = shown(label or (rest if kind == "subteam" else kind))
    return words if words.startswith("@") else "@" + words


def _shown_date(moment: str) -> str:
    """A moment, Unix time in seconds, for whom nobody says how it was shown."""
    try:
        at = datetime.fromtimestamp(int(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Reaction:
    """`ack` goes back to Slack within 3 s: a text for the author alone, or fields of the ack
    (`response_action`, `options`). `then` is done after it; only it may take its time. With
    `again` there is no ack: an event Slack delivers once more, a click it marks as failed; when
    an event has come for the last time, it is acked and `at_last` done in the place of `then`."""

    ack: str | Mapping[str, Any] = ""
    then: Callable[[], Coroutine[Any, Any, None]] | None = None
    again: bool = False
    at_last: Callable[[], Coroutine[Any, Any, None]] | None = None

    @classmethod
    def marks(cls, errors: Mapping[str, str]) -> Reaction:
        """To a form: it stays, with a sentence at each of these fields, by block_id."""
        return cls({"response_action": "errors", "errors": {**errors}})

    @classmethod
    def shows(cls, view: Mapping[str, Any]) -> Reaction:
        """To a form: `view` takes its place."""
        return cls({"response_action": "update", "view": view})


async def begun(work: Coroutine[Any, Any, T], seconds: float) -> asyncio.Task[T]:
    """`work`, once it is done or so many seconds have gone: then it goes on, and whoever asked
    awaits it. It ends with whoever waits here."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task], timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    return task


class BackgroundTasks:
    """Owns what listeners do after their ack. Nothing that it runs may raise unnoticed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> BackgroundTasks:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=DRAIN_SECONDS)
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(list(self._tasks))

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` beside everything else."""
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:
        log.exception("task failed")
