"""The Bolt app: every way in, and a quiet 200 for what is not ours.

Bolt loses an ack when a listener raises within about 10 ms of it, acks events before their
listener runs, logs the bodies of requests that it does not know, and reads tokens from the
environment. So: listeners never raise, events are taken before they are acked, a request nobody
knows is answered here, and the installation found at start-up is handed in.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from attrs import frozen
from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics, tracing, words
from bot.acks import Reaction
from bot.admin.grok_key import KEY_FORM, GrokKeyForm
from bot.admin.setup import Setup
from bot.doors.buttons import Buttons
from bot.doors.command import GrokCommand
from bot.doors.forms import Forms
from bot.doors.home import Home
from bot.doors.messages import Conversing
from bot.doors.messages_tab import SUGGESTED_ACTIONS, MessagesTab
from bot.doors.mistyped import ASK_ANYWAY, TO_FORM, Mistyped
from bot.doors.sharing import SHARE, Sharing
from bot.doors.stopping import Deletions, Stopping
from bot.doors.voting import FEEDBACK_FORM, Voting
from bot.slack.blocks import BUTTONS, FEEDBACK
from bot.slack.inbound.bolt import not_now, not_understood
from bot.slack.inbound.incoming import Acks, BackgroundTasks, JsonObject, Malformed
from bot.slack.inbound.interactions import (
    Click,
    ContextChanged,
    GlobalShortcut,
    HomeOpened,
    MessageShortcut,
    ReactionEvent,
    SessionStopped,
    Submission,
    Suggestion,
)
from bot.slack.inbound.payloads import MessageEvent, Payload, SlashCommand
from bot.slack.installation import Installation
from bot.slack_limits import EVENT_RETRIES
from bot.views.form_view import ADVANCED_ID, CALLBACK_ID
from bot.views.home_view import MOST_PROMPTS, PROMPT_ACTION, SETUP_ACTION
from bot.views.setup_view import FORMS, PLACE_FORM

log = structlog.get_logger(__name__)

COMMAND = "/grok"
GLOBAL_SHORTCUT = "new_grok"
MESSAGE_SHORTCUT = "ask_grok"

PAYLOAD = "grok_payload"
RETRY = "grok_retry"

_NOT_READ = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What Bolt raises over a payload whose parts are of another kind than it takes for granted."""

_KINDS: Mapping[str, type[Payload]] = {
    "shortcut": GlobalShortcut,
    "message_action": MessageShortcut,
    "block_actions": Click,
    "view_submission": Submission,
    "block_suggestion": Suggestion,
}
_EVENTS: Mapping[str, type[Payload]] = {
    "message": MessageEvent,
    "app_mention": MessageEvent,
    "app_home_opened": HomeOpened,
    "app_context_changed": ContextChanged,
    "agent_session_stopped": SessionStopped,
    "reaction_added": ReactionEvent,
    "reaction_removed": ReactionEvent,
}

P = TypeVar("P", bound=Payload)

Listener = Callable[[P], Awaitable[Reaction]]
Ack = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listeners:
    """What handles each way in."""

    command: GrokCommand
    forms: Forms
    mistyped: Mistyped
    sharing: Sharing
    conversing: Conversing
    deletions: Deletions
    buttons: Buttons
    voting: Voting
    home: Home
    setup: Setup
    grok_key: GrokKeyForm
    messages_tab: MessagesTab
    stopping: Stopping


def build_slack_app(
    installation: Installation,
    client: AsyncWebClient,
    listeners: Listeners,
    tasks: BackgroundTasks,
    acks: Acks | None = None,
) -> AsyncApp:
    """The app that both transports dispatch to; signatures are verified before it. While too many
    of `acks` are overdue, questions are refused at once."""
    quiet = logging.getLogger("slack_bolt.grok")
    quiet.setLevel(logging.ERROR)

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=installation.enterprise_id,
            team_id=installation.team,
            bot_user_id=installation.bot_user,
            bot_id=installation.bot_id,
            bot_token=installation.bot_token.get_secret_value(),
        )

    app = AsyncApp(
        name="grok-bot",
        logger=quiet,
        client=client,
        authorize=authorize,
        request_verification_enabled=False,
        # Bolt would drop a deletion of the bot's own messages by a person with them.
        ignoring_self_events_enabled=False,
        raise_error_for_unhandled_request=True,
    )
    on_message = hearing_messages(listeners.conversing, listeners.deletions, installation.bot_user)
    _Connector(app, on_message, tasks, acks or Acks()).connect(listeners)
    app.error(_unhandled)
    return app


