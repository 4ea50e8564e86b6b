"""Named places between the steps of the journey, where a test lets the process die, stand still or
fail. Nothing happens at any of them (`tracing.passing`) unless a test wants it.

Its environment arms a process: `CRASH_POINTS="after:deliver=kill before:chat.update=freeze@3"`
ends it, or lets it stand still at the third edit until it is sent SIGCONT. A test arms its own
process by `arrive`.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, get_args

import structlog

from bot import tracing

log = structlog.get_logger(__name__)

VARIABLE = "CRASH_POINTS"

SCRIPTS = (
    *("accept", "take", "begin", "deliver", "finish", "release", "hand_back"),
    *("renew", "extend", "write", "adopt", "disown", "reassert", "restore"),
    *("offer", "sweep", "overflow", "pause", "wake", "drop", "prune", "load"),
    *("stop", "claim", "probe"),
    *("edit_slot", "slot", "rest"),
    *("draft_save", "forget", "forget_person", "leave", "known", "remember", "policy_change"),
    *("vote", "save"),
    *("install_save", "install_remove"),
)
"""Scripts that are run by their names while the bot is at work."""

READS = ("read", "reclaim", "stops")
"""Reads of the queue: new jobs, those of workers that are gone, and what was stopped."""

CALLS = (
    *("chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral", "response_url"),
    *("chat.startStream", "chat.appendStream", "chat.stopStream"),
    *("conversations.history", "conversations.replies"),
    *("files.info", "file"),
    *("users.info", "views.open", "views.update", "views.publish"),
)
"""Calls of Slack's Web API that the way of an answer takes."""

GROK = ("grok", "chunk", "sip")
"""A request to Grok, each piece of the answer as it is taken in, and each sip of what waits unread:
before that is a pause, in which the socket is left alone."""

ACK = "ack"
"""What Slack is told of what it has delivered, by Socket Mode."""

Act = Literal["kill", "freeze", "raise"]

POINTS = frozenset(
    f"{when}:{step}"
    for when in get_args(tracing.When)
    for step in (*SCRIPTS, *READS, *CALLS, *GROK, ACK)
)

_ORDER = re.compile(r"(?P<point>[^=\s]+)=(?P<act>kill|freeze|raise)(?:@(?P<passing>[1-9]\d{0,8}))?")


class CrashPointReached(RuntimeError):
    """What a test wanted to go wrong here."""


@contextmanager
def arrive(told: tracing.Arrive) -> Iterator[None]:
    """In this process, have `told` of each point that is passed; what it raises is raised there."""
    before = tracing.tell(told)
    try:
        yield
    finally:
        tracing.tell(before)


def arm_process(environment: Mapping[str, str]) -> None:
    """Arm this process for as long as it lives, as its environment says. Raises `ValueError` for
    an order that means nothing."""
    if orders := environment.get(VARIABLE):
        tracing.tell(Armed(orders))
        log.warning("crash points are armed", points=orders)


class Armed:
    """Carries out `orders`, separated by blanks: `POINT=ACT`, or `POINT=ACT@N` at the N-th passing
    and no other one."""

    def __init__(self, orders: str) -> None:
        self._orders: dict[str, list[tuple[int, Act]]] = {}
        self._passed: dict[str, int] = {}
        for order in orders.split():
            found = _ORDER.fullmatch(order)
            if found is None or found["point"] not in POINTS:
                raise ValueError(f"{VARIABLE}: nothing is done by {order}")
            act: Act = found["act"]  # type: ignore[assignment]
            self._orders.setdefault(found["point"], []).append((int(found["passing"] or 1), act))

    def __call__(self, point: str) -> None:
        """`point` is passed."""
        if point not in self._orders:
            return
        self._passed[point] = passed = self._passed.get(point, 0) + 1
        for number, act in self._orders[point]:
            if number == passed:
                _do(act, point)


def _do(act: Act, point: str) -> None:
    match act:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "raise":
            raise CrashPointReached(point)
