"""From flags to an `Ask` that may be accepted: one way for every surface."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bot import words
from bot.completion.ask import Ask, ReplyTo, Said, Surface
from bot.completion.faults import refusal, validate
from bot.completion.flags import Flags
from bot.completion.request import CompletionRequest
from bot.completion.rules import check
from bot.errors import RequestRefused
from bot.grok.client import GrokClient
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """Who asks, where, and how Slack names this very question when it repeats it."""

    dedupe: str
    surface: Surface
    channel: str
    user: str
    name: str = ""
    thread_ts: str | None = None
    question_ts: str | None = None
    conversation: str | None = None
    context: tuple[Said, ...] = ()
    reads_thread: str = ""
    retry_of: str = ""
    response_url: str | None = None


class Asking:
    """Fills in defaults and finds every fault before anything is spent."""

    def __init__(self, settings: Settings, grok: GrokClient) -> None:
        self._settings = settings
        self._grok = grok

    def ask(self, flags: Flags, place: Place, team: str) -> Ask:
        """The question in `flags`, ready to be accepted. Raises `RequestRefused`."""
        reply = flags.reply or _usual_reply(place)
        to_channel = reply == "channel" and place.thread_ts is not None
        return Ask(
            dedupe=place.dedupe,
            surface=place.surface,
            team=team,
            channel=place.channel,
            user=place.user,
            name=place.name,
            request=self.request(flags),
            system=flags.system or "",
            reply=reply,
            thread_ts=None if to_channel else place.thread_ts,
            question_ts=place.question_ts,
            conversation=place.conversation,
            context=place.context,
            reads_thread=place.reads_thread,
            retry_of=place.retry_of,
            response_url=place.response_url,
            asked_at=time.time(),
        )

    def request(self, flags: Flags) -> CompletionRequest:
        """The request in `flags`, with a model and an output cap.

        Raises `RequestRefused` with every fault: of the grammar, of the schema, of the rules
        beyond it, and of the endpoint that would have to carry it.
        """
        try:
            request = validate({"model": self._settings.grok_model, **flags.values})
        except RequestRefused as refused:
            raise refusal([*flags.faults, *refused.faults]) from None
        faults = [
            *flags.faults,
            *check(request, max_prompt_bytes=self._settings.grok_max_prompt_bytes),
            *self._grok.check(request, flags.system or ""),
        ]
        if faults:
            raise refusal(faults)
        if request.max_tokens is None:
            return request.model_copy(update={"max_tokens": self._settings.grok_max_tokens})
        return request


def promise(ask: Ask) -> str:
    """What to tell at once an asker who sees nothing until the answer is done; else empty."""
    if ask.reply == "private" and not ask.channel.startswith("D"):
        return words.TOLD_WHEN_DONE
    return "" if ask.request.streams else words.POSTED_WHEN_DONE


def _usual_reply(place: Place) -> ReplyTo:
    return "thread" if place.thread_ts else "channel"
