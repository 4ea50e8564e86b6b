"""What people do in a run, and what Slack was told of each of their questions."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field

from bot import words
from bot.slack_limits import EVENT_RETRIES
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BOT_USER, Delivery, Message, NotAllowedError, Workspace
from sandbox.workspace.blocks.texts import texts_of
from tests.chaos.history import Asking, Outcome
from tests.chaos.plan import Fault, GrokFault, Question
from tests.e2e.stage import buttons, fields, markdown

MOST_REQUESTS = 12
"""So often is Grok asked a question, with all that may go wrong."""
FORM_SECONDS = 4.0
ROOT_SECONDS = 8.0
PREFIX = "case-"
_CASE = re.compile(re.escape(PREFIX) + r"(q\d+)")


def request_text(name: str, number: int, words_: int) -> list[str]:
    """The words of an answer: each tells whose it is, and of which request."""
    return [f"{name}r{number}w{word} " for word in range(words_)]


@dataclass(slots=True)
class Asked:
    """A question, and the message that it was asked by, if it was."""

    question: Question
    at: float = 0.0
    taken: float | None = None
    outcome: Outcome | None = None
    message: Message | None = None
    retries: list[Asking] = field(default_factory=list)


class People:
    """Ask, click and delete."""

    def __init__(self, workspace: Workspace, grok: GrokServer) -> None:
        self._workspace = workspace
        self._grok = grok
        self.asked: dict[str, Asked] = {}
        self._form = asyncio.Lock()
        self.stopped: set[str] = set()
        self.deleted: set[str] = set()
        self.taken_away: set[tuple[str, str]] = set()

    async def ask(self, question: Question) -> None:
        """Ask by the door of the question; returns when Slack is done with it."""
        for script in scripts(question):
            self._grok.script(script)
        self.asked[question.name] = asked = Asked(question)
        text, user, channel = (
            f"Tell me of {PREFIX}{question.name} now",
            question.user,
            question.channel,
        )
        asked.at = time.time()
        match question.door:
            case "command":
                result = await self._workspace.command(user, channel, f"/grok {text}")
                asked.taken = time.time()
                told = str(result.ack_body.get("text") or "")
                asked.outcome = "unknown" if result.error else _outcome(told)
            case "mention":
                asked.message = await self._workspace.say(user, channel, f"@grok {text}")
            case "direct":
                asked.message = await self._workspace.say(user, channel, text)
            case "thread":
                await self._in_thread(asked, f"@grok {text}")
            case "form" | "shortcut":
                del self.asked[question.name]
                async with self._form:
                    await self._by_form(asked, text)

    async def _in_thread(self, asked: Asked, text: str) -> None:
        root = self.asked.get(asked.question.follows)
        if root is None or root.message is None:
            del self.asked[asked.question.name]
            return
        question = asked.question
        asked.at = time.time()
        try:
            asked.message = await self._workspace.say(
                question.user, question.channel, text, root.message.ts
            )
        except NotAllowedError:  # somebody has deleted the thread meanwhile
            del self.asked[question.name]

    async def _by_form(self, asked: Asked, text: str) -> None:
        """Where the form does not open or is not filled in time, nothing is asked."""
        question, workspace = asked.question, self._workspace
        known = {view.id for view in workspace.state.views.values()}
        if question.door == "form":
            await workspace.command(question.user, question.channel, "/grok")
        else:
            await workspace.shortcut(question.user, "new_grok", viewing=question.channel)
        try:
            view = await workspace.wait_for(
                lambda: next(
                    (
                        view
                        for view in workspace.state.views.values()
                        if view.id not in known
                        and view.user == question.user
                        and not view.closed
                        and "prompt" in fields(view)
                    ),
                    None,
                ),
                FORM_SECONDS,
            )
            asked.at = time.time()
            self.asked[question.name] = asked
            result = await workspace.submit(question.user, view.id, {"prompt": text})
        except (TimeoutError, NotAllowedError, KeyError):
            if self.asked.pop(question.name, None):
                asked.outcome = None
            return
        asked.taken = time.time()
        if result.error:
            asked.outcome = "unknown"
        elif view.closed:
            asked.outcome = "accepted"
        else:
            asked.outcome = _outcome(f"{result.errors or texts_of(view.content)}")

    async def act(self, fault: Fault) -> None:
        """Do what a person does to an answer, if it can be done."""
        asked = self.asked.get(fault.question)
        if asked is None:
            return
        try:
            match fault.kind:
                case "stop":
                    await self._stop(asked)
                case "retry":
                    await self._retry(asked)
                case "delete answer":
                    await self._delete(asked, self.answers(fault.question)[-1:])
                case "delete question":
                    await self._delete(asked, [asked.message] if asked.message else [])
        except (NotAllowedError, KeyError):
            return

    def answers(self, name: str) -> list[Message]:
        """What stands of the answers to a question, by what is in them."""
        asked = self.asked[name]
        timeline = self._workspace.state.timelines[asked.question.channel].values()
        return [
            message
            for message in timeline
            if message.user == BOT_USER
            and not message.deleted
            and (f"{name}r" in markdown(message) or f"{PREFIX}{name} " in str(message.blocks))
        ]

    async def _stop(self, asked: Asked) -> None:
        """By the button; by Slack's own Stop where a question has a thread of its own that is
        worked on."""
        root = asked.message if asked.question.door == "direct" else None
        session = self._workspace.session(root.channel, root.ts) if root else None
        if root and session and session.status == "processing":
            self.stopped.add(asked.question.name)
            await self._workspace.press_stop(asked.question.user, root.channel, root.ts)
            return
        for message in self.answers(asked.question.name)[-1:]:
            if "stop" in buttons(message):
                self.stopped.add(asked.question.name)
                await self._workspace.click(
                    asked.question.user, message.channel, message.ts, "stop"
                )

    async def _retry(self, asked: Asked) -> None:
        question = asked.question
        for message in self.answers(question.name)[-1:]:
            if "retry" in buttons(message):
                at = time.time()
                result = await self._workspace.click(
                    question.user, message.channel, message.ts, "retry"
                )
                outcome: Outcome = "unknown" if result.error else "accepted"
                asked.retries.append(
                    Asking(question.name, at, outcome, question.words, question.grok, again=True)
                )

    async def _delete(self, asked: Asked, messages: list[Message]) -> None:
        for message in messages:
            by = message.user if message.user != BOT_USER else ANA
            await self._workspace.delete(by, message.channel, message.ts)
            self.deleted.add(asked.question.name)
            self.taken_away.add((message.channel, message.ts))

    async def heard(self, seconds: float) -> bool:
        """Wait until Slack has delivered every event, or given up; whether that came in time."""
        try:
            await self._workspace.wait_for(lambda: not self._undelivered(), seconds)
        except TimeoutError:
            return False
        return True

    def _undelivered(self) -> set[str]:
        """The ids of events that Slack will still deliver."""
        last = {
            each.payload["event_id"]: each
            for each in self._workspace.deliveries
            if each.kind == "events_api"
        }
        return {
            event
            for event, each in last.items()
            if not each.done or not (each.acked or each.no_retry or each.retry >= EVENT_RETRIES)
        }

    def askings(self) -> list[Asking]:
        """What was asked, and what came of each."""
        found = []
        for asked in self.asked.values():
            question = asked.question
            outcome = asked.outcome or self._outcome_of(asked)
            acked = [each.at + (each.delay or 0.0) for each in self._acked(asked)]
            in_thread = question.door in ("mention", "thread")
            found.append(
                Asking(
                    question.name,
                    asked.at,
                    outcome,
                    question.words,
                    question.grok,
                    thread=(question.follows or question.name) if in_thread else "",
                    taken=min(acked, default=asked.taken),
                )
            )
            found += asked.retries
        return found

    def _outcome_of(self, asked: Asked) -> Outcome:
        """What became of a message: taken where an event of it was acked before the last one."""
        acked = self._acked(asked)
        return "accepted" if any(each.retry < EVENT_RETRIES for each in acked) else "unknown"

    def _acked(self, asked: Asked) -> list[Delivery]:
        """The deliveries of its message that the bot has acked."""
        if asked.message is None:
            return []
        return [
            each
            for each in self._workspace.deliveries
            if each.kind == "events_api"
            and each.payload["event"].get("ts") == asked.message.ts
            and each.payload["event"].get("channel") == asked.message.channel
            and each.payload["event"].get("subtype") is None
            and each.acked
        ]


def _outcome(told: str) -> Outcome:
    if words.NOT_TAKEN in told:
        return "refused"
    return "unknown" if told else "accepted"


def scripts(question: Question) -> list[Script]:
    """What Grok does with each request for a question, in order."""

    def asked(body: object) -> bool:
        return last_asked(body) == question.name

    found = []
    for number in range(1, 1 + MOST_REQUESTS):
        pieces = request_text(question.name, number, question.words)
        faults = _fault(question.grok, len(pieces)) if number == 1 else {}
        found.append(
            Script(
                pieces=pieces,
                speed=question.speed,
                when=lambda recorded: asked(recorded.body),
                **faults,  # type: ignore[arg-type]
            )
        )
    return found


def _fault(grok: GrokFault, pieces: int) -> dict[str, object]:
    match grok:
        case "status":
            return {"status": 500, "body": {"error": "internal"}}
        case "busy":
            return {"status": 429, "body": {"error": "busy"}, "headers": {"Retry-After": "1"}}
        case "cut":
            return {"cut_after": pieces // 2}
        case "error":
            return {"error": {"error": "internal"}, "error_after": pieces // 2}
        case "silent":
            return {"stall_after": pieces // 2, "release": _released_after(4.0)}
        case _:
            return {}


def _released_after(seconds: float) -> asyncio.Event:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, event.set)
    return event


def last_asked(body: object) -> str:
    """The question that a request to Grok is for."""
    names = all_asked(body)
    return names[-1] if names else ""


def all_asked(body: object) -> list[str]:
    """The questions in a request to Grok, in order; in several prompts or messages."""
    if not isinstance(body, dict):
        return []
    said = body.get("messages") or body.get("input") or body.get("prompt") or ()
    return _CASE.findall(str(said))
