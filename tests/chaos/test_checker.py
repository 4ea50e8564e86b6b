"""The checker finds each thing that must not be, in histories that are made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.checker import recoveries, violations
from tests.chaos.history import Asking, Bounds, Death, History, Job, Request, Shown, Version
from tests.chaos.plan import Fault

WORDS = 10


def growing(request: int = 1, at: float = 1.0, words: int = WORDS) -> tuple[Version, ...]:
    return (
        Version(at, open=True),
        Version(at + 1, request, words // 2, open=True),
        Version(at + 2, request, words, says=True),
    )


def sound() -> History:
    """Two questions of one thread, each answered; nothing went wrong."""
    return History(
        askings=(
            Asking("q0", 0.0, "accepted", WORDS, thread="q0", taken=0.1),
            Asking("q1", 5.0, "accepted", WORDS, thread="q0", taken=5.1),
        ),
        messages=(
            Shown("a", "0", 1.0, growing()),
            Shown("b", "0", 6.0, growing(at=6.0)),
        ),
        requests=(Request("q0", 1, 0.5, (), 1), Request("q1", 1, 5.5, ("q0",), 1)),
        jobs=(
            Job("a", "q0", "done", (20,), 1, whole=True),
            Job("b", "q1", "done", (30,), 1, whole=True),
        ),
        used=50,
        told=50,
    )


def _message(history: History, number: int, **values: object) -> History:
    found = list(history.messages)
    found[number] = replace(found[number], **values)  # type: ignore[arg-type]
    return replace(history, messages=tuple(found))


def _ends_in(history: History, *versions: Version) -> History:
    return _message(history, 0, versions=(*history.messages[0].versions, *versions))


def _asking(history: History, number: int, **values: object) -> History:
    found = list(history.askings)
    found[number] = replace(found[number], **values)  # type: ignore[arg-type]
    return replace(history, askings=tuple(found))


def _job(history: History, **values: object) -> History:
    changed = replace(history.jobs[0], **values)  # type: ignore[arg-type]
    return replace(history, jobs=(changed, *history.jobs[1:]))


def _request(history: History, number: int, **values: object) -> History:
    found = list(history.requests)
    found[number] = replace(found[number], **values)  # type: ignore[arg-type]
    return replace(history, requests=tuple(found))


def _twice(history: History, seconds: float) -> History:
    second = Shown("a", "0", 2.0, growing(at=2.0), until=2.0 + seconds)
    return replace(history, messages=(*history.messages, second))


def _in_two(history: History, begins: int) -> History:
    """The first answer goes on in another message, behind four words."""
    first = _message(history, 0, versions=(Version(2.0, 1, 4),))
    more = Version(3.0, 1, WORDS - begins, says=True, begins=begins)
    return replace(first, messages=(*first.messages, Shown("a", "1", 3.0, (more,))))


def _died(history: History, faults: int, at: float = 1.5) -> History:
    return replace(
        history,
        deaths=(Death(at, ("a",)),),
        faults=tuple((at, Fault("kill", at)) for _ in range(faults)),
        bounds=Bounds(alone=1.0, amid=1.2),
    )


WRONG: dict[str, tuple[Callable[[History], History], str]] = {
    "no answer": (lambda h: replace(h, messages=h.messages[:1]), "one answer: q1"),
    "taken back": (lambda h: _message(h, 1, until=9.0), "one answer: q1"),
    "two answers": (
        lambda h: replace(
            h,
            messages=(*h.messages, Shown("c", "0", 3.0, growing(at=3.0))),
            jobs=(*h.jobs, Job("c", "q0", "done", (0,), 1, whole=True)),
        ),
        "one answer: q0",
    ),
    "nobody asked": (
        lambda h: replace(h, messages=(*h.messages, Shown("x", "0", 3.0, growing(at=3.0)))),
        "one answer: a message of job x",
    ),
    "two for ever": (
        lambda h: replace(h, messages=(*h.messages, Shown("a", "0", 3.0, growing(at=3.0)))),
        "two at a time",
    ),
    "two for 3 s": (lambda h: _twice(h, 3.0), "two at a time"),
    "fewer words at the end": (lambda h: _ends_in(h, Version(4.0, 1, 3, says=True)), "backwards"),
    "fewer words for a while": (
        lambda h: _ends_in(h, Version(4.0, 1, 3, open=True), Version(7.0, 1, WORDS, says=True)),
        "backwards",
    ),
    "an earlier answer": (lambda h: _message(h, 0, versions=growing(2) + growing(1, 4.0)), "back"),
    "mixed": (lambda h: _ends_in(h, Version(4.0, 1, WORDS, mixed=True, says=True)), "backwards"),
    "for ever writing": (lambda h: _ends_in(h, Version(4.0, 1, WORDS, open=True)), "unfinished"),
    "empty": (lambda h: _message(h, 0, versions=(Version(1.0),)), "unfinished"),
    "left working": (lambda h: replace(h, working=("C1:1.0",)), "session: thread C1:1.0"),
    "still queued": (lambda h: replace(h, unfinished=("job a is queued",)), "unfinished"),
    "a bot ended": (lambda h: replace(h, ended=("bot 1 with status 1",)), "ended"),
    "cut for no reason": (lambda h: _message(h, 0, versions=growing(words=4)), "whole: q0"),
    "lost between two messages": (lambda h: _in_two(h, 5), "whole: q0 goes on with word 5"),
    "said by two messages": (lambda h: _in_two(h, 3), "whole: q0 goes on with word 3"),
    "cut without a word": (
        lambda h: replace(
            _message(h, 0, versions=(Version(2.0, 1, 4),)), stopped=frozenset({"q0"})
        ),
        "whole: q0",
    ),
    "still reserved": (lambda h: replace(h, store_faults=("5 tokens are reserved",)), "quotas"),
    "charged twice": (lambda h: replace(h, used=70, told=70), "quotas: 70"),
    "charged never": (lambda h: replace(h, used=30, told=30), "quotas: 30"),
    "told otherwise": (lambda h: replace(h, told=49), "quotas: 49"),
    "asked unpaid": (
        lambda h: replace(h, requests=(*h.requests, Request("q0", 2, 2.0, (), 1))),
        "quotas: Grok answered q0",
    ),
    "asked for nothing": (
        lambda h: _job(replace(h, requests=(*h.requests, Request("q0", 2, 2.0, (), 1))), asked=2),
        "asked again: q0",
    ),
    "the later one first": (
        lambda h: replace(
            h, requests=(Request("q1", 1, 0.2, ("q0",), 1), Request("q0", 1, 0.5, (), 1))
        ),
        "order: q1",
    ),
    "without what was said": (
        lambda h: replace(h, requests=(h.requests[0], Request("q1", 1, 5.5, (), 1))),
        "order: q1",
    ),
    "asked with what was said in another workspace": (
        lambda h: replace(
            _request(h, 1, before=("q0", "q7")),
            foreign=frozenset({"q7"}),
        ),
        "apart: q1",
    ),
    "another workspace's answer": (
        lambda h: replace(_message(h, 0, name="q7"), foreign=frozenset({"q7"})),
        "apart: q0",
    ),
    "answered after the app was removed": (
        lambda h: replace(h, removed=((0.5, 0.8),)),
        "removed: q0",
    ),
    "not answered once it is installed again": (
        lambda h: replace(h, messages=(), removed=((1.0, 4.0),)),
        "one answer: q1",
    ),
    "refused and run": (lambda h: _asking(h, 1, outcome="refused"), "refused: q1"),
    "late after one fault": (lambda h: _died(h, 1, at=1.9), "recovery"),
    "late amid others": (lambda h: _died(h, 2, at=1.2), "recovery"),
}


def test_a_sound_history_violates_nothing() -> None:
    assert violations(sound()) == []
    assert violations(_in_two(sound(), 4)) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_what_must_not_be_is_found(wrong: str) -> None:
    spoil, sentence = WRONG[wrong]
    history = spoil(sound())
    if wrong.startswith("late"):
        history = _message(history, 0, versions=(Version(1.0, open=True), *growing(at=2.0)[1:]))
    assert [each for each in violations(history) if each.startswith(sentence)], violations(history)


ALLOWED: dict[str, Callable[[History], History]] = {
    "two for a moment": lambda h: _twice(h, 0.9),
    "two while a call may come late": lambda h: replace(
        _twice(h, 4.0), faults=((1.8, Fault("kill", 1.8)),)
    ),
    "two while one bot dies after the other": lambda h: replace(
        _twice(h, 9.0), deaths=(Death(1.8, ()), Death(4.0, ()))
    ),
    "an answer that a person took away": lambda h: replace(
        _message(h, 0, until=9.0, by_person=True), deleted=frozenset({"q0"})
    ),
    "asked anew after a death": lambda h: replace(
        _job(
            _message(
                replace(h, requests=(*h.requests, Request("q0", 2, 2.5, (), 1))),
                0,
                versions=(*growing()[:2], *growing(2, 2.0)[1:]),
            ),
            asked=2,
        ),
        deaths=(Death(2.2, ("a",)),),
        faults=((2.2, Fault("kill", 2.2)),),
    ),
    "Slack gave up": lambda h: replace(
        _asking(h, 1, outcome="unknown"),
        messages=h.messages[:1],
        jobs=h.jobs[:1],
        used=20,
        told=20,
        requests=h.requests[:1],
    ),
    "the store forgot it": lambda h: replace(
        h,
        messages=h.messages[:1],
        jobs=h.jobs[:1],
        used=20,
        told=20,
        requests=h.requests[:1],
        lost=((4.5, 5.5),),
    ),
    "the app was removed in mid-answer": lambda h: replace(
        _message(h, 0, versions=growing()[:2], name="q0"),
        jobs=h.jobs[1:],
        requests=(h.requests[0], Request("q1", 1, 5.5, (), 1)),
        used=30,
        told=30,
        removed=((2.5, 4.5),),
    ),
    "Grok stood still with the whole machine": lambda h: replace(
        _message(h, 0, versions=growing(words=4)), bounds=Bounds(stalled=7.0, hushed=True)
    ),
    "in any order when asked at once": lambda h: replace(
        _asking(_asking(h, 0, taken=5.5), 1, at=0.1),
        requests=(Request("q1", 1, 0.2, (), 1), Request("q0", 1, 0.5, ("q1",), 1)),
    ),
    "stopped": lambda h: replace(
        _message(h, 0, versions=growing(words=4)), stopped=frozenset({"q0"})
    ),
    "estimated": lambda h: replace(_job(h, charges=(0, 15, 25)), used=55, told=55),
}


@pytest.mark.parametrize("allowed", ALLOWED)
def test_what_may_be_is_no_violation(allowed: str) -> None:
    assert violations(ALLOWED[allowed](sound())) == []


def test_a_recovery_lasts_until_text_moves() -> None:
    assert recoveries(_died(sound(), 1)) == [0.5]
