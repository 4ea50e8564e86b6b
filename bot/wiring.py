"""The parts of a bot, each made once and joined: a worker below, the listeners above it."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from bot.admin.alarms import Alarms
from bot.admin.changing import Changing
from bot.admin.home_standing import Standing
from bot.admin.managing import Managing
from bot.admin.permission import Permission
from bot.admin.setup import Setup
from bot.admin.usage import Usage
from bot.asking.admission import Admission, Presence
from bot.asking.again import Again
from bot.asking.asking import Asking
from bot.asking.taking import Taking
from bot.doors.buttons import Buttons
from bot.doors.command import GrokCommand
from bot.doors.forms import Forms
from bot.doors.home import Home
from bot.doors.messages import Conversing
from bot.doors.mistyped import Mistyped
from bot.doors.sharing import Sharing
from bot.doors.slack_app import Listeners
from bot.doors.welcome import Welcome
from bot.grok.client import GrokClient
from bot.jobs.accept import Acceptor
from bot.jobs.queue import Queue
from bot.jobs.recall import Recall
from bot.jobs.run import Runner
from bot.jobs.worker import Connected, Worker
from bot.settings import Settings, admins_of
from bot.slack.announcing import Announcing
from bot.slack.aside import Aside
from bot.slack.channel_names import ChannelNames
from bot.slack.installation import Installation
from bot.slack.membership import Membership
from bot.slack.pacing import EditBudget
from bot.slack.people import People
from bot.slack.person import Organisation
from bot.slack.resting_api import RestingApi
from bot.slack.slack import Slack
from bot.slack.thread import ThreadReader
from bot.slack.views import Views
from bot.slack.whole_message import WholeMessages
from bot.store.allowances import Allowances
from bot.store.audit import Audit
from bot.store.connection import Store
from bot.store.conversations import Conversations
from bot.store.drafts import Drafts
from bot.store.keys import Keys
from bot.store.memory import Memory
from bot.store.once import Once
from bot.store.people import KeptPeople
from bot.store.policy import Policies
from bot.store.quotas import Quotas
from bot.store.recent import Recents
from bot.store.rests import Rests

LOOK_UP_SECONDS = 1.0
"""How long looking a person up may take, of the 3 s that an ack may take."""

REST_LEASES = 1 / 3
"""How long a job rests that its worker died of for the first time, in times of a lease."""

MOST_WAITING = 50
"""Jobs that a process holds until it has a place for them, to tell their askers so."""


class Parts:
    """What several parts share, and how each is put together."""

    def __init__(
        self,
        settings: Settings,
        installation: Installation,
        client: AsyncWebClient,
        store: Store,
        grok: GrokClient,
    ) -> None:
        self._settings = settings
        self._installation = installation
        self._store = store
        self._grok = grok
        self._keys = keys = Keys(installation.team)
        self._allowances = Allowances(store, keys)
        rests = Rests(store, keys)
        self._api = RestingApi(client, rests)
        self._slack = Slack(self._api)
        self._aside = Aside(self._slack, self._allowances)
        self._hurried = hurried = RestingApi(client, rests, deadline=LOOK_UP_SECONDS)
        here = Organisation(installation.team, installation.enterprise_id or "")
        kept = KeptPeople(store, keys)
        self._people = People(hurried, here, kept, self._allowances, admins_of(settings))
        self._admission = Admission(self._people, self._allowances, settings)
        self._permission = Permission(settings)
        self._membership = Membership(hurried, Memory(store, keys), self._allowances)
        self._presence = Presence(self._people, self._membership)
        self._conversations = Conversations(store, keys)
        self._once = Once(store, keys)
        self._quotas = Quotas(store, keys)
        self._audit = Audit(store, keys)
        self.policies = Policies(store, keys)
        self._queue = Queue(
            store,
            keys,
            lease_seconds=settings.job_lease_seconds,
            retention_seconds=settings.job_retention_seconds,
            thread_tokens=settings.thread_tokens,
            thread_retention_seconds=settings.thread_retention_seconds,
            pause_seconds=settings.job_lease_seconds * REST_LEASES,
        )

    def worker(self, connected: Connected) -> Worker:
        """Whoever answers the questions in the queue, while `connected` to Slack."""
        settings = self._settings
        threads = ThreadReader(
            self._api, self._people, self._allowances, self._installation.bot_user
        )
        runner = Runner(
            self._grok,
            self._slack,
            EditBudget(self._store, self._keys, settings.slack_edits_per_minute),
            Recall(
                self._conversations,
                threads,
                tokens=settings.thread_tokens,
                count=self._grok.count_tokens,
            ),
            tell_after=settings.tell_after_seconds,
            streaming=settings.slack_streaming,
            settled=self._alarms().after_use,
            most=settings.answer_messages,
        )
        at_once = settings.jobs_at_once
        waiting = min(MOST_WAITING, max(1, at_once // 2))
        return Worker(self._queue, runner, at_once=at_once, waiting=waiting, connected=connected)

    def listeners(self) -> Listeners:
        """Whoever takes questions in."""
        team = self._installation.team
        asking, taking, views = self._asking(), self._taking(), Views(self._api, self._allowances)
        forms = Forms(
            asking,
            taking,
            self.policies,
            self._grok,
            views,
            Drafts(self._store, self._keys),
            self._aside,
            self._people,
            self._settings,
            team,
            self._admission,
            self._presence,
            self._installation.bot_user,
            self._slack,
            self._installation.url,
        )
        mistyped = Mistyped(
            asking,
            taking,
            forms,
            Drafts(self._store, self._keys),
            self._slack,
            self._aside,
            team,
        )
        return Listeners(
            command=GrokCommand(asking, taking, forms, self._managing(), mistyped, team),
            forms=forms,
            mistyped=mistyped,
            sharing=Sharing(
                self._queue,
                self._slack,
                self._aside,
                self._presence,
                Drafts(self._store, self._keys),
                self._allowances,
                most=self._settings.answer_messages,
            ),
            conversing=self._conversing(asking, taking, mistyped),
            buttons=Buttons(
                self._queue,
                taking,
                self._people,
                forms,
                views,
                self._aside,
                team,
                asking,
                self._permission,
                self._presence,
            ),
            home=Home(
                Recents(self._store, self._keys),
                self._people,
                self._grok,
                views,
                self._installation,
                self._standing(),
                self._membership,
            ),
            setup=self._setup(views),
            welcome=Welcome(
                self._slack,
                self._people,
                self._admission,
                self._once,
                asking,
                taking,
                self._aside,
                team,
            ),
        )

    def again(self) -> Again:
        """Whoever asks a question again for an operator."""
        return Again(self._asking(), self._taking())

    def _setup(self, views: Views) -> Setup:
        return Setup(
            self.policies,
            Changing(self.policies, self._grok, self._settings),
            self._people,
            self._permission,
            views,
            self._aside,
            Announcing(self._slack),
            self._presence,
        )

    def _asking(self) -> Asking:
        return Asking(self._settings, self._grok)

    def _taking(self) -> Taking:
        return Taking(
            Acceptor(self._queue),
            self.policies,
            self._grok,
            self._people,
            self._admission,
            self._quotas,
            self._settings,
        )

    def _conversing(self, asking: Asking, taking: Taking, mistyped: Mistyped) -> Conversing:
        return Conversing(
            asking,
            taking,
            self._queue,
            self._conversations,
            self._people,
            self._aside,
            self._installation,
            self._once,
            self._admission,
            self._allowances,
            WholeMessages(self._hurried, self._allowances),
            mistyped,
            retention=self._settings.thread_retention_seconds,
        )

    def _managing(self) -> Managing:
        usage = Usage(
            self.policies,
            self._quotas,
            self._people,
            ChannelNames(self._api),
            self._permission,
            self._settings,
        )
        return Managing(
            self.policies,
            self._audit,
            usage,
            self._people,
            self._aside,
            self._slack,
            self._grok,
            self._permission,
            self._settings,
        )

    def _standing(self) -> Standing:
        return Standing(self.policies, self._quotas, self._permission, self._grok, self._settings)

    def _alarms(self) -> Alarms:
        return Alarms(
            self.policies,
            self._quotas,
            self._audit,
            self._once,
            self._people,
            self._permission,
            self._aside,
            self._settings,
        )
