"""The page in which a person judges, on this machine alone, for whoever has its address.

The address ends in a token that no page of another origin knows, and that is sent in a header which
none of them may send. Answers are shown as texts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from bot.eval.judge import Chosen, Comparison, PersonJudge
from bot.net.listening import Listening

HOST = "127.0.0.1"
TOKEN = "X-Judge-Token"  # noqa: S105
"""The header that the token comes in."""

_STATIC = Path(__file__).parent / "page"
_FILES = {
    "/": ("index.html", "text/html"),
    "/judge.js": ("judge.js", "text/javascript"),
    "/judge.css": ("judge.css", "text/css"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_CONNECTIONS = 16
UNDO_SECONDS = 20.0
"""For so long after the last choice it can be taken back, unless whoever made it ends it."""


class _Said(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: str
    chosen: Chosen


class JudgingPage:
    """Open while entered; `finished` is set once nothing is left to judge, nor to take back."""

    def __init__(
        self,
        person: PersonJudge,
        comparisons: Sequence[Comparison],
        *,
        undo_seconds: float = UNDO_SECONDS,
    ) -> None:
        self._person = person
        self._comparisons = {each.key: each for each in comparisons}
        self._token = secrets.token_urlsafe(24)
        self._framed_by = "'none'"
        self._undo_seconds = undo_seconds
        self._ending: asyncio.TimerHandle | None = None
        self.finished = asyncio.Event()
        self.unkept = ""
        """Why a choice could not be kept; empty where all were."""
        routes = {path: {"GET": self._file} for path in _FILES} | {
            "/pair": {"GET": self._pair},
            "/choice": {"POST": self._choice},
            "/end": {"POST": self._end},
        }
        self._listening = Listening(
            routes, HOST, 0, variable="--judge person", grace=1, most=_CONNECTIONS
        )

    @property
    def address(self) -> str:
        """Where it is, with the token, which a browser sends to nobody."""
        return f"http://{HOST}:{self._listening.port}/#{self._token}"

    def frame(self, page: str) -> None:
        """Let the page at this origin of this machine show it within itself; empty: none."""
        names = (page, page.replace(HOST, "localhost"))
        self._framed_by = " ".join(names) if page else "'none'"

    async def __aenter__(self) -> Self:
        await self._listening.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._go_on()
        await self._listening.__aexit__()

    async def _file(self, request: web.BaseRequest) -> web.Response:
        name, kind = _FILES[request.rel_url.raw_path]
        body = await asyncio.to_thread((_STATIC / name).read_bytes)
        headers = {**_HEADERS, "Content-Security-Policy": _POLICY + self._framed_by}
        return web.Response(body=body, headers=headers, content_type=kind, charset="utf-8")

    async def _pair(self, request: web.BaseRequest) -> web.Response:
        """The one that `key` names, else the first that has no choice."""
        self._check(request)
        named = self._comparisons.get(request.query.get("key", ""))
        if named:
            self._go_on()
        return _answer(self._shown(named or self._following()))

    async def _choice(self, request: web.BaseRequest) -> web.Response:
        """Keep a choice; answered with the next pair. Where it cannot be kept, this ends."""
        self._check(request)
        try:
            said = _Said.model_validate_json(await self._listening.body(request))
        except ValidationError:
            raise web.HTTPBadRequest from None
        if said.key not in self._comparisons:
            raise web.HTTPNotFound
        try:
            self._person.choose(self._comparisons[said.key], said.chosen)
        except OSError as error:
            self.unkept = error.strerror or type(error).__name__
            self.finished.set()
            raise web.HTTPInsufficientStorage from None
        return _answer(self._shown(self._following()))

    async def _end(self, request: web.BaseRequest) -> web.Response:
        """Nothing is to be taken back."""
        self._check(request)
        if self._next() is None:
            self.finished.set()
        return _answer(self._shown(self._next()))

    def _following(self) -> Comparison | None:
        """The next one that has no choice; where there is none, it ends soon."""
        self._go_on()
        found = self._next()
        if found is None:
            loop = asyncio.get_running_loop()
            self._ending = loop.call_later(self._undo_seconds, self.finished.set)
        return found

    def _go_on(self) -> None:
        """It does not end by itself, as long as somebody looks at a pair."""
        if self._ending:
            self._ending.cancel()

    def _check(self, request: web.BaseRequest) -> None:
        """Let in whoever knows the token, by an address of this machine. Raises `HTTPForbidden`."""
        own = {f"{name}:{self._listening.port}" for name in (HOST, "localhost")}
        token = request.headers.get(TOKEN, "").encode(errors="replace")
        known = secrets.compare_digest(token, self._token.encode())
        if not known or request.headers.get("Host") not in own:
            raise web.HTTPForbidden

    def _next(self) -> Comparison | None:
        left = (each for each in self._comparisons.values() if not self._person.has_chosen(each))
        return next(left, None)

    def _shown(self, comparison: Comparison | None) -> Mapping[str, JsonValue]:
        done = sum(map(self._person.has_chosen, self._comparisons.values()))
        state: dict[str, JsonValue] = {"done": done, "total": len(self._comparisons)}
        if comparison is None:
            return state | {"ends_in": self._undo_seconds}
        item, (one, other) = comparison.pair.item, comparison.shown
        said = {"system": item.system, "prompt": item.prompt, "expected": item.expected}
        return state | {"key": comparison.key, **said, "a": one, "b": other}


def _answer(state: Mapping[str, JsonValue]) -> web.Response:
    return web.json_response(state, headers=_HEADERS)
