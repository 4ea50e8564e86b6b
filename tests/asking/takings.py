"""Whoever takes questions, put together for a test."""

from __future__ import annotations

from bot.asking.admission import Admission, Presence
from bot.asking.taking import Taking
from bot.grok.client import GrokClient
from bot.jobs.accept import Acceptor
from bot.jobs.queue import Queue
from bot.settings import Settings
from bot.slack.membership import Membership
from bot.slack.people import People
from bot.slack.web_api import WebApi
from bot.store.allowances import Allowances
from bot.store.connection import Store
from bot.store.keys import Keys
from bot.store.memory import Memory
from bot.store.policy import Policies
from bot.store.quotas import Quotas


def taking_of(
    queue: Queue,
    store: Store,
    keys: Keys,
    grok: GrokClient,
    people: People,
    settings: Settings | None = None,
) -> Taking:
    """Takes questions into `queue`, by the policy in `store`."""
    settings = settings or Settings(_env_file=None)
    return Taking(
        Acceptor(queue),
        Policies(store, keys),
        grok,
        people,
        Admission(people, Allowances(store, keys), settings),
        Quotas(store, keys),
        settings,
    )


def presence_of(api: WebApi, people: People, store: Store, keys: Keys) -> Presence:
    """Asks `api` who sees which place."""
    return Presence(people, Membership(api, Memory(store, keys), Allowances(store, keys)))
