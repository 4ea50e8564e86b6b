"""What becomes of an answer that Slack refuses to show: less in each message, other blocks, another
way to its asker, and at last a sentence in its place."""

from __future__ import annotations

from bot.errors import OutcomeUnknown, PostingDenied, SlackError, TooLong
from bot.reply.destination import Destination
from bot.reply.route import UNSHOWABLE, Way
from bot.slack.slack import TOKEN_GONE, passes, refuses_blocks

_MORE_TRIES = 3
"""How often the shortest messages are tried once more when Slack finds them too long: that may
pass."""

_FAILURES = 3
"""How often a `response_url` may fail with the same message: some of Slack's webhooks were seen to
answer 500 to every `markdown` block ("slack-github-action" issues 440 and 461)."""


class Refusals:
    """What Slack has refused since it last took something."""

    def __init__(self) -> None:
        self._too_long = 0
        self._failed = 0

    def change(self, error: SlackError, destination: Destination) -> bool:
        """Change what Slack refused with `error`, or the way that it takes. False: the same may be
        taken later. Raises `error`, or what it comes to, when there is nothing left to change."""
        if isinstance(error, PostingDenied):
            destination.reroute(error)
            return True
        if refuses_blocks(error):
            return _tighten_once(destination) or _plainer(destination, error)
        if isinstance(error, TooLong):
            return destination.chain.tighten() or self._is_too_long(destination, error)
        if not passes(error):
            elsewhere(destination, error)
            return True
        return _fails_by_url(error, destination) and self._fails(destination, error)

    def _is_too_long(self, destination: Destination, error: SlackError) -> bool:
        self._too_long += 1
        return self._too_long > _MORE_TRIES and _plainer(destination, error)

    def _fails(self, destination: Destination, error: SlackError) -> bool:
        self._failed += 1
        if self._failed < _FAILURES:
            return False
        self._failed = 0
        return _plainer(destination, error)


def elsewhere(destination: Destination, error: SlackError) -> None:
    """The next way to the asker; raises `error` where there is none, or where the bot may do
    nothing any more: a `response_url` would still take an answer, and Grok be paid for it."""
    if error.code in TOKEN_GONE:
        raise error
    try:
        destination.reroute(PostingDenied(UNSHOWABLE, str(error)))
    except PostingDenied:
        raise error from None


def _fails_by_url(error: SlackError, destination: Destination) -> bool:
    answered = isinstance(error, OutcomeUnknown) and error.status >= 500
    return answered and destination.route.way is Way.RESPONSE


def _tighten_once(destination: Destination) -> bool:
    """Slack says that blocks are invalid also where one holds too much, or there are too many."""
    return not destination.chain.tight and destination.chain.tighten()


def _plainer(destination: Destination, error: SlackError) -> bool:
    """Other blocks; then a sentence where everybody reads the question, or the direct message of
    who alone reads the answer; then the other of the two."""
    if destination.chain.plainer():
        return True
    told_alone = destination.route.way not in (Way.SHOWN, Way.DIRECT)
    if not told_alone and destination.chain.give_up():
        return True
    try:
        destination.reroute(PostingDenied(UNSHOWABLE, str(error)))
    except PostingDenied:
        if not destination.chain.give_up():
            raise
    return True
