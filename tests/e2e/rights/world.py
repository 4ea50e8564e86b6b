"""A workspace with everybody of the table of rights in it, and a bot that serves them."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.rules.policy import Fields, default_fields, limit_fields, model_fields, searchable_fields
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.slack.plain_blocks import plain_words
from bot.store.keys import Keys
from bot.store.policies import Policies
from bot.store.redis.connection import Store
from bot.store.votes import Votes
from bot.words import admin, form, prompts, talk
from sandbox.grok import GrokServer, Script
from sandbox.grok.script import Recorded
from sandbox.workspace import (
    ANA,
    BEN,
    BOT_USER,
    CHLOE,
    ENGINEERING,
    GENERAL,
    GUEST,
    LEADERSHIP,
    OTHER_TEAM_ID,
    RANDOM,
    STRANGER,
    TEAM_ID,
    Channel,
    Limits,
    Message,
    User,
    View,
    Workspace,
    dm_of,
)
from tests.e2e.several import several
from tests.e2e.stage import Stage, button, installed_app, is_complete, on_stage

Outcome = Literal["yes", "no", "own"]

UNPLACED = "U0NOBODY01"
GRID = "U0GRIDGI01"
LISTED = "U0LISTED01"
FOREIGN_ADMIN = "U0FADMIN01"

PEOPLE: Mapping[str, str] = {
    "asker": BEN,
    "member": CHLOE,
    "guest": GUEST,
    "other organisation": STRANGER,
    "unplaced": UNPLACED,
    "Grid colleague": GRID,
    "admin": ANA,
    "`GROK_ADMINS`": LISTED,
    "foreign admin": FOREIGN_ADMIN,
}
"""Who stands for each column. The asker is a member who asked for the answer in question."""

HERE = GENERAL
"""Where everybody is."""
TIGHT, PAUSED = ENGINEERING, "C0PAUSED01"
"""Where no question fits in the quota, and where none are taken. Everybody is there too."""
ANNOUNCED = RANDOM
"""Where what is set is changed. Everybody is there as well."""
SECRET = "C0SECRET01"
"""A private channel that the bot is in, and nobody else of the table."""

SHARED_TEAM = "T0SEVERAL1"
"""The id of the workspace where the bot may be installed in several."""

SYSTEM = "Speak like a zebra"
TEMPERATURE = "0.35"
DOLLARS = "777"
TOKENS = "1,357"
SEED = "8642"
OF_HERE = "8,642"
OF_EACH = "7,531"
OF_ANA = "6,420"
"""What admins have set: what somebody reads of it, they were told."""

REFUSALS = frozenset(
    {
        *admin.ONLY_ADMINS.values(),
        *admin.ONLY_MEMBERS.values(),
        admin.NOT_FOR_GUESTS,
        admin.MEMBERS_ONLY,
        admin.NOT_SEEN_THERE,
        plain_words(admin.NOT_SEEN_THERE),
        talk.ANSWER_FORGOTTEN,
        form.OPEN_TOO_LONG,
        form.field_fault(prompts.GONE, ""),
    }
)
"""The sentences by which somebody learns that they may not."""


def _promises(line: str) -> bool:
    """Whether it says that a question was taken, or is the button that stops it."""
    return line.startswith("Got it.") or line == talk.BUTTONS["stop"]


@dataclass(slots=True)
class World:
    """What the drivers work on."""

    stage: Stage
    policies: Policies
    votes: Votes
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    kept: dict[str, Message] = field(default_factory=dict)
    """Answers that several cells are about, by what they are for."""
    mentioned: tuple[Message, Message, Recorded] | None = None
    """A question of the asker's, its answer that goes on, and the request for that."""

    @property
    def workspace(self) -> Workspace:
        return self.stage.workspace

    @property
    def grok(self) -> GrokServer:
        return self.stage.grok

    async def version(self) -> int:
        """Of what admins have set."""
        return (await self.policies.reload()).version

    async def told(self, who: str, typed: str, channel: str = HERE) -> str:
        """What `who` alone reads after `/grok` and `typed`."""
        heard = self.listening(who)
        result = await self.workspace.forge.command(who, channel, typed)
        assert result.error is None, result
        return await self.workspace.wait_for(heard)

    def listening(self, who: str) -> Callable[[], str]:
        """What `who` alone was told since, promises apart."""
        before = len(self.workspace.ephemerals(who))

        def heard() -> str:
            told = [each.shown for each in self.workspace.ephemerals(who)[before:]]
            return "\n".join(line for line in "\n".join(told).splitlines() if not _promises(line))

        return heard

    async def asked(self, who: str, act: Callable[[str], Awaitable[Any]]) -> Outcome:
        """Whether a question reaches Grok once `act` has asked it."""
        prompt = f"Name river number {next(self.numbers)}."
        heard, before = self.listening(who), len(self.grok.requests)
        said = await act(prompt)
        if isinstance(said, str) and said:
            return refused(said)

        def outcome() -> str:
            sent = json.dumps([each.body for each in self.grok.requests[before:]])
            return "sent" if prompt in sent else heard()

        found = await self.workspace.wait_for(outcome)
        return "yes" if found == "sent" else refused(found)

    async def answer(self, who: str, typed: str = "", channel: str = HERE) -> Message:
        """A whole answer that `who` asked for."""
        return await self._answer(who, typed, channel, is_complete)

    async def growing(self, who: str) -> Message:
        """An answer that goes on until it is stopped."""
        prompt = self.stalling()
        return await self._answer(who, prompt, HERE, lambda message: "one" in message.shown)

    def stalling(self) -> str:
        """A question whose answer goes on until it is stopped."""
        prompt = f"Count from {next(self.numbers)}."
        stalls = Script(
            pieces=["one ", "two "], stall_after=1, when=lambda asked: prompt in str(asked.body)
        )
        self.grok.script(stalls)
        return prompt

    async def _answer(
        self, who: str, typed: str, channel: str, there: Callable[[Message], bool]
    ) -> Message:
        before = {message.ts for message in self.workspace.messages(channel)}
        typed = typed or f"Name lake number {next(self.numbers)}."
        await self.workspace.forge.command(who, channel, typed)

        def found() -> Message | None:
            messages = self.workspace.messages(channel)
            new = [m for m in messages if m.ts not in before and who in json.dumps(m.blocks)]
            return next(filter(there, new), None)

        return await self.workspace.wait_for(found)

    async def keep(self, name: str, make: Callable[[], Awaitable[Message]]) -> Message:
        """The same message for all cells that name it."""
        if name not in self.kept:
            self.kept[name] = await make()
        return self.kept[name]

    async def view(self, who: str) -> View:
        """What `who` has open, once it is filled."""

        def filled() -> View | None:
            view = self.workspace.view(who)
            blocks = view.content["blocks"] if view else []
            waits = len(blocks) == 1 and "…" in json.dumps(blocks, ensure_ascii=False)
            return view if blocks and not waits else None

        return await self.workspace.wait_for(filled)

    async def read(self, who: str) -> str:
        """What stands in it; it is closed again."""
        view = await self.view(who)
        text = json.dumps([view.content["blocks"], view.values], ensure_ascii=False)
        await self.workspace.close_view(who, view.id)
        return text


