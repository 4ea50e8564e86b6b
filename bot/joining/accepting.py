"""What takes questions and orders: the ways in from Slack, joined."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from bot.admin.changing import Changing
from bot.admin.grok_key import GrokKeyForm
from bot.admin.prompts import PromptCommands
from bot.admin.setup import Setup
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


def listeners(parts: Wiring) -> Listeners:
    """The ways in from Slack, for `build_slack_app`, upon what they share."""
    settings, store, slack, grok = parts.settings, parts.store, parts.slack, parts.grok
    queue, asking, home = parts.queue, parts.asking(), parts.home()
    admission, permission, presence = parts.admission, parts.permission, parts.presence
    clicks = Clicks(permission=permission, presence=presence, queue=queue, slack=slack)
    changing = Changing(policies=store.policies, saved=store.saved, grok=grok, settings=settings)
    prompts = PromptCommands(store.saved)
    whole = WholeMessages(slack.hurried, store.allowances)
    box = DraftBox(store.drafts)
    grok_key = GrokKeyForm(keys=parts.grok_keys, permission=permission, grok=grok, slack=slack)
    forms = Forms(
        asking=asking,
        admission=admission,
        presence=presence,
        box=box,
        window=FormWindow(slack.views, box, slack.ephemeral),
        prompts=FormPrompts(prompts),
        grok=grok,
        slack=slack,
        store=store,
    )
    mistyped = Mistyped(asking=asking, open=forms.on_typed, slack=slack, store=store)
    messages_tab = MessagesTab(
        asking=asking, prompts=prompts, admission=admission, slack=slack, store=store
    )

    @cache
    def managing() -> CommandRunner:
        """What does all commands that ask nothing; loaded with the first of them."""
        from bot.admin.commands import CommandRunner  # noqa: PLC0415 - with it comes what exports
        from bot.admin.usage import UsageCommands  # noqa: PLC0415
        from bot.admin.votes import VoteCommands  # noqa: PLC0415

        channels = ChannelNames(slack.api)
        return CommandRunner(
            usage=UsageCommands(
                permission=permission,
                channels=channels,
                slack=slack,
                store=store,
                settings=settings,
            ),
            prompts=prompts,
            votes=VoteCommands(queue=queue, channels=channels, store=store, settings=settings),
            changing=changing,
            grok_key=grok_key,
            permission=permission,
            grok=grok,
            slack=slack,
            store=store,
            settings=settings,
        )

    return Listeners(
        command=GrokCommand(
            asking=asking,
            forms=forms,
            managing=managing,
            mistyped=mistyped,
            prompts=prompts,
            grok_key=grok_key,
        ),
        forms=forms,
        mistyped=mistyped,
        sharing=Sharing(clicks=clicks, slack=slack, store=store, most=settings.answer_messages),
        deletions=Deletions(queue, slack.installation.bot_user),
        conversing=Conversing(
            asking=asking,
            admission=admission,
            mistyped=mistyped,
            queue=queue,
            messages_tab=messages_tab,
            whole=whole,
            slack=slack,
            store=store,
            retention=settings.thread_retention_seconds,
        ),
        buttons=Buttons(asking=asking, edit=forms.on_edit, clicks=clicks),
        voting=Voting(clicks=clicks, whole=whole, slack=slack, store=store, settings=settings),
        home=home,
        setup=Setup(
            changing=changing,
            permission=permission,
            presence=presence,
            slack=slack,
            store=store,
            changed=home.publish,
        ),
        grok_key=grok_key,
        messages_tab=messages_tab,
        stopping=Stopping(clicks),
    )
