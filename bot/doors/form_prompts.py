"""Saved prompts in the form: which are offered there, and what is asked with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from attrs import frozen
from pydantic import JsonValue

from bot.admin.prompts import PromptCommands
from bot.completion.ask import Said
from bot.completion.flags import Flags
from bot.completion.form import Filled, paragraphs
from bot.doors.form_window import Draft, in_time
from bot.errors import Fault, RequestRefused
from bot.rules.saved_prompts import Offer, filled, has_place
from bot.words import form as form_words
from bot.words import prompts as words
from bot.words import request as request_words

OFFER_SECONDS = 1.0
"""How long finding out what is saved may hold up a form."""

FIND_SECONDS = 0.3
"""How long finding the prompt that was chosen may take, of an ack's 3 s: the draft is found
before, and accepting takes 2."""


@frozen
class FormPrompts:
    """Offers prompts, and reads the one that was chosen. Raises `UserError` when Redis does not
    say in time."""

    _prompts: PromptCommands

    async def offered(self, user: str, channel: str) -> tuple[Offer, ...]:
        """What `user` may ask in `channel`; empty where it is not chosen yet."""
        return await in_time(self._prompts.offered(user, channel), OFFER_SECONDS)

    async def question(self, draft: Draft) -> tuple[Flags, tuple[Said, ...]]:
        """The question of a form, and what goes along with it. Raises `RequestRefused` where a
        saved prompt cannot be asked as it was chosen."""
        if not draft.filled.saved:
            _check_places(draft)
            return draft.filled.flags(), draft.context
        chosen = [offer for offer in draft.offers if offer.value == draft.filled.saved]
        template = await self._template(chosen[0], draft) if chosen else None
        if template is None:
            raise _refused("saved", words.GONE)
        if draft.filled.task:
            raise _refused("saved", words.NOT_BOTH)
        within = has_place(template) and bool(draft.about)
        return _asked(draft, template).flags(), () if within else draft.context

    async def _template(self, offer: Offer, draft: Draft) -> str | None:
        finding = self._prompts.of(offer, user=draft.user, channel=draft.channel)
        return await in_time(finding, FIND_SECONDS)


def with_ways(faults: Sequence[Fault], draft: Draft) -> tuple[Fault, ...]:
    """`faults`; one of a prompt that is missing names what the form offers instead."""
    wanted = form_words.prompt_wanted(about=draft.about is not None, saved=bool(draft.offers))
    nothing = {request_words.PROMPT_WANTED, request_words.ALLOWED_PROMPT}
    return tuple(
        replace(fault, allowed=wanted)
        if fault.parameter == "prompt" and fault.allowed in nothing
        else fault
        for fault in faults
    )


def _asked(draft: Draft, template: str) -> Filled:
    """What the form holds with `template` in its prompt. Its flags hold where the fields say what
    they said when the form opened."""
    typed, opened, places = draft.filled, draft.opened, has_place(template)
    message = draft.about.text if draft.about and places else ""
    written = _written(typed)
    prompts: list[JsonValue] = []
    merged = typed
    for each in [message] if message else written:
        flags = filled(template, each)
        if flags is None:
            raise _refused("prompt", words.PLACE_EMPTY)
        if flags.faults:
            raise RequestRefused(words.GONE, flags.faults)
        merged = typed.with_flags(flags)
        prompts.append(merged.values.get("prompt"))
    if message:
        prompts = [_below(prompt, each) for prompt in prompts for each in written]
    flat = [one for prompt in prompts for one in (prompt if isinstance(prompt, list) else [prompt])]
    usual = opened.reply or ("thread" if draft.thread_ts else "channel")
    before = opened.model_copy(update={"reply": usual})
    kept = {
        name: getattr(typed, name)
        for name in ("system", "reply", "effort", "search")
        if getattr(typed, name) != getattr(before, name)
    }
    changed = {
        name: value for name, value in typed.values.items() if opened.values.get(name) != value
    }
    prompt = flat[0] if len(flat) == 1 else flat
    return merged.model_copy(
        update={**kept, "values": {**merged.values, **changed, "prompt": prompt}}
    )


def _written(typed: Filled) -> list[str]:
    """What was typed as prompt, apart where each paragraph is one."""
    prompt = typed.values.get("prompt")
    if isinstance(prompt, list):
        return [str(each) for each in prompt]
    text = prompt if isinstance(prompt, str) else ""
    return [*paragraphs(text)] if typed.several and text.strip() else [text.strip()]


def _below(prompt: JsonValue, text: str) -> JsonValue:
    if isinstance(prompt, list):
        return [_below(each, text) for each in prompt]
    return f"{prompt}\n\n{text}" if text else prompt


def _check_places(draft: Draft) -> None:
    if not draft.template:
        return
    if has_place(f"{draft.filled.system} {draft.filled.values.get('prompt')}"):
        raise _refused("prompt", words.PLACE_LEFT)


def _refused(field: str, problem: str) -> RequestRefused:
    return RequestRefused(problem, (Fault(field, problem),))
