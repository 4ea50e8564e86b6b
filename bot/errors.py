"""Every exception this bot raises on purpose.

BotError
├── UserError              .sentence may be shown to a person as it is
│   ├── RequestRefused     .faults: everything wrong with a request, at once
│   ├── GrokFailed         Grok gave no answer, or only a part of one
│   ├── NotTaken           the question could not be stored
│   ├── TurnedAway         too many questions, of its asker or of all
│   └── Denied             (bot.rules.hold) .shortages: the quotas that it does not fit in
├── StartupError           .faults: why the bot will not start, for the operator
├── StoreUnavailable       Redis is away, or its reply was lost
├── StalePolicy            what admins have set is other than what the question was made by
├── LeaseLost              another worker holds this job now
└── SlackError             .code: Slack's own name of the error
    ├── RateLimited        .retry_after, in seconds
    ├── MessageGone        the message was deleted or can no longer be edited
    ├── TooLong            Slack counts this message as too long
    ├── PostingDenied      the bot may not write in this place
    ├── TryAgain           it refused what it may accept when asked again
    └── OutcomeUnknown     the call may or may not have been carried out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class BotError(Exception):
    """The root of this tree."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request.

    `parameter` is the name of the field (`top_p`) or `""` when the fault belongs to none;
    `problem` says what was wrong and `allowed` what is allowed, both without a final stop.
    """

    parameter: str
    problem: str
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that keeps the bot from working: `text` says what is wrong, `remedy` what to do;
    both are whole sentences.

    `setting` is the variable at fault, where it is one. A `hint` is no fault of its own: it says
    where others come from.
    """

    text: str
    remedy: str = ""
    setting: str = ""
    hint: bool = False

    @property
    def sentence(self) -> str:
        """Both in one line."""
        return f"{self.text} {self.remedy}".strip()


class UserError(BotError):
    """Something a person can read: one plain sentence that says what to do next."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class RequestRefused(UserError):
    """A request that cannot be sent as it stands; `faults` holds every reason."""

    def __init__(self, sentence: str, faults: Sequence[Fault]) -> None:
        super().__init__(sentence)
        self.faults = tuple(faults)


GrokFailure = Literal[
    "bad_key",
    "no_credit",
    "not_permitted",
    "refused",
    "unknown_model",
    "invalid",
    "too_long",
    "rate_limited",
    "unavailable",
    "timeout",
    "cut",
]


class GrokFailed(UserError):
    """Grok gave no answer, or broke off in the middle of one.

    `reached` is False only when the request certainly never reached Grok, and `spent` only when
    nothing can have been spent: it was not reached, or it refused. `parameter` is our name of
    the one that it refused, or empty.
    """

    def __init__(
        self,
        sentence: str,
        *,
        kind: GrokFailure,
        reached: bool = True,
        spent: bool = True,
        parameter: str = "",
    ) -> None:
        super().__init__(sentence)
        self.parameter = parameter
        self.kind: GrokFailure = kind
        self.reached = reached
        self.spent = reached and spent


class NotTaken(UserError):
    """The question could not be stored, so nothing will come of it."""


class TurnedAway(UserError):
    """Too many questions were asked, by its asker or by all, for one more to be taken."""


class StartupError(BotError):
    """The bot refuses to start; `faults` has one clear sentence for each reason."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class StoreUnavailable(BotError):
    """Redis did not answer. `maybe_applied` is False only when nothing can have been written:
    the command never left, or Redis refused it."""

    def __init__(self, message: str = "", *, maybe_applied: bool = True) -> None:
        super().__init__(message)
        self.maybe_applied = maybe_applied


class StalePolicy(BotError):
    """An admin has changed something since the policy was read that a question was made by:
    nothing was taken, the policy is to be read again and the question made anew."""


class LeaseLost(BotError):
    """Another worker holds this job now: stop writing to Slack."""


class SlackError(BotError):
    """Slack refused a call. `code` is the `error` of its reply, or `""` without one."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class RateLimited(SlackError):
    """HTTP 429: this method rests for `retry_after` seconds, for the whole workspace."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("ratelimited", f"rate limited for {retry_after:g} s")
        self.retry_after = retry_after


class MessageGone(SlackError):
    """The message to edit was deleted, or Slack no longer lets it be edited."""


class TooLong(SlackError):
    """Slack counts the message as longer than it allows."""


class PostingDenied(SlackError):
    """The bot may not write there: not a member, archived, restricted."""


class TryAgain(SlackError):
    """Slack refused a call without a reason that lasts: it may accept the same one later."""


class OutcomeUnknown(SlackError):
    """The call may have been carried out, or not. With `pending` it may also be carried out
    later, after calls that were made after it: Slack has not said that it is done with it."""

    def __init__(self, message: str, *, pending: bool = False, status: int = 0) -> None:
        """`status`: of the reply in HTTP, where there was one."""
        super().__init__("", message)
        self.pending = pending
        self.status = status


def what_it_says(error: BaseException) -> str:
    """The text of an error, as a sentence or the log has it: without a final stop; "timeout" where
    it has none, as a `TimeoutError`."""
    return str(error).rstrip(". ") or "timeout"


def last_cause(error: BaseException) -> str:
    """What an error comes down to: its kind, and what it says."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[-1]
    return f"{type(error).__name__}: {error}".rstrip(": ")
