"""What takes questions and orders: the ways in from Slack, joined."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from bot.admin.changing import Changing
from bot.admin.grok_key import GrokKeyForm
from bot.admin.prompts import PromptCommands
from bot.admin.setup import Setup
from bot.asking.asking import Asking
from bot.doors.buttons import Buttons
from bot.doors.clicks import Clicks
from bot.doors.command import GrokCommand
from bot.doors.form_prompts import FormPrompts
from bot.doors.form_window import DraftBox, FormWindow
from bot.doors.forms import Forms
from bot.doors.messages import Conversing
from bot.doors.messages_tab import MessagesTab
from bot.doors.mistyped import Mistyped
from bot.doors.sharing import Sharing
from bot.doors.slack_app import Listeners
from bot.doors.stopping import Deletions, Stopping
from bot.doors.voting import Voting
from bot.slack.people.membership import ChannelNames
from bot.slack.reading.thread import WholeMessages

if TYPE_CHECKING:
    from bot.admin.commands import CommandRunner
    from bot.joining.wiring import Wiring


class Accepting:
    """Joins them, upon what they share."""

    def __init__(self, parts: Wiring) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._store = parts.store
        self._slack = parts.slack
        self._grok = parts.grok
        self._queue = parts.queue
        self._admission = parts.admission
        self._permission = parts.permission
        self._presence = parts.presence

    def listeners(self) -> Listeners:
        """The ways in from Slack, for `build_slack_app`."""
        asking = self._parts.asking()
        home = self._parts.home()
        clicks = Clicks(self._permission, self._presence, self._queue, self._slack)
        forms = self._forms(asking)
        whole = WholeMessages(self._slack.hurried, self._store.allowances)
        mistyped = Mistyped(asking=asking, forms=forms, slack=self._slack, store=self._store)
        messages_tab = MessagesTab(
            asking=asking,
            prompts=PromptCommands(self._store.saved),
            admission=self._admission,
            slack=self._slack,
            store=self._store,
        )
        return Listeners(
            command=GrokCommand(
                asking=asking,
                forms=forms,
                managing=cache(self._managing),
                mistyped=mistyped,
                prompts=PromptCommands(self._store.saved),
                grok_key=self._grok_key(),
            ),
            forms=forms,
            mistyped=mistyped,
            sharing=Sharing(
                clicks=clicks,
                slack=self._slack,
                store=self._store,
                most=self._settings.answer_messages,
            ),
            conversing=Conversing(
                asking=asking,
                admission=self._admission,
                mistyped=mistyped,
                queue=self._queue,
                deletions=Deletions(self._queue, self._slack.installation.bot_user),
                surface=messages_tab,
                whole=whole,
                slack=self._slack,
                store=self._store,
                retention=self._settings.thread_retention_seconds,
            ),
            buttons=Buttons(asking=asking, forms=forms, clicks=clicks),
            voting=Voting(
                clicks=clicks,
                whole=whole,
                slack=self._slack,
                store=self._store,
                settings=self._settings,
            ),
            home=home,
            setup=Setup(
                changing=self._changing(),
                permission=self._permission,
                presence=self._presence,
                slack=self._slack,
                store=self._store,
                changed=home.publish,
            ),
            grok_key=self._grok_key(),
            messages_tab=messages_tab,
            stopping=Stopping(clicks),
        )

    def _forms(self, asking: Asking) -> Forms:
        box = DraftBox(self._store.drafts)
        return Forms(
            asking=asking,
            admission=self._admission,
            presence=self._presence,
            box=box,
            window=FormWindow(self._slack.views, box, self._slack.ephemeral),
            prompts=FormPrompts(PromptCommands(self._store.saved)),
            grok=self._grok,
            slack=self._slack,
            store=self._store,
        )

    def _changing(self) -> Changing:
        return Changing(self._store.policies, self._store.saved, self._grok, self._settings)

    def _grok_key(self) -> GrokKeyForm:
        return GrokKeyForm(
            keys=self._parts.grok_keys,
            permission=self._permission,
            grok=self._grok,
            slack=self._slack,
        )

    def _managing(self) -> CommandRunner:
        """What does all commands that ask nothing; loaded with the first of them."""
        from bot.admin.commands import CommandRunner  # noqa: PLC0415 - with it comes what exports
        from bot.admin.usage import UsageCommands  # noqa: PLC0415
        from bot.admin.votes import VoteCommands  # noqa: PLC0415

        channels = ChannelNames(self._slack.api)
        return CommandRunner(
            usage=UsageCommands(
                permission=self._permission,
                channels=channels,
                slack=self._slack,
                store=self._store,
                settings=self._settings,
            ),
            prompts=PromptCommands(self._store.saved),
            votes=VoteCommands(
                queue=self._queue,
                channels=channels,
                store=self._store,
                settings=self._settings,
            ),
            changing=self._changing(),
            grok_key=self._grok_key(),
            permission=self._permission,
            grok=self._grok,
            slack=self._slack,
            store=self._store,
            settings=self._settings,
        )
