"""From what was said to a question that is taken or refused: once, for every door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import structlog
from attrs import frozen

from bot import metrics, words
from bot.asking import admission
from bot.asking.admission import Accepted, Acceptor, Admission, knows_rules
from bot.asking.denied import Recipient, denied, used_up
from bot.asking.rules_text import kept_out
from bot.characters import excerpt
from bot.completion.ask import EFFORTS, FORMS, Ask, Effort, Place, Surface
from bot.completion.flags import Flags
from bot.completion.form import for_form
from bot.completion.request import CompletionRequest
from bot.errors import (
    Fault,
    NotTaken,
    RequestRefused,
    StalePolicy,
    StoreUnavailable,
    TurnedAway,
    what_it_says,
)
from bot.grok.client import GrokClient
from bot.jobs.job import Job
from bot.patience import patience
from bot.rules.defaults import Supplied, request_of, supply
from bot.rules.hold import Counted, Denied, Hold, context_text, hold_for, may_fit, prompt_text
from bot.rules.policy import InForce, Policy
from bot.rules.quota import windows_at
from bot.rules.searchable import bounded
from bot.settings import Settings, admins_of, default_values, zone_of
from bot.slack.blocks import Message, Offered, offer
from bot.slack.people.people import People
from bot.slack.people.person import Person
from bot.store.conversations import RecentFiles
from bot.store.side import StoreSide
from bot.words import grok as grok_words
from bot.words import talk

log = structlog.get_logger(__name__)

MOST_TRIES = 3
"""An admin may change something between reading the policy and accepting, but not for ever."""

CLOCK_SECONDS = 0.3
"""How long finding out in which time zone the asker reads may hold up a refusal."""

OBSTACLES_SECONDS = 0.7
"""How long looking up what is used up may hold up a refusal."""

FILES_SECONDS = 0.3
"""How long finding out which files a conversation is about may hold one up."""

LEFT_SECONDS = 2 * admission.SHORTEST_TRY_SECONDS
"""So much of what accepting may take is left for it when what holds for an asker was read, as far
as that is not the most of it."""

COUNT_SECONDS = 1.0
"""How long counting a question may take, of what accepting may take."""

Make = Callable[[Policy], Ask]


@dataclass(frozen=True, slots=True)
class Taken:
    """A question that was taken, and the job that it became."""

    ask: Ask
    accepted: Accepted
    lacking: str = ""
    """What of it will not come of what was asked for, in a sentence."""

    def promise(self, ahead: int = 0) -> Message | None:
        """What its asker reads at once who sees nothing of the answer for now, with a button to
        stop it: that it comes, and how many of its conversation come first. To everybody, what
        will be lacking. None when there is nothing to say."""
        unseen = (promise(self.ask), talk.IN_LINE(ahead) if ahead else "")
        said = " ".join(filter(None, (*unseen, self.lacking)))
        if not said:
            return None
        stop = Offered("stop", talk.BUTTONS["stop"], self.accepted.job_id)
        return offer(said, [stop] if any(unseen) else [])


@dataclass(frozen=True, slots=True)
class Refused:
    """A question that was not taken, and why, in a sentence for its asker."""

    surface: Surface
    outcome: Literal["refused", "denied", "not_taken"]
    """`refused`: it has `faults`; `denied`: it may not be asked now; `not_taken`: it could not be
    stored, or nobody knows whether it was."""
    sentence: str
    faults: tuple[Fault, ...] = ()

    def count(self) -> str:
        """Count it among what was asked; returns the sentence."""
        metrics.REQUESTS.labels(self.surface, self.outcome).inc()
        return self.sentence


@frozen
class Asking:
    """Has questions accepted, each made by the policy that holds. What it returns for one is the
    same for every door."""

    _team: str
    _acceptor: Acceptor
    _admission: Admission
    _people: People
    _grok: GrokClient
    _store: StoreSide
    _settings: Settings

    async def ask(self, flags: Flags, place: Place) -> Taken | Refused:
        """Have the question in `flags` accepted, with the defaults that hold for its asker."""
        if place.conversation is not None and not place.opens_thread:
            earlier = await self._files_of(place.conversation)
            place = place.model_copy(update={"earlier": earlier})
        return await self._take(partial(self.asked, flags, place), place, own=True)

    async def again(self, job: Job, dedupe: str, **changed: str | float | None) -> Taken | Refused:
        """Have the question of `job` accepted once more, with these fields `changed`, if it may
        be asked by now; the same one when it comes again by that `dedupe`."""
        retry_of = job.ask.retry_of or job.id
        fixed = {"dedupe": dedupe, "surface": "retry", "retry_of": retry_of}
        return await self.anew(
            job.ask.model_copy(update={**changed, **fixed, "asked_at": time.time()})
        )

    async def anew(self, ask: Ask) -> Taken | Refused:
        """Have a question accepted that was made of an earlier one, if it may be asked by now."""
        return await self._take(partial(self._checked, ask), ask)

    async def supplied(self, flags: Flags, channel: str, user: str) -> Supplied:
        """`flags` with the defaults that hold for `user` in `channel`. Raises
        `StoreUnavailable`."""
        policy = await self._policy_of(user)
        return supply(self._in_force(channel, policy), flags)

    async def faults(self, flags: Flags, channel: str, user: str) -> tuple[Fault, ...]:
        """Everything wrong with a question. Raises `StoreUnavailable`."""
        try:
            self._request(await self.supplied(flags, channel, user))
        except RequestRefused as refused:
            return refused.faults
        return ()

    async def _files_of(self, conversation: str) -> RecentFiles:
        """The files of the last questions of a conversation; none of them while nobody can say."""
        try:
            async with asyncio.timeout(FILES_SECONDS):
                return await self._store.conversations.files(conversation)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("files of the conversation not known", error=what_it_says(error))
            return ()

    async def ahead(self, taken: Taken) -> int:
        """How many questions of the conversation are answered before this one, as far as the store
        says."""
        conversation = taken.ask.conversation
        if conversation is None:
            return 0
        try:
            return await self._store.conversations.before(conversation, taken.accepted.job_id)
        except StoreUnavailable:
            return 0

    async def _policy_of(self, user: str) -> Policy:
        """What admins have set, with the defaults that `user` has set. Raises
        `StoreUnavailable`."""
        await self._grok.catalogue.first_list()
        policies, saved = self._store.policies, self._store.saved
        policy, own = await asyncio.gather(policies.current(), saved.defaults(user))
        return replace(policy, own=own)

    async def _take(self, make: Make, place: Place, *, own: bool = False) -> Taken | Refused:
        """`own`: the defaults of its asker hold."""
        try:
            return await self._taken(make, place, own=own)
        except RequestRefused as error:
            return Refused(place.surface, "refused", error.sentence, error.faults)
        except (Denied, TurnedAway) as error:
            return Refused(place.surface, "denied", error.sentence)
        except NotTaken as error:
            return Refused(place.surface, "not_taken", error.sentence)
        except StoreUnavailable as error:
            log.warning("policy not known", error=str(error))
            return Refused(place.surface, "not_taken", words.NOT_TAKEN)

    async def _taken(self, make: Make, place: Place, *, own: bool) -> Taken:
        clock = asyncio.get_running_loop().time
        deadline = clock() + admission.ACCEPT_SECONDS
        await self._grok.catalogue.first_list()
        try:
            left = deadline - clock()
            async with patience(left - min(LEFT_SECONDS, left / 2)):
                defaults = await self._store.saved.defaults(place.user) if own else {}
                policy = await self._store.policies.current()
        except TimeoutError as error:
            raise StoreUnavailable("not read in time", maybe_applied=False) from error
        for _ in range(MOST_TRIES):
            ask = make(replace(policy, own=defaults))
            within = min(
                admission.LOOK_UP_SECONDS, deadline - admission.SHORTEST_TRY_SECONDS - clock()
            )
            if sentence := await self._admission.refusal(ask.user, ask.channel, within=within):
                raise Denied(sentence)
            try:
                return Taken(ask, await self._accept(ask, policy, deadline), self._lacking(ask))
            except StalePolicy:
                policy = await self._store.policies.reload(policy)
        raise NotTaken(words.NOT_TAKEN)

    def _in_force(self, channel: str, policy: Policy) -> InForce:
        return self._grok.in_force(policy, channel, settings=default_values(self._settings))

    def asked(self, flags: Flags, place: Place, policy: Policy) -> Ask:
        """The question in `flags` as `policy` has it, ready to be accepted. Raises
        `RequestRefused`."""
        rules = self._in_force(place.channel, policy)
        supplied = supply(rules, flags)
        request = self._request(supplied, pictures=place.shows_pictures)
        # What is asked in a thread is answered there, whatever the channel's default.
        reply = flags.reply or ("thread" if place.thread_ts else supplied.flags.reply or "channel")
        return Ask(
            **{**dict(place), "thread_ts": None if reply == "channel" else place.thread_ts},
            team=self._team,
            request=request,
            system=supplied.flags.system or "",
            effort=supplied.flags.effort,
            search=supplied.search,
            reply=reply,
            defaulted=dict(supplied.sources),
            feedback=self._settings.feedback and rules.feedback,
            most_tokens=rules.caps.get("max-tokens"),
            asked_at=time.time(),
        )

    def _checked(self, ask: Ask, policy: Policy) -> Ask:
        """The same question, if it may be asked by now. Raises `RequestRefused`."""
        rules = self._in_force(ask.channel, policy)
        given = rules.within_caps(ask.request.given(), ask.defaulted)
        flags = Flags({**ask.given, **given})
        self._request(supply(rules, flags), pictures=ask.shows_pictures)
        begun = ask.begun.text if ask.begun else ""
        if len(begun.encode(errors="replace")) > self._settings.grok_max_prompt_bytes:
            raise RequestRefused(talk.TOO_LONG_TO_CONTINUE, ())
        search = bounded(ask.search, rules.searchable)[0] if ask.search.sources else ask.search
        return ask.model_copy(
            update={
                "request": CompletionRequest.model_validate(given),
                "search": search,
                "feedback": self._settings.feedback and rules.feedback,
                "most_tokens": rules.caps.get("max-tokens"),
            }
        )

    def _request(self, supplied: Supplied, *, pictures: bool = False) -> CompletionRequest:
        """What is asked; `pictures`: some are to be looked at. Raises `RequestRefused`."""
        carried = partial(self._grok.check, pictures=pictures)
        return request_of(supplied, self._settings.grok_max_prompt_bytes, carried)

    def _lacking(self, ask: Ask) -> str:
        """What will not be seen of what somebody asked for this time, since its model is known not
        to give it, or for want of messages: who asks again or goes on has read it."""
        request, most = ask.request, self._settings.answer_messages
        if ask.surface in ("retry", "continue"):
            return ""
        sentences = []
        wanted = "n" not in ask.defaulted or len(request.prompts) > 1
        if wanted and request.choices > most:
            sentences.append(talk.ANSWERS_UNSEEN(answers=request.choices, most=most))
        asked = request.logprobs is not None and "logprobs" not in ask.defaulted
        if asked and self._grok.catalogue.ignores_logprobs(request.model):
            sentence = grok_words.GROK_NO_LOGPROBS(excerpt(request.model))
            sentences.append(for_form(sentence) if ask.surface in FORMS else sentence)
        return " ".join(sentences)

    async def obstacles(self, user: str, channel: str) -> tuple[str, ...]:
        """What keeps any question of `user` in `channel` from being taken now, besides what may be
        wrong with it: Slack's mrkdwn. Whatever is not known soon is left out."""
        try:
            async with asyncio.timeout(OBSTACLES_SECONDS):
                return tuple(dict.fromkeys([each async for each in self._obstacles(user, channel)]))
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("quotas not known", error=what_it_says(error))
            return ()

    async def _obstacles(self, user: str, channel: str) -> AsyncIterator[str]:
        rules = InForce(await self._store.policies.current(), channel, user)
        person = await self._people.find(user, within=CLOCK_SECONDS)
        recipient = self._recipient(person)
        for line in kept_out(rules, person, knows_rules=recipient.knows_rules):
            yield line
        windows = windows_at(time.time(), zone_of(self._settings))
        limits = rules.limits
        scopes = tuple(dict.fromkeys(limit.scope for limit in limits))
        uses = await self._store.quotas.usage(scopes, windows) if scopes else ()
        for line in used_up(limits, uses, windows, recipient):
            yield line

    def _recipient(self, person: Person) -> Recipient:
        admins = admins_of(self._settings)
        return Recipient(
            tz_offset=person.tz_offset,
            admins=tuple(sorted(admins)),
            knows_rules=knows_rules(person),
            is_admin=person.id in admins or person.admin,
        )

    async def _accept(self, ask: Ask, policy: Policy, deadline: float) -> Accepted:
        clock = asyncio.get_running_loop().time
        counted = None
        try:
            hold = self._hold(ask, policy)
            try:
                return await self._acceptor.accept(ask, hold, deadline - clock())
            except Denied as error:
                left = deadline - clock() - admission.SHORTEST_TRY_SECONDS
                counted = await self._count(ask, hold, error, min(COUNT_SECONDS, left))
                if counted is None:
                    raise
            hold = self._hold(ask, policy, counted)
            return await self._acceptor.accept(ask, hold, deadline - clock())
        except Denied as error:
            person = await self._people.find(ask.user, within=CLOCK_SECONDS)
            recipient = self._recipient(person)
            hold_of = partial(self._hold, policy=policy, counted=counted)
            efforts = self._less_thinking(ask)
            sentence = denied(error, ask, hold_of, recipient, policy, efforts=efforts)
            raise Denied(sentence, error.shortages, error.closed) from None

    def _less_thinking(self, ask: Ask) -> tuple[Effort, ...]:
        """The efforts by which Grok would think less about `ask` than it will, from the most."""
        model, catalogue = ask.request.model, self._grok.catalogue
        now = catalogue.effort_of(model, ask.effort)
        lower = EFFORTS[: EFFORTS.index(now)] if now and catalogue.efforts(model) else ()
        pictures = ask.shows_pictures
        return tuple(
            effort
            for effort in reversed(lower)
            if not self._grok.check(ask.request, effort, ask.search, pictures=pictures)
        )

    async def _count(self, ask: Ask, hold: Hold, error: Denied, seconds: float) -> Counted | None:
        """What `ask` really is, where that may make it fit after all."""
        if seconds <= 0 or not may_fit(hold, error):
            return None
        texts = (prompt_text(ask), context_text(ask, self._settings))
        model = ask.request.model
        prompt, context = await asyncio.gather(
            *(self._grok.count_tokens(model, text, seconds) for text in texts)
        )
        return None if prompt is None or context is None else Counted(prompt, context)

    def _hold(self, ask: Ask, policy: Policy, counted: Counted | None = None) -> Hold:
        model = ask.request.model
        return hold_for(
            ask,
            policy,
            prices=self._grok.prices.of(model),
            reasons=self._grok.catalogue.reasons(model) is not False,
            effort=self._grok.catalogue.effort_of(model, ask.effort),
            model=self._grok.catalogue.id_of(model),
            settings=self._settings,
            now=time.time(),
            counted=counted,
        )


def promise(ask: Ask) -> str:
    """What to tell at once an asker who sees nothing until the answer is done; else empty."""
    if ask.is_private:
        return words.TOLD_WHEN_DONE
    return "" if ask.request.streams else words.POSTED_WHEN_DONE
