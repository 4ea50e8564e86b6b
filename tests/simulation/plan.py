"""What happens in a simulation, drawn from its seed: who asks what, what else they do, what fails.

A plan can be made shorter: each of its parts can be left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from tests.simulation.world import LATEST, Fault, Kind, What

Door = Literal["command", "mention", "reply", "direct"]
Deed = Literal["stop", "retry", "drain", "kill"]
Outage = Literal["refuses", "is silent", "is full", "forgets scripts"]


@dataclass(frozen=True, slots=True)
class Question:
    """Asked at a moment, in seconds; a `reply` in the thread of question 1, which is a mention.
    `copies`: Slack delivers it once more."""

    number: int
    at: float
    door: Door
    copies: int = 0

    def __str__(self) -> str:
        twice = ", delivered twice" if self.copies else ""
        return f"{self.at:.1f} s: question {self.number} by {self.door}{twice}"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does: to the answer of a question, or to a replica."""

    deed: Deed
    at: float
    question: int = 1
    replica: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        what = self.replica or f"the answer of {self.question}"
        return f"{self.at:.1f} s: {self.deed} {what}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the store does for a while."""

    how: Outage
    at: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.at:.1f} s: the store {self.how} for {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Plan:
    """`faults` are made anew for each run: they count. `limit`: questions that the workspace may
    ask in a day; 0: any number. `lives`: seconds until a killed process is started again."""

    seed: int
    replicas: int
    lease: float
    at_once: int
    shuffle: float
    words: int
    pace: float
    limit: int
    questions: tuple[Question, ...]
    acts: tuple[Act, ...]
    troubles: tuple[Trouble, ...]
    faults: tuple[Fault, ...]
    lives: tuple[float, ...] = field(default=(1.0,))

    def lines(self) -> list[str]:
        """The plan in words."""
        head = f"{self.replicas} replicas, a lease of {self.lease:.0f} s, {self.at_once} at once"
        if self.limit:
            head += f", {self.limit} questions a day"
        return [head, *map(str, (*self.questions, *self.acts, *self.troubles, *self.faults))]

    def shorter(self) -> list[Plan]:
        """Each plan with one part less."""
        found = []
        for name in ("faults", "troubles", "acts", "questions"):
            parts = getattr(self, name)
            for place in range(len(parts)):
                left = parts[:place] + parts[place + 1 :]
                if name != "questions" or left:
                    found.append(replace(self, **{name: left}))
        return found


def plan_of(seed: int) -> Plan:
    """The plan of a seed."""
    draw = Random(f"plan {seed}")
    lease = draw.choice([3.0, 3.0, 3.0, 6.0, 15.0])
    replicas = draw.choice([1, 2, 2, 2, 3])
    questions = _questions(draw)
    few = len(questions) > 1 and draw.random() < 0.15
    return Plan(
        seed=seed,
        replicas=replicas,
        lease=lease,
        at_once=draw.choice([1, 2, 10, 10]),
        shuffle=draw.choice([0.0, 0.0, 0.3]),
        words=draw.choice([8, 12, 30]),
        pace=draw.choice([0.05, 0.2, 0.6]),
        limit=draw.randint(1, len(questions) - 1) if few else 0,
        questions=questions,
        acts=_acts(draw, questions, replicas) + _kills(Random(f"kill {seed}"), replicas),
        troubles=_troubles(draw, lease),
        faults=_faults(draw, lease),
        lives=tuple(draw.uniform(0.2, 2 * lease) for _ in range(4)),
    )


def _questions(draw: Random) -> tuple[Question, ...]:
    count = draw.choice([1, 1, 2, 2, 3])
    doors: list[Door] = ["command", "mention", "direct"]
    first: Door = draw.choice(doors)
    others: list[Door] = [*doors, "reply", "reply"] if first == "mention" else doors
    return tuple(
        Question(
            number,
            0.5 + (0.0 if number == 1 else draw.uniform(0.0, 4.0)),
            first if number == 1 else draw.choice(others),
            copies=int(draw.random() < 0.2),
        )
        for number in range(1, count + 1)
    )


def _acts(draw: Random, questions: tuple[Question, ...], replicas: int) -> tuple[Act, ...]:
    found = []
    if draw.random() < 0.15:
        found.append(Act("stop", draw.uniform(1.0, 5.0), draw.choice(questions).number))
    if draw.random() < 0.15:
        found.append(Act("retry", draw.uniform(3.0, 12.0), draw.choice(questions).number))
    if draw.random() < 0.15:
        name = draw.choice("abc"[:replicas])
        grace = draw.choice([0.0, 0.5, 5.0])
        found.append(Act("drain", draw.uniform(0.6, 6.0), replica=name, seconds=grace))
    return tuple(found)


def _kills(draw: Random, replicas: int) -> tuple[Act, ...]:
    """A process that is killed at whatever moment, and not at a call."""
    if draw.random() >= 0.1:
        return ()
    return (Act("kill", draw.uniform(0.5, 8.0), replica=draw.choice("abc"[:replicas])),)


def _troubles(draw: Random, lease: float) -> tuple[Trouble, ...]:
    if draw.random() >= 0.15:
        return ()
    ways: list[Outage] = ["refuses", "is silent", "is full", "forgets scripts"]
    seconds = draw.choice([draw.uniform(0.1, 2.0), draw.uniform(0.5, 2.0) * lease])
    return (Trouble(draw.choice(ways), draw.uniform(0.5, 6.0), seconds),)


_JOURNEY = (
    "take",
    "begin",
    "write",
    "write",
    "deliver",
    "finish",
    "edit_slot",
    "accept",
    "release",
)
_EARLY = (1, 1, 1, 2, 2, 3, 4, 6, 8, 12)
_WRITES = ("chat.postMessage", "chat.update", "chat.update", "chat.", "conversations.")


def _faults(draw: Random, lease: float) -> tuple[Fault, ...]:
    return tuple(_fault(draw, lease) for _ in range(draw.choice([0, 1, 1, 1, 2, 2, 3])))


def _fault(draw: Random, lease: float) -> Fault:
    kinds: list[Kind] = ["store", "store", "slack", "slack", "slack", "grok"]
    kind = draw.choice(kinds)
    if kind == "store":
        label = draw.choice(["", *_JOURNEY])
        number = draw.choice(_EARLY) if label else draw.randint(1, 60)
        whats: list[What] = [
            "kill before", "kill sent", "kill landed", "freeze", "lose", "slow", "slow reply",
        ]  # fmt: skip
    elif kind == "slack":
        label = draw.choice(_WRITES)
        number = draw.choice(_EARLY[:-2])
        whats = [
            "kill before", "kill sent", "kill sent", "kill landed", "freeze", "slow", "slow",
            "slow reply", "refuse", "lose", "limit",
        ]  # fmt: skip
    else:
        label = draw.choice(["ask", "read", "read"])
        number = draw.randint(1, 8 if label == "read" else 2)
        whats = ["kill before", "kill sent", "kill landed", "freeze", "lose", "slow"]
    what = draw.choice(whats)
    return Fault(what, kind, label, number, _seconds(draw, what, kind, lease))


def _seconds(draw: Random, what: What, kind: Kind, lease: float) -> float:
    if what == "freeze":
        return draw.uniform(0.3, 3.0) * lease
    if what == "limit":
        return draw.uniform(0.0, 5.0)
    if kind == "slack" and what in ("slow", "slow reply", "kill sent"):
        return draw.choice(
            [draw.uniform(0.0, 3.0), draw.uniform(3.0, 14.5), draw.uniform(14.5, LATEST)]
        )
    if what in ("slow", "slow reply", "kill sent"):
        return draw.uniform(0.0, 6.0)
    return 0.0