def hearing_messages(
    conversing: Conversing, deletions: Deletions, bot_user: str
) -> Listener[MessageEvent]:
    """What hears messages: those that are gone, and of the others what people say; the bot's own
    come as well."""

    async def on_message(event: MessageEvent) -> Reaction:
        if event.deletes:
            return await deletions.on_deletion(event)
        return await conversing.on_event(event) if event.by_person(bot_user) else Reaction()

    return on_message


async def answer(app: AsyncApp, body: JsonObject, retry: object = 0) -> BoltResponse:
    """What `app` says to `body`, which was parsed here; its listeners find the payload that it
    is in their context, as `PAYLOAD`, and as `RETRY` how often Slack has sent it before, which is
    what it says of `retry`. Raises `Malformed`.
    """
    payload = payload_of(body)
    try:
        context = {PAYLOAD: payload, RETRY: _count(retry)}
        # In this mode Bolt takes what was parsed; in the other it would parse the body again.
        request = AsyncBoltRequest(mode="socket_mode", body=body, context=context)
        with tracing.span(f"slack {type(payload).__name__}", retry=_count(retry)):
            return await app.async_dispatch(request)
    except _NOT_READ as error:
        raise Malformed(type(error).__name__) from None


def payload_of(body: Mapping[str, Any]) -> Payload | None:
    """What `body` is; None for a kind that the bot does not know. Raises `Malformed`."""
    kind = body.get("type", "")
    if not isinstance(kind, str):
        raise Malformed("a type that is no text")
    if kind == "event_callback":
        event = body.get("event")
        if not isinstance(event, Mapping) or not isinstance(event.get("type"), str):
            raise Malformed("an event without its type")
        return _read(_EVENTS.get(event["type"]), event)
    if "command" not in body:
        return _read(_KINDS.get(kind), body)
    if kind:
        raise Malformed("of two kinds at once")
    return _read(SlashCommand, body)


def _read(model: type[Payload] | None, body: Mapping[str, Any]) -> Payload | None:
    if model is None:
        return None
    try:
        return model.model_validate(body)
    except ValidationError as error:
        # What lies deeper may be named by whoever sent it.
        names = sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]})
        raise Malformed(f"{model.__name__}: {', '.join(names)}") from None


def _count(retry: object) -> int:
    said = str(retry)
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0