def refused(said: str) -> Outcome:
    """No, said in so many words; anything else is a fault, and not a refusal."""
    known = [each for each in REFUSALS if each in said or json.dumps(each)[1:-1] in said]
    known += ["not yours"] if "asked for this answer. They can stop it" in said else []
    assert known, f"neither done nor refused: {said}"
    return "no"


def told(text: str, *marks: str) -> Outcome:
    """Yes when `text` holds all of `marks`; own when nobody was refused, but told less."""
    if all(mark in text for mark in marks):
        return "yes"
    assert not any(mark in text for mark in marks), text
    hidden = any(each in text or json.dumps(each)[1:-1] in text for each in REFUSALS)
    return "no" if hidden else "own"


def job_of(message: Message, action: str = "details") -> str:
    """The id behind the buttons of an answer."""
    return str(button(message, action)["value"])


@asynccontextmanager
async def world(redis_url: str, *, shared: bool = False, **settings: Any) -> AsyncIterator[World]:
    """Everybody is there, and something is set for everything. `shared`: the bot serves whichever
    workspace installs it."""
    values: dict[str, Any] = {
        "questions_per_minute": 1_000,
        "grok_admins": LISTED,
        "slack_edits_per_minute": 1_000_000,
    }
    on = _one_of_several if shared else _alone
    async with Store(redis_url) as store:
        keys = Keys(SHARED_TEAM if shared else TEAM_ID)
        policies = Policies(store, keys)
        if not shared:
            await _set_everything(policies)  # a bot that runs would know of it only soon
        async with on(redis_url, **{**values, **settings}) as stage:
            _move_in(stage.workspace)
            if shared:
                await _set_everything(policies)  # what was there before it was installed is deleted
            yield World(stage, policies, Votes(store, keys))


