"""The commands that look after Grok: whoever types one is answered alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

import structlog
from attrs import frozen

from bot import words as general
from bot.acks import Reaction
from bot.admin.changing import Caller, Changing, CommandReply, not_changed, refused
from bot.admin.grok_key import GrokKeyForm
from bot.admin.prompts import PromptCommands
from bot.admin.usage import UsageCommands
from bot.admin.votes import VoteCommands
from bot.asking.admission import Permission
from bot.asking.rules_text import (
    audit_lines,
    defaults_here,
    defaults_of,
    every_model,
    how_to_search,
    kept_out,
    models_here,
    own_defaults,
    search_here,
)
from bot.completion.tools import prices_of_tools
from bot.errors import RequestRefused, StoreUnavailable, what_it_says
from bot.grok.client import GrokClient
from bot.patience import begun
from bot.rules.commands import AdminCommand
from bot.rules.policy import InForce
from bot.settings import Settings, default_values
from bot.slack.charts.chart_pictures import send_pictures
from bot.slack.inbound.payloads import SlashCommand
from bot.slack.side import SlackSide
from bot.store.side import StoreSide
from bot.words import admin as words
from bot.words import usage as usage_words

log = structlog.get_logger(__name__)

STORE_SECONDS = 2.5
"""How long a change may take until it is acked, of Slack's 3 s."""

ANSWER_SECONDS = 10.0
"""How long Redis may take before the person is told that it came to nothing."""

MOST_ENTRIES = 15
"""Changes that `audit` shows."""


CommandHandler = Callable[[AdminCommand, Caller], Awaitable[CommandReply]]


@frozen
class CommandRunner:
    """Carries out the commands. One that changes a channel is announced there."""

    _usage: UsageCommands
    _votes: VoteCommands
    _prompts: PromptCommands
    _changing: Changing
    _grok_key: GrokKeyForm
    _permission: Permission
    _grok: GrokClient
    _slack: SlackSide
    _store: StoreSide
    _settings: Settings

    async def __call__(self, command: AdminCommand, where: SlashCommand) -> Reaction:
        """Carry out `command`: one that changes something before the ack, any other after it. A
        change that is not stored in time is not acked; it goes on. What Slack delivers again
        changes nothing twice."""
        carry_out = partial(self._carry_out, command, where)
        if not command.verb.changes:
            return Reaction(then=partial(self._conclude, where, carry_out))
        changing = await begun(carry_out(), STORE_SECONDS)
        then = partial(self._conclude, where, lambda: changing)
        return Reaction(then=then, again=not changing.done())

    async def _carry_out(self, command: AdminCommand, where: SlashCommand) -> CommandReply:
        """What there is to say, once it is done."""
        person = await self._slack.people.find(where.user_id)
        caller = Caller(person, where.channel_id, f"command:{where.trigger_id}")
        if sentence := self._permission.refusal(command.matter(where.user_id), person):
            return CommandReply((sentence,))
        return await self._answer(command, caller)

    async def _conclude(
        self, where: SlashCommand, outcome: Callable[[], Awaitable[CommandReply]]
    ) -> None:
        said = await outcome()
        sent = [await self._slack.documents.send(each, where.user_id) for each in said.documents]
        if not all(sent):
            said = CommandReply((usage_words.EXPORT_FAILED,))
        await self._tell(where, said)
        if said.charts and not self._slack.messages.takes("charts"):
            told = await send_pictures(said.charts, where.user_id, self._slack.documents)
            await self._tell(where, CommandReply((told,)))
        if not said.announcement:
            return
        if not await self._slack.announcing.announce(said.channel, said.announcement):
            await self._tell(where, CommandReply((words.NOT_ANNOUNCED,)))

    async def _answer(self, command: AdminCommand, caller: Caller) -> CommandReply:
        if command.faults:
            wrong = refused(command.faults, command.name, changing=command.verb.changes)
            return CommandReply((wrong.sentence,))
        handler = self._handlers.get(command.name, self._changing.carry_out)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await handler(command, caller)
        except RequestRefused as error:
            return CommandReply((error.sentence,))
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("command came to nothing", error=what_it_says(error))
            away = not_changed(error) if command.verb.changes else general.STORE_AWAY
            return CommandReply((away,))
        except Exception:
            log.exception("command failed")
            return CommandReply((words.FAILED,))

    @property
    def _handlers(self) -> Mapping[str, CommandHandler]:
        """What does something else than change the policy, by its name."""
        return {
            "models": self._models,
            "search": self._search,
            "usage": self._usage.used,
            "usage export": self._usage.export,
            "prompts": self._prompts.listed,
            "prompts show": self._prompts.shown,
            "prompts save": self._prompts.save,
            "prompts share": self._prompts.share,
            "prompts delete": self._prompts.delete,
            "feedback": self._votes.shown,
            "feedback export": self._votes.export,
            "key remove": self._grok_key.removed,
            "audit": self._audited,
            "defaults": self._defaults,
            "quota": self._usage.quotas,
        }

    async def _audited(self, _: AdminCommand, caller: Caller) -> CommandReply:
        entries = await self._store.audit.newest(MOST_ENTRIES)
        return CommandReply(tuple(audit_lines(entries, caller.channel, caller.person.tz_offset)))

    async def _models(self, _: AdminCommand, caller: Caller) -> CommandReply:
        rules, catalogue = await self._in_force(caller), self._grok.catalogue
        knows = self._permission.knows_rules(caller.person)
        lines = models_here(rules, catalogue) if knows else every_model(catalogue)
        return CommandReply((*lines, *kept_out(rules, caller.person, knows_rules=knows)))

    async def _search(self, _: AdminCommand, caller: Caller) -> CommandReply:
        rules = await self._in_force(caller)
        knows = self._permission.knows_rules(caller.person)
        prices = prices_of_tools(self._settings.grok_tool_prices)
        lines = search_here(rules, prices) if knows else how_to_search(prices)
        return CommandReply((*lines, *kept_out(rules, caller.person, knows_rules=knows)))

    async def _defaults(self, command: AdminCommand, caller: Caller) -> CommandReply:
        rules, channel = await self._in_force(caller), caller.channel
        prompts = await self._prompts.beside_defaults(command.target, caller)
        if command.target and command.target.kind == "me":
            return CommandReply((*own_defaults(rules.policy.own), *prompts))
        if command.target:
            scope = command.target.scope(channel=channel, user=caller.user)
            lines = defaults_of(rules.policy, scope, channel)
        else:
            may = not self._permission.refusal("defaults", caller.person)
            lines = defaults_here(rules, may_set=may)
        return CommandReply((*lines, *prompts, *kept_out(rules, caller.person, knows_rules=True)))

    async def _in_force(self, caller: Caller) -> InForce:
        policy = await self._store.policies.current()
        own = await self._store.saved.defaults(caller.user)
        own_too, settings = replace(policy, own=own), default_values(self._settings)
        return self._grok.in_force(own_too, caller.channel, caller.user, settings=settings)

    async def _tell(self, where: SlashCommand, said: CommandReply) -> None:
        await self._slack.ephemeral.tell(
            said.message,
            user=where.user_id,
            channel=where.channel_id,
            response_url=where.response_url,
        )