@frozen
class _Connector:
    """Joins payloads to listeners."""

    _app: AsyncApp
    _on_message: Listener[MessageEvent]
    _tasks: BackgroundTasks
    _acks: Acks

    def connect(self, listeners: Listeners) -> None:
        app, forms, buttons = self._app, listeners.forms, listeners.buttons
        app.command(COMMAND)(
            self._acking(
                SlashCommand,
                listeners.command,
                failed=words.LISTENER_FAILED,
                overdue=words.CROWDED,
            )
        )
        app.shortcut({"type": "shortcut", "callback_id": GLOBAL_SHORTCUT})(
            self._acking(GlobalShortcut, forms.on_global_shortcut)
        )
        app.shortcut({"type": "shortcut", "callback_id": SETUP_ACTION})(
            self._acking(GlobalShortcut, listeners.setup.on_wanted)
        )
        app.shortcut({"type": "message_action", "callback_id": MESSAGE_SHORTCUT})(
            self._acking(MessageShortcut, forms.on_message_shortcut)
        )
        clicks: dict[str, Listener[Click]] = {
            "stop": buttons.on_stop,
            "continue": buttons.on_continue,
            "retry": buttons.on_retry,
            "edit": buttons.on_edit,
            "details": buttons.on_details,
            ADVANCED_ID: forms.on_switch,
            SHARE: listeners.sharing.on_share,
            ASK_ANYWAY: listeners.mistyped.on_anyway,
            TO_FORM: listeners.mistyped.on_form,
            GLOBAL_SHORTCUT: forms.on_home_button,
            SETUP_ACTION: listeners.setup.on_wanted,
        }
        clicks |= dict.fromkeys(SUGGESTED_ACTIONS, listeners.messages_tab.on_suggested)
        prompts = [f"{PROMPT_ACTION}{number}" for number in range(MOST_PROMPTS)]
        clicks |= dict.fromkeys(prompts, forms.on_saved_prompt)
        clicks |= dict.fromkeys((FEEDBACK, *BUTTONS), listeners.voting.on_vote)
        for action_id, handler in clicks.items():
            app.action(action_id)(self._acking(Click, handler))
        app.view(CALLBACK_ID)(
            self._acking(
                Submission,
                forms.on_submit,
                failed=Reaction.marks({"prompt": words.LISTENER_FAILED}).ack,
                overdue=Reaction.marks({"prompt": words.CROWDED}).ack,
            )
        )
        app.view(FEEDBACK_FORM)(self._acking(Submission, listeners.voting.on_reason))
        app.view(KEY_FORM)(self._acking(Submission, listeners.grok_key.on_submit))
        for callback_id in (PLACE_FORM, *FORMS.values()):
            app.view(callback_id)(self._acking(Submission, listeners.setup.on_submit))
        app.options({"block_id": "model", "action_id": "value"})(
            self._acking(Suggestion, forms.on_suggestion, failed={"options": []})
        )

        async def on_opened(event: HomeOpened) -> Reaction:
            tab = listeners.home if event.tab == "home" else listeners.messages_tab
            return await tab.on_opened(event)

        self._hear(MessageEvent, self._on_message)
        self._hear(ReactionEvent, listeners.voting.on_reaction)
        self._hear(HomeOpened, on_opened)
        self._hear(ContextChanged, listeners.messages_tab.on_context)
        self._hear(SessionStopped, listeners.stopping.on_stopped)

    def _acking(
        self, model: type[P], handler: Listener[P], failed: Ack = "", overdue: Ack = ""
    ) -> Any:
        """A listener that acks with what `handler` says, or with `failed`; with `overdue`, where
        there is one, at once while too many acks are so late that this one would be."""

        async def on_payload(ack: AsyncAck, context: AsyncBoltContext) -> None:
            payload = context[PAYLOAD]
            if overdue and self._acks.overdue:
                metrics.ACKS_REFUSED.inc()
                await _send(ack, overdue)
                return
            reaction = Reaction(failed)
            if isinstance(payload, model):
                reaction = await _react(handler, payload) or reaction
            if reaction.again:
                ack.response = not_now()
            else:
                await _send(ack, reaction.ack)
            self._follow(reaction)

        return on_payload

    def _hear(self, model: type[P], handler: Listener[P]) -> None:
        """Take events of one kind before they are acked: an ack that came first would lose
        those that cannot be stored."""

        async def on_event(
            context: AsyncBoltContext,
            next: Callable[[], Awaitable[Any]],  # noqa: A002
        ) -> Any:
            event = context[PAYLOAD]
            if not isinstance(event, model):
                return await next()
            reaction = await _react(handler, event) or Reaction()
            if reaction.again and context[RETRY] >= EVENT_RETRIES:
                reaction = Reaction(then=reaction.at_last)
            self._follow(reaction)
            return not_now() if reaction.again else BoltResponse(status=200, body="")

        self._app.middleware(on_event)

    def _follow(self, reaction: Reaction) -> None:
        if reaction.then is not None:
            self._tasks.start(reaction.then)


async def _react(handler: Listener[P], payload: P) -> Reaction | None:
    """What `handler` makes of `payload`; None when that failed."""
    try:
        return await handler(payload)
    except Exception:
        log.exception("listener failed", payload=type(payload).__name__)
        return None


async def _send(ack: AsyncAck, said: Ack) -> None:
    if isinstance(said, str):
        await ack(said)
    else:
        await ack(**said)


async def _unhandled(error: Exception) -> BoltResponse:
    """What no listener is for; and what Bolt could not read, because ours raise nothing."""
    if isinstance(error, BoltUnhandledRequestError):
        log.debug("request not ours")
        return BoltResponse(status=200, body="")
    log.debug("Bolt failed", exc_info=error)
    return not_understood(Malformed(type(error).__name__))