async def _set_everything(policies: Policies) -> None:
    here, ana = Scope("channel", HERE), Scope("user", ANA)
    rules: list[tuple[Scope, Fields]] = [
        (WORKSPACE, default_fields({"system": SYSTEM, "temperature": 0.35})),
        (WORKSPACE, limit_fields({"usd-per-month": 777_000_000})),
        (WORKSPACE, model_fields({"grok-4.5": False})),
        (here, default_fields({"seed": 8_642}) | {"limits.requests-per-day": 8_642}),
        (here, searchable_fields({"forbidden.example": False})),
        (EACH_USER, limit_fields({"requests-per-day": 7_531})),
        (ana, limit_fields({"requests-per-day": 6_420})),
        (Scope("channel", TIGHT), limit_fields({"tokens-per-day": 1_357})),
        (Scope("channel", PAUSED), {"paused": {"by": ANA, "at": 1_700_000_000.0}}),
    ]
    for scope, fields in rules:
        await policies.change(scope, fields, by=ANA)


def _alone(redis_url: str, **settings: Any) -> AbstractAsyncContextManager[Stage]:
    """The app hears of Slack's own Stop, too, as one that is an agent does."""
    app = installed_app()
    app = replace(app, events=app.events | {"agent_session_stopped"})
    return on_stage(redis_url, app=app, limits=Limits(scale=0), **settings)


@asynccontextmanager
async def _one_of_several(redis_url: str, **settings: Any) -> AsyncIterator[Stage]:
    admins = f"{SHARED_TEAM}:{settings['grok_admins']}"
    async with several(redis_url, count=1, **{**settings, "grok_admins": admins}) as all_:
        yield all_.stages[0]


def _move_in(workspace: Workspace) -> None:
    state, colour = workspace.state, "#777777"
    for user in (
        User(UNPLACED, "noor", "Noor", colour, is_admin=True, is_placed=False),
        User(GRID, "gina", "Gina", colour, workspaces=("T0SISTER01", state.team_id)),
        User(LISTED, "lena", "Lena", colour),
        User(FOREIGN_ADMIN, "fay", "Fay", colour, is_admin=True, organisation=OTHER_TEAM_ID),
    ):
        state.users[user.id] = user
    everybody = set(PEOPLE.values())
    for channel in (
        Channel(PAUSED, "paused", "channel", {BOT_USER}),
        Channel(SECRET, "secret", "private", {BOT_USER}),
        *(Channel(dm_of(u), u, "im", {u, BOT_USER}, user=u) for u in everybody),
    ):
        state.channels.setdefault(channel.id, channel)
        state.timelines.setdefault(channel.id, {})
    for name in (HERE, TIGHT, PAUSED, ANNOUNCED):
        workspace.channel(name).members.update(everybody)
    assert {ANA, BEN} <= workspace.channel(LEADERSHIP).members
