"""The ways to the form, and what is sent with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from attrs import frozen

from bot.acks import Reaction
from bot.asking.admission import Admission, Presence, knows_rules
from bot.asking.asking import Asking, Refused, Taken
from bot.characters import excerpt
from bot.completion.ask import Place, conversation_of
from bot.completion.flags import Flags, parse_text
from bot.completion.form import Filled
from bot.doors.form_prompts import FormPrompts, with_ways
from bot.doors.form_window import Draft, DraftBox, FormWindow, Summons, Typed, in_time
from bot.errors import Fault, RequestRefused, UserError
from bot.grok.client import GrokClient
from bot.jobs.job import Job
from bot.patience import soon
from bot.rules.policy import Models
from bot.rules.quota import Scope
from bot.slack import plain_blocks
from bot.slack.inbound.interactions import (
    Click,
    GlobalShortcut,
    MessageShortcut,
    Submission,
    Suggestion,
    View,
)
from bot.slack.inbound.payloads import SlackMessage, SlashCommand, mentioned
from bot.slack.people.membership import REMEMBERED_SECONDS
from bot.slack.people.person import Person
from bot.slack.reading.message_text import LOOK_UP_SECONDS, files_in, said_in
from bot.slack.side import SlackSide
from bot.slack.views import OpenView
from bot.store.side import StoreSide
from bot.views.form_fields import sentence_view
from bot.views.form_view import errors_of, model_options, read_form
from bot.words import admin as admin_words
from bot.words import form as words
from bot.words import prompts as prompt_words
from bot.words import talk

FIND_SECONDS = 1.0
"""How long finding the question of an answer may hold up its form."""

ADMIT_SECONDS = 0.8
"""How long finding out whether somebody may ask may hold up a form, whose trigger lives 3 s."""

NAME_SECONDS = 0.3
"""How long finding out what people are called may hold up a refusal."""

DIRECT_SECONDS = 2.0
"""How long finding out where somebody's direct messages are may hold up a form."""

KNOW_SECONDS = 1.0
"""How long finding out the defaults may hold up a form."""

Find = Callable[[], Awaitable[Job | None]]
FindTyped = Callable[[], Awaitable[Typed | None]]


