"""From flags and a place to an `Ask` that may be accepted: one way for every surface."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from bot.completion.ask import Ask, Place
from bot.completion.faults import check, refusal, sound_part, validate
from bot.completion.flags import Flags
from bot.completion.request import CompletionRequest
from bot.completion.search import OPTION_NAMES
from bot.errors import Fault, RequestRefused
from bot.files.ref import shows_pictures
from bot.grok.client import GrokClient
from bot.rules.defaults import Supplied, restriction_faults, search_faults, supply
from bot.rules.policy import InForce, Policy
from bot.rules.searchable import bounded
from bot.settings import Settings, default_values
from bot.words import request as words
from bot.words import search as search_words
from bot.words import talk


@dataclass(frozen=True, slots=True)
class Requests:
    """Fills in defaults and finds every fault before anything is spent."""

    settings: Settings
    grok: GrokClient
    team: str

    def ask(self, flags: Flags, place: Place, policy: Policy) -> Ask:
        """The question in `flags` as `policy` has it, ready to be accepted.

        Raises `RequestRefused`.
        """
        rules = self._in_force(place.channel, policy)
        supplied = supply(rules, flags)
        request = self._request(flags, rules, supplied, pictures=shows_pictures(place.files))
        # What is asked in a thread is answered there, whatever the channel's default.
        reply = flags.reply or ("thread" if place.thread_ts else supplied.reply or "channel")
        return Ask(
            **{**dict(place), "thread_ts": None if reply == "channel" else place.thread_ts},
            team=self.team,
            request=request,
            system=supplied.system,
            effort=supplied.effort,
            search=supplied.search,
            reply=reply,
            defaulted=dict(supplied.sources),
            feedback=self.settings.feedback and rules.feedback,
            most_tokens=rules.caps.get("max-tokens"),
            asked_at=time.time(),
        )

    def checked(self, ask: Ask, policy: Policy) -> Ask:
        """The same question, if it may be asked by now. Raises `RequestRefused`."""
        rules = self._in_force(ask.channel, policy)
        given = rules.within_caps(ask.request.given(), ask.defaulted)
        flags = Flags(
            values=given, system=ask.system, effort=ask.effort, search=ask.search.values()
        )
        self._request(flags, rules, supply(rules, flags), pictures=ask.shows_pictures)
        begun = ask.begun.text if ask.begun else ""
        if len(begun.encode(errors="replace")) > self.settings.grok_max_prompt_bytes:
            raise RequestRefused(talk.TOO_LONG_TO_CONTINUE, ())
        search, _ = bounded(ask.search, rules.searchable)
        return ask.model_copy(
            update={
                "request": CompletionRequest.model_validate(given),
                "search": search,
                "feedback": self.settings.feedback and rules.feedback,
                "most_tokens": rules.caps.get("max-tokens"),
            }
        )

    def request(
        self, flags: Flags, channel: str, policy: Policy, *, pictures: bool = False
    ) -> CompletionRequest:
        """The request in `flags`, with the defaults that hold in `channel`; `pictures`: some are to
        be looked at.

        Raises `RequestRefused` with every fault: of the grammar, of the schema, of the rules
        beyond it, of what admins do not allow, and of the endpoint that would have to carry it.
        Where a default is to blame, the fault says whose it is.
        """
        rules = self._in_force(channel, policy)
        return self._request(flags, rules, supply(rules, flags), pictures=pictures)

    def supplied(self, flags: Flags, channel: str, policy: Policy) -> Supplied:
        """`flags` with the defaults that hold in `channel` in place of what they leave open."""
        return supply(self._in_force(channel, policy), flags)

    def _request(
        self, flags: Flags, rules: InForce, supplied: Supplied, *, pictures: bool
    ) -> CompletionRequest:
        found: tuple[Fault, ...] = ()
        try:
            request = validate(supplied.values)
        except RequestRefused as refused:
            found = refused.faults
            request = sound_part(supplied.values, {fault.parameter for fault in found})
        wrong = {fault.parameter for fault in (*flags.faults, *found)}
        further = self._beyond_schema(request, rules, supplied, wrong, pictures=pictures)
        found += tuple(fault for fault in further if fault.parameter not in wrong)
        found += tuple(search_faults(flags, supplied))
        faults = [*_of_flags(flags.faults, found), *supplied.explained(found)]
        if faults:
            raise refusal(faults)
        return request

    def _beyond_schema(
        self,
        request: CompletionRequest,
        rules: InForce,
        supplied: Supplied,
        wrong: Container[str],
        *,
        pictures: bool,
    ) -> Iterator[Fault]:
        """What speaks against `request`, of which the parameters in `wrong` are left out; what a
        model can do is not asked when it is among them."""
        most = self.settings.grok_max_prompt_bytes
        yield from check(request, max_prompt_bytes=most)
        yield from restriction_faults(rules, request)
        if "model" not in wrong:
            yield from self.grok.check(request, supplied.effort, supplied.search, pictures=pictures)
        size = len(supplied.system.encode())
        if size > most:
            yield Fault("system", words.PROMPT_TOO_LONG(size), words.PROMPT_LENGTH(most))

    def _in_force(self, channel: str, policy: Policy) -> InForce:
        settings = default_values(self.settings)
        return InForce(policy, channel, settings=settings, id_of=self.grok.catalogue.id_of)


def _of_flags(faults: Sequence[Fault], found: Sequence[Fault]) -> Iterator[Fault]:
    """`faults` of what was typed; where it narrows no search besides, they say that too."""
    idle = {each.parameter: each for each in found if each.parameter in OPTION_NAMES}
    for fault in faults:
        if each := idle.get(fault.parameter):
            problem = search_words.BESIDE(
                problem=fault.problem, idle=each.problem, wanted=each.allowed
            )
            fault = Fault(fault.parameter, problem, fault.allowed)  # noqa: PLW2901
        yield fault
