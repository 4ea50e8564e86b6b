"""`/grok prompts`: prompts under names, of a person, a channel, or the workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from bot.admin.changing import Caller, CommandReply
from bot.asking.rules_text import whose
from bot.characters import excerpt
from bot.rules.arguments import CommandTarget
from bot.rules.commands import AdminCommand
from bot.rules.quota import WORKSPACE, Scope
from bot.rules.saved_prompts import Offer, has_place, nearest_name, other_place
from bot.slack.blocks import mention
from bot.store.policies import Saved
from bot.words import admin as admin_words
from bot.words import prompts as words

Owned = Sequence[tuple[Scope, Mapping[str, str]]]
"""The prompts of each owner by name, the nearest owner first."""

_EXCERPT_CHARS = 80
_MOST_NAMES = 20
_ME = CommandTarget("me")
_HEADINGS = {"user": words.YOURS, "channel": words.OF_CHANNEL, "workspace": words.OF_WORKSPACE}


@frozen
class PromptCommands:
    """Answers the commands about saved prompts, and finds one to be asked."""

    _saved: Saved

    async def find(self, name: str, *, user: str, channel: str) -> tuple[Scope, str] | str:
        """The prompt that `name` means to `user` in `channel`, and whose it is: their own stands
        before the channel's, and that before the workspace's. Or what to say where there is none.
        Raises `StoreUnavailable`."""
        named = await self._named(user, channel)
        return named.get(name) or words.UNKNOWN(name=name, nearest=nearest_name(name, named))

    async def offered(self, user: str, channel: str) -> tuple[Offer, ...]:
        """All that `user` may ask in `channel` (empty: nowhere yet), each name once: that which
        `find` finds. Raises `StoreUnavailable`."""
        return tuple(
            Offer(owner=owner.kind, name=name, beginning=excerpt(text, _EXCERPT_CHARS))
            for name, (owner, text) in (await self._named(user, channel)).items()
        )

    async def texts(self, user: str, channel: str) -> list[tuple[str, str]]:
        """The same whole: names and texts. Raises `StoreUnavailable`."""
        named = await self._named(user, channel)
        return [(name, text) for name, (_, text) in named.items()]

    async def named(self, text: str, *, user: str, channel: str) -> str:
        """What the prompt is called that says `text`; empty where none does. Raises
        `StoreUnavailable`."""
        known = await self.texts(user, channel)
        return next((name for name, each in known if each.strip() == text.strip()), "")

    async def of(self, offer: Offer, *, user: str, channel: str) -> str | None:
        """The prompt that was offered, if it is still there. Raises `StoreUnavailable`."""
        owners = {owner.kind: owner for owner in _owners(user, channel)}
        (prompts,) = await self._saved.prompts(owners[offer.owner])
        return prompts.get(offer.name)

    async def beside_defaults(self, target: CommandTarget | None, caller: Caller) -> Iterator[str]:
        """What is saved where `target` says (None: here), below the defaults."""
        owned = await self._all(caller.user, caller.channel)
        if target is not None:
            scope = target.scope(channel=caller.channel, user=caller.user)
            (prompts,) = await self._saved.prompts(scope)
            owned = ((scope, prompts),)
        return _names(owned)

    async def listed(self, _: AdminCommand, caller: Caller) -> CommandReply:
        """All that may be used here."""
        owned = await self._all(caller.user, caller.channel)
        lines = tuple(_lines(owned))
        return CommandReply((*lines, words.HOW_TO_USE) if lines else (words.NONE_SAVED,))

    async def shown(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """One, to be copied."""
        name = command.names[0]
        found = await self.find(name, user=caller.user, channel=caller.channel)
        if isinstance(found, str):
            return CommandReply((found,))
        owner, text = found
        return CommandReply((words.SHOWN(name=name, whose=_whose(owner, caller)),), copy=text)

    async def save(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """For the caller, in place of one of theirs."""
        name, text = command.names
        owner = Scope("user", caller.user)
        (own,) = await self._saved.prompts(owner)
        if not await self._saved.set_prompt(owner, name, text):
            return CommandReply((words.FULL,))
        how, replaced = words.how_asked(name, place=has_place(text)), _replaced(name, text, own)
        other = other_place(text)
        return CommandReply((words.SAVED_AS(how=how, name=name, replaced=replaced, other=other),))

    async def share(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """One of the caller's, as it is now, with the channel or the workspace."""
        name, owner = command.names[0], _owner(command, caller)
        own, there = await self._saved.prompts(Scope("user", caller.user), owner)
        text = own.get(name)
        if text is None:
            meant = nearest_name(name, own)
            return CommandReply((words.NONE_OF_YOURS(name=name, nearest=meant),))
        if not await self._saved.set_prompt(owner, name, text):
            return CommandReply((words.FULL,))
        told = owner.kind == "channel" and not owner.id.startswith("D")
        how, replaced = words.how_asked(name, place=has_place(text)), _replaced(name, text, there)
        return CommandReply(
            (words.SHARED(whose=_whose(owner, caller), how=how, replaced=replaced),),
            announcement=words.TOLD_SHARED(who=mention(caller.user), how=how) if told else "",
            channel=owner.id if told else "",
        )

    async def delete(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """One of the caller's, or of the scope that is named."""
        name, owner = command.names[0], _owner(command, caller)
        (there,) = await self._saved.prompts(owner)
        if name not in there:
            whose_it_is, meant = _whose(owner, caller), nearest_name(name, there)
            told = words.NONE_THERE(name=name, whose=whose_it_is, nearest=meant)
            return CommandReply((told,))
        await self._saved.set_prompt(owner, name, "")
        return CommandReply((words.DELETED(name=name, whose=_whose(owner, caller)),))

    async def _named(self, user: str, channel: str) -> Mapping[str, tuple[Scope, str]]:
        """The prompt that each name means, and whose it is."""
        named: dict[str, tuple[Scope, str]] = {}
        for owner, prompts in await self._all(user, channel):
            named |= {name: (owner, text) for name, text in prompts.items() if name not in named}
        return named

    async def _all(self, user: str, channel: str) -> Owned:
        owners = _owners(user, channel)
        return tuple(zip(owners, await self._saved.prompts(*owners), strict=True))


def _owners(user: str, channel: str) -> tuple[Scope, ...]:
    """Whose prompts may be asked, the nearest first."""
    here = (Scope("channel", channel),) if channel else ()
    return (Scope("user", user), *here, WORKSPACE)


def _lines(owned: Owned) -> Iterator[str]:
    for owner, prompts in owned:
        if prompts:
            yield _HEADINGS[owner.kind]
        for name, text in prompts.items():
            yield words.ROW(name=name, beginning=excerpt(text, _EXCERPT_CHARS))


def _names(owned: Owned) -> Iterator[str]:
    if any(prompts for _, prompts in owned):
        yield words.SAVED
    for owner, prompts in owned:
        names = [admin_words.code(name) for name in prompts]
        if names:
            shown, more = names[:_MOST_NAMES], len(names[_MOST_NAMES:])
            yield words.NAMES(whose=_HEADINGS[owner.kind], shown=shown, more=more)


def _owner(command: AdminCommand, caller: Caller) -> Scope:
    return (command.target or _ME).scope(channel=caller.channel, user=caller.user)


def _replaced(name: str, text: str, there: Mapping[str, str]) -> str:
    """`name`, where another text stood under it; else empty."""
    return name if there.get(name, text) != text else ""


def _whose(owner: Scope, caller: Caller) -> str:
    return admin_words.YOURS if owner.kind == "user" else whose(owner, caller.channel)
