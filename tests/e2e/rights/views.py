"""Forms and the Home tab: what they show, where they ask, what they set."""

from __future__ import annotations

from typing import Any

from sandbox.workspace import ANA, BEN, View
from tests.e2e.rights.table import drives
from tests.e2e.rights.world import (
    ANNOUNCED,
    DOLLARS,
    HERE,
    SECRET,
    SYSTEM,
    TEMPERATURE,
    Outcome,
    World,
    refused,
    told,
)

Json = dict[str, Any]


def chosen(channel: str) -> Json:
    """What a select of conversations holds, whatever it offers."""
    return {"value": {"type": "conversations_select", "selected_conversation": channel}}


async def form(at: World, who: str) -> View | Outcome:
    """The form of the global shortcut, or why there is none."""
    await at.workspace.forge.shortcut(who, "new_grok")
    return await filled(at, who, "prompt")


async def filled(at: World, who: str, field: str) -> View | Outcome:
    """The view that `who` has open; refused, when it has no such field. It is closed then."""
    view = await at.view(who)
    return view if field in view.values else refused(await at.read(who))


async def send(at: World, view: View, typed: Json) -> str:
    """Submit `view`; what it then says is wrong, if anything is."""
    result = await at.workspace.submit(view.user, view.id, typed)
    assert result.error is None, (result, at.workspace.problems)
    if result.errors:
        await at.workspace.close_view(view.user, view.id)
    return " ".join(result.errors.values())


@drives("open the form by `/grok`")
async def open_form(at: World, who: str) -> Outcome:
    await at.workspace.forge.command(who, HERE, "")
    view = await filled(at, who, "prompt")
    return told(await at.read(who), TEMPERATURE) if isinstance(view, View) else view


@drives("ask by the form of the shortcut, where they are")
async def ask_by_form(at: World, who: str) -> Outcome:
    return await _ask_in(at, who, HERE)


@drives("ask by that form in a channel that they do not see (made up)")
async def ask_unseen(at: World, who: str) -> Outcome:
    return await _ask_in(at, who, SECRET)


async def _ask_in(at: World, who: str, channel: str) -> Outcome:
    view = await form(at, who)
    if not isinstance(view, View):
        return view
    typed = {"channel": chosen(channel)}
    return await at.asked(who, lambda prompt: send(at, view, {**typed, "prompt": prompt}))


@drives("ask by *Ask Grok about this*")
async def ask_about(at: World, who: str) -> Outcome:
    message = await at.keep("about", lambda: at.workspace.say(BEN, HERE, "The lake is deep."))
    await at.workspace.forge.message_shortcut(who, "ask_grok", HERE, message.ts)
    view = await filled(at, who, "prompt")
    if not isinstance(view, View):
        return view
    return await at.asked(who, lambda prompt: send(at, view, {"prompt": prompt}))


def saved(value: str) -> Json:
    """What the select of saved prompts holds, whatever it offers."""
    option = {"text": {"type": "plain_text", "text": value}, "value": value}
    return {"value": {"type": "static_select", "selected_option": option}}


async def _share(at: World) -> str:
    """A prompt that everybody may ask here; what stands for it in a form."""
    for typed in ("save rivers Seriously: {text}", "share rivers", "delete rivers"):
        await at.told(ANA, f"prompts {typed}")
    return "channel rivers"


@drives("ask with a saved prompt of the channel, by the form")
async def ask_saved(at: World, who: str) -> Outcome:
    value = await _share(at)
    await at.workspace.forge.command(who, HERE, "")
    view = await filled(at, who, "saved")
    if not isinstance(view, View):
        return view
    return await at.asked(who, lambda prompt: send(at, view, {"saved": value, "prompt": prompt}))


@drives("ask with a saved prompt that was offered elsewhere, by the form (made up)")
async def ask_saved_elsewhere(at: World, who: str) -> Outcome:
    value = await _share(at)
    view = await form(at, who)
    if not isinstance(view, View):
        return view
    await at.told(who, "prompts save mine Hm: {text}")  # so that the field is there
    await at.workspace.close_view(who, view.id)
    view = await form(at, who)
    assert isinstance(view, View)
    typed = {"channel": chosen(HERE), "saved": saved(value)}
    return await at.asked(who, lambda prompt: send(at, view, {**typed, "prompt": prompt}))


@drives("ask by a form that was opened for the asker (made up)")
async def ask_by_others(at: World, who: str) -> Outcome:
    others = await _of_asker(at)
    view = await form(at, who)
    if not isinstance(view, View):
        return view

    async def submit(prompt: str) -> str:
        await at.workspace.fill(who, view.id, {"prompt": prompt, "channel": chosen(HERE)})
        forged = {"private_metadata": others}
        result = await at.workspace.forge.submit(who, view.id, forged)
        if result.errors:
            await at.workspace.close_view(who, view.id)
        return " ".join(result.errors.values())

    return await at.asked(who, submit)


