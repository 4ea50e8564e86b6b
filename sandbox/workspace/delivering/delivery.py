"""Handing payloads to the app: one attempt for what a person waits for, retries for events."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.workspace.clock import Ids
from sandbox.workspace.config import Limits
from sandbox.workspace.feed import Feed
from sandbox.workspace.model import Delivery, DeliveryKind, Json
from sandbox.workspace.tasks import Tasks


class Transport(Protocol):
    """A way to the app."""

    @property
    def connected(self) -> bool: ...

    async def send(self, delivery: Delivery) -> None:
        """Deliver, wait for the ack (`Limits.ack` seconds at most), and fill `delivery` with
        what came of it. Never raises."""
        ...


@dataclass(slots=True)
class Dispatcher:
    """Delivers over `transport` and keeps the record."""

    transport: Transport
    limits: Limits
    feed: Feed
    tasks: Tasks
    deliveries: list[Delivery] = field(default_factory=list)

    async def deliver(
        self, kind: DeliveryKind, payload: Json, *, retry: int = 0, reason: str | None = None
    ) -> Delivery:
        """One attempt, to its end."""
        return await self._attempt(self._record(kind, payload, retry, reason))

    def event(self, payload: Json) -> None:
        """Deliver an event in the background, and again by Slack's schedule until it is acked."""
        self.tasks.spawn(self._with_retries(self._record("events_api", payload, 0, None)))

    async def _with_retries(self, delivery: Delivery) -> None:
        await self._attempt(delivery)
        for retry, pause in enumerate(self.limits.event_retries, 1):
            if delivery.acked or delivery.no_retry:
                return
            await asyncio.sleep(pause)
            reason = _retry_reason(delivery)
            delivery = await self.deliver(
                "events_api", delivery.payload, retry=retry, reason=reason
            )

    def _record(
        self, kind: DeliveryKind, payload: Json, retry: int, reason: str | None
    ) -> Delivery:
        delivery = Delivery(Ids.secret(), kind, payload, time.time(), retry, reason)
        self.deliveries.append(delivery)
        self.feed.touch()
        return delivery

    async def _attempt(self, delivery: Delivery) -> Delivery:
        started = time.monotonic()
        await self.transport.send(delivery)
        delivery.delay = time.monotonic() - started
        delivery.done = True
        self.feed.touch()
        return delivery


def _retry_reason(failed: Delivery) -> str:
    known = ("http_timeout", "http_error", "connection_failed")
    return failed.error if failed.error in known else "connection_failed"
