"""What was seen of one run, as plain data: by people in Slack, at Grok, and in the store.

Times are Unix times in seconds. A history can be checked long after its run, or made by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.plan import Fault, GrokFault

Outcome = Literal["accepted", "refused", "unknown"]
"""What Slack was told of a question: taken, certainly not taken, or nothing that tells."""


Span = tuple[float, float]
"""From and until, Unix time."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that somebody asked. With `again`, by the Retry button, where `name` is that of
    the first one. `thread` is the conversation that it belongs to, if it is part of one. `taken`:
    when Slack was told, if it was."""

    name: str
    at: float
    outcome: Outcome
    words: int
    grok: GrokFault = ""
    thread: str = ""
    again: bool = False
    taken: float | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A message as it stood from `at` on. `request` is the number of the request to Grok that its
    words came from, and `words` how many there are, behind so many of others as it `begins` with;
    both 0 when there are none. `mixed`: they are no part of one answer. `open`: it promises more,
    or can be stopped. `says`: there is a sentence in it that is neither."""

    at: float
    request: int = 0
    words: int = 0
    mixed: bool = False
    open: bool = False
    says: bool = False
    begins: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot that belongs to a job. `until` it was deleted, if it was; `by_person`:
    not by the bot. `name`: the question that it says it answers, where the store has forgotten the
    job."""

    job: str
    part: str
    at: float
    versions: tuple[Version, ...]
    until: float | None = None
    by_person: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Grok for a question: the `number`-th for it, from 1. `before` are the
    questions that were said earlier in what was sent. `billed` tokens, 0 when it was refused."""

    name: str
    number: int
    at: float
    before: tuple[str, ...] = ()
    billed: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """What the store holds of a job. `charges` are the sums of tokens that it may be charged; none
    when nobody can tell. `asked` times at most it paid for asking Grok."""

    id: str
    name: str
    state: str
    charges: tuple[int, ...]
    asked: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Death:
    """A bot that was killed or stood still from `at` on, with those jobs in hand."""

    at: float
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long something may last, in seconds: `twice` two messages side by side, or words that
    went back; `woken` the same where a bot stood still, and goes on with what it was at; `late`
    while a call may come late; `alone` until text moves again after one
    fault, `amid` after one among others. `stalled` is added to each: for so long the machine had no
    time for the run. `hushed`: that was so long that Grok, which is in the run, may have been given
    up for its silence."""

    twice: float = 1.0
    woken: float = 2.0
    late: float = 5.0
    alone: float = 6.0
    amid: float = 15.0
    stalled: float = 0.0
    hushed: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """One run, as one workspace saw it. `deleted` and `stopped` name questions whose answers people
    took away or stopped. `store_faults` is what does not add up in the store; `used` tokens it says
    were used in all, and `told` by `/grok usage`. `unfinished` says what was still under way at the
    end, `ended` which bots ended by themselves. `lost`: the seconds that the store forgot.
    `working`: the threads that say in the end that they are worked on. `removed`: the seconds in
    which the workspace did not have the app; what was asked before has no answer, and leaves
    nothing. `foreign`: what was asked in other workspaces."""

    askings: tuple[Asking, ...] = ()
    messages: tuple[Shown, ...] = ()
    requests: tuple[Request, ...] = ()
    jobs: tuple[Job, ...] = ()
    faults: tuple[tuple[float, Fault], ...] = ()
    deaths: tuple[Death, ...] = ()
    deleted: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    store_faults: tuple[str, ...] = ()
    used: int | None = None
    told: int | None = None
    unfinished: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    lost: tuple[Span, ...] = ()
    removed: tuple[Span, ...] = ()
    foreign: frozenset[str] = frozenset()
    working: tuple[str, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def names(self) -> Mapping[str, str]:
        """The question of each job."""
        return {job.id: job.name for job in self.jobs}
