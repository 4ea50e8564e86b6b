"""The names of all keys. All of a workspace carry one hash tag, so one script reaches all it needs.

The tag of the only workspace is its id. Where several are served, each belongs to one of `SHARDS`,
whose tag its keys carry: what has something to do in a shard is found in one place, and a Cluster
spreads the shards over its nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

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
class Keys:
    """Key names of one workspace; `team` is its Slack id (`T…`), `shard` where it belongs among
    several. None: it is the only one."""

    team: str
    shard: Shard | None = None

    @staticmethod
    def among_several(team: str) -> Keys:
        """Those of one of several workspaces."""
        return Keys(team, Shard.of(team))

    def _key(self, *parts: str) -> str:
        return self.prefix + ":".join(parts)

    @property
    def prefix(self) -> str:
        """What every key of the workspace begins with."""
        if self.shard is not None:
            return f"{self.shard.prefix}{self.team}:"
        return "grokbot:{" + self.team + "}:"

    @property
    def queue(self) -> str:
        """Stream of job ids waiting for a worker, or held by one."""
        return self._key("queue")

    @property
    def rooms(self) -> str:
        """Hash of how many more jobs each worker has room for."""
        return self._key("rooms") if self.shard is None else self.shard.rooms

    @property
    def paused(self) -> str:
        """Sorted set of jobs that rest after a crash, by when they are queued again."""
        return self._key("paused")

    @property
    def singly(self) -> str:
        """The same, of those that are queued again one after the other."""
        return self._key("paused", "singly")

    @property
    def alone(self) -> str:
        """The id of the last of those that was queued."""
        return self._key("paused", "alone")

    @property
    def failed(self) -> str:
        """Sorted set of jobs that were given up, by when."""
        return self._key("failed")

    def job(self, job_id: str) -> str:
        """Hash of one job: its ask, state, epoch, posts and final answer."""
        return self._key("job", job_id)

    def seen(self, dedupe: str) -> str:
        """Id of the job that a delivery already became."""
        return self._key("seen", dedupe)

    @property
    def probe(self) -> str:
        """Written and deleted at once, to find out whether keys like these can be written."""
        return self._key("probe")

    def claimed(self, name: str) -> str:
        """Whoever does first what is done once."""
        return self._key("claimed", name)

    def greeted(self, user: str) -> str:
        """Whom the bot has shown how to begin."""
        return self._key("greeted", user)

    def remembered(self, name: str) -> str:
        """What a replica found out, for a short time."""
        return self._key("remembered", name)

    def budget(self, method: str) -> str:
        """Recent calls of one Slack method, by time."""
        return self._key("budget", method)

    def rest(self, method: str) -> str:
        """Set while one Slack method rests after a 429."""
        return self._key("rest", method)

    def allowance(self, name: str) -> str:
        """Sorted set of what was taken of an allowance in the last minute, by time."""
        return self._key("allowance", name)

    def person(self, user: str) -> str:
        """What Slack has said of one person."""
        return self._key("person", user)

    def open(self, method: str) -> str:
        """Answers that are shown and owed a last call of one Slack method, by when they began."""
        return self._key("open", method)

    def asked(self, method: str) -> str:
        """The same answers, by when they asked for a call last."""
        return self._key("asked", method)

    def pace(self, method: str) -> str:
        """What is learned of one Slack method: its budget, and how long answers last."""
        return self._key("pace", method)

    def told(self, method: str) -> str:
        """Recent calls of one Slack method that only told how long somebody waits."""
        return self._key("told", method)

    def thread(self, conversation: str) -> str:
        """List of the turns of one conversation, oldest first."""
        return self._key("thread", conversation)

    def thread_facts(self, conversation: str) -> str:
        """Hash that exists while a conversation is known: how many turns were dropped."""
        return self._key("thread", conversation, "facts")

    def thread_active(self, conversation: str) -> str:
        """Set of the jobs of one conversation that are being answered."""
        return self._key("thread", conversation, "active")

    def thread_waiting(self, conversation: str) -> str:
        """Sorted set of the jobs that wait for those to be answered first, by when asked."""
        return self._key("thread", conversation, "waiting")

    def line(self, conversation: str) -> list[str]:
        """All four of a conversation, as the scripts take them."""
        return [
            self.thread(conversation),
            self.thread_facts(conversation),
            self.thread_active(conversation),
            self.thread_waiting(conversation),
        ]

    @property
    def stops(self) -> str:
        """Stream of the ids of jobs that somebody stopped."""
        return self._key("stops")

    @property
    def policy(self) -> str:
        """Hash of what admins have set: `version`, and JSON by scope and field."""
        return self._key("policy")

    @property
    def grok_key(self) -> str:
        """Hash of the Grok key that admins have set, encrypted, and its version."""
        return self._key("grok_key")

    def policy_change(self, operation: str) -> str:
        """Hash of what one change of the policy has done."""
        return self._key("policy", "change", operation)

    @property
    def audit(self) -> str:
        """Stream of what admins have changed."""
        return self._key("audit")

    def recent(self, user: str) -> str:
        """List of the newest questions of one person, newest first."""
        return self._key("recent", user)

    def draft(self, name: str) -> str:
        """What a form that is open holds beside its fields."""
        return self._key("draft", name)

    def used(self, scope: str, window: str) -> str:
        """Hash of what a scope has used and reserved in one day or month."""
        return self._key("used", scope, window)

    def used_by(self, scope: str, month: str) -> str:
        """Sorted set of the people who used something in a scope, by tokens."""
        return self._key("used", scope, month, "by")

    def running(self, scope: str) -> str:
        """Set of the jobs that are under way in a scope."""
        return self._key("running", scope)

    @property
    def reserved(self) -> str:
        """How many tokens all jobs that are under way have reserved."""
        return self._key("reserved")

    def saved(self, owner: str) -> str:
        """Hash of what an owner has saved: defaults and prompts."""
        return self._key("saved", owner)

    def votes(self, month: str) -> str:
        """Hash of the votes on answers to the questions of one month, and of those answers."""
        return self._key("votes", month)

    def ledger(self, month: str) -> str:
        """Hash of what each person used in each channel in one month."""
        return self._key("ledger", month)


def named(key: str) -> tuple[Keys, str] | None:
    """Whose `key` is, and what it is called among theirs; None where it is no workspace's."""
    found = _NAME.fullmatch(key)
    if found is None:
        return None
    if found["only"]:
        return Keys(found["only"]), found["own"]
    return Keys(found["team"], Shard(int(found["shard"]))), found["own"]
