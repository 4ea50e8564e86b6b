"""What answers questions: a runner of jobs, joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.admin.alarms import Alarms
from bot.completion.ask import Ask
from bot.jobs.recall import Recall
from bot.jobs.run import Runner
from bot.jobs.sequels import Sequels
from bot.slack.pacing import EditBudget
from bot.slack.reading.thread import ThreadReader

if TYPE_CHECKING:
    from bot.joining.wiring import Wiring


def runner(parts: Wiring) -> Runner:
    """What turns a job into an answer, upon what it shares with others."""
    settings, slack, store = parts.settings, parts.slack, parts.store
    alarms = Alarms(permission=parts.permission, slack=slack, store=store, settings=settings)
    home = parts.home()

    async def settled(ask: Ask) -> None:
        """Whoever looks after quotas, and the Home tab of whoever asked, learn of an answer."""
        await alarms.after_use(ask.channel)
        await home.after_answer(ask)

    return Runner(
        parts.grok,
        slack.messages,
        EditBudget(parts.redis, parts.keys, settings.slack_edits_per_minute),
        Recall(
            store.conversations,
            ThreadReader(slack.api, slack.people, store.allowances, slack.installation.bot_user),
            tokens=settings.thread_tokens,
            count=parts.grok.count_tokens,
            files=slack.files,
        ),
        tell_after=settings.tell_after_seconds,
        streaming=settings.slack_streaming,
        settled=settled,
        most=settings.answer_messages,
        sequels=Sequels(parts.queue),
        surface=slack.agent,
    )
