"""The workspace's own Grok key, where one bot serves several."""

from __future__ import annotations

from bot.admin.grok_key import KEY_FORM
from bot.words import key as words
from sandbox.workspace import ANA, View
from tests.e2e.rights.table import drives
from tests.e2e.rights.views import filled
from tests.e2e.rights.world import HERE, Outcome, World, refused


@drives("open the form of `/grok key`")
async def open_key(at: World, who: str) -> Outcome:
    await at.workspace.forge.command(who, HERE, "key")
    view = await filled(at, who, "grok_key")
    if not isinstance(view, View):
        return view
    await at.workspace.close_view(who, view.id)
    return "yes"


@drives("set the workspace’s Grok key by that form (made up)")
async def set_key(at: World, who: str) -> Outcome:
    """Also by whom the form was never shown to."""
    await at.workspace.forge.command(who, HERE, "key")
    view = await at.view(who)
    typed = {"type": "plain_text_input", "value": _new_key(at)}
    forged = {"callback_id": KEY_FORM, "state": {"values": {"grok_key": {"value": typed}}}}
    result = await at.workspace.forge.submit(who, view.id, forged)
    said = " ".join(result.errors.values()) or await at.read(who)
    if result.errors:
        await at.workspace.close_view(who, view.id)
    return "yes" if words.SAVED in said else refused(said)


@drives("`/grok key remove`")
async def remove_key(at: World, who: str) -> Outcome:
    await set_key(at, ANA)
    said = await at.told(who, "key remove")
    return "yes" if said == words.REMOVED else refused(said)


def _new_key(at: World) -> str:
    key = f"xai-own-key-number-{next(at.numbers)}"
    at.grok.more_keys.add(key)
    return key
