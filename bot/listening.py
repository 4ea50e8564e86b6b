"""A port of this process, open while entered."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web

from bot.errors import StartupError
from bot.words import startup as startup_words


class Listening:
    """Serves `app` on `host` and `port`; port 0 takes any free one.

    `variable` names the setting of the port, for the sentence that says it is taken.
    `grace` is how long requests may take to finish at the end, in seconds.
    """

    def __init__(
        self, app: web.Application, host: str, port: int, *, variable: str, grace: float
    ) -> None:
        self._host = host
        self._port = port
        self._variable = variable
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace)

    @property
    def port(self) -> int:
        """The port really listened on."""
        port: int = self._runner.addresses[0][1]
        return port

    @property
    def listens(self) -> bool:
        """Whether the port is open."""
        return bool(self._runner.addresses)

    async def __aenter__(self) -> Self:
        """Raises `StartupError` when the port is not to be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            fault = startup_words.address_taken(self._variable, self._host, self._port)
            raise StartupError([fault]) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
