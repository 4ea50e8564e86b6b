"""The names of all keys. All of a workspace carry one hash tag, so one script reaches all it needs.

The tag of the only workspace is its id. Where several are served, each belongs to one of `SHARDS`,
whose tag its keys carry: what has something to do in a shard is found in one place, and a Cluster
spreads the shards over its nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from bot.rules.hold import Hold

SHARDS = 64
"""Never another number: where a workspace's keys are follows from it."""

_NAME = re.compile(
    r"grokbot:\{(?:(?P<only>[A-Za-z]\w*)\}|(?P<shard>\d+)\}:(?P<team>\w+)):(?P<own>.*)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Shard:
    """Key names that the workspaces of one shard share."""

    number: int

    @staticmethod
    def of(team: str) -> Shard:
        """The shard that `team` belongs to, for ever and in every process."""
        return Shard(crc32(team.encode()) % SHARDS)

    @property
    def prefix(self) -> str:
        """What every key of the shard begins with."""
        return f"grokbot:{{{self.number:02}}}:"

    @property
    def busy(self) -> str:
        """Set of the workspaces that may have jobs in their queues, or at rest."""
        return self.prefix + "busy"

    @property
    def rooms(self) -> str:
        """Hash of how many more jobs each process has room for, of any workspace of the shard."""
        return self.prefix + "rooms"

    @property
    def probe(self) -> str:
        """Written and deleted at once, to find out whether keys of the shard can be written."""
        return self.prefix + "probe"


ALL_SHARDS = tuple(Shard(number) for number in range(SHARDS))


@dataclass(frozen=True, slots=True)
class _One:
    """A key that a workspace has one of."""

    own: str

    def __get__(self, keys: Keys, _: type[Keys]) -> str:
        return keys.prefix + self.own


@dataclass(frozen=True, slots=True)
class _Each:
    """A key that a workspace has one of for each of something, by its name."""

    own: str
    part: str = ""

    def __get__(self, keys: Keys, _: type[Keys]) -> Callable[[str], str]:
        return lambda name: f"{keys.prefix}{self.own}:{name}{self.part}"


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names of one workspace; `team` is its Slack id (`T…`), `shard` where it belongs among
    several. None: it is the only one."""

    team: str
    shard: Shard | None = None

    @staticmethod
    def among_several(team: str) -> Keys:
        """Those of one of several workspaces."""
        return Keys(team, Shard.of(team))

    @property
    def prefix(self) -> str:
        """What every key of the workspace begins with."""
        if self.shard is not None:
            return f"{self.shard.prefix}{self.team}:"
        return "grokbot:{" + self.team + "}:"

    @property
    def rooms(self) -> str:
        """Hash of how many more jobs each worker has room for."""
        return f"{self.prefix}rooms" if self.shard is None else self.shard.rooms

    queue = _One("queue")
    """Stream of job ids waiting for a worker, or held by one."""
    stops = _One("stops")
    """Stream of the ids of jobs that somebody stopped."""
    paused = _One("paused")
    """Sorted set of jobs that rest after a crash, by when they are queued again."""
    singly = _One("paused:singly")
    """The same, of those that are queued again one after the other."""
    alone = _One("paused:alone")
    """The id of the last of those that was queued."""
    failed = _One("failed")
    """Sorted set of jobs that were given up, by when."""
    job = _Each("job")
    """Hash of one job: its ask, state, epoch, posts and final answer."""
    seen = _Each("seen")
    """Id of the job that a delivery already became."""
    probe = _One("probe")
    """Written and deleted at once, to find out whether keys like these can be written."""

    claimed = _Each("claimed")
    """Whoever does first what is done once."""
    greeted = _Each("greeted")
    """Whom the bot has shown how to begin."""
    remembered = _Each("remembered")
    """What a replica found out, for a short time."""
    draft = _Each("draft")
    """What a form that is open holds beside its fields."""
    person = _Each("person")
    """What Slack has said of one person."""

    allowance = _Each("allowance")
    """Sorted set of what was taken of an allowance in the last minute, by time."""
    rest = _Each("rest")
    """Set while one Slack method rests after a 429."""
    budget = _Each("budget")
    """Recent calls of one Slack method, by time."""
    open = _Each("open")
    """Answers that are shown and owed a last call of one Slack method, by when they began."""
    asked = _Each("asked")
    """The same answers, by when they asked for a call last."""
    pace = _Each("pace")
    """What is learned of one Slack method: its budget, and how long answers last."""
    told = _Each("told")
    """Recent calls of one Slack method that only told how long somebody waits."""

    thread = _Each("thread")
    """List of the turns of one conversation, oldest first."""
    thread_facts = _Each("thread", ":facts")
    """Hash that exists while a conversation is known: how many turns were dropped."""
    thread_active = _Each("thread", ":active")
    """Set of the jobs of one conversation that are being answered."""
    thread_waiting = _Each("thread", ":waiting")
    """Sorted set of the jobs that wait for those to be answered first, by when asked."""
    recent = _Each("recent")
    """List of the newest questions of one person, newest first."""

    policy = _One("policy")
    """Hash of what admins have set: `version`, and JSON by scope and field."""
    policy_change = _Each("policy:change")
    """Hash of what one change of the policy has done."""
    audit = _One("audit")
    """Stream of what admins have changed."""
    grok_key = _One("grok_key")
    """Hash of the Grok key that admins have set, encrypted, and its version."""
    saved = _Each("saved")
    """Hash of what an owner has saved: defaults and prompts."""
    votes = _Each("votes")
    """Hash of the votes on answers to the questions of one month, and of those answers."""

    running = _Each("running")
    """Set of the jobs that are under way in a scope."""
    reserved = _One("reserved")
    """How many tokens all jobs that are under way have reserved."""
    ledger = _Each("ledger")
    """Hash of what each person used in each channel in one month."""

    def used(self, scope: str, window: str) -> str:
        """Hash of what a scope has used and reserved in one day or month."""
        return f"{self.prefix}used:{scope}:{window}"

    def used_by(self, scope: str, month: str) -> str:
        """Sorted set of the people who used something in a scope, by tokens."""
        return f"{self.used(scope, month)}:by"

    def line(self, conversation: str | None) -> list[str]:
        """All four of a conversation, as the scripts take them; none without one."""
        if not conversation:
            return []
        kinds = (self.thread, self.thread_facts, self.thread_active, self.thread_waiting)
        return [kind(conversation) for kind in kinds]

    def counters(self, hold: Hold) -> list[str]:
        """Those that `quotas.lua` counts in for `hold`."""
        windows = hold.windows
        found: list[str] = []
        for scope in (str(share.scope) for share in hold.shares):
            by_window = [self.used(scope, window) for window in (windows.day, windows.month)]
            found += [*by_window, self.running(scope)]
        return [*found, self.reserved]

    def books(self, hold: Hold) -> list[str]:
        """Those in which `quotas.lua` writes down who used what."""
        month = hold.windows.month
        workspace, channel, _ = hold.shares
        used_by = (self.used_by(str(share.scope), month) for share in (workspace, channel))
        return [self.ledger(month), *used_by]


def questions_of(user: str) -> str:
    """The allowance of what one person asks."""
    return f"questions:{user}"


def named(key: str) -> tuple[Keys, str] | None:
    """Whose `key` is, and what it is called among theirs; None where it is no workspace's."""
    found = _NAME.fullmatch(key)
    if found is None:
        return None
    if found["only"]:
        return Keys(found["only"]), found["own"]
    return Keys(found["team"], Shard(int(found["shard"]))), found["own"]
