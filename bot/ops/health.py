"""The operation port: is the process alive, is it ready, and what has it counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bot.net.listening import Listening

log = structlog.get_logger(__name__)

READY_SECONDS = 3.0
"""How long `ready` may take before the answer is no: probes give up after a few seconds."""

MOST_CONNECTIONS = 32
"""Of probes and of whoever collects the metrics, at once."""


Faults = Sequence[str]
"""Of a process: a short sentence for each thing that is wrong."""


class OpsServer(Listening):
    """Serves `GET /livez`, `/readyz` and `/metrics`.

    `live` and `ready` are asked at each request; a probe gets 200, or 503 with the reasons.
    Port 0 takes any free one: see `port` once the server is entered.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        live: Callable[[], Faults],
        ready: Callable[[], Awaitable[Faults]],
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._live = live
        self._ready = ready
        self._registry = registry
        routes = {
            "/livez": {"GET": self._livez},
            "/readyz": {"GET": self._readyz},
            "/metrics": {"GET": self._metrics},
        }
        super().__init__(
            routes,
            host,
            port,
            variable="OPS_PORT",
            host_variable="OPS_HOST",
            grace=1,
            most=MOST_CONNECTIONS,
        )

    async def _livez(self, _: web.BaseRequest) -> web.Response:
        return _answer(self._live())

    async def _readyz(self, _: web.BaseRequest) -> web.Response:
        try:
            async with asyncio.timeout(READY_SECONDS):
                return _answer(await self._ready())
        except TimeoutError:
            return _answer([f"no answer within {READY_SECONDS:g} s"])
        except Exception as error:
            log.exception("readiness not known")
            return _answer([f"nobody knows ({type(error).__name__})"])

    async def _metrics(self, _: web.BaseRequest) -> web.Response:
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


def _answer(faults: Faults) -> web.Response:
    body = {"status": "fault" if faults else "ok", "reasons": list(faults)}
    return web.json_response(body, status=503 if faults else 200)
