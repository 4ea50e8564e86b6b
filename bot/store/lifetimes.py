"""How long each key is kept: everything that is written has an end, but for a few. And what is
known of one person, taken out of the store key by key, as that says."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from bot.rules.quota import Scope
from bot.store.keys import named
from bot.store.redis.connection import Records, redis_errors
from bot.words.admin import SOMEBODY

Forget = Literal["", "named", "whole", "part"]
"""What `python -m bot forget` does to a key: nothing, since it says nothing of a person; it is
deleted where its name says that it is theirs; or also where its content does; or what is theirs is
taken out."""

DAY = 86_400
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Of the keys whose name behind the workspace's prefix fits `names`, a glob.

    `until` says when they end, `seconds` how long they are left at most, while every setting is
    at its default. None as `seconds`: Redis does not end them, the bot does, or nobody.
    `jobs`: they list jobs that are under way, and each of those leaves them at its end.
    `forget`: what becomes of them when a person is forgotten.
    """

    names: str
    holds: str
    until: str
    seconds: int | None = None
    jobs: bool = False
    forget: Forget = ""


LIFETIMES = (
    Lifetime(
        "job:*",
        "one question, its answer, and where that stands",
        "`JOB_RETENTION_SECONDS` after its end; while it is under way it has none",
        7 * DAY,
        forget="whole",
    ),
    Lifetime("paused", "the questions that rest after a crash", "their turn", jobs=True),
    Lifetime("paused:singly", "those that are taken one by one", "their turn", jobs=True),
    Lifetime("paused:alone", "which of those was taken last", "two minutes", 2 * MINUTE),
    Lifetime(
        "failed",
        "which questions were given up",
        "`JOB_RETENTION_SECONDS` after the last of them",
        7 * DAY,
    ),
    Lifetime(
        "seen:continue:*",
        "which question goes on with an answer",
        "`JOB_RETENTION_SECONDS`",
        7 * DAY,
        forget="named",
    ),
    Lifetime("seen:*", "which question a delivery became", "an hour", 60 * MINUTE, forget="named"),
    Lifetime(
        "greeted:*", "whom the bot has shown how to begin", "400 days", 401 * DAY, forget="named"
    ),
    Lifetime(
        "claimed:*",
        "what is done once, though Slack says it twice: an event, an alarm",
        "ten minutes; an alarm: the end of its day or month",
        32 * DAY,
        forget="named",
    ),
    Lifetime(
        "policy:change:*",
        "what one change of an admin has done",
        "ten minutes",
        10 * MINUTE,
        forget="whole",
    ),
    Lifetime(
        "thread:*:active",
        "the questions of a conversation that are being answered",
        "the end of the last of them",
        jobs=True,
    ),
    Lifetime(
        "thread:*:waiting",
        "the questions of a conversation that wait for those",
        "the end of the last of them",
        jobs=True,
    ),
    Lifetime(
        "thread:*",
        "the turns of a conversation",
        "`THREAD_RETENTION_SECONDS` after the last question",
        30 * DAY,
        forget="part",
    ),
    Lifetime(
        "recent:*",
        "the last ten questions of a person, cut short",
        "`THREAD_RETENTION_SECONDS` after the last one",
        30 * DAY,
        forget="named",
    ),
    Lifetime(
        "draft:*",
        "what an open form was about, or somebody typed",
        "two hours",
        120 * MINUTE,
        forget="whole",
    ),
    Lifetime("person:*", "what Slack says of a person", "a day", DAY, forget="named"),
    Lifetime("remembered:*", "who sees which channel", "some minutes", 10 * MINUTE, forget="named"),
    Lifetime(
        "allowance:*", "what was taken in the last minute", "a minute", 2 * MINUTE, forget="named"
    ),
    Lifetime(
        "running:*",
        "the questions that are under way in a channel, of a person, in the workspace",
        "the end of the last of them",
        jobs=True,
    ),
    Lifetime(
        "used:*",
        "what was used and reserved in a day or a month, and by whom",
        "a week after its day, 13 months after its month",
        432 * DAY,
        forget="part",
    ),
    Lifetime(
        "ledger:*",
        "what each person used in a month",
        "13 months after it",
        432 * DAY,
        forget="part",
    ),
    Lifetime(
        "saved:*",
        "the defaults of a person, and the prompts of a person, a channel, the workspace",
        "never: until they are taken back",
        forget="named",
    ),
    Lifetime(
        "votes:*",
        "who voted how on which answers",
        "13 months after it",
        432 * DAY,
        forget="part",
    ),
    Lifetime("budget:*", "the calls of a Slack method in the last minute", "a minute", 2 * MINUTE),
    Lifetime("told:*", "those that told who waits", "a minute", 2 * MINUTE),
    Lifetime("rest:*", "that Slack has said to wait", "when Slack said", 60 * MINUTE),
    Lifetime("open:*", "the answers that are shown", "two minutes", 3 * MINUTE),
    Lifetime("asked:*", "when those asked for an edit", "two minutes", 3 * MINUTE),
    Lifetime("pace:*", "what was learned of edits", "a day", 2 * DAY),
    Lifetime("rooms", "who has room for more jobs", "four seconds", 5),
    Lifetime("busy", "which workspaces may have questions under way", "the end of those"),
    Lifetime("probe", "whether Redis can be written to", "at once", 10),
    Lifetime("queue", "the ids of jobs under way", "never: it is short, a job leaves at its end"),
    Lifetime("reserved", "how many tokens are reserved now", "never: one number"),
    Lifetime("stops", "the ids of jobs that were stopped", "never: the last thousand or so"),
    Lifetime("policy", "what admins have set", "never: until they unset it", forget="part"),
    Lifetime("grok_key", "the workspace's own Grok key, encrypted", "never: until it is removed"),
    Lifetime("audit", "who changed what", "never: the last thousand or so", forget="part"),
    Lifetime("records", "where the app is installed, encrypted", "never: until it is removed"),
    Lifetime("versions", "which version each of those is", "never: until it is removed"),
    Lifetime("left", "which workspaces removed the app", "never: half a minute after they did"),
    Lifetime(
        "doubt:*", "which workspaces have removed the app, as Slack says", "eight days", 8 * DAY
    ),
    Lifetime("codes", "how many came back to install the app", "a minute", MINUTE),
    Lifetime("states", "who came back to install the app", "ten minutes", 10 * MINUTE),
    Lifetime("teams:*", "the workspaces of an organisation", "never: until it removes the app"),
)
"""The first that fits holds. `docs/operation.md` shows them, and every end-to-end test leaves
nothing that none of them allows (`tests/store/leftovers.py`)."""


