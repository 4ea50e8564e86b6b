"""The form in a strict workspace: its handlers behind a real app, on a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.acks import Reaction
from bot.admin.prompts import PromptCommands
from bot.asking.admission import Admission, Presence
from bot.completion.ask import Ask
from bot.doors.form_prompts import FormPrompts
from bot.doors.form_window import DraftBox, FormWindow
from bot.doors.forms import Find, Forms
from bot.grok.client import open_grok
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.slack.inbound.interactions import Click
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.memory import Drafts
from bot.store.redis.connection import Store
from bot.store.side import StoreSide
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, TEAM_ID, InteractionResult, View, Workspace
from tests.asking.askings import asking_of
from tests.doors.app import listening
from tests.fixtures.grok import grok_settings
from tests.fixtures.workspace import slack_side
from tests.sandbox.slack_app import client_of
from tests.store.proxy import Proxy, stores


class SlowDrafts(Drafts):
    """Drafts that are saved when a test lets them be: `waiting` is set while one is not."""

    def __init__(self, store: Store, keys: Keys) -> None:
        super().__init__(store, keys)
        self.free = asyncio.Event()
        self.free.set()
        self.waiting = asyncio.Event()

    async def save(self, name: str, json: str) -> None:
        if not self.free.is_set():
            self.waiting.set()
            await self.free.wait()
        await super().save(name, json)


@dataclass(slots=True)
class Desk:
    """Everything a test looks at. The handlers reach Redis through `proxy`, tests look into it
    with a queue of their own. `find` is what the Edit button finds."""

    workspace: Workspace
    client: AsyncWebClient
    proxy: Proxy
    queue: Queue
    keys: Keys
    store: Store
    find: Find
    drafts: SlowDrafts

    async def form(self, user: str = ANA) -> View:
        """The form that `user` sees, once it is filled."""
        return await self.workspace.wait_for(lambda: self._form(user))

    def _form(self, user: str) -> View | None:
        view = self.workspace.view(user)
        return view if view and "prompt" in fields(view) else None

    async def sentence(self, user: str = ANA) -> str:
        """What a view without fields says, once it says more than to wait."""

        def said() -> str:
            view = self.workspace.view(user)
            return "" if view is None or fields(view) or "…" in text_of(view) else text_of(view)

        return await self.workspace.wait_for(said)

    async def advanced(self, view: View, **typed: Any) -> None:
        """Press the button that shows or hides the further settings, and see it done."""
        before = view.hash
        result = await self.workspace.click_view(ANA, view.id, "advanced", typed=typed)
        assert result.error is None, result
        await self.workspace.wait_for(lambda: view.hash != before)

    async def submit(self, view: View, **typed: Any) -> InteractionResult:
        result = await self.workspace.submit(view.user, view.id, typed)
        assert result.error is None, (result, self.workspace.problems)
        return result

    async def asked(self) -> list[Ask]:
        """What was accepted, in order."""
        entries: Any = await self.store.redis.xrange(self.keys.queue)
        jobs = [await self.queue.look(entry["job"]) for _, entry in entries]
        return [job.ask for job in jobs if job]


def fields(view: View) -> set[str]:
    """The block_ids of the inputs."""
    return {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}


def held(view: View, name: str) -> str:
    """What a field holds, as text; empty for nothing."""
    (value,) = view.values[name].values()
    chosen = value.get("selected_option") or {}
    return str(value.get("value") or chosen.get("value") or "")


def text_of(view: View) -> str:
    """What the sections of a view say."""
    return "\n".join(b["text"]["text"] for b in view.content["blocks"] if b["type"] == "section")


@asynccontextmanager
async def desk(
    workspace: Workspace, grok: GrokServer, redis_url: str, **settings: Any
) -> AsyncIterator[Desk]:
    """Handlers of the form, at work in `workspace`; `settings` are the bot's."""
    async with AsyncExitStack() as stack:
        proxy, behind, store = await stack.enter_async_context(stores(redis_url))
        ours = grok_settings(grok, **settings)
        client = await stack.enter_async_context(open_grok(ours))
        keys = Keys(TEAM_ID)
        queue = _queue(store, keys)
        drafts = SlowDrafts(behind, keys)
        desk = Desk(workspace, client_of(workspace), proxy, queue, keys, store, _nothing, drafts)
        api = WebApi(desk.client)
        records = replace(StoreSide.of(behind, keys), drafts=drafts)
        slack = slack_side(api, behind, keys)
        box = DraftBox(drafts)
        forms = Forms(
            asking=asking_of(_queue(behind, keys), behind, keys, client, slack.people, ours),
            admission=Admission(slack.people, records.allowances, ours),
            presence=Presence(slack.people, slack.membership),
            box=box,
            window=FormWindow(slack.views, box, slack.ephemeral),
            prompts=FormPrompts(PromptCommands(records.saved)),
            grok=client,
            slack=slack,
            store=records,
        )

        async def clicked(click: Click) -> Reaction:
            match click.action.action_id:
                case "edit":
                    return await forms.on_edit(click, desk.find)
                case "new_grok":
                    return await forms.on_home_button(click)
                case _:
                    return await forms.on_switch(click)

        await stack.enter_async_context(
            listening(
                workspace,
                command=forms.on_command,
                shortcut=forms.on_global_shortcut,
                message_action=forms.on_message_shortcut,
                block_actions=clicked,
                view_submission=forms.on_submit,
                block_suggestion=forms.on_suggestion,
            )
        )
        yield desk
        assert not workspace.problems, workspace.problems


def _queue(store: Store, keys: Keys) -> Queue:
    return Queue(store, keys, lease_seconds=60, retention_seconds=3600)


async def _nothing() -> Job | None:
    return None
