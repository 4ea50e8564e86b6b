"""The loads of the table: who asks when and where, and what must be reached."""

from __future__ import annotations

from dataclasses import dataclass

TOKENS = 600
TOKENS_PER_SECOND = 50.0
FIRST_TOKEN_SECONDS = 0.5
"""From asking Grok to its first token."""

EDITS_PER_MINUTE = 50
LATENCY = 0.15
"""Of a call of Slack's Web API, half of it before the call takes effect."""

FIRST_BAR = LATENCY + 0.1
"""One round trip and 0.1 s."""

ANSWER_SECONDS = TOKENS / TOKENS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Question:
    """Asked `at` seconds after the start, in channel number `channel`."""

    at: float
    channel: int


@dataclass(frozen=True, slots=True)
class Bars:
    """What must be reached, in seconds. The lag is held to `lag`, or to `ratio` times the bound.
    `final` is the 95th percentile of Grok's end to the final text visible, `first` that of its
    first token to the first text visible (None: the budget is exhausted)."""

    final: float
    lag: float | None = None
    ratio: float | None = None
    first: float | None = FIRST_BAR


@dataclass(frozen=True, slots=True)
class Row:
    """One load. `judged` of its answers, the last ones, are measured (None: all); `longest` is
    when measuring stops, in seconds after the start."""

    name: str
    title: str
    questions: tuple[Question, ...]
    bars: Bars
    replicas: int = 1
    judged: int | None = None
    longest: float = 240.0

    @property
    def channels(self) -> int:
        """How many channels it takes."""
        return max(question.channel for question in self.questions) + 1

    @property
    def at_once(self) -> int:
        """Most answers that stream at the same time, if each is asked for at once."""
        starts = [question.at for question in self.questions]
        return max(
            sum(start - ANSWER_SECONDS < other <= start for other in starts) for start in starts
        )

    @property
    def streams(self) -> float:
        """For how many seconds from the start Grok sends, if nobody holds it up."""
        return self.questions[-1].at + FIRST_TOKEN_SECONDS + ANSWER_SECONDS + 1


def _burst(count: int, seconds: float, channels: int) -> tuple[Question, ...]:
    return tuple(Question(n * seconds / count, n % channels) for n in range(count))


_AFTER = 4.75 + FIRST_TOKEN_SECONDS + LATENCY + ANSWER_SECONDS + 5.0
"""5 s after Grok has ended the last answer of the burst of 20."""

ROWS = (
    Row("1", "one answer alone", _burst(1, 1, 1), Bars(lag=0.3, final=0.5), longest=120),
    Row("5", "5 within 2 s, 5 channels", _burst(5, 2, 5), Bars(ratio=1.35, final=1.0)),
    Row(
        "20",
        "20 within 5 s, 20 channels",
        _burst(20, 5, 20),
        Bars(ratio=1.45, final=2.0, first=5.0),
    ),
    Row(
        "100",
        "100 within 10 s, 40 channels, 4 replicas",
        _burst(100, 10, 40),
        Bars(ratio=1.15, final=6.0, first=None),
        replicas=4,
    ),
    Row(
        "steady",
        "30 a minute for 3 minutes, 10 channels, 2 replicas",
        _burst(90, 180, 10),
        Bars(ratio=1.3, final=2.0, first=None),
        replicas=2,
        longest=300,
    ),
    Row(
        "after",
        "one answer, 5 s after the burst of 20 has ended",
        (*_burst(20, 5, 20), Question(_AFTER, 20)),
        Bars(lag=1.0, final=0.5),
        judged=1,
    ),
)