_SCANNED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it: `deleted` keys, `taken_out` entries of keys that are shared. `busy`: of a
    question that is under way nothing was deleted."""

    deleted: int = 0
    taken_out: int = 0
    busy: bool = False


def lifetime_of(key: str) -> Lifetime | None:
    """What says how long `key` is kept."""
    name = _own(key)
    return next((known for known in LIFETIMES if fnmatchcase(name, known.names)), None)


class Forgetting(Records):
    """Forgets people of one workspace."""

    async def forget(self, user: str) -> Forgotten:
        """Delete what is known of `user`, and of direct messages in which they asked. What others
        wrote, of them too, stays. Doing it again is harmless. Raises `StoreUnavailable`."""
        deleted = taken_out = 0
        busy = False
        places: set[str] = set()
        for key in await self._all_keys():
            known = lifetime_of(key)
            how = known.forget if known else ""
            if not how:
                continue
            how = "named" if _names(key, user) else how
            if how == "named" and not _names(key, user):
                continue
            outcome, count, found = await self._take_out(key, user, how)
            busy |= outcome == "busy"
            places |= set(found)
            if how == "part":
                taken_out += count
                if count and known and known.names == "thread:*":
                    taken_out += (await self._take_out(f"{key}:facts", user, "files"))[1]
            else:
                deleted += count
        for key in await self._all_keys() if places and not busy else ():
            if any(_names(key, place) for place in places):
                outcome, count, _ = await self._take_out(key, user, "named")
                busy |= outcome == "busy"
                deleted += count
        return Forgotten(deleted, taken_out, busy)

    async def _all_keys(self) -> list[str]:
        with redis_errors():
            pattern = f"{self._keys.prefix}*"
            found = self._redis.scan_iter(pattern, count=_SCANNED_AT_ONCE)
            return sorted({str(key) async for key in found})

    async def _take_out(self, key: str, user: str, how: str) -> tuple[str, int, list[str]]:
        scope = str(Scope("user", user))
        reply: Any = await self._script("forget_person")([key], [user, how, scope, SOMEBODY])
        outcome, count, places = reply
        return str(outcome), int(count), [str(place) for place in places]


def _own(key: str) -> str:
    """What a key is called where it belongs."""
    found = named(key)
    return found[1] if found else key.partition("}:")[2]


def _names(key: str, name: str) -> bool:
    own = _own(key)
    at = own.find(name)
    while at >= 0:
        beside = own[max(at - 1, 0) : at] + own[at + len(name) :][:1]
        if not any(char.isascii() and char.isalnum() for char in beside):
            return True
        at = own.find(name, at + 1)
    return False
