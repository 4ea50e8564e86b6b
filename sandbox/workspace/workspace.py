"""The workspace as tests, benchmarks and the demo hold it: control in, plain data out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Literal, Self, TypeVar

from sandbox.workspace.acting import sessions
from sandbox.workspace.acting.acts import Acts
from sandbox.workspace.acting.forging import Forge
from sandbox.workspace.budgets import Budgets
from sandbox.workspace.clock import Clock, Ids
from sandbox.workspace.config import AppConfig, Credentials, Limits
from sandbox.workspace.delivering.delivery import Dispatcher
from sandbox.workspace.delivering.events import Events
from sandbox.workspace.delivering.http_delivery import HttpDelivery
from sandbox.workspace.delivering.interactions import ResponseUrls, Triggers
from sandbox.workspace.delivering.socket_mode import SocketMode
from sandbox.workspace.faults import ANSWERING, Fault, Faults, Storm
from sandbox.workspace.feed import Feed
from sandbox.workspace.installing.shared_app import SharedApp
from sandbox.workspace.model import (
    Call,
    Channel,
    Delivery,
    Json,
    Message,
    ResponseUse,
    Session,
    View,
)
from sandbox.workspace.serving.server import Server
from sandbox.workspace.state import BOT_USER, State, default_state
from sandbox.workspace.tasks import Tasks
from sandbox.workspace.team import Team
from sandbox.workspace.timeline import Timeline
from sandbox.workspace.uploads import Uploads
from sandbox.workspace.views import Views

T = TypeVar("T")
WAIT = 10.0
_DEFAULT = Credentials()


class Workspace(Acts):
    """A Slack workspace with one app installed, strict where Slack is.

    What people do is in `Acts`, its base: every method there returns when Slack would be done
    with it (an ack included). To do two things at once, gather them; what happens meanwhile can
    be awaited with `wait_for`.

    `mode` is how the app is reached: `socket`, or `http` with its `request_url`. `latency` is
    added to every Web API call, in seconds. Ids of people and conversations are constants of
    `sandbox.workspace`. `shared`: it is one of several that the same app can be installed in.
    """

    def __init__(
        self,
        *,
        bot_token: str = _DEFAULT.bot_token,
        app_token: str = _DEFAULT.app_token,
        signing_secret: str = _DEFAULT.signing_secret,
        mode: Literal["socket", "http"] = "socket",
        request_url: str | None = None,
        app: AppConfig | None = None,
        limits: Limits | None = None,
        latency: float = 0.0,
        port: int = 0,
        shared: SharedApp | None = None,
    ) -> None:
        self.mode = mode
        self._tasks = Tasks()
        self._stack = AsyncExitStack()
        self._shared = shared
        limits = limits or Limits()
        self._http = shared.http if shared else HttpDelivery(limits, signing_secret, request_url)
        credentials = Credentials(bot_token, app_token, signing_secret)
        self._team = self._join(app or AppConfig(), limits, credentials)
        self._server = Server(self._team, port=port, latency=latency)
        self._page = ""

    def _join(self, app: AppConfig, limits: Limits, credentials: Credentials) -> Team:
        shared, feed, clock, ids = self._shared, Feed(), Clock(), Ids()
        state = default_state(app.name)
        problems: list[str] = []
        if shared is None:
            sockets = SocketMode(limits, feed, problems, enabled=self.mode == "socket")
        else:
            sockets = shared.sockets
            state.team_id, state.team_name, state.domain = shared.next_name()
            state.installed = False
            shared.feeds.append(feed)
        transport = sockets if self.mode == "socket" else self._http
        dispatcher = Dispatcher(transport, limits, feed, self._tasks)
        events = Events(state, app, clock, ids, dispatcher)
        return Team(
            app=app,
            limits=limits,
            credentials=credentials,
            state=state,
            clock=clock,
            ids=ids,
            feed=feed,
            budgets=Budgets(limits),
            faults=Faults(),
            timeline=Timeline(state, clock, ids, feed, events, problems),
            events=events,
            dispatcher=dispatcher,
            sockets=sockets,
            triggers=Triggers(limits),
            response_urls=ResponseUrls(limits),
            uploads=Uploads(),
            views=Views(state, clock, ids, feed),
            calls=[],
            problems=problems,
            revoked={},
            bot_tokens={} if shared else {credentials.bot_token: math.inf},
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._http.aclose)
            stack.push_async_callback(self._server.aclose)
            stack.push_async_callback(self._tasks.aclose)
            self._page = origin = await self._server.start()
            if self._shared is not None:
                origin = f"{self._shared.origin}/{self.state.team_id}"
            self._team.origin = self._team.state.origin = origin
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    # What is there and what happened.

    @property
    def judging_secret(self) -> str:
        """What an eval tells the page by where its answers are judged (`/ui/judging`)."""
        return self._server.judging.secret

    @property
    def judging(self) -> str:
        """Where that is; empty: nowhere now."""
        return self._server.judging.address

    @property
    def url(self) -> str:
        """The origin; the demo page is at its root."""
        return self._page

    @property
    def api_url(self) -> str:
        return f"{self._team.origin}/api/"

    @property
    def credentials(self) -> Credentials:
        return self._team.credentials

    @property
    def state(self) -> State:
        return self._team.state

    @property
    def calls(self) -> list[Call]:
        """Every Web API call, in the order of the answers."""
        return self._team.calls

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to hand the app a payload, in order."""
        return self._team.dispatcher.deliveries

    @property
    def responses(self) -> list[ResponseUse]:
        """Every POST to a response_url."""
        return self._team.response_urls.uses

    @property
    def problems(self) -> list[str]:
        """What the app got wrong where Slack keeps silent: late acks, errors for no field."""
        return self._team.problems

    @property
    def sockets(self) -> int:
        """How many connections the app holds."""
        return len(self._team.sockets.connections)

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def channel(self, channel: str) -> Channel:
        return self.state.channels[channel]

    def message(self, channel: str, ts: str) -> Message:
        """The message, deleted or not; `KeyError` when there never was one."""
        return self.state.timelines[channel][ts]

    def messages(self, channel: str) -> list[Message]:
        """Top-level messages that stand, oldest first."""
        return self.state.top_level(channel)

    def replies(self, channel: str, ts: str) -> list[Message]:
        """The replies in a thread that stand, oldest first."""
        return self.state.replies(channel, ts)

    def ephemerals(self, user: str | None = None) -> list[Message]:
        """Ephemeral messages, to `user` or to anybody, the dismissed included."""
        return [m for m in self.state.ephemerals if user in (None, m.ephemeral_to)]

    def view(self, user: str) -> View | None:
        """The modal on top of what `user` sees."""
        found = [v for v in self.state.views.values() if v.user == user and v.type == "modal"]
        return next((view for view in reversed(found) if not view.closed), None)

    def home(self, user: str) -> View | None:
        return self.state.homes.get(user)

    def session(self, channel: str, root: str) -> Session | None:
        """What the agent does in a thread, as it stands now."""
        return sessions.session_of(self._team, channel, root)

    def line(self, channel: str, root: str) -> str:
        """What stands below a thread now."""
        found = sessions.line_of(self._team, channel, root)
        return found.text if found else ""

    def suggested(self, user: str) -> list[Json]:
        """The prompts at the top of somebody's Messages tab."""
        return list(sessions.suggested_in(self._team, self.state.dm(user).id)["prompts"])

    async def wait_for(self, predicate: Callable[[], T | None], seconds: float = WAIT) -> T:
        """The first true value of `predicate`, looked at after every change; `TimeoutError`
        when `seconds` pass first."""
        return await self._team.feed.wait_for(predicate, seconds)

    async def connected(self, sockets: int = 1, seconds: float = WAIT) -> None:
        """Wait until the app holds at least `sockets` connections (in HTTP mode: until it has
        a request URL)."""
        if self.mode == "http":
            await self.wait_for(lambda: self._http.connected, seconds)
            return
        await self.wait_for(lambda: self.sockets >= sockets, seconds)

    async def settled(self, seconds: float = WAIT) -> None:
        """Wait until no delivery is under way."""
        await self.wait_for(lambda: all(d.done for d in self.deliveries), seconds)

    # What the workspace does.

    def remove_bot(self, channel: str) -> None:
        self.channel(channel).members.discard(BOT_USER)
        self._team.feed.publish({"type": "state"})

    def leave(self, user: str, channel: str) -> None:
        """Take a person out of a channel."""
        self.channel(channel).members.discard(user)
        self._team.feed.publish({"type": "state"})

    def archive(self, channel: str) -> None:
        self.channel(channel).is_archived = True
        self._team.feed.publish({"type": "state"})

    def unfurl(self, channel: str, ts: str) -> None:
        """Add a preview of its first address to a message, as Slack does by itself: the app is
        told of a change that nobody made."""
        message = self.message(channel, ts)
        self._team.events.unfurled(message, message.unfurls[0])

    def revoke(self, token: str, error: str = "token_revoked") -> None:
        """Let `token` fail from now on (`token_revoked`, `account_inactive`)."""
        self._team.revoked[token] = error

    def fail(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        drop_before: bool = False,
        drop_after: bool = False,
        applied: bool = False,
        delay: float = 0.0,
        times: int | None = 1,
        where: Callable[[Json], bool] | None = None,
    ) -> Fault:
        """Disturb the next `times` calls of `method` (`*`: any) whose arguments satisfy `where`.

        `error` and `status` answer instead of the method, or with `applied` in place of its
        reply; `retry_after` with a 429. With `drop_before` the connection is lost before the
        call is applied, with `drop_after` after. `delay` seconds come first. Lift it early with
        `.lift()`."""
        fault = Fault(
            method=method,
            error=error,
            status=status,
            retry_after=retry_after,
            drop_before=drop_before,
            drop_after=drop_after,
            applied=applied,
            delay=delay,
            times=times,
            where=where,
        )
        self._team.faults.add(fault)
        return fault

    def fail_some(
        self,
        share: float,
        *,
        seed: int,
        methods: Sequence[str] = ANSWERING,
        delays: Sequence[float] = (10.0,),
    ) -> Storm:
        """Disturb a `share` (0 to 1) of all calls of `methods` in every way there is, until
        `.lift()`; slow ones take one of `delays` seconds."""
        storm = Storm(share, seed, methods, delays)
        self._team.faults.add(storm)
        return storm

    async def redeliver(self, delivery: Delivery) -> Delivery:
        """Deliver the same payload once more, marked as a retry as Slack does for events."""
        retry = delivery.retry + 1 if delivery.kind == "events_api" else 0
        reason = "http_timeout" if retry else None
        return await self._team.dispatcher.deliver(
            delivery.kind, delivery.payload, retry=retry, reason=reason
        )

    @property
    def forge(self) -> Forge:
        """Payloads that no client of Slack's would send."""
        return Forge(self._team)

    async def emit(self, name: str, event: Json) -> None:
        """Send any event to which the app subscribes."""
        self._team.events.emit(name, event)

    async def refresh_sockets(self, warning: float = 0.0) -> None:
        """Make the app renew its connections, as Slack does every few hours."""
        await self._team.sockets.refresh(warning)

    def cut_sockets(self) -> None:
        """Break every connection of the app without a warning."""
        self._team.sockets.cut()

    # HTTP mode.

    @property
    def request_url(self) -> str | None:
        return self._http.request_url

    @request_url.setter
    def request_url(self, url: str | None) -> None:
        self._http.request_url = url
        self._team.feed.touch()

    async def post_signed(
        self,
        body: bytes,
        *,
        content_type: str = "application/x-www-form-urlencoded",
        secret: str | None = None,
        timestamp: str | None = None,
    ) -> tuple[int, bytes]:
        """POST `body` to the app, signed with `secret` (default: the right one) at `timestamp`
        (Unix seconds, default: now). Status and body of its answer."""
        headers = {"Content-Type": content_type}
        status, reply, _ = await self._http.post(body, headers, secret=secret, timestamp=timestamp)
        return status, reply

    async def verify_url(self) -> bool:
        """Ask the app to prove that the request URL is its own, as Slack does on saving it."""
        challenge = Ids.secret()
        body = {"token": "sandbox", "challenge": challenge, "type": "url_verification"}
        status, reply = await self.post_signed(
            json.dumps(body).encode(), content_type="application/json"
        )
        return status == 200 and challenge in reply.decode()

    async def ssl_check(self) -> int:
        """Slack's probe of a command's URL; the status of the answer."""
        status, _ = await self.post_signed(b"ssl_check=1&token=sandbox")
        return status
