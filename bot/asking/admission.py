"""Who may ask, where and how often, by the settings; how a question gets into the queue: stored
once, or certainly answered with a plain sentence; who is told how Grok is run here, and who may
change it."""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass

import structlog
from attrs import frozen

from bot import tracing
from bot import words as said
from bot.completion.ask import Ask
from bot.errors import NotTaken, StoreUnavailable
from bot.jobs.queue import REFUSED, Queue
from bot.jobs.refusal import Crowd
from bot.patience import patience
from bot.rules.commands import Matter
from bot.rules.hold import Hold
from bot.settings import Settings, admins_of, asking_channels
from bot.slack.blocks import mentions
from bot.slack.people.membership import Membership
from bot.slack.people.people import People
from bot.slack.people.person import Person
from bot.store.allowances import Allowances
from bot.store.keys import questions_of
from bot.words import admin as words

log = structlog.get_logger(__name__)

ACCEPT_SECONDS = 2.0
"""Of the 3 s in which Slack wants an ack; the rest is for the way there and back."""
SHORTEST_TRY_SECONDS = 0.4
PAUSE_SECONDS = 0.05

LOOK_UP_SECONDS = 0.8
"""How long finding out who somebody is may take: accepting a question takes 2 of an ack's 3 s."""


class Admission:
    """Tells people who may not ask so."""

    def __init__(self, people: People, allowances: Allowances, settings: Settings) -> None:
        self._people = people
        self._allowances = allowances
        self._members_only = settings.asking_open_to == "members"
        self._channels = asking_channels(settings)
        self._most = settings.questions_per_minute

    async def refusal(
        self, user: str, channel: str, question: str = "", *, within: float = LOOK_UP_SECONDS
    ) -> str:
        """Why `user` may not ask in `channel`; empty when they may.

        `question` is the same whenever the same one is asked for: it is counted once, and empty
        for one that is not counted.
        """
        if self._channels and channel not in self._channels:
            return words.NOT_IN_THIS_CHANNEL
        if question:
            wait = await self._allowances.take(questions_of(user), self._most, call=question)
            if wait:
                return words.asked_too_often(self._most, wait)
        return await self.of_person(user, within=within)

    async def of_person(self, user: str, *, within: float = LOOK_UP_SECONDS) -> str:
        """Why `user` may not ask anywhere; empty when they may.

        Where only members may ask, somebody whom Slack does not describe within so many seconds
        may not.
        """
        if not self._members_only:
            return ""
        person = await self._people.find(user, within=within)
        if not person.known:
            return words.WHO_ARE_YOU
        return "" if person.member else words.MEMBERS_ONLY


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that holds a question; `duplicate` when an earlier delivery became it, or was
    `refused`: then there is no job."""

    job_id: str
    duplicate: bool

    @property
    def refused(self) -> bool:
        return self.job_id == REFUSED


@frozen
class Acceptor:
    """Puts questions into the queue, each once."""

    _queue: Queue
    _crowd: Crowd | None = None
    """So many questions are taken at most; None: any number."""

    async def accept(
        self, ask: Ask, hold: Hold | None = None, seconds: float | None = None
    ) -> Accepted:
        """Reserve `hold`, and store and queue `ask`, within `seconds` (None: `ACCEPT_SECONDS`).

        While the outcome is unknown it is asked for again, by the same job id. Raises
        `NotTaken` with a sentence for the person: one for "certainly not", one for "not sure".
        Raises `Denied` when the question does not fit in its quotas, or when none are taken, and
        `StalePolicy` when `hold` was made by another policy than the one that holds: it
        has to be made anew. Raises `TurnedAway` when there are too many. After each of these
        nothing has changed. None as `hold`: no quota limits it.
        """
        job_id = secrets.token_hex(16)
        maybe_taken = False
        clock = asyncio.get_running_loop().time
        deadline = clock() + (ACCEPT_SECONDS if seconds is None else seconds)
        while (left := deadline - clock()) > 0:
            try:
                async with patience(max(left / 2, min(left, SHORTEST_TRY_SECONDS))):
                    with tracing.span("accept", surface=ask.surface, job_id=job_id):
                        holder = await self._queue.accept(job_id, ask, hold, self._crowd)
                return Accepted(holder, duplicate=holder != job_id)
            except StoreUnavailable as error:
                maybe_taken |= error.maybe_applied
                log.warning("question not stored", job_id=job_id, error=str(error))
                await asyncio.sleep(PAUSE_SECONDS * random.uniform(1, 2))  # noqa: S311
            except TimeoutError:
                maybe_taken = True
                log.warning("question not stored in time", job_id=job_id)
        raise NotTaken(said.MAYBE_NOT_TAKEN if maybe_taken else said.NOT_TAKEN)


@frozen
class Presence:
    """Tells people who cannot see a place that nothing is done for them there."""

    _people: People
    _membership: Membership

    async def refusal(self, user: str, channel: str, *, was_there: bool = False) -> str:
        """Why nothing is done in `channel` for `user`; empty when they see it.

        `was_there`: Slack said some time ago that they are there. That still counts where the bot
        is not, and so can neither ask Slack nor write.
        """
        person = await self._people.find(user, within=LOOK_UP_SECONDS)
        match await self._membership.sight(person, channel):
            case "yes":
                return ""
            case "hidden" if was_there:
                return ""
            case "unknown":
                return words.SLACK_SILENT
            case "no" if not person.known:  # and who may be a member, and see public channels
                return words.SLACK_SILENT
            case _:
                return words.NOT_SEEN_THERE


def knows_rules(person: Person) -> bool:
    """Whether `person` may know what admins have set and what others used. Guests, people of
    other organisations and whom Slack does not describe may not."""
    return person.member or person.admin


class Permission:
    """Tells people what they may not do."""

    def __init__(self, settings: Settings) -> None:
        self._admins = admins_of(settings)
        self._members_edit = settings.defaults_editable_by == "members"

    def is_admin(self, person: Person) -> bool:
        """Whether `person` looks after Grok here. Another organisation's admins do not."""
        return person.id in self._admins or person.admin

    def knows_rules(self, person: Person) -> bool:
        """Whether `person` may know what admins have set and what others used."""
        return knows_rules(person) or self.is_admin(person)

    def refusal(self, matter: Matter | None, person: Person) -> str:
        """Why `person` may not; empty when they may. None is everybody's."""
        if matter is None or self.is_admin(person):
            return ""
        if not person.known:
            return words.WHO_ARE_YOU
        if matter in words.ONLY_MEMBERS:
            return "" if person.member else words.ONLY_MEMBERS[matter]
        if matter not in ("defaults", "prompts") or not self._members_edit:
            return words.only_admins(matter, mentions(sorted(self._admins)))
        return "" if person.member else words.NOT_FOR_GUESTS
