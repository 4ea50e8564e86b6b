"""What happens in one run, by its seed: who asks what when, what goes wrong, who clicks where."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.crash_points import POINTS
from bot.settings import Streaming
from sandbox.workspace import ANA, BEN, ENGINEERING, GENERAL, RANDOM, dm_of

Door = Literal["command", "mention", "direct", "thread", "form", "shortcut"]
GrokFault = Literal["", "status", "busy", "cut", "error", "silent"]
Kind = Literal[
    "kill", "freeze", "terminate", "crash point", "kill in a slow call",
    "store kill", "store freeze", "store younger", "store flush scripts",
    "store full", "store read-only", "store replica",
    "slack slow", "slack storm", "slack loses replies", "slack 500 after carrying out",
    "slack limits", "sockets cut",
    "stop", "retry", "delete answer", "delete question", "uninstall",
]  # fmt: skip

PEOPLE = (ANA, BEN)
CHANNELS = (GENERAL, ENGINEERING, RANDOM)
QUESTIONS = (5, 9)
FAULTS = (1, 5)
ASKING_SECONDS = 2.5
"""All questions are asked within this."""
QUESTIONS_EACH = (2, 6)
"""In each workspace, where there are several."""
AGENTS = 3
"""Of so many seeds one has an app that is an agent."""
FAULT_SECONDS = 3.5
"""All that goes wrong begins within this."""

_PROCESS: tuple[Kind, ...] = (
    *("kill", "freeze", "terminate", "crash point", "crash point", "kill in a slow call"),
)
_STORE: tuple[Kind, ...] = (
    *("store kill", "store freeze", "store younger", "store flush scripts"),
    *("store full", "store read-only", "store replica"),
)
_SLACK: tuple[Kind, ...] = (
    *("slack slow", "slack storm", "slack loses replies", "slack 500 after carrying out"),
    *("slack limits", "sockets cut"),
)
CLICKS: tuple[Kind, ...] = ("stop", "retry", "delete answer", "delete question")
_ADMINS: tuple[Kind, ...] = ("uninstall",)
"""What happens to one of several workspaces alone."""
KINDS: tuple[Kind, ...] = tuple(dict.fromkeys((*_PROCESS, *_STORE, *_SLACK, *CLICKS)))
KINDS_OF_SEVERAL: tuple[Kind, ...] = (*KINDS, *_ADMINS)
_SLOWED = ("chat.update", "chat.postMessage", "chat.delete", "*")
_NOT_FOR_KILLING = ("prune", "policy_change", "probe", "drop", "views.publish")


@dataclass(frozen=True, slots=True)
class Question:
    """Asked `at` so many seconds after the beginning. Its answer has so many `words`, at `speed`
    words a second, once Grok has failed as `grok` says. `follows`: the question in whose thread it
    is asked. `team`: in which workspace, from 0."""

    name: str
    at: float
    door: Door
    user: str
    channel: str
    words: int
    speed: float
    grok: GrokFault = ""
    follows: str = ""
    team: int = 0

    def __str__(self) -> str:
        more = f", Grok: {self.grok}" if self.grok else ""
        more += f", workspace {self.team}" if self.team else ""
        where = f" after {self.follows}" if self.follows else ""
        return f"{self.at:5.2f} s  {self.name} by {self.door}{where}, {self.words} words{more}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Begins `at` so many seconds, and lasts `seconds`. `bot` is the number of a process, `detail`
    what else there is to know: a crash point with its passing, or a method of Slack. What people
    do is done to the answer of `question`. `team`: the workspace that it happens to."""

    kind: Kind
    at: float
    seconds: float = 0.0
    bot: int = 0
    detail: str = ""
    question: str = ""
    team: int = 0

    @property
    def shown(self) -> str:
        """What it is, without its time."""
        team = f"in workspace {self.team}" if self.team else ""
        parts = [self.kind, self.detail, self.question, team]
        return " ".join(part for part in parts if part)

    def __str__(self) -> str:
        lasts = f" for {self.seconds:.2f} s" if self.seconds else ""
        of_bot = f" (bot {self.bot})" if self.kind in _PROCESS else ""
        return f"{self.at:5.2f} s  {self.shown}{of_bot}{lasts}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. The same for the same seed."""

    seed: int
    replicas: int
    streaming: Streaming
    questions: tuple[Question, ...]
    faults: tuple[Fault, ...]
    agent: bool = False
    """Whether people meet the app as an agent."""
    teams: int = 1
    """So many workspaces have installed it; one has it by its token."""

    def only(self, faults: Collection[Fault]) -> Plan:
        """The same with some of its faults."""
        return replace(self, faults=tuple(each for each in self.faults if each in faults))

    def __str__(self) -> str:
        lines = sorted([*map(str, self.questions), *map(str, self.faults)])
        app = ", an agent" if self.agent else ""
        where = f" for {self.teams} workspaces" if self.teams > 1 else ""
        head = f"seed {self.seed}: {self.replicas} bots{where}, streaming {self.streaming}{app}"
        return "\n".join([head, *lines])


