"""Reads a history as a checker of linearizability does: what was seen, is there any order of what
the bot promises that explains it? Each violation is one sentence that begins with its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, product

from tests.chaos.history import Asking, Death, History, Shown, Version

MOST_SUMS = 100_000
STALLED = 0.5
"""On a machine that stood still for so long a lease may have run out by itself."""
_PROCESS = ("kill", "freeze", "terminate", "crash point", "kill in a slow call")
_LATE = ("kill", "terminate", "slack slow", "slack storm", "store younger")
"""What may leave a call on its way whose caller is gone."""
_WOKEN = ("freeze", "crash point", "store")
"""What lets a bot go on with what others have taken from it."""


def violations(history: History) -> list[str]:
    """What no run of the bot may look like; empty when all is well."""
    return [sentence for rule in _RULES for sentence in rule(history)]


def recoveries(history: History) -> list[float]:
    """For each bot that died or stood still, and each job it had in hand: the seconds until text
    moved again."""
    return [seconds for _, seconds in _recoveries(history)]


def _one_answer(history: History) -> Iterator[str]:
    """Each accepted question has one visible answer; what was refused has none."""
    for name in sorted({asking.name for asking in history.askings}):
        askings = [asking for asking in history.askings if asking.name == name]
        least = sum(_counts(history, asking) for asking in askings)
        most = sum(asking.outcome != "refused" for asking in askings)
        found = _standing(history, name)
        gone = name in history.deleted or any(
            shown.by_person for shown in history.messages if _name(history, shown) == name
        )
        if len(found) < least and not gone and not _unsaid(history, name):
            yield f"one answer: {name} was taken {least} times and has {len(found)} answers"
        if len(found) > most:
            yield f"one answer: {name} was asked {most} times and has {len(found)} answers"
    known = {asking.name for asking in history.askings}
    for shown in history.messages:
        forgotten = not shown.name and _ended_by_removal(history, shown.at)
        if shown.until is None and _name(history, shown) not in known and not forgotten:
            yield f"one answer: a message of job {shown.job} that nobody asked for"


def _counts(history: History, asking: Asking) -> bool:
    """Whether it must be answered: it was taken, and the store has not forgotten that."""
    lost = any(since <= asking.at <= until for since, until in history.lost)
    return asking.outcome == "accepted" and not lost and not _ended_by_removal(history, asking.at)


def _ended_by_removal(history: History, at: float) -> bool:
    """Whether what began then ended because the workspace removed the app."""
    return any(at <= until for _, until in history.removed)


def _unsaid(history: History, name: str) -> bool:
    """Whether its answers were stopped before there was anything of them to be seen."""
    return name in history.stopped


def _standing(history: History, name: str) -> list[str]:
    """The jobs whose first messages stand for `name` at the end; each as often as it stands."""
    return [
        shown.job
        for shown in history.messages
        if shown.part == "0" and shown.until is None and _name(history, shown) == name
    ]


def _one_at_a_time(history: History) -> Iterator[str]:
    """Never two messages for one part of an answer side by side."""
    by_part: dict[tuple[str, str], list[Shown]] = {}
    for shown in history.messages:
        by_part.setdefault((shown.job, shown.part), []).append(shown)
    for (job, part), found in by_part.items():
        for one, other in pairwise(sorted(found, key=lambda each: each.at)):
            if one.until is None and other.until is None:
                yield f"two at a time: part {part} of {job} stands twice at the end"
                continue
            ends = min(each for each in (one.until, other.until) if each is not None)
            both = ends - max(one.at, other.at)
            if both > (most := _most(history, other.at)):
                yield f"two at a time: part {part} of {job} stood twice for {both:.1f} s ({most})"


def _forwards(history: History) -> Iterator[str]:
    """No text goes backwards, and none is mixed from two."""
    for shown in history.messages:
        first = shown.part == "0"
        if any(version.mixed or (first and version.begins) for version in shown.versions):
            yield f"backwards: {_named(history, shown)} shows a mixed text"
        best = Version(shown.at)
        since: float | None = None
        for version in shown.versions:
            if _progress(version) >= _progress(best):
                if since is not None and version.at - since > (most := _most(history, since)):
                    yield (
                        f"backwards: {_named(history, shown)} went back for "
                        f"{version.at - since:.1f} s ({most})"
                    )
                best, since = version, None
            elif version.words and since is None:
                since = version.at
        if since is not None and shown.until is None:
            yield f"backwards: {_named(history, shown)} ends with less than it had shown"


def _progress(version: Version) -> tuple[int, int]:
    return version.request, version.words


def _finished(history: History) -> Iterator[str]:
    """Nothing unfinished is left."""
    yield from (f"unfinished: {sentence}" for sentence in history.unfinished)
    yield from (f"ended: {sentence}" for sentence in history.ended)
    for shown in history.messages:
        if shown.until is not None or not shown.versions or _ended_by_removal(history, shown.at):
            continue
        last = shown.versions[-1]
        if last.open:
            yield f"unfinished: {_named(history, shown)} promises more"
        elif not last.words and not last.says:
            yield f"unfinished: {_named(history, shown)} says nothing"


def _rested(history: History) -> Iterator[str]:
    """No thread says in the end that it is worked on, unless the store has forgotten by whom."""
    if not _forgot(history):
        yield from (f"session: thread {root} is left working" for root in history.working)


def _whole(history: History) -> Iterator[str]:
    """An answer ends by its text, or by a sentence where there is a reason."""
    words = {asking.name: asking.words for asking in history.askings}
    failing = {asking.name for asking in history.askings if asking.grok}
    for shown in history.messages:
        name = _name(history, shown)
        if shown.part != "0" or shown.until is not None or name not in words:
            continue
        if _ended_by_removal(history, shown.at):
            continue
        parts = _parts_of(history, shown.job)
        said = 0
        for version in parts:
            if version.words and (version.begins, version.request) != (said, parts[0].request):
                yield f"whole: {name} goes on with word {version.begins} behind {said} words"
            said += version.words
        if not parts or said >= words[name]:
            continue
        ended = name in history.stopped or name in history.deleted or history.bounds.hushed
        if ended or name in failing or _died_often(history, name):
            if not parts[-1].says:
                yield f"whole: {name} has {said} of {words[name]} words, and no sentence"
        else:
            yield f"whole: {name} has {said} of {words[name]} words for no reason"


def _parts_of(history: History, job: str) -> list[Version]:
    """The messages of the answer of a job as they stand at the end, in order."""
    standing = [
        (int(shown.part), shown.versions[-1])
        for shown in history.messages
        if shown.job == job and shown.part.isdigit() and shown.until is None and shown.versions
    ]
    return [version for _, version in sorted(standing, key=lambda each: each[0])]


def _died_often(history: History, name: str) -> bool:
    """Whether so many bots died with it that it may have been given up."""
    jobs = {job.id for job in history.jobs if job.name == name}
    return sum(bool(jobs & set(death.jobs)) for death in history.deaths) >= 3


def _balanced(history: History) -> Iterator[str]:
    """Quotas balance to the token, and are what people are told."""
    yield from (f"quotas: {sentence}" for sentence in history.store_faults)
    if history.told is not None and history.used is not None and history.told != history.used:
        yield f"quotas: {history.told} tokens are told, {history.used} are counted"
    if _forgot(history) or history.used is None:
        return
    if all(job.charges for job in history.jobs):
        sums = _sums([job.charges for job in history.jobs])
        if sums and history.used not in sums:
            yield (
                f"quotas: {history.used} tokens are counted, and the answers come to "
                f"{min(sums)} to {max(sums)}"
            )
    for name in sorted({job.name for job in history.jobs}):
        paid = sum(job.asked for job in history.jobs if job.name == name)
        asked = sum(1 for each in history.requests if each.name == name and each.billed)
        if asked > paid:
            yield f"quotas: Grok answered {name} {asked} times, {paid} were paid"


def _asked_once(history: History) -> Iterator[str]:
    """While no bot dies or stands still, Grok is asked again only where it failed itself."""
    gone = any(fault.kind in _PROCESS for _, fault in history.faults)
    if _forgot(history) or history.deaths or gone or history.bounds.stalled > STALLED:
        return
    for name in sorted({job.name for job in history.jobs}):
        jobs = [job.id for job in history.jobs if job.name == name]
        asked = sum(1 for each in history.requests if each.name == name)
        failed = any(asking.grok for asking in history.askings if asking.name == name)
        if asked > len(jobs) + failed:
            yield f"asked again: {name} {asked} times, for {len(jobs)} jobs"


def _sums(choices: Sequence[tuple[int, ...]]) -> set[int]:
    """What the jobs can have come to together; empty when there are too many ways."""
    found = {0}
    for each in choices:
        found = {one + other for one, other in product(found, each)}
        if len(found) > MOST_SUMS:
            return set()
    return found


def _in_order(history: History) -> Iterator[str]:
    """The questions of one conversation are asked in their order, each with those before it."""
    first = {name: min(_at(history, name), default=0.0) for name in _asked(history)}
    threads: dict[str, list[Asking]] = {}
    for asking in history.askings:
        if asking.thread and not asking.again and _counts(history, asking):
            threads.setdefault(asking.thread, []).append(asking)
    again = {asking.name for asking in history.askings if asking.again}
    for in_thread in threads.values():
        ordered = sorted(in_thread, key=lambda asking: asking.at)
        for before, after in pairwise(each for each in ordered if each.name in first):
            if _is_before(before, after) and first[before.name] > first[after.name]:
                yield f"order: {after.name} was asked before {before.name}"
        for request in history.requests:
            own = next((each for each in ordered if each.name == request.name), None)
            earlier = [each.name for each in ordered if own and _is_before(each, own)]
            missing = [
                name
                for name in earlier
                if name not in request.before and name not in again and _is_whole(history, name)
            ]
            if missing and request.name not in again and not _forgot(history):
                yield f"order: {request.name} was asked without {', '.join(missing)}"


def _forgot(history: History) -> bool:
    """Whether the store has, of itself or because the app was removed."""
    return bool(history.lost or history.removed)


def _is_before(one: Asking, other: Asking) -> bool:
    """Whether the `other` was asked when the one was taken already: else any order is theirs."""
    return one.taken is not None and one.taken < other.at


def _at(history: History, name: str) -> list[float]:
    return [request.at for request in history.requests if request.name == name]


def _asked(history: History) -> set[str]:
    return {request.name for request in history.requests}


def _is_whole(history: History, name: str) -> bool:
    jobs = [job for job in history.jobs if job.name == name]
    return bool(jobs) and all(job.whole for job in jobs)


def _refused(history: History) -> Iterator[str]:
    """Nothing that was refused was run."""
    for name in sorted({asking.name for asking in history.askings}):
        if all(each.outcome == "refused" for each in history.askings if each.name == name):
            if name in _asked(history):
                yield f"refused: {name} was refused, and Grok was asked"
            if any(job.name == name for job in history.jobs):
                yield f"refused: {name} was refused, and is a job"


def _apart(history: History) -> Iterator[str]:
    """Nothing of one workspace is seen in another."""
    for request in history.requests:
        if leaked := history.foreign.intersection(request.before):
            yield f"apart: {request.name} was asked with {sorted(leaked)} of another workspace"
    for shown in history.messages:
        if shown.name in history.foreign:
            yield f"apart: {_named(history, shown)} shows {shown.name} of another workspace"


def _gone(history: History) -> Iterator[str]:
    """What was taken before the app was removed is over when it is installed again."""
    for asking in history.askings:
        for since, until in history.removed:
            if asking.taken is None or asking.taken >= since:
                continue
            for shown in history.messages:
                if _name(history, shown) == asking.name and shown.at > until:
                    yield f"removed: {asking.name} is answered after the app was installed again"


def _recovered(history: History) -> Iterator[str]:
    """Text moves again soon after whoever had it in hand is gone."""
    bounds = history.bounds
    alone = len(history.faults) <= 1
    most = (bounds.alone if alone else bounds.amid) + bounds.stalled
    for name, seconds in _recoveries(history):
        if seconds > most:
            yield f"recovery: {name} stood still for {seconds:.1f} s ({most:.1f})"


def _recoveries(history: History) -> Iterator[tuple[str, float]]:
    for death in history.deaths:
        for job in death.jobs:
            name = history.names.get(job, job)
            if name in history.deleted or name in history.stopped:
                continue
            if (moved := _moved(history, job, death)) is not None:
                yield name, moved - death.at


def _moved(history: History, job: str, death: Death) -> float | None:
    """When something new of a job was seen after a death; None when it was over before."""
    own = [shown for shown in history.messages if shown.job == job]
    seen = sorted(version.at for shown in own for version in shown.versions)
    later = [at for at in seen if at > death.at]
    return later[0] if later else None


def _most(history: History, at: float) -> float:
    """How long what began at `at` may last. Who is to put it right may die of the next fault."""
    bounds = history.bounds
    near = [
        fault
        for begun, fault in history.faults
        if begun <= at <= begun + fault.seconds + bounds.late + bounds.stalled
    ]
    deaths = [death for death in history.deaths if abs(death.at - at) <= bounds.late]
    if len(deaths) > 1:
        return bounds.amid + bounds.stalled
    if any(fault.kind.startswith(_LATE) or "=kill" in fault.detail for fault in near):
        return bounds.late + bounds.stalled
    woken = any(fault.kind.startswith(_WOKEN) for fault in near)
    return (bounds.woken if woken else bounds.twice) + bounds.stalled


def _name(history: History, shown: Shown) -> str:
    return history.names.get(shown.job) or shown.name or shown.job


def _named(history: History, shown: Shown) -> str:
    return f"{_name(history, shown)} (part {shown.part} of {shown.job})"


Rule = Callable[[History], Iterator[str]]

_RULES: tuple[Rule, ...] = (
    _one_answer,
    _one_at_a_time,
    _forwards,
    _finished,
    _rested,
    _whole,
    _balanced,
    _asked_once,
    _in_order,
    _refused,
    _apart,
    _gone,
    _recovered,
)
