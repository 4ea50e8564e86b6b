"""Changes what admins set: from a command to the fields of the policy that it sets or takes away,
and to words for what changed from what to what; and who is answered what by a command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from bot.admin.allowing import WantedChange, models_wanted, searching_wanted, unknown_model
from bot.asking.rules_text import (
    FieldChange,
    changes,
    models_not_listed,
    models_text,
    searchable_text,
    whose,
)
from bot.completion.ask import effort_in
from bot.completion.faults import validate
from bot.completion.options import PARAMETERS, as_typed
from bot.completion.search import Search, is_value, search_in, settled
from bot.errors import Fault, RequestRefused, StoreUnavailable
from bot.grok.client import GrokClient
from bot.rules.arguments import CHANNEL
from bot.rules.commands import AdminCommand
from bot.rules.defaults import default_faults
from bot.rules.policy import Fields, InForce, Paused, Policy, default_fields
from bot.rules.quota import WORKSPACE, Scope
from bot.settings import Settings, default_values
from bot.slack.blocks import Message, lines, mention, moment, offer
from bot.slack.charts.charts import Chart
from bot.slack.documents import Document
from bot.slack.people.person import Person
from bot.slack_limits import BLOCKS_PER_MESSAGE, UPDATE_TEXT_BYTES
from bot.store.policies import Change, Policies, Saved
from bot.words import admin as words
from bot.words import commands as managing_words
from bot.words.request import faults as faults_words
from bot.words.sentences import each

MOST_TOLD = 5
"""Changes that a channel is told one by one, and defaults that are refused."""

_OF_FLAGS = ("defaults", "prompts")
"""How the names of commands begin that take flags."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who typed a command, and where. `operation` names it, for Slack may deliver it again."""

    person: Person
    channel: str
    operation: str = ""

    @property
    def user(self) -> str:
        """Their Slack id."""
        return self.person.id


@dataclass(frozen=True, slots=True)
class CommandReply:
    """What its author alone reads, line by line, and what everybody in `channel` does.

    Slack's mrkdwn. `announcement` is empty when nobody else is told. `documents` come to the
    author in direct messages. `charts` stand below the first line; where Slack draws none, pictures
    of them come in direct messages.
    """

    lines: tuple[str, ...]
    announcement: str = ""
    channel: str = ""
    documents: tuple[Document, ...] = ()
    copy: str = ""
    """A text to be copied to the letter, below the lines."""
    charts: tuple[Chart, ...] = ()

    @property
    def message(self) -> Message:
        """What is shown to the author."""
        if self.copy:
            return offer("\n".join(self.lines), copy=self.copy)
        first = 1 if self.charts else 0
        charts = (chart.block for chart in self.charts)
        blocks = (*lines(self.lines[:first]), *charts, *lines(self.lines[first:]))
        return Message(blocks[:BLOCKS_PER_MESSAGE], self.lines[0][:UPDATE_TEXT_BYTES])


def _wanted(
    command: AdminCommand, scope: Scope, policy: Policy, grok: GrokClient, by: str
) -> WantedChange:
    """What is wanted with `command` in `scope`, `by` whoever typed it."""
    match command.name:
        case "pause":
            return WantedChange({"paused": Paused(by=by, at=time.time()).model_dump()})
        case "resume":
            return WantedChange({"paused": None})
        case "models allow" | "models forbid" if command.names:
            return models_wanted(command, policy.of(scope).models, grok)
        case "search allow" | "search forbid" if command.names:
            return searching_wanted(command, scope, policy)
        case _:
            return WantedChange(command.fields)


def channel_of(scope: Scope) -> str:
    """The channel that `scope` is, or empty."""
    return scope.id if scope.kind == "channel" else ""


def _wider(here: InForce) -> dict[str, JsonValue]:
    """The defaults that take the place of those that were set for the nearest scope of `here`."""
    if here.policy.own:
        return replace(here, policy=replace(here.policy, own={})).values
    return replace(here, channel="").values if here.channel else dict(here.settings)


