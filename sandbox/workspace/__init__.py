"""A local Slack workspace, as strict as Slack, over real HTTP and WebSockets.

    from sandbox.workspace import ANA, GENERAL, Workspace

    async with Workspace() as ws:                      # or mode="http", request_url="http://…"
        # start the bot with SLACK_API_URL=ws.api_url, SLACK_BOT_TOKEN=ws.credentials.bot_token,
        # SLACK_APP_TOKEN=ws.credentials.app_token, SLACK_SIGNING_SECRET=…signing_secret
        await ws.connected()
        result = await ws.command(ANA, GENERAL, "/grok Explain TCP slow start")
        assert result.error is None                    # acked within 3 s
        answer = await ws.wait_for(lambda: ws.messages(GENERAL) and ws.messages(GENERAL)[-1])
        await ws.wait_for(lambda: len(answer.revisions) > 3)
        assert not answer.pings and not answer.unfurls  # over all revisions
        ws.fail("chat.update", error="edit_window_closed")
        ws.fail("chat.postMessage", drop_after=True)   # applied, but the reply is lost
        print(answer.shown, ws.calls_of("chat.update"), ws.deliveries, ws.responses)
        await ws.click(ANA, GENERAL, answer.ts, "edit")
        form = await ws.wait_for(lambda: ws.view(ANA))
        await ws.submit(ANA, form.id, {"prompt": "…", "model": "grok-4"})
        await ws.say_as_bot(GENERAL, f"<@{BOT_USER}> hi")  # another app's bot
        assert ws.problems == []                       # nothing that Slack swallows silently

`Acts` says what else people can do.

Budgets are real: 50 `chat.update` in any 60 s. `Limits(scale=0.01)` shrinks their windows,
`Limits(scale=0)` removes them. `ws.url` is the demo page.
"""

from sandbox.workspace.acting.people import NotAllowedError
from sandbox.workspace.config import AppConfig, Command, Credentials, Limits, Shortcut
from sandbox.workspace.faults import Fault, Storm
from sandbox.workspace.installing.several import Workspaces
from sandbox.workspace.model import (
    Call,
    Channel,
    CommandResult,
    Delivery,
    InteractionResult,
    Message,
    ResponseUse,
    Revision,
    Session,
    User,
    View,
)
from sandbox.workspace.state import (
    ANA,
    ANA_AND_BEN,
    APP_ID,
    BEN,
    BOT_ID,
    BOT_USER,
    CHLOE,
    DESIGN,
    ENGINEERING,
    FINANCE,
    GENERAL,
    GROUP_DM,
    GUEST,
    LEADERSHIP,
    OTHER_APP_ID,
    OTHER_BOT,
    OTHER_BOT_ID,
    OTHER_TEAM_ID,
    PARTNERS,
    RANDOM,
    STRANGER,
    TEAM_ID,
    dm_of,
)
from sandbox.workspace.uploads import NewFile
from sandbox.workspace.workspace import Workspace

__all__ = [
    "ANA",
    "ANA_AND_BEN",
    "APP_ID",
    "BEN",
    "BOT_ID",
    "BOT_USER",
    "CHLOE",
    "DESIGN",
    "ENGINEERING",
    "FINANCE",
    "GENERAL",
    "GROUP_DM",
    "GUEST",
    "LEADERSHIP",
    "OTHER_APP_ID",
    "OTHER_BOT",
    "OTHER_BOT_ID",
    "OTHER_TEAM_ID",
    "PARTNERS",
    "RANDOM",
    "STRANGER",
    "TEAM_ID",
    "AppConfig",
    "Call",
    "Channel",
    "Command",
    "CommandResult",
    "Credentials",
    "Delivery",
    "Fault",
    "InteractionResult",
    "Limits",
    "Message",
    "NewFile",
    "NotAllowedError",
    "ResponseUse",
    "Revision",
    "Session",
    "Shortcut",
    "Storm",
    "User",
    "View",
    "Workspace",
    "Workspaces",
    "dm_of",
]
