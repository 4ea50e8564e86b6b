"""What an asker reads at once who sees nothing of the answer for now, with a button to stop it."""

from __future__ import annotations

from bot.asking.asking import promise
from bot.asking.taking import Taken
from bot.slack.blocks import Message, Offered, offer
from bot.words import talk


def promised(taken: Taken, ahead: int = 0) -> Message | None:
    """That the answer comes, and how many of its conversation come first; None when there is
    nothing to say."""
    said = " ".join(filter(None, (promise(taken.ask), talk.in_line(ahead) if ahead else "")))
    if not said:
        return None
    return offer(said, [Offered("stop", talk.BUTTONS["stop"], taken.accepted.job_id)])