def _searched(*defaults: Mapping[str, JsonValue]) -> Search:
    """What defaults search, the nearest first."""
    named = [item for each in defaults for item in each.items() if is_value(*item)]
    return search_in(settled({}, named))


class Changing:
    """Carries out what changes the policy."""

    def __init__(
        self, policies: Policies, saved: Saved, grok: GrokClient, settings: Settings
    ) -> None:
        self._policies = policies
        self._saved = saved
        self._grok = grok
        self._settings = default_values(settings)

    async def carry_out(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """Do what `command` says. Raises `RequestRefused` when it cannot be done as it stands,
        and `StoreUnavailable`."""
        target = command.target or CHANNEL
        if target.kind == "me":
            return await self._change_own(command, caller)
        scope = target.scope(channel=caller.channel, user=caller.user)
        policy = await self._policies.current()
        await self._grok.catalogue.first_list()
        want = _wanted(command, scope, policy, self._grok, caller.user)
        faults = want.faults
        if command.name in ("defaults set", "defaults unset"):
            faults += self.faults_of(_named(want.fields), scope, policy)
        if faults:
            raise refused(faults, command.name)
        standing = policy.of(scope).paused
        if standing and want.fields.get("paused"):
            who = mention(standing.by) or standing.by
            when = moment(standing.at, caller.person.tz_offset)
            return CommandReply((words.PAUSED_ALREADY(who=who, when=when, kind=scope.kind),))
        return await self.change(scope, want.fields, caller)

    async def _change_own(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """The same of the caller's own defaults, which are nobody else's to know."""
        own = await self._saved.defaults(caller.user)
        every = command.fields.get("defaults", ...) is None
        values = dict.fromkeys(own) if every else _named(command.fields)
        policy = replace(await self._policies.current(), own=own)
        if faults := self.faults_of(values, Scope("user", caller.user), policy):
            raise refused(faults, command.name)
        after = {name: value for name, value in {**own, **values}.items() if value is not None}
        if after == own:
            return CommandReply((words.UNCHANGED,))
        if not await self._saved.set_defaults(caller.user, values):
            return CommandReply((words.TOO_MANY_SAVED,))
        differ = [name for name in {**own, **after} if own.get(name) != after.get(name)]
        lines = change_lines(
            default_fields({name: own[name] for name in differ if name in own}),
            default_fields({name: after[name] for name in differ if name in after}),
        )
        return CommandReply((words.YOURS_CHANGED, *lines))

    def faults_of(
        self, values: Mapping[str, JsonValue], scope: Scope, policy: Policy
    ) -> tuple[Fault, ...]:
        """What speaks against these defaults (None: taken away) in `scope`, once per parameter: a
        misspelt model, a value, a restriction, or what the model that is asked then cannot do."""
        model, rules = values.get("model"), self._in_force(scope, policy)
        faults = [
            *(unknown_model(model, self._grok) if isinstance(model, str) else ()),
            *default_faults(rules, values),
            *self._beyond_model(values, rules),
        ]
        return tuple({fault.parameter: fault for fault in reversed(faults)}.values())[::-1]

    def _beyond_model(self, values: Mapping[str, JsonValue], rules: InForce) -> Iterator[Fault]:
        for fault in self._not_carried(values, rules):
            if "model" in values or fault.parameter in values:
                yield fault

    def _not_carried(self, values: Mapping[str, JsonValue], rules: InForce) -> tuple[Fault, ...]:
        """What the model that is asked there by default cannot do of all defaults, with `values`
        (None: taken away) among them."""
        here = replace(rules, settings=self._settings)
        wide = _wider(here)
        kept = {n: value for n, value in {**here.values, **values}.items() if value is not None}
        all_ = {**wide, **kept}
        given = {name: value for name, value in all_.items() if name in PARAMETERS}
        try:
            request = validate({**given, "prompt": "-"})
        except RequestRefused:
            return ()
        effort, search = effort_in(all_.get("effort")), _searched(kept, wide)
        return self._grok.check(request, effort=effort, search=search)

    async def change(self, scope: Scope, fields: Fields, caller: Caller) -> CommandReply:
        """Set and take away `fields`, all of one kind.

        Raises `StoreUnavailable`.
        """
        done = await self._policies.change(
            scope, fields, by=caller.user, operation=caller.operation
        )
        rules = self._in_force(scope, await self._policies.current())
        if not (done.before or done.after):
            kind = next(iter(fields), "").partition(".")[0]
            return CommandReply((words.UNCHANGED, *holding(kind, scope, rules)))
        told = announcement(done, rules, caller.user) if _is_public(scope) else ""
        lines = (*confirmation(done, scope, rules, caller.channel), *self._unlisted(done, rules))
        if part_of(done) in ("models", "defaults"):
            lines += await self._refused_now(scope, rules, caller)
        return CommandReply(lines, told, scope.id if told else "")

    def _in_force(self, scope: Scope, policy: Policy) -> InForce:
        return self._grok.in_force(policy, channel_of(scope))

    async def _refused_now(self, scope: Scope, rules: InForce, caller: Caller) -> tuple[str, ...]:
        """Which defaults, that were set for another model, keep each plain question from being
        asked now, and what takes them back: wherever the change in `scope` holds."""
        told: dict[tuple[Scope, str], str] = {}
        for channel in _reached(scope, rules.policy, caller.channel):
            for owner, fault in self._refused_in(replace(rules, channel=channel)):
                elsewhere = channel != caller.channel
                line = words.DEFAULT_REFUSED(
                    flag=words.flag(fault.parameter),
                    whose=whose(owner, caller.channel),
                    problem=fault.problem,
                    command=words.take_back(fault.parameter, owner.kind),
                    elsewhere=elsewhere and owner != WORKSPACE,
                )
                told.setdefault((owner, fault.parameter), line)
            await asyncio.sleep(0)  # there may be very many channels
        lines = tuple(told.values())
        more = len(lines) - MOST_TOLD
        return lines if more <= 0 else (*lines[:MOST_TOLD], words.TOLD_MORE(more))

    def _refused_in(self, rules: InForce) -> Iterator[tuple[Scope, Fault]]:
        """The same of one channel: whose the defaults are, and what is wrong with them."""
        sources = {each.name: each.source for each in rules.defaults}
        for fault in self._not_carried({}, rules):
            source = sources.get(fault.parameter)
            if fault.parameter != "model" and source in ("channel", "workspace"):
                yield (Scope("channel", rules.channel) if source == "channel" else WORKSPACE), fault

    def _unlisted(self, done: Change, rules: InForce) -> Iterator[str]:
        """What is to be said of models that were named now, and that the API does not list; and
        where nothing is left of a list that there is."""
        if part_of(done) != "models":
            return
        catalogue, may_be = self._grok.catalogue, rules.models
        named = [field.partition(".")[2] for field in done.after]
        if unlisted := models_not_listed(named, catalogue):
            yield unlisted
        listed, _ = may_be.part(model.id for model in catalogue.models)
        if catalogue.models and not listed and may_be.only != ():
            yield words.NOTHING_LISTED_LEFT


def not_changed(error: StoreUnavailable | TimeoutError) -> str:
    """What is said of a change that came to nothing by `error`, as far as anybody knows."""
    sure = isinstance(error, StoreUnavailable) and not error.maybe_applied
    return words.NOT_CHANGED if sure else words.MAYBE_CHANGED


def refused(faults: Sequence[Fault], name: str, *, changing: bool = True) -> RequestRefused:
    """Because of these faults of the command of this `name` nothing is changed, or shown."""
    named = as_typed(faults) if name.startswith(_OF_FLAGS) else faults
    opening = managing_words.NOTHING_CHANGED if changing else managing_words.NOTHING_SHOWN
    return RequestRefused(faults_words(named, opening), faults)


def _named(fields: Fields) -> dict[str, JsonValue]:
    return {field.partition(".")[2]: value for field, value in fields.items()}


def _reached(scope: Scope, policy: Policy, channel: str) -> tuple[str, ...]:
    """The channels that a change in `scope` reaches: its own, or this `channel` and each that has
    its own defaults or models, but for conversations of other people."""
    if scope != WORKSPACE:
        return (channel_of(scope),)
    others = (
        scope.id
        for scope, rules in policy.scopes.items()
        if _is_public(scope) and (rules.defaults or rules.models)
    )
    return tuple(dict.fromkeys((channel, *others)))


def _is_public(scope: Scope) -> bool:
    """Whether others than who changed it are in that place."""
    return scope.kind == "channel" and not scope.id.startswith("D")


def part_of(done: Change) -> str:
    """Which part of the policy changed: a command changes one."""
    first = next(iter((*done.after, *done.before)))
    return first.partition(".")[0]


def confirmation(done: Change, scope: Scope, rules: InForce, channel: str) -> tuple[str, ...]:
    """What whoever made it in `channel` reads, line by line."""
    owner = whose(scope, channel)
    match part_of(done):
        case "paused" if "paused" in done.after:
            return (words.PAUSED(whose=owner, kind=scope.kind),)
        case "paused":
            return (words.RESUMED(owner), *holding("paused", scope, rules))
        case kind:
            lines = change_lines(done.before, done.after)
            return (words.CHANGED[kind](owner), *lines, *holding(kind, scope, rules))


def holding(kind: str, scope: Scope, rules: InForce) -> tuple[str, ...]:
    """What is to be said of all that holds there, to whoever changed a part of it."""
    everywhere = rules.policy.of(WORKSPACE)
    in_channel = scope.kind == "channel"
    forbids = (words.FORBIDDEN_EVERYWHERE,) if in_channel else ()
    match kind:
        case "paused":
            return (words.STILL_PAUSED,) if in_channel and rules.paused else ()
        case "models":
            held = forbids if False in everywhere.models.values() else ()
            return (models_text(rules.models), *held)
        case "search":
            held = forbids if False in everywhere.search.values() else ()
            return (searchable_text(rules.searchable), *held)
        case _:
            return ()


def announcement(done: Change, rules: InForce, user: str) -> str:
    """One line for everybody in the channel; empty for what is not theirs to know."""
    who = mention(user)
    match part_of(done):
        case "paused":
            return words.TOLD_PAUSED(who) if "paused" in done.after else words.TOLD_RESUMED(who)
        case "defaults":
            return words.TOLD_DEFAULTS(
                who=who, changes=_shortly(tuple(changes(done.before, done.after)))
            )
        case "texts":
            return words.TOLD_TEXTS[done.after.get("texts") is True](who)
        case "models":
            return words.TOLD_MODELS(who=who, sentence=models_text(rules.models))
        case "search":
            return words.TOLD_SEARCH(who=who, sentence=searchable_text(rules.searchable))
        case _:
            return ""


def change_lines(before: Fields, after: Fields) -> Iterator[str]:
    """What changed, for whoever changed it."""
    for change in changes(before, after):
        yield words.CHANGE(what=change.what, before=change.before, after=change.after)


def _shortly(changed: Sequence[FieldChange]) -> str:
    """What changed, for everybody in a channel, guests among them: what Grok is told before each
    question is for members to look up."""
    shown = [*map(_told, changed[:MOST_TOLD])]
    if len(changed) > MOST_TOLD:
        shown.append(words.TOLD_MORE(len(changed) - MOST_TOLD))
    return each(shown)


def _told(change: FieldChange) -> str:
    if change.what == words.flag("system"):
        return change.what
    if change.after == words.NOT_SET:
        return words.TOLD_UNSET(change.what)
    return words.TOLD_SET(what=change.what, value=change.after)
