"""The operation port: is the process alive, is it ready, and what has it counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from bot import metrics
from bot.net.listening import Listening
from bot.patience import TICK_SECONDS, next_tick

log = structlog.get_logger(__name__)

READY_SECONDS = 3.0
"""How long `ready` may take before the answer is no: probes give up after a few seconds."""

MOST_CONNECTIONS = 32
"""Of probes and of whoever collects the metrics, at once."""


@dataclass(frozen=True, slots=True)
class Report:
    """The state of the process; `faults` has a short sentence for each thing that is wrong."""

    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Heartbeat:
    """Notices when the event loop no longer comes round: something blocks it.

    How late each beat is goes into `grokbot_event_loop_lag_seconds`.
    """

    def __init__(
        self,
        *,
        every: float = TICK_SECONDS,
        late_after: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every = every
        self._late_after = late_after
        self._clock = clock
        self._last = clock()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Heartbeat:
        self._last = self._clock()
        self._task = asyncio.create_task(self._beat(), name="heartbeat")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def report(self) -> Report:
        """Not ok when the last beat is more than `late_after` seconds old."""
        age = self._clock() - self._last
        if age <= self._late_after:
            return Report()
        return Report((f"the event loop has not come round for {age:.0f} s",))

    async def _beat(self) -> None:
        while True:
            self._last = self._clock()
            due = next_tick(self._last, self._every) if self._every else self._last
            await asyncio.sleep(due - self._last)
            metrics.LOOP_LAG.observe(max(0.0, self._clock() - due))


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
        live: Callable[[], Report],
        ready: Callable[[], Awaitable[Report]],
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
            return _answer(Report((f"no answer within {READY_SECONDS:g} s",)))
        except Exception as error:
            log.exception("readiness not known")
            return _answer(Report((f"nobody knows ({type(error).__name__})",)))

    async def _metrics(self, _: web.BaseRequest) -> web.Response:
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


def _answer(report: Report) -> web.Response:
    status = "ok" if report.ok else "fault"
    return web.json_response(
        {"status": status, "reasons": list(report.faults)}, status=200 if report.ok else 503
    )
