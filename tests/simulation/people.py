"""What people do in a simulation, and what they were told at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sandbox.workspace import ANA, BEN, BOT_USER, GENERAL, Message
from sandbox.workspace.acting.people import NotAllowedError
from sandbox.workspace.state import dm_of
from tests.simulation.plan import Deed, Question
from tests.simulation.slack import SimSlack
from tests.simulation.world import World

PATIENCE = 60.0
"""Seconds for which somebody looks for a button."""


@dataclass(frozen=True, slots=True)
class Clicked:
    """A click, acked at a moment."""

    deed: Deed
    question: int
    at: float


@dataclass(slots=True)
class People:
    """`said`: the message that asked a question; `acked`: what commands were answered at once."""

    world: World
    slack: SimSlack
    said: dict[int, Message] = field(default_factory=dict)
    acked: dict[int, str] = field(default_factory=dict)
    clicked: list[Clicked] = field(default_factory=list)
    """What was clicked and acked."""

    async def ask(self, question: Question) -> None:
        await asyncio.sleep(question.at)
        while not self.slack.connected:
            await asyncio.sleep(0.5)
        self.world.note("ana", f"asks question {question.number} by {question.door}")
        self.slack.copies += question.copies
        text = f"question-{question.number} what is it?"
        workspace = self.slack.workspace
        match question.door:
            case "command":
                result = await workspace.command(ANA, GENERAL, f"/grok {text}")
                told = str(result.ack_body.get("text") or "")
                self.acked[question.number] = result.error or told or "taken"
                self.world.note("Slack", f"tells ana: {self.acked[question.number]}")
            case "mention":
                self.said[question.number] = await workspace.say(
                    ANA, GENERAL, f"<@{BOT_USER}> {text}"
                )
            case "reply":
                root = self.said[1].ts if 1 in self.said else None
                self.said[question.number] = await workspace.say(
                    BEN, GENERAL, f"<@{BOT_USER}> {text}", root
                )
            case "direct":
                self.said[question.number] = await workspace.say(ANA, dm_of(ANA), text)

    async def click(self, deed: Deed, question: int) -> None:
        """Press a button of the answer, as soon as it is there."""
        for _ in range(int(PATIENCE)):
            message = self._with_button(deed, question)
            if message is not None and self.slack.connected:
                break
            await asyncio.sleep(1.0)
        else:
            return
        self.world.note("ana", f"clicks {deed}")
        try:
            result = await self.slack.workspace.click(ANA, message.channel, message.ts, deed)
        except NotAllowedError:
            return
        if result.error is None:
            self.clicked.append(Clicked(deed, question, self.world.loop.time()))

    def _with_button(self, deed: Deed, question: int) -> Message | None:
        for channel in (GENERAL, dm_of(ANA)):
            for message in self.slack.workspace.state.timeline(channel):
                shows = f"question-{question} " in message.shown or (
                    question in self.said and _answers(message, self.said[question], self.slack)
                )
                if message.user == BOT_USER and shows and _has(message, deed):
                    return message
        return None


def _answers(message: Message, asked: Message, slack: SimSlack) -> bool:
    """Whether it is about the first question of the thread: whose else, nobody can see."""
    return message.thread_ts == asked.ts


def _has(message: Message, action_id: str) -> bool:
    return any(
        element.get("action_id") == action_id
        for block in message.blocks
        for element in block.get("elements") or ()
    )
