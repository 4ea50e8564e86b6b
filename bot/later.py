"""What a bot loads once it is ready, and what a process loads that has one duty alone.

The modules of `LATER` are imported as modules (`from bot.markdown import safety`), never by their
names. Where `load_later` was called each is loaded by the first look at what is in it, or by
`Rest`, whichever comes first; elsewhere at once, as any other. So what is imported where
stands at the head of a file as always, and what is loaded when stands here alone.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import MappingProxyType, ModuleType
from typing import Generic, NoReturn, ParamSpec, TypeVar

import structlog

from bot.deferred import build_models
from bot.duties import Duty
from bot.errors import StartupError
from bot.ops.heap import loading
from bot.slack.inbound.incoming import Acks
from bot.slack_limits import ACK_SECONDS
from bot.words.terminal import startup as words

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

TO_ACK: Mapping[str, Duty] = MappingProxyType(
    {
        "bot.slack.inbound.bolt": Duty.TAKING,
        "bot.slack.side": Duty.BOTH,
        "bot.asking.admission": Duty.BOTH,
        "bot.asking.asking": Duty.TAKING,
        "bot.doors.home": Duty.BOTH,
        "bot.joining.accepting": Duty.TAKING,
        "bot.doors.slack_app": Duty.TAKING,
    }
)
"""What a question needs until it is acked: 0.1 s of a processor that does nothing else."""

LATER: Mapping[str, Duty] = MappingProxyType(
    {
        **TO_ACK,
        "bot.views.details_view": Duty.TAKING,
        "bot.markdown.safety": Duty.BOTH,
        "bot.slack.plain_blocks": Duty.BOTH,
        "bot.grok.http.api": Duty.BOTH,
        "bot.grok.key": Duty.BOTH,
        "bot.grok.routing": Duty.BOTH,
        "bot.grok.tokenizer": Duty.BOTH,
        "bot.grok.adapting": Duty.BOTH,
        "bot.grok.answering": Duty.WORKING,
        "bot.reply.chain": Duty.BOTH,
        "bot.reply.destination": Duty.BOTH,
        "bot.reply.continued": Duty.BOTH,
        "bot.joining.answering": Duty.WORKING,
        "bot.jobs.worker": Duty.WORKING,
    }
)
"""Each is loaded where the process has that duty, in this order."""


class _Unloaded(ModuleType):
    """A module until it is looked at."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # the import system asks for what not every module has
            raise AttributeError(name)
        _load(self)
        try:
            found: object = vars(self)[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None
        return found


class _Waiting(Loader):
    """Loads a module when it is looked at, by the `usual` loader."""

    def __init__(self, usual: Loader) -> None:
        self.usual = usual

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.usual.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Unloaded


class _Finder(MetaPathFinder):
    """Finds the modules of `LATER`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in LATER:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Waiting(spec.loader)
        return spec


_loading = threading.RLock()
_FINDER = _Finder()


def _load(module: ModuleType) -> None:
    """Load it, unless that is done, or being done here."""
    spec = module.__spec__
    with _loading:
        if spec is None or not isinstance(spec.loader, _Waiting):
            return
        waiting, spec.loader = spec.loader, spec.loader.usual
        try:
            spec.loader.exec_module(module)
        except BaseException:
            spec.loader = waiting
            raise
        module.__loader__ = spec.loader
        module.__class__ = ModuleType


def load_later() -> None:
    """Load the modules of `LATER` later, from here on."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


class JoinedLater(Generic[P, T]):
    """Does what `join` makes does, which is made of modules of `LATER`: when it is told to, or by
    the first call."""

    def __init__(self, join: Callable[[], Callable[P, Awaitable[T]]]) -> None:
        self.join = cache(join)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.join()(*args, **kwargs)


class Rest:
    """What of `LATER` a process with this duty needs, and the models that are not built yet.

    What acks is there, and joined, before anything else; then all waits while an ack is due, for as
    long as Slack waits for one. Where others have the processor too, a question that comes in the
    moment when the bot is ready would else be lost.
    """

    def __init__(self, duty: Duty, acks: Acks) -> None:
        self._duty = duty
        self.acks = acks
        self._there_to_ack = asyncio.Event()
        self._there = asyncio.Event()
        self._joins_to_ack: list[Callable[[], object]] = []
        self._joins: list[Callable[[], object]] = []

    def once_there_to_ack(self, join: Callable[[], object]) -> None:
        """Have `join` called when what acks is loaded, or now where it is: it joins what was
        loaded."""
        if self.is_there_to_ack:
            join()
        else:
            self._joins_to_ack.append(join)

    def once_there(self, join: Callable[[], object]) -> None:
        """The same of all that is loaded."""
        if self._there.is_set():
            join()
        else:
            self._joins.append(join)

    @property
    def is_there_to_ack(self) -> bool:
        """Whether what acks is loaded and joined."""
        return self._there_to_ack.is_set()

    async def there_to_ack(self) -> None:
        """Wait until it is."""
        await self._there_to_ack.wait()

    async def load(self) -> None:
        """Load it, piece by piece, so that others have their turn in between; nothing where it is
        loaded. Raises `StartupError`."""
        if self._there.is_set():
            return
        for name in self._names(to_ack=True):
            _loaded(name)
            await asyncio.sleep(0)
        while self._joins_to_ack:
            self._joins_to_ack.pop(0)()
            await asyncio.sleep(0)
        self._there_to_ack.set()
        after_acks = partial(self._after_acks, asyncio.get_running_loop().time() + ACK_SECONDS)
        await after_acks()
        for name in self._names(to_ack=False):
            _loaded(name)
            await after_acks()
        await build_models(after_acks)
        while self._joins:
            self._joins.pop(0)()
            await after_acks()
        log.info("all is loaded")
        self._there.set()

    def _names(self, *, to_ack: bool) -> Iterator[str]:
        for name, whose in LATER.items():
            if whose & self._duty and (name in TO_ACK) is to_ack:
                yield name

    async def _after_acks(self, until: float) -> None:
        """Let others have their turn, and to this time of the loop's clock those who ack."""
        await asyncio.sleep(0)
        await self.acks.given(until)

    async def keep(self) -> NoReturn:
        """The same, and stay: ends only when it cannot be loaded."""
        await self.load()
        while True:
            await asyncio.Event().wait()


def _loaded(name: str) -> None:
    try:
        with loading():
            _load(importlib.import_module(name))
    except Exception as error:
        raise StartupError([words.NOT_LOADED(module=name, why=str(error))]) from error
