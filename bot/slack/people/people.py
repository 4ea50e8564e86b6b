"""Looking people up in Slack: what they are to this workspace, and what they are called.

What Slack says is kept for all replicas, and asked for as seldom as possible: one person could
otherwise spend what Slack lets the whole workspace ask.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.patience import soon
from bot.slack.people.person import (
    KEPT_SECONDS,
    KeptPeople,
    Organisation,
    Person,
    SlackUser,
)
from bot.slack.web_api import WebApi
from bot.slack_limits import TIER_4_PER_MINUTE
from bot.store.allowances import Allowances

log = structlog.get_logger(__name__)

USERS_INFO = "users.info"

FRESH_SECONDS = 600.0
"""How long what Slack said is not asked for again."""

STALE_SECONDS = 600.0
"""How much longer somebody stays what they were while Slack does not say."""

REFUSED_SECONDS = 60
"""How long it is remembered that Slack does not say who somebody is."""

KEPT_WITHIN_SECONDS = 0.3
"""How long Redis may take to say what is kept: whoever asks has an ack to give."""

CLOSE_SECONDS = 1.0
"""How long a look-up may take that nobody waits for, when the process ends."""

MOST_KNOWN = 10_000

MOST_NAMED = 50
"""Of so many people at most, in one text, it is found out what they are called."""

MOST_ASKED_FOR = 5
"""Of whom Slack may be asked for one text. Few messages name more who were not named of late."""

AT_ONCE = 10
"""Calls under way at a time."""

PER_MINUTE = TIER_4_PER_MINUTE - 10
"""How often all replicas ask Slack: a few less than it lets them, for it may count otherwise."""

PER_MINUTE_EACH = 5
"""How often Slack is asked for the same person, while it does not answer."""

_NAMES = "users.info:names"
NAMES_PER_MINUTE = TIER_4_PER_MINUTE // 2
NAMES_PER_MINUTE_EACH = 15
"""How often Slack is asked for a name, for all and on behalf of one person: the rest is for
finding out what people may do."""

_NO_SUCH_PERSON = ("user_not_found", "user_not_visible")
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,30}")
_PERSON = TypeAdapter(Person)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What Slack said of somebody `at` a time of the monotonic clock."""

    person: Person
    at: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.at


