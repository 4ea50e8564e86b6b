"""Whoever takes questions, put together for a test."""

from __future__ import annotations

from typing import Any

from bot.asking.admission import Acceptor, Admission
from bot.asking.asking import Asking
from bot.grok.client import GrokClient
from bot.jobs.queue import Queue
from bot.settings import Settings
from bot.slack.people.people import People
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.side import StoreSide


def making(grok: GrokClient, settings: Settings) -> Asking:
    """Makes questions, and can have none accepted."""
    nobody: Any = None
    return Asking(
        team="T0TEST",
        acceptor=nobody,
        admission=nobody,
        people=nobody,
        grok=grok,
        store=nobody,
        settings=settings,
    )


def asking_of(
    queue: Queue,
    store: Store,
    keys: Keys,
    grok: GrokClient,
    people: People,
    settings: Settings | None = None,
) -> Asking:
    """Takes questions into `queue`, by the policy in `store`."""
    settings = settings or Settings(_env_file=None)
    records = StoreSide.of(store, keys)
    return Asking(
        team=keys.team,
        acceptor=Acceptor(queue),
        admission=Admission(people, records.allowances, settings),
        people=people,
        grok=grok,
        store=records,
        settings=settings,
    )
