"""One request as it will stand on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from bot.completion.ask import Effort
from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.completion.search import NO_SEARCH, Search
from bot.completion.transcript import NO_PAST, Past
from bot.settings import Settings

Dialect = Literal["xai", "openai"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What form an answer is to have: JSON by a JSON Schema, which goes by a name."""

    name: str
    schema: Mapping[str, Any]

    @property
    def format(self) -> dict[str, Any]:
        """As endpoints take it."""
        return {"name": self.name, "schema": dict(self.schema), "strict": True}


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes along with a request beside its parameters.

    `effort` is how long to think, None where nobody says; `thoughts` are the tokens that are left
    for it where the output cap counts them too. `search` is what may be searched, in the usual
    number of turns (`usual_turns`) or in as many as somebody wants. `pictures`: some are to be
    looked at. `shape` goes along where the endpoint and its server take one.
    """

    effort: Effort | None = None
    thoughts: int = 0
    search: Search = NO_SEARCH
    usual_turns: bool = False
    pictures: bool = False
    shape: Shape | None = None


NOTHING_BESIDE = Beside()


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Who asks, and what belongs together: so that the API can reuse what it has read, and knows
    whom a refusal is about. They are sent as hashes."""

    conversation: str = ""
    asker: str = ""


NAMELESS = Identifiers()


@dataclass(frozen=True, slots=True)
class Call:
    """A request with the endpoint chosen for it and the body to post there.

    `lead` and `tail` are what stands around each prompt in the body.
    """

    request: CompletionRequest
    system: str
    endpoint: Endpoint
    dialect: Dialect
    body: Mapping[str, Any]
    stream: bool
    past: Past = NO_PAST
    beside: Beside = NOTHING_BESIDE
    names: Identifiers = NAMELESS
    lead: str = ""
    tail: str = ""

    @property
    def given(self) -> frozenset[str]:
        """What somebody said, by the names of options."""
        effort = {"effort"} if self.beside.effort is not None else set()
        searched = self.beside.search.values().keys() if self.beside.search.sources else set()
        return frozenset(self.request.model_fields_set | effort | searched)


def dialect_of(settings: Settings) -> Dialect:
    """The configured dialect; `auto` is xAI's at x.ai and OpenAI's at any other address."""
    if settings.grok_dialect != "auto":
        return settings.grok_dialect
    host = urlsplit(settings.xai_base_url).hostname or ""
    return "xai" if host == "x.ai" or host.endswith(".x.ai") else "openai"
