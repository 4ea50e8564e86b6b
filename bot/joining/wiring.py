"""The parts of a bot that are shared by those that take questions (`accepting`) and those that
answer them (`answering`), each made once, and loaded where it is used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from slack_sdk.web.async_client import AsyncWebClient

from bot.asking import admission, asking
from bot.doors import home
from bot.grok.client import GrokClient
from bot.jobs import worker
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.refusal import Crowd
from bot.settings import Settings
from bot.slack import side
from bot.slack.inbound.incoming import Acks
from bot.slack.installation import Installation
from bot.store.redis.connection import Store
from bot.store.side import StoreSide

if TYPE_CHECKING:
    from bot.asking.admission import Admission, Permission, Presence
    from bot.asking.asking import Asking
    from bot.doors.home import Home
    from bot.jobs.holder import RunJob
    from bot.jobs.worker import Connected, Worker
    from bot.slack.side import SlackSide
    from bot.store.grok_keys import GrokKeys  # of several workspaces alone; brings cryptography

REST_LEASES = 1 / 3
REST_SECONDS = 2.0
"""How long a job rests that its worker died of for the first time: so many times of a lease, and
so many seconds at most, since whoever waits for it has waited for the lease already."""

LEAST_WAITING = 10
MOST_WAITING = 50
"""Jobs that a process holds until it has a place for them, to tell their askers so, and to give
places fairly among them."""


def waiting_of(settings: Settings) -> int:
    """How many jobs a process holds until it has a place for them, about."""
    return min(MOST_WAITING, max(LEAST_WAITING, settings.jobs_at_once // 2))


class Wiring:
    """What several parts share, and how each is put together."""

    def __init__(
        self,
        settings: Settings,
        installation: Installation,
        client: AsyncWebClient,
        store: Store,
        grok: GrokClient,
        *,
        grok_keys: GrokKeys | None = None,
    ) -> None:
        """`grok_keys`: where admins may keep a Grok key of the workspace; None: nowhere."""
        self.settings = settings
        self.installation = installation
        self.client = client
        self.grok_keys = grok_keys
        self.redis = store
        self.grok = grok
        self.keys = keys = store.keys(installation.team)
        self.store = StoreSide.of(store, keys)
        self.queue = Queue(
            store,
            keys,
            lease_seconds=settings.job_lease_seconds,
            retention_seconds=settings.job_retention_seconds,
            thread_tokens=settings.thread_tokens,
            thread_retention_seconds=settings.thread_retention_seconds,
            pause_seconds=min(settings.job_lease_seconds * REST_LEASES, REST_SECONDS),
        )

    @cached_property
    def slack(self) -> SlackSide:
        return side.SlackSide.of(
            self.settings, self.installation, self.client, self.redis, self.store
        )

    async def aclose(self) -> None:
        """Let what is being asked of Slack come to its end, if anything ever was."""
        if "slack" in vars(self):
            await self.slack.people.aclose()

    @cached_property
    def admission(self) -> Admission:
        return admission.Admission(self.slack.people, self.store.allowances, self.settings)

    @cached_property
    def permission(self) -> Permission:
        return admission.Permission(self.settings)

    @cached_property
    def presence(self) -> Presence:
        return admission.Presence(self.slack.people, self.slack.membership)

    def worker(
        self, run_job: RunJob, connected: Connected | None, acks: Acks | None = None
    ) -> Worker:
        """What answers the questions in the queue by `run_job`, while `connected` to Slack (None:
        it is not for this process to be) and after `acks`."""
        return worker.Worker(
            self.queue,
            run_job,
            Places(self.settings.jobs_at_once),
            waiting=waiting_of(self.settings),
            connected=connected,
            acks=acks,
        )

    def home(self) -> Home:
        """The Home tab of everybody."""
        rules = home.HomeRules(
            permission=self.permission,
            grok=self.grok,
            store=self.store,
            settings=self.settings,
        )
        return home.Home(home_rules=rules, grok=self.grok, slack=self.slack, store=self.store)

    def asking(self) -> Asking:
        """What has questions accepted, for the doors and for operators."""
        crowd = Crowd(self.settings.questions_at_once, self.settings.questions_per_minute)
        return asking.Asking(
            team=self.keys.team,
            acceptor=admission.Acceptor(self.queue, crowd),
            admission=self.admission,
            people=self.slack.people,
            grok=self.grok,
            store=self.store,
            settings=self.settings,
        )