class People:
    """Knows people, or asks Slack by `users.info`."""

    def __init__(
        self,
        api: WebApi,
        here: Organisation,
        kept: KeptPeople,
        allowances: Allowances,
        admins: frozenset[str] = frozenset(),
    ) -> None:
        """`admins`: ids of people who count as admins beside those of the workspace that is
        `here`. `api` has a deadline that fits into an ack."""
        self._api = api
        self._here = here
        self._kept = kept
        self._allowances = allowances
        self._admins = admins
        self._known: OrderedDict[str, _Entry] = OrderedDict()
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[Person]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def find(self, user: str, *, within: float | None = None) -> Person:
        """Who `user` is, as far as it is known or Slack says so within so many seconds; never
        raises. Those who ask at the same time share one call.

        While Slack does not say, they stay what they were for `STALE_SECONDS`.
        """
        entry = self._known.get(user)
        if entry and entry.age < FRESH_SECONDS:
            return self._with_admins(entry.person)
        try:
            async with asyncio.timeout(within):
                person = await self._shared(user)
        except TimeoutError:
            log.warning("person not looked up in time")
            person = self._unsure(user)
        return self._with_admins(person)

    async def names(
        self,
        users: Iterable[str],
        *,
        asker: str | None,
        within: float | None = None,
        most: int = MOST_ASKED_FOR,
    ) -> Mapping[str, str]:
        """What each of `users` is called, as far as it is known or Slack says so within so many
        seconds. Slack is asked for `most` of them, on behalf of `asker`, who has a share of what
        it answers in a minute (None: an admin, who takes what there is). Never raises."""
        wanted = [user for user in dict.fromkeys(users) if _USER_ID.fullmatch(user)][:MOST_NAMED]
        try:
            async with asyncio.timeout(within):
                await self._recall(wanted)
                await self._ask_for_names(wanted, asker, most)
        except TimeoutError:
            log.info("not everybody is named in time")
        entries = {user: self._named(user) for user in wanted}
        return {user: entry.person.name for user, entry in entries.items() if entry}

    async def name(self, user: str, *, within: float | None = None) -> str:
        """What `user` is called, asked on their own behalf; empty when that is not known soon."""
        return (await self.names([user], asker=user, within=within)).get(user, "")

    def _named(self, user: str) -> _Entry | None:
        """What Slack said of `user`, if not too long ago for a name."""
        entry = self._known.get(user)
        return entry if entry and entry.age < KEPT_SECONDS else None

    def _with_admins(self, person: Person) -> Person:
        return replace(person, admin=True) if person.id in self._admins else person

    async def _ask_for_names(self, users: Iterable[str], asker: str | None, most: int) -> None:
        # Of whom Slack does not know either, the place goes to nobody else: a text may come twice.
        unknown = [user for user in users if not self._named(user)][:most]
        unknown = [user for user in unknown if not self._refuses(user)]
        if not unknown or await self._api.resting(USERS_INFO):
            return
        asked = []
        for user in unknown:
            if not await self._may_ask_for_a_name(asker):
                break
            asked.append(user)
        await asyncio.gather(*map(self._shared, asked))

    async def _may_ask_for_a_name(self, asker: str | None) -> bool:
        own = f"{_NAMES}:{asker}"
        if asker and await self._allowances.take(own, NAMES_PER_MINUTE_EACH):
            return False
        return not await self._allowances.take(_NAMES, NAMES_PER_MINUTE)

    async def _recall(self, users: Iterable[str]) -> None:
        """Know those of `users` that are kept, however long ago Slack described them: that
        suffices for a name."""
        unknown = [user for user in users if not self._named(user)]
        reading = self._kept.read_all(unknown)
        found: Mapping[str, str] = await soon(
            reading, KEPT_WITHIN_SECONDS, {}, "people not recalled"
        )
        for user, text in found.items():
            if person := _read(user, text):
                self._know(_Entry(person, time.monotonic() - FRESH_SECONDS - STALE_SECONDS))

    async def _shared(self, user: str) -> Person:
        """Who `user` is, by the look-up that is under way or a new one. It goes on where nobody
        waits for it any more: what comes too late for them is known to the next."""
        look_up = self._under_way.get(user)
        if look_up is None:
            look_up = asyncio.create_task(self._look_up(user), name=f"look up {user}")
            self._under_way[user] = look_up
            look_up.add_done_callback(partial(self._looked_up, user))
        return await asyncio.shield(look_up)

    def _looked_up(self, user: str, look_up: asyncio.Task[Person]) -> None:
        del self._under_way[user]
        if not look_up.cancelled() and (error := look_up.exception()):
            log.error("look-up failed", exc_info=error)

    async def aclose(self) -> None:
        """Let the look-ups under way come to their end, or end them."""
        for task in self._under_way.values():
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, task.cancel)
        if self._under_way:
            await asyncio.wait(list(self._under_way.values()))

    async def _look_up(self, user: str) -> Person:
        await self._recall_of_late(user)
        entry = self._known.get(user)
        if entry and entry.age < FRESH_SECONDS:
            return entry.person
        if self._refuses(user):
            return self._unsure(user)
        try:
            person = await self._ask(user)
        except SlackError as error:
            log.warning("person not looked up", error=str(error))
            if not isinstance(error, RateLimited | OutcomeUnknown):
                await self._take_for_refused(user, forget=error.code in _NO_SUCH_PERSON)
            return self._unsure(user)
        self._know(_Entry(person, time.monotonic()))
        await self._keeping(self._kept.write(user, _PERSON.dump_json(person).decode()))
        return person

    async def _recall_of_late(self, user: str) -> None:
        """Know what is kept of `user`, and how old it is, or that Slack does not say."""
        reading = self._kept.read(user)
        kept = await soon(reading, KEPT_WITHIN_SECONDS, None, "person not recalled")
        if kept is None:
            return
        if kept.refused:
            self._refuse(user)
        person = _read(user, kept.text) if kept.text else None
        if person:
            self._know(_Entry(person, time.monotonic() - kept.age))

    async def _ask(self, user: str) -> Person:
        """What Slack says. Raises `SlackError`."""
        if rest := await self._api.resting(USERS_INFO):
            raise RateLimited(rest)
        shares = ((f"{USERS_INFO}:{user}", PER_MINUTE_EACH), (USERS_INFO, PER_MINUTE))
        for name, most in shares:
            if wait := await self._allowances.take(name, most):
                raise RateLimited(wait)
        async with self._places:
            reply = await self._api.call(USERS_INFO, {"user": user}, read=True)
        try:
            return SlackUser.model_validate(reply.get("user")).person(user, self._here)
        except ValidationError as error:
            raise OutcomeUnknown(f"{USERS_INFO}: {error}") from None

    async def _take_for_refused(self, user: str, *, forget: bool) -> None:
        """Slack does not say who `user` is; with `forget`, there is nobody of that name."""
        self._refuse(user)
        if forget:
            self._known.pop(user, None)
            await self._keeping(self._kept.write(user, ""))
        await self._keeping(self._kept.refuse(user, REFUSED_SECONDS))

    async def _keeping(self, keeping: Awaitable[None]) -> None:
        await soon(keeping, KEPT_WITHIN_SECONDS, None, "person not kept")

    def _unsure(self, user: str) -> Person:
        """Who `user` was of late, while Slack does not say who it is."""
        entry = self._known.get(user)
        if entry and entry.age < FRESH_SECONDS + STALE_SECONDS:
            return entry.person
        return Person(user, entry.person.name if entry else user)

    def _know(self, entry: _Entry) -> None:
        known = self._known.get(entry.person.id)
        if known and known.at > entry.at:
            return
        self._known[entry.person.id] = entry
        self._known.move_to_end(entry.person.id)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _refuses(self, user: str) -> bool:
        return self._refused.get(user, 0.0) > time.monotonic()

    def _refuse(self, user: str) -> None:
        self._refused[user] = time.monotonic() + REFUSED_SECONDS
        self._refused.move_to_end(user)
        while len(self._refused) > MOST_KNOWN:
            self._refused.popitem(last=False)


def _read(user: str, text: str) -> Person | None:
    """A person as another replica has kept them; None when this version cannot read it."""
    try:
        person = _PERSON.validate_json(text, strict=True)
    except ValidationError:
        log.warning("person cannot be read", user=user)
        return None
    return person if person.id == user else None
