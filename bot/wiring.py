"""The parts of a bot, each made once and joined: a worker below, the listeners above it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from slack_sdk.web.async_client import AsyncWebClient

from bot.acks import Acks
from bot.admin.alarms import Alarms
from bot.admin.changing import Changing
from bot.admin.grok_key import GrokKeyForm
from bot.admin.home_rules import HomeRules
from bot.admin.prompts import PromptCommands
from bot.admin.setup import Setup
from bot.asking.admission import Admission, Permission, Presence
from bot.asking.asking import Asking
from bot.asking.requests import Requests
from bot.completion.ask import Ask
from bot.doors.buttons import Buttons
from bot.doors.command import GrokCommand
from bot.doors.form_prompts import FormPrompts
from bot.doors.form_window import DraftBox, FormWindow
from bot.doors.forms import Forms
from bot.doors.home import Home
from bot.doors.messages import Conversing
from bot.doors.messages_tab import MessagesTab, Welcome
from bot.doors.mistyped import Mistyped
from bot.doors.sharing import Sharing
from bot.doors.slack_app import Listeners
from bot.doors.stopping import Deletions, Stopping
from bot.doors.voting import Voting
from bot.files.reading import Reading
from bot.files.ref import bounds_of
from bot.grok.client import GrokClient
from bot.jobs.accept import Acceptor
from bot.jobs.queue import Queue
from bot.jobs.recall import Recall
from bot.jobs.refusal import Crowd
from bot.jobs.run import Runner
from bot.jobs.sequels import Sequels
from bot.jobs.worker import Connected, Worker, always_connected
from bot.settings import Settings, admins_of
from bot.slack.agent import AgentSurface
from bot.slack.documents import Announcing, Documents
from bot.slack.ephemeral import Ephemeral
from bot.slack.files import Files
from bot.slack.installation import Installation
from bot.slack.pacing import EditBudget
from bot.slack.people.membership import ChannelNames, Membership
from bot.slack.people.people import People
from bot.slack.people.person import Organisation
from bot.slack.reading.thread import ThreadReader, WholeMessages
from bot.slack.side import SlackSide
from bot.slack.slack import Slack
from bot.slack.views import Views
from bot.slack.web_api import RestingApi
from bot.store.allowances import Rests
from bot.store.memory import KeptPeople, Memory
from bot.store.policies import Policies
from bot.store.redis.connection import Store
from bot.store.side import StoreSide

if TYPE_CHECKING:
    from bot.admin.commands import CommandRunner
    from bot.jobs.dispatcher import Dispatcher
    from bot.jobs.shared_worker import SharedWorker
    from bot.store.grok_keys import GrokKeys  # of several workspaces alone; brings cryptography

LOOK_UP_SECONDS = 1.0
"""How long looking a person up may take, of the 3 s that an ack may take."""

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
        self._settings = settings
        self._grok_keys = grok_keys
        self._redis = store
        self._grok = grok
        self._keys = keys = store.keys(installation.team)
        self._store = StoreSide.of(store, keys)
        self._slack = slack = _slack_side(settings, installation, client, store, self._store)
        self._admission = Admission(slack.people, self._store.allowances, settings)
        self._permission = Permission(settings)
        self._presence = Presence(slack.people, slack.membership)
        self._queue = Queue(
            store,
            keys,
            lease_seconds=settings.job_lease_seconds,
            retention_seconds=settings.job_retention_seconds,
            thread_tokens=settings.thread_tokens,
            thread_retention_seconds=settings.thread_retention_seconds,
            pause_seconds=min(settings.job_lease_seconds * REST_LEASES, REST_SECONDS),
        )

    @property
    def policies(self) -> Policies:
        """What admins have set, to be followed."""
        return self._store.policies

    @property
    def people(self) -> People:
        """Who they are, as far as it was found out."""
        return self._slack.people

    @property
    def queue(self) -> Queue:
        """The questions under way."""
        return self._queue

    def worker(self, connected: Connected | None, acks: Acks | None = None) -> Worker:
        """What answers the questions in the queue, while `connected` to Slack (None: it is not for
        this process to be) and after `acks`."""
        return Worker(
            self._queue,
            self._runner(),
            at_once=self._settings.jobs_at_once,
            waiting=waiting_of(self._settings),
            connected=connected or always_connected,
            acks=acks,
        )

    def shared_worker(self, dispatcher: Dispatcher) -> SharedWorker:
        """The same of one of several workspaces, told what to do by `dispatcher`."""
        return dispatcher.worker(self._queue, self._runner())

    def _runner(self) -> Runner:
        settings, slack = self._settings, self._slack
        return Runner(
            self._grok,
            slack.messages,
            EditBudget(self._redis, self._keys, settings.slack_edits_per_minute),
            Recall(
                self._store.conversations,
                ThreadReader(
                    slack.api, slack.people, self._store.allowances, slack.installation.bot_user
                ),
                tokens=settings.thread_tokens,
                count=self._grok.count_tokens,
                files=slack.files,
            ),
            tell_after=settings.tell_after_seconds,
            streaming=settings.slack_streaming,
            settled=self._after_answer,
            most=settings.answer_messages,
            sequels=Sequels(self._queue),
            surface=slack.agent,
        )

    async def _after_answer(self, ask: Ask) -> None:
        """Whoever looks after quotas, and the Home tab of whoever asked, learn of an answer."""
        await self._alarms().after_use(ask.channel)
        await self._home().after_answer(ask)

    def listeners(self) -> Listeners:
        """The ways in from Slack, for `build_slack_app`."""
        asking = self.asking()
        forms = self._forms(asking)
        whole = WholeMessages(self._slack.hurried, self._store.allowances)
        mistyped = Mistyped(asking=asking, forms=forms, slack=self._slack, store=self._store)
        messages_tab = MessagesTab(
            prompts=PromptCommands(self._store.saved),
            admission=self._admission,
            slack=self._slack,
            store=self._store,
        )
        return Listeners(
            command=GrokCommand(
                asking=asking,
                forms=forms,
                managing=cache(self._managing),
                mistyped=mistyped,
                prompts=PromptCommands(self._store.saved),
                grok_key=self._grok_key(),
            ),
            forms=forms,
            mistyped=mistyped,
            sharing=Sharing(
                queue=self._queue,
                presence=self._presence,
                slack=self._slack,
                store=self._store,
                most=self._settings.answer_messages,
            ),
            conversing=Conversing(
                asking=asking,
                admission=self._admission,
                mistyped=mistyped,
                queue=self._queue,
                deletions=Deletions(self._queue, self._slack.installation.bot_user),
                surface=messages_tab,
                whole=whole,
                slack=self._slack,
                store=self._store,
                retention=self._settings.thread_retention_seconds,
            ),
            buttons=Buttons(
                asking=asking,
                forms=forms,
                permission=self._permission,
                presence=self._presence,
                queue=self._queue,
                slack=self._slack,
            ),
            voting=Voting(
                permission=self._permission,
                queue=self._queue,
                whole=whole,
                slack=self._slack,
                store=self._store,
                settings=self._settings,
            ),
            home=self._home(),
            setup=Setup(
                changing=self._changing(),
                permission=self._permission,
                presence=self._presence,
                slack=self._slack,
                store=self._store,
                changed=self._home().publish,
            ),
            grok_key=self._grok_key(),
            messages_tab=messages_tab,
            stopping=Stopping(permission=self._permission, queue=self._queue, slack=self._slack),
            welcome=Welcome(
                asking=asking, admission=self._admission, slack=self._slack, store=self._store
            ),
        )

    def _home(self) -> Home:
        rules = HomeRules(
            permission=self._permission,
            grok=self._grok,
            store=self._store,
            settings=self._settings,
        )
        return Home(home_rules=rules, grok=self._grok, slack=self._slack, store=self._store)

    def asking(self) -> Asking:
        """What has questions accepted, for the doors and for operators."""
        return Asking(
            requests=Requests(self._settings, self._grok, self._keys.team),
            acceptor=Acceptor(self._queue, self._crowd()),
            admission=self._admission,
            people=self._slack.people,
            grok=self._grok,
            store=self._store,
            settings=self._settings,
        )

    def _crowd(self) -> Crowd:
        settings = self._settings
        return Crowd(settings.questions_at_once, settings.questions_per_minute)

    def _forms(self, asking: Asking) -> Forms:
        box = DraftBox(self._store.drafts)
        return Forms(
            asking=asking,
            admission=self._admission,
            presence=self._presence,
            box=box,
            window=FormWindow(self._slack.views, box, self._slack.ephemeral),
            prompts=FormPrompts(PromptCommands(self._store.saved)),
            grok=self._grok,
            slack=self._slack,
            store=self._store,
        )

    def _changing(self) -> Changing:
        return Changing(self._store.policies, self._store.saved, self._grok, self._settings)

    def _grok_key(self) -> GrokKeyForm:
        return GrokKeyForm(
            keys=self._grok_keys, permission=self._permission, grok=self._grok, slack=self._slack
        )

    def _managing(self) -> CommandRunner:
        """What does all commands that ask nothing; loaded with the first of them."""
        from bot.admin.commands import CommandRunner  # noqa: PLC0415 - with it comes what exports
        from bot.admin.usage import UsageCommands  # noqa: PLC0415
        from bot.admin.votes import VoteCommands  # noqa: PLC0415

        channels = ChannelNames(self._slack.api)
        return CommandRunner(
            usage=UsageCommands(
                permission=self._permission,
                channels=channels,
                slack=self._slack,
                store=self._store,
                settings=self._settings,
            ),
            prompts=PromptCommands(self._store.saved),
            votes=VoteCommands(
                queue=self._queue,
                channels=channels,
                store=self._store,
                settings=self._settings,
            ),
            changing=self._changing(),
            grok_key=self._grok_key(),
            permission=self._permission,
            grok=self._grok,
            slack=self._slack,
            store=self._store,
            settings=self._settings,
        )

    def _alarms(self) -> Alarms:
        return Alarms(
            permission=self._permission,
            slack=self._slack,
            store=self._store,
            settings=self._settings,
        )


def _slack_side(
    settings: Settings,
    installation: Installation,
    client: AsyncWebClient,
    redis: Store,
    store: StoreSide,
) -> SlackSide:
    keys = redis.keys(installation.team)
    rests = Rests(redis, keys)
    api = RestingApi(client, rests)
    hurried = RestingApi(client, rests, deadline=LOOK_UP_SECONDS)
    here = Organisation(installation.team, installation.enterprise_id or "", installation.org_wide)
    kept = KeptPeople(redis, keys)
    messages = Slack(api, installation.bot_user)
    announcing = Announcing(messages)
    return SlackSide(
        installation=installation,
        api=api,
        hurried=hurried,
        messages=messages,
        ephemeral=Ephemeral(messages, store.allowances),
        people=People(hurried, here, kept, store.allowances, admins_of(settings)),
        membership=Membership(hurried, Memory(redis, keys), store.allowances, here),
        views=Views(api, store.allowances),
        announcing=announcing,
        documents=Documents(api, messages, announcing),
        files=Files(api, Reading(bounds_of(settings))),
        agent=AgentSurface.of(api, installation),
    )