async def _of_asker(at: World) -> str:
    """What stands behind a form that the asker has open."""
    view = await form(at, BEN)
    assert isinstance(view, View)
    await at.workspace.close_view(BEN, view.id)
    metadata: str = view.content["private_metadata"]
    return metadata


@drives("look up models in the form")
async def suggestions(at: World, who: str) -> Outcome:
    view = await form(at, who)
    if not isinstance(view, View):
        return view
    result = await at.workspace.suggest(who, view.id, "value", "grok", block_id="model")
    await at.workspace.close_view(who, view.id)
    return "yes" if result.options.get("options") or result.options.get("option_groups") else "no"


@drives("Home: what is set, and what may be used")
async def home(at: World, who: str) -> Outcome:
    view = await _home(at, who)
    if view is None:
        return "no"
    text = str(view.content)
    return told(text, SYSTEM, DOLLARS)


@drives("Home: the button *Set up Grok*")
async def set_up_at_home(at: World, who: str) -> Outcome:
    view = await _home(at, who)
    if view is None or "set_up_grok" not in str(view.content):
        return "no"
    await at.workspace.click_view(who, view.id, "set_up_grok")
    found = await filled(at, who, "whose")
    return (
        told(await at.read(who), "What do you want to set?") if isinstance(found, View) else found
    )


async def _home(at: World, who: str) -> View | None:
    """The Home tab of `who`; None where Slack does not take one."""
    calls = at.workspace.calls_of("views.publish")
    event = {"type": "app_home_opened", "user": who, "channel": HERE, "tab": "home"}
    await at.workspace.emit("app_home_opened", event)
    await at.workspace.wait_for(lambda: len(at.workspace.calls_of("views.publish")) > len(calls))
    published = at.workspace.calls_of("views.publish")[-1].ok
    return at.workspace.home(who) if published else None


async def place(at: World, who: str, **picked: Any) -> View | str:
    """The second form of the set-up, or what was said in its place."""
    await at.workspace.forge.shortcut(who, "set_up_grok")
    view = await filled(at, who, "whose")
    if not isinstance(view, View):
        return view
    said = await send(at, view, picked)
    return said or view


@drives("open the form *Set up Grok*")
async def open_setup(at: World, who: str) -> Outcome:
    await at.workspace.forge.shortcut(who, "set_up_grok")
    view = await filled(at, who, "whose")
    if not isinstance(view, View):
        return view
    await at.workspace.close_view(who, view.id)
    return "yes"


@drives("set defaults of a channel by the form")
async def set_defaults(at: World, who: str) -> Outcome:
    typed = {"temperature": f"0.{next(at.numbers):05}"}
    return await _save(at, who, "defaults", typed)


@drives("set quotas of a channel by the form")
async def set_quotas(at: World, who: str) -> Outcome:
    return await _save(at, who, "limits", {"requests-per-day": f"9{next(at.numbers):05}"})


async def _save(at: World, who: str, what: str, typed: Json) -> Outcome:
    if what == "limits" and "limits" not in await _offered(at, who):
        return "no"
    view = await place(at, who, what=what, whose="channel", channel=chosen(ANNOUNCED))
    if not isinstance(view, View):
        return view if view in ("yes", "no") else refused(view)  # type: ignore[return-value]
    version = await at.version()
    said = await send(at, view, typed)
    if not said:
        await at.workspace.close_view(who, view.id)
    changed = await at.version() != version
    return "yes" if changed else refused(said)


async def _offered(at: World, who: str) -> str:
    """What may be set, as the first form offers it."""
    await at.workspace.forge.shortcut(who, "set_up_grok")
    return await at.read(who)


@drives("look at what is set in a channel that they do not see (made up)")
async def look_unseen(at: World, who: str) -> Outcome:
    view = await place(at, who, what="defaults", whose="channel", channel=chosen(SECRET))
    if isinstance(view, View):
        await at.workspace.close_view(who, view.id)
        return "yes"
    return "no" if view == "no" else refused(view)


@drives("set defaults of a channel that they do not see (made up)")
async def save_unseen(at: World, who: str) -> Outcome:
    view = await place(at, who, what="defaults", whose="channel", channel=chosen(ANNOUNCED))
    if not isinstance(view, View):
        return "no" if view == "no" else refused(view)
    version = await at.version()
    metadata = view.content["private_metadata"].replace(ANNOUNCED, SECRET)
    assert SECRET in metadata
    await at.workspace.fill(who, view.id, {"temperature": f"0.{next(at.numbers):05}"})
    result = await at.workspace.forge.submit(who, view.id, {"private_metadata": metadata})
    await at.workspace.close_view(who, view.id)
    changed = await at.version() != version
    return "yes" if changed else refused(" ".join(result.errors.values()))