def plan(seed: int, focus: Sequence[str] = (), teams: int = 1) -> Plan:
    """The run of this seed; with a `focus` all that goes wrong is of those kinds, each of them
    with its detail behind a slash, where that matters: `slack slow/chat.update`. In so many
    `teams`."""
    if teams > 1:
        return _plan_of_several(seed, focus, teams)
    chance = random.Random(f"chaos/{seed}")
    replicas = chance.choice((2, 2, 3))
    questions = _questions(chance, chance.randint(*QUESTIONS))
    if focus:
        found = [_focused(chance, replicas, questions, each) for each in (*focus, *focus)]
    else:
        found = [_fault(chance, replicas, questions) for _ in range(chance.randint(*FAULTS))]
    faults = tuple(sorted(found, key=lambda fault: fault.at))
    drawn = chance.random()
    streaming: Streaming = "native" if drawn < 0.3 else "auto" if drawn < 0.6 else "edit"
    return Plan(seed, replicas, streaming, questions, faults, agent=seed % AGENTS == 0)


def _plan_of_several(seed: int, focus: Sequence[str], teams: int) -> Plan:
    """One in which each workspace has questions of its own, by the same people in the same
    channels; what goes wrong is of `focus`, or of everything, also that one removes the app."""
    chance = random.Random(f"chaos of several/{seed}")
    one = plan(seed, focus)
    questions: list[Question] = []
    for team in range(teams):
        asked = _questions(chance, chance.randint(*QUESTIONS_EACH), first=len(questions))
        questions += [replace(each, team=team) for each in asked]
    kinds: list[Kind] = [fault.kind for fault in one.faults]
    if not focus and chance.random() < 0.3:
        kinds.append("uninstall")
    faults = []
    for kind in kinds:
        fault = _of_kind(chance, one.replicas, tuple(questions), kind)
        team = next(
            (each.team for each in questions if each.name == fault.question),
            chance.randrange(teams),
        )
        detail = next((each.detail for each in one.faults if each.kind == kind), "")
        faults.append(replace(fault, team=team, detail=detail if focus else fault.detail))
    ordered = tuple(sorted(faults, key=lambda fault: fault.at))
    asked = tuple(sorted(questions, key=lambda each: each.at))
    return replace(one, questions=asked, faults=ordered, teams=teams)


def _questions(chance: random.Random, count: int, *, first: int = 0) -> tuple[Question, ...]:
    found: list[Question] = []
    for number in range(first, first + count):
        at = chance.uniform(0.0, ASKING_SECONDS)
        door: Door = chance.choice(
            ("command", "mention", "mention", "direct", "thread", "thread", "form", "shortcut")
        )
        user = chance.choice(PEOPLE)
        roots = [each for each in found if each.door == "mention"]
        follows = ""
        channel = chance.choice(CHANNELS)
        if door == "direct":
            channel = dm_of(user)
        elif door == "thread" and roots:
            root = chance.choice(roots)
            follows, channel, at = root.name, root.channel, max(at, root.at + 0.1)
        elif door == "thread":
            door = "mention"
        grok: GrokFault = ""
        if chance.random() < 0.2:
            grok = chance.choice(("status", "busy", "cut", "error", "silent"))
        words, speed = chance.randint(8, 50), chance.choice((20.0, 30.0, 60.0))
        found.append(Question(f"q{number}", at, door, user, channel, words, speed, grok, follows))
    return tuple(sorted(found, key=lambda each: each.at))


def _fault(chance: random.Random, replicas: int, questions: tuple[Question, ...]) -> Fault:
    kind: Kind = chance.choice(chance.choice((_PROCESS, _PROCESS, _STORE, _SLACK, CLICKS)))
    return _of_kind(chance, replicas, questions, kind)


def _focused(
    chance: random.Random, replicas: int, questions: tuple[Question, ...], wanted: str
) -> Fault:
    name, _, detail = wanted.partition("/")
    kind: Kind = next(each for each in KINDS_OF_SEVERAL if each == name)
    fault = _of_kind(chance, replicas, questions, kind)
    early = fault.at / 3 if kind == "crash point" else fault.at
    return replace(fault, at=round(early, 2), detail=detail or fault.detail)


def _of_kind(
    chance: random.Random, replicas: int, questions: tuple[Question, ...], kind: Kind
) -> Fault:
    at, bot = chance.uniform(0.2, FAULT_SECONDS), chance.randrange(replicas)
    seconds, detail, question = chance.uniform(0.3, 2.5), "", ""
    if kind == "crash point":
        points = [
            each
            for each in sorted(POINTS)
            if not each.partition(":")[2].startswith(_NOT_FOR_KILLING)
        ]
        act = chance.choice(("kill", "kill", "freeze"))
        detail = f"{chance.choice(points)}={act}@{chance.choice((1, 1, 2, 5))}"
        seconds = chance.uniform(0.5, 3.0)
    elif kind == "freeze":
        seconds = chance.uniform(0.3, 4.0)
    elif kind == "store flush scripts":
        seconds = 0.0
    elif kind == "kill in a slow call":
        detail = chance.choice(("chat.update", "chat.postMessage"))
    elif kind.startswith("slack"):
        detail = chance.choice(_SLOWED)
    elif kind in CLICKS:
        question = chance.choice(questions).name
        at, seconds = chance.uniform(0.5, FAULT_SECONDS), 0.0
    return Fault(kind, round(at, 2), round(seconds, 2), bot, detail, question)
