"""What an endpoint is: how an ask is put on its wire, and how what comes from it is read, of which
nobody vouches for anything: each value is read as what it should be, or as nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeGuard

from bot.completion.excerpt import as_text
from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk, TokenLogprob
from bot.completion.transcript import Frame, Past
from bot.files.material import Enclosure
from bot.grok.call import Beside, Dialect, Names

Message = Mapping[str, Any]
Part = dict[str, Any]


def with_parts(
    messages: Sequence[Message],
    past: Past,
    text_type: str,
    part_of: Callable[[Enclosure], Part | None],
) -> list[Message]:
    """`messages`, of which the question is written in parts when any file of `past` is a part; the
    text of the question comes first."""
    parts = [part for part in map(part_of, past.files) if part is not None]
    if not parts:
        return list(messages)
    place = len(messages) - (3 if past.begun else 1)
    asked = messages[place]
    text = {"type": text_type, "text": asked["content"]}
    return [
        *messages[:place],
        {**asked, "content": [text, *parts]},
        *messages[place + 1 :],
    ]


def stops_in(body: Mapping[str, Any]) -> list[str]:
    """The stop sequences in `body`, one or several."""
    stop = body.get("stop", [])
    return [stop] if isinstance(stop, str) else stop


class Step(NamedTuple):
    """What the usual event of a stream says: some more `text` of a choice, or some more of what is
    thought before it, and perhaps what was used so far (`told`, as it came)."""

    choice: int
    text: str
    model: str | None
    thought: str = ""
    told: Mapping[str, Any] | None = None

    def goes_on(self, before: Step) -> bool:
        """Whether it goes on with the text, or with the thoughts, of the step `before`."""
        same = self.choice == before.choice and self.model == before.model
        return same and bool(self.thought) == bool(before.thought)

    def instead(self, own: str, text: str) -> Step:
        """The same with another `text`, or other thoughts, in place of its `own`."""
        if self.thought:
            return self._replace(thought=text)
        return self._replace(text=self.text.removesuffix(own) + text)


class Read(Protocol):
    """Reads one answer, event by event."""

    def __call__(self, value: Mapping[str, Any], event: str, /) -> list[Chunk]:
        """The chunks of one event or body, which may be named."""

    def step(self, value: dict[str, Any], event: str, /) -> Step | None:
        """The same of an event that is a step and tells of no error; None: it may be anything."""


Lacks = Callable[[CompletionRequest], tuple[str, ...]]
"""The parameters with which a request asks for what the endpoint does not have. A value that asks
for nothing (`echo=false`, `best_of=1`) is not among them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """All that is to be put on the wire; `given` are the parameters, in the forms of `dialect`."""

    request: CompletionRequest
    given: dict[str, Any]
    system: str
    past: Past
    dialect: Dialect
    beside: Beside

    @property
    def prompt(self) -> str:
        """What is asked, where only one thing can be."""
        return "\n\n".join(self.request.prompts)


@dataclass(frozen=True, slots=True)
class Written:
    """The body to post; `around` is what stands around each prompt in it."""

    body: dict[str, Any]
    around: Frame = field(default_factory=Frame)


@dataclass(frozen=True, slots=True)
class Wire:
    """One endpoint, at `path` below the address of the API.

    `read` makes what reads one answer. `error_in` takes one event or body, with its name, and
    returns what of it tells of an error; None when it tells of none. `answers` says whether a body
    is an answer, `begins` whether an event is more than a sign that the request is being worked on.
    `headers` and `named` carry the names of what is asked, as hashes. `efforts`: whether it can be
    said there how long to think, `searches`: whether tools can search there.
    `repeats`: whether an event may hold the chances of all tokens.
    `avoids`: whether a request had better go to another endpoint that carries all of it.
    `caps_thoughts`: whether the output cap there counts thoughts, so that it bounds text loosely.
    `pictures`, `pdfs`: whether they can go along there as they are.
    """

    path: str
    write: Callable[[Asked], Written]
    lacks: Lacks
    read: Callable[[], Read]
    error_in: Callable[[Mapping[str, Any], str], Mapping[str, Any] | None]
    answers: Callable[[Mapping[str, Any]], bool]
    efforts: bool = True
    searches: bool = False
    repeats: bool = False
    avoids: Callable[[CompletionRequest], bool] = lambda _request: False
    caps_thoughts: bool = False
    pictures: bool = False
    pdfs: bool = False
    begins: Callable[[Mapping[str, Any], str], bool] = lambda _value, _event: True
    headers: Callable[[Names, Dialect], dict[str, str]] = lambda _names, _dialect: {}
    named: Callable[[Names], dict[str, str]] = lambda _names: {}


_LARGEST = 1e300
"""JSON has numbers that no float holds; they are as good as none."""

_MOST_ENTRIES = 5_000
"""Parts of a message, or tokens with their chances, in one event or body."""

_NAME_CHARS = 200
"""Of a model, or of a reason to end."""


def chance(token: object, logprob: object, top: list[tuple[str, Any]]) -> Iterator[TokenLogprob]:
    if not isinstance(token, str) or not is_number(logprob):
        return
    likeliest = sorted(
        ((as_text(name), float(number)) for name, number in top if is_number(number)),
        key=lambda each: -each[1],
    )
    yield TokenLogprob(as_text(token), float(logprob), tuple(likeliest))


def listed_chances(listed: object) -> Iterator[TokenLogprob]:
    """The chances of tokens that are listed one by one, as chats and responses do."""
    for entry in maps_of(listed):
        top = [
            (as_text(text_of(each.get("token"))), each.get("logprob"))
            for each in maps_of(entry.get("top_logprobs"))
        ]
        yield from chance(entry.get("token"), entry.get("logprob"), top)


def is_number(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -_LARGEST < value < _LARGEST
    )


def count_of(value: object, otherwise: int = 0) -> int:
    return int(value) if is_number(value) and value >= 0 else otherwise


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def name_of(value: object) -> str:
    return as_text(text_of(value)[:_NAME_CHARS])


def list_of(value: object) -> list[Any]:
    return value[:_MOST_ENTRIES] if isinstance(value, list) else []


def map_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def maps_of(value: object) -> list[Mapping[str, Any]]:
    return [each for each in list_of(value) if isinstance(each, Mapping)]
