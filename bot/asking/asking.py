"""From flags to an `Ask` that may be accepted: one way for every surface."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from bot import words
from bot.completion.ask import Ask, ReplyTo, Said, Surface
from bot.completion.faults import refusal, sound_part, validate
from bot.completion.flags import Flags
from bot.completion.request import CompletionRequest
from bot.completion.rules import check
from bot.completion.search import OPTION_NAMES
from bot.errors import Fault, RequestRefused
from bot.files.ref import FileRef, shows_pictures
from bot.grok.client import GrokClient
from bot.rules.defaults import Supplied, restriction_faults, search_faults, supply
from bot.rules.in_force import InForce
from bot.rules.policy import Policy
from bot.rules.searchable import bounded
from bot.settings import Settings, default_values
from bot.words import search as search_words
from bot.words import talk


@dataclass(frozen=True, slots=True)
class Place:
    """Who asks, where, and how Slack names this very question when it repeats it."""

    dedupe: str
    surface: Surface
    channel: str
    user: str
    name: str = ""
    user_team: str = ""
    thread_ts: str | None = None
    question_ts: str | None = None
    conversation: str | None = None
    context: tuple[Said, ...] = ()
    files: tuple[FileRef, ...] = ()
    earlier: tuple[tuple[FileRef, ...], ...] = ()
    reads_thread: str = ""
    retry_of: str = ""
    response_url: str | None = None

    @property
    def opens_conversation(self) -> bool:
        """Whether nothing can have been said before it in its conversation."""
        return self.conversation == f"{self.channel}:{self.question_ts}"


class Asking:
    """Fills in defaults and finds every fault before anything is spent."""

    def __init__(self, settings: Settings, grok: GrokClient, *, team: str) -> None:
        self._settings = settings
        self._grok = grok
        self._team = team

    def ask(self, flags: Flags, place: Place, policy: Policy) -> Ask:
        """The question in `flags` as `policy` has it, ready to be accepted.

        Raises `RequestRefused`.
        """
        supplied = self.supplied(flags, place.channel, policy)
        reply = flags.reply or _usual_reply(place, supplied.reply)
        to_channel = reply == "channel" and place.thread_ts is not None
        return Ask(
            dedupe=place.dedupe,
            surface=place.surface,
            team=self._team,
            channel=place.channel,
            user=place.user,
            name=place.name,
            user_team=place.user_team,
            request=self._request(
                flags, place.channel, policy, supplied, pictures=shows_pictures(place.files)
            ),
            system=supplied.system,
            effort=supplied.effort,
            search=supplied.search,
            reply=reply,
            defaulted=dict(supplied.sources),
            thread_ts=None if to_channel else place.thread_ts,
            question_ts=place.question_ts,
            conversation=place.conversation,
            context=place.context,
            files=place.files,
            earlier=place.earlier,
            reads_thread=place.reads_thread,
            retry_of=place.retry_of,
            response_url=place.response_url,
            feedback=self._may_vote(place.channel, policy),
            most_tokens=self._in_force(place.channel, policy).caps.get("max-tokens"),
            asked_at=time.time(),
        )

    def checked(self, ask: Ask, policy: Policy) -> Ask:
        """The same question, if it may be asked by now. Raises `RequestRefused`."""
        rules = self._in_force(ask.channel, policy)
        given = rules.within_caps(ask.request.given(), ask.defaulted)
        ask = ask.model_copy(update={"request": CompletionRequest.model_validate(given)})
        flags = Flags(
            values=given,
            system=ask.system,
            effort=ask.effort,
            search=ask.search.values(),
        )
        self.request(flags, ask.channel, policy, pictures=ask.shows_pictures)
        begun = ask.begun.text if ask.begun else ""
        if len(begun.encode(errors="replace")) > self._settings.grok_max_prompt_bytes:
            raise RequestRefused(talk.TOO_LONG_TO_CONTINUE, ())
        search, _ = bounded(ask.search, rules.searchable)
        feedback = self._may_vote(ask.channel, policy)
        most = rules.caps.get("max-tokens")
        update = {"feedback": feedback, "search": search, "most_tokens": most}
        return ask.model_copy(update=update)

    def request(
        self, flags: Flags, channel: str, policy: Policy, *, pictures: bool = False
    ) -> CompletionRequest:
        """The request in `flags`, with the defaults that hold in `channel`; `pictures`: some are to
        be looked at.

        Raises `RequestRefused` with every fault: of the grammar, of the schema, of the rules
        beyond it, of what admins do not allow, and of the endpoint that would have to carry it.
        Where a default is to blame, the fault says whose it is.
        """
        supplied = self.supplied(flags, channel, policy)
        return self._request(flags, channel, policy, supplied, pictures=pictures)

    def _request(
        self,
        flags: Flags,
        channel: str,
        policy: Policy,
        supplied: Supplied,
        *,
        pictures: bool = False,
    ) -> CompletionRequest:
        found: tuple[Fault, ...] = ()
        try:
            request = validate(supplied.values)
        except RequestRefused as refused:
            found = refused.faults
            request = sound_part(supplied.values, {fault.parameter for fault in found})
        wrong = {fault.parameter for fault in (*flags.faults, *found)}
        further = self._beyond_schema(request, channel, policy, supplied, wrong, pictures=pictures)
        found += tuple(fault for fault in further if fault.parameter not in wrong)
        found += tuple(search_faults(flags, supplied))
        faults = [*_of_flags(flags.faults, found), *supplied.explained(found)]
        if faults:
            raise refusal(faults)
        return request

    def _beyond_schema(
        self,
        request: CompletionRequest,
        channel: str,
        policy: Policy,
        supplied: Supplied,
        wrong: Container[str],
        *,
        pictures: bool,
    ) -> Iterator[Fault]:
        """What speaks against `request`, of which the parameters in `wrong` are left out; what a
        model can do is not asked when it is among them."""
        yield from check(request, max_prompt_bytes=self._settings.grok_max_prompt_bytes)
        yield from restriction_faults(self._in_force(channel, policy), request)
        if "model" not in wrong:
            yield from self._grok.check(
                request, supplied.system, supplied.effort, supplied.search, pictures=pictures
            )
        yield from self._too_long(supplied.system)

    def _too_long(self, system: str) -> tuple[Fault, ...]:
        size, most = len(system.encode()), self._settings.grok_max_prompt_bytes
        if size <= most:
            return ()
        return (Fault("system", words.prompt_too_long(size), words.prompt_length(most)),)

    def supplied(self, flags: Flags, channel: str, policy: Policy) -> Supplied:
        """`flags` with the defaults that hold in `channel` in place of what they leave open."""
        return supply(self._in_force(channel, policy), flags)

    def _may_vote(self, channel: str, policy: Policy) -> bool:
        return self._settings.feedback and InForce(policy, channel).feedback

    def _in_force(self, channel: str, policy: Policy) -> InForce:
        settings = default_values(self._settings)
        return InForce(policy, channel, settings=settings, id_of=self._grok.catalogue.id_of)


def _of_flags(faults: Sequence[Fault], found: Sequence[Fault]) -> Iterator[Fault]:
    """`faults` of what was typed; where it narrows no search besides, they say that too."""
    idle = {each.parameter: each for each in found if each.parameter in OPTION_NAMES}
    for fault in faults:
        if each := idle.get(fault.parameter):
            problem = search_words.beside(fault.problem, each.problem, each.allowed)
            fault = Fault(fault.parameter, problem, fault.allowed)  # noqa: PLW2901
        yield fault


def promise(ask: Ask) -> str:
    """What to tell at once an asker who sees nothing until the answer is done; else empty."""
    if ask.reply == "private" and not ask.channel.startswith("D"):
        return words.TOLD_WHEN_DONE
    return "" if ask.request.streams else words.POSTED_WHEN_DONE


def _usual_reply(place: Place, default: ReplyTo | None) -> ReplyTo:
    """What is asked in a thread is answered there, whatever the channel's default."""
    return "thread" if place.thread_ts else default or "channel"