@frozen
class Forms:
    """Opens the form from everywhere, and asks what is sent with it."""

    _asking: Asking
    _admission: Admission
    _presence: Presence
    _box: DraftBox
    _window: FormWindow
    _prompts: FormPrompts
    _grok: GrokClient
    _slack: SlackSide
    _store: StoreSide

    async def on_command(self, payload: SlashCommand) -> Reaction:
        """`/grok` alone: the answer goes where it was typed."""
        summons = Summons(
            payload.trigger_id,
            payload.user_id,
            channel=payload.channel_id,
            response_url=payload.response_url,
        )
        return self._opening(summons, self._blank)

    async def on_global_shortcut(self, payload: GlobalShortcut) -> Reaction:
        """From anywhere: where the answer goes is chosen in the form."""
        return self._opening(Summons(payload.trigger_id, payload.user), self._blank)

    async def on_home_button(self, click: Click) -> Reaction:
        """From the Home tab: the answer goes to the direct messages."""
        return self._opening(Summons(click.trigger_id, click.user), self._direct)

    async def on_saved_prompt(self, click: Click) -> Reaction:
        """From the Home tab, with a prompt of theirs: the answer goes to the direct messages."""
        of_saved = partial(self._of_saved, click.action.value)
        return self._opening(Summons(click.trigger_id, click.user), of_saved)

    async def on_message_shortcut(self, payload: MessageShortcut) -> Reaction:
        """About a message: the answer goes to its thread."""
        summons = Summons(
            payload.trigger_id,
            payload.user,
            channel=payload.channel,
            thread_ts=payload.message.thread_ts,
            response_url=payload.response_url,
        )
        return self._opening(summons, partial(self._about, payload.message))

    async def on_edit(self, click: Click, find: Find) -> Reaction:
        """With a question to be changed, that of the job which `find` finds: the new answer goes
        where the old one stands."""
        return self._opening(Summons.of(click), partial(self._again, find))

    async def on_typed(self, click: Click, find: FindTyped) -> Reaction:
        """With a question that was typed with a fault in it, which `find` finds: the answer goes
        where it would have gone."""
        return self._opening(Summons.of(click), partial(self._of_typed, find))

    async def on_switch(self, click: Click) -> Reaction:
        """Advanced fields are shown or hidden; what was typed stays."""
        return Reaction(then=partial(self._switch, click))

    async def on_suggestion(self, suggestion: Suggestion) -> Reaction:
        """The models that fit what was typed, those first that may be asked."""
        allowed = await self._allowed(suggestion)
        return Reaction(model_options(self._grok.catalogue.models, suggestion.value, allowed))

    async def _allowed(self, suggestion: Suggestion) -> Models | None:
        """Which models may be asked where the question of a form goes; None when that is not
        known soon, or none of the person's business."""
        try:
            draft = await self._box.fetch(suggestion.private_metadata, suggestion.user)
            person = await self._slack.people.find(suggestion.user, within=LOOK_UP_SECONDS)
            if not knows_rules(person):
                return None
            policy = await in_time(self._store.policies.current(), KNOW_SECONDS)
        except UserError:
            return None
        return self._grok.in_force(policy, draft.channel).models

    async def on_submit(self, submission: Submission) -> Reaction:
        """Ask what was filled in, or mark everything that is wrong with it."""
        try:
            return await self._ask(await self._typed(submission.view, submission.user), submission)
        except UserError as error:
            return _marked(error.sentence)

    async def _ask(self, draft: Draft, submission: Submission) -> Reaction:
        """Ask what `draft` holds. Raises `UserError`."""
        place = draft.place(submission)
        if sentence := await self._out_of_sight(draft, place):
            return _marked(sentence, "prompt" if draft.channel else "channel")
        try:
            flags, context = await self._prompts.question(draft)
        except RequestRefused as error:
            refused = Refused(draft.surface, "refused", error.sentence, error.faults)
            return await self._refused(refused, draft, place, submission.view)
        asked = await self._asking.ask(flags, place.model_copy(update={"context": context}))
        if isinstance(asked, Refused):
            return await self._refused(asked, draft, place, submission.view)
        return self._taken(asked, draft)

    def _opening(self, summons: Summons, begin: Callable[[Summons], Awaitable[Draft]]) -> Reaction:
        return Reaction(then=partial(self._open, summons, partial(begin, summons)))

    async def _open(self, summons: Summons, begin: Callable[[], Awaitable[Draft]]) -> None:
        """Whoever may not ask, as far as that is known soon, is told so and nothing more: it takes
        one call to Slack."""
        sentence = await self._admission.of_person(summons.user, within=ADMIT_SECONDS)
        if sentence and sentence != admin_words.WHO_ARE_YOU:
            await self._window.refuse(summons, sentence)
        else:
            await self._window.open(summons, begin)

    async def _out_of_sight(self, draft: Draft, place: Place) -> str:
        """Why nothing is asked there for whoever sent the form; empty when they see that place.

        What was chosen in a form anybody can make up. Where it was opened Slack said itself.
        """
        if draft.channel and time.time() - draft.seen_at < REMEMBERED_SECONDS:
            return ""
        was_there = bool(draft.channel)
        return await self._presence.refusal(place.user, place.channel, was_there=was_there)

    async def _admit(self, user: str) -> None:
        """Raises `UserError` when `user` may not ask: then no form shows them anything."""
        if sentence := await self._admission.of_person(user):
            raise UserError(sentence)

    async def _blank(self, summons: Summons) -> Draft:
        await self._admit(summons.user)
        person = await self._who(summons.user)
        filled, offers = await asyncio.gather(
            self._defaults(person, summons.channel),
            self._prompts.offered(summons.user, summons.channel),
        )
        return Draft(
            user=summons.user,
            filled=filled,
            opened=filled,
            offers=offers,
            channel=summons.channel,
            seen_at=time.time() if summons.channel else 0,
            name=person.name,
            response_url=summons.response_url or None,
        )

    async def _direct(self, summons: Summons) -> Draft:
        """Where Slack does not name the direct message soon, the place is chosen."""
        draft = await self._blank(summons)
        finding = self._slack.messages.direct(summons.user)
        channel = await soon(finding, DIRECT_SECONDS, "", "direct message not found")
        if not channel:
            return draft
        place = {"channel": channel, "conversation": channel, "seen_at": time.time()}
        return draft.model_copy(update={**place, "home": True})

    async def _of_saved(self, name: str, summons: Summons) -> Draft:
        draft = await self._direct(summons)
        reading = self._store.saved.prompts(Scope("user", summons.user))
        (own,) = await in_time(reading, FIND_SECONDS)
        text = own.get(name)
        if text is None:
            raise UserError(prompt_words.UNKNOWN(name=excerpt(name)))
        filled = draft.filled.with_flags(parse_text(text))
        return draft.model_copy(update={"filled": filled, "template": True})

    async def _about(self, message: SlackMessage, summons: Summons) -> Draft:
        draft = await self._blank(summons)
        root, bot_user = message.thread_ts or message.ts, self._slack.installation.bot_user
        said = await said_in(message, self._slack.people, summons.user, bot_user=bot_user)
        files = self._slack.files.kept(files_in(message))
        agent = self._slack.agent.declared
        of_thread = conversation_of(summons.channel, root, by_thread=agent)
        place = {"thread_ts": root, "conversation": of_thread}
        about = {"surface": "shortcut", "context": (said,), "files": files}
        return draft.model_copy(update={**place, **about})

    async def _again(self, find: Find, summons: Summons) -> Draft:
        await self._admit(summons.user)
        job = await in_time(find(), FIND_SECONDS)
        if job is None:
            raise UserError(talk.ANSWER_FORGOTTEN)
        person = await self._who(summons.user)
        ask = job.ask if knows_rules(person) else job.ask.without_rules()
        return _draft_at(ask, summons, person, Filled.of(ask))

    async def _of_typed(self, find: FindTyped, summons: Summons) -> Draft:
        await self._admit(summons.user)
        typed = await in_time(find(), FIND_SECONDS)
        if typed is None:
            raise UserError(talk.TYPED_FORGOTTEN)
        person = await self._who(summons.user)
        place, flags = typed.place, parse_text(typed.text)
        usual = await self._defaults(person, place.channel)
        finding = self._asking.faults(flags, place.channel, person.id)
        draft = _draft_at(place, summons, person, usual.with_flags(flags))
        return draft.model_copy(
            update={
                # which its author was told already: Slack marks no field before a form is sent
                "faults": await in_time(finding, KNOW_SECONDS),
                "shows_all": bool(flags.faults),
                "response_url": place.response_url or draft.response_url,
            }
        )

    async def _defaults(self, person: Person, channel: str) -> Filled:
        """What a fresh form is filled with: the defaults that hold in `channel`, or nothing for
        those who may not know them; they hold for them all the same. Raises `UserError` when Redis
        does not say in time."""
        if not knows_rules(person):
            return Filled()
        supplying = self._asking.supplied(Flags({}), channel, person.id)
        supplied = await in_time(supplying, KNOW_SECONDS)
        return Filled().with_flags(supplied.flags)

    async def _who(self, user: str) -> Person:
        """Who it is, as far as Slack says it soon: an open form waits for it."""
        person = await self._slack.people.find(user, within=LOOK_UP_SECONDS)
        return person if person.known else replace(person, name="")

    async def _switch(self, click: Click) -> None:
        view = click.view
        if view is None:
            return
        try:
            draft = await self._typed(view, click.user)
            shows = click.action.value == "on"
            await self._window.redraw(
                OpenView(view.id, view.hash), draft, advanced=shows, user=click.user
            )
        except UserError as error:
            sentence = f"{error.sentence} {words.STILL_THERE}"
            await self._window.interrupt(click.trigger_id, sentence, user=click.user)

    async def _typed(self, view: View, user: str) -> Draft:
        """The draft of `view`, which `user` has open, with what stands in its fields. Raises
        `UserError`."""
        draft = await self._box.fetch(view.private_metadata, user)
        return draft.model_copy(update={"filled": read_form(view.values, draft.filled)})

    async def _refused(self, refused: Refused, draft: Draft, place: Place, view: View) -> Reaction:
        """Every fault at its field, and what else stands against it; all of them above the fields
        when one of those is hidden."""
        sentence = refused.count()
        if refused.outcome != "refused":
            return Reaction.marks({"prompt": await self._told(sentence, place.user)})
        obstacles = await self._asking.obstacles(place.user, place.channel)
        lines = [await self._told(each, place.user) for each in obstacles]
        told = (Fault("", line.rstrip(".")) for line in lines)
        faults = (*with_ways(refused.faults, draft), *told)
        errors, rest = errors_of(faults, view.values.keys())
        if not rest:
            return Reaction.marks(errors)
        try:
            shown = await self._window.kept(draft, advanced=True, faults=faults)
        except UserError as error:
            return Reaction.marks({**errors, "prompt": plain_blocks.plain_words(error.sentence)})
        return Reaction.shows(shown)

    async def _told(self, sentence: str, user: str) -> str:
        """`sentence` without markup, people in it by their names."""
        names = await self._slack.people.names(mentioned(sentence), asker=user, within=NAME_SECONDS)
        return plain_blocks.plain_words(sentence, names)

    def _taken(self, taken: Taken, draft: Draft) -> Reaction:
        """The form closes; whoever cannot watch the answer grow is told that it comes, and whoever
        is elsewhere where."""
        note, ask = taken.promise(), taken.ask
        if draft.home:
            address = f"{self._slack.installation.url.rstrip('/')}/archives/{ask.channel}"
            view = sentence_view(words.ANSWERING_IN_MESSAGES(address))
            return Reaction.shows(view)
        if note is None:
            return Reaction()
        tell = partial(
            self._slack.ephemeral.tell,
            note,
            user=ask.user,
            channel=ask.channel,
            thread_ts=ask.thread_ts or "",
        )
        return Reaction(then=tell)


def _marked(sentence: str, field: str = "prompt") -> Reaction:
    """`sentence` at a field, where Slack shows no markup."""
    return Reaction.marks({field: plain_blocks.plain_words(sentence)})


def _draft_at(place: Place, summons: Summons, person: Person, filled: Filled) -> Draft:
    """A form about what was asked before, or typed: its answer goes to the same `place`."""
    return Draft(
        user=summons.user,
        filled=filled,
        channel=place.channel,
        seen_at=time.time() if place.channel == summons.channel else 0,
        thread_ts=place.thread_ts,
        conversation=place.conversation,
        context=place.context,
        files=place.files,
        name=person.name,
        response_url=summons.response_url or None,
    )
