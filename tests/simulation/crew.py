"""The processes of the bot in a simulation: started, connected, and started again."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any

from pydantic import SecretStr

from bot.doors.slack_app import answer, build_slack_app
from bot.grok.client import GrokClient
from bot.joining.accepting import listeners
from bot.joining.wiring import Wiring
from bot.joining.workspace import runner
from bot.settings import Settings
from bot.slack.inbound.incoming import BackgroundTasks
from bot.slack.installation import Installation
from sandbox.workspace.state import BOT_ID, BOT_USER, TEAM_ID
from tests.simulation.grok import BASE, SimGrok
from tests.simulation.loop import Process, spawn
from tests.simulation.slack import API, SimSlack
from tests.simulation.store import FakeStore
from tests.simulation.world import World

INSTALLATION = Installation(
    bot_token=SecretStr("xoxb-simulated"),
    team=TEAM_ID,
    team_name="Sandbox",
    bot_user=BOT_USER,
    bot_id=BOT_ID,
    url="https://sandbox.slack.com/",
)


@functools.cache
def settings(lease: float, at_once: int) -> Settings:
    """Those of every process, but for what a seed draws as they come."""
    return Settings(
        _env_file=None,
        slack_bot_token=SecretStr("xoxb-simulated"),
        slack_app_token=SecretStr("xapp-simulated"),
        slack_api_url=API,
        xai_api_key=SecretStr("xai-simulated"),
        xai_base_url=BASE,
        grok_dialect="xai",
        grok_endpoint="chat",
        redis_url=SecretStr("redis://127.0.0.1:3/0"),
        job_lease_seconds=lease,
        jobs_at_once=at_once,
    )


class Crew:
    """All processes there were. The names say which replica it is, and which life of it."""

    def __init__(
        self, world: World, slack: SimSlack, grok: SimGrok, store: FakeStore, chosen: Settings
    ) -> None:
        self._world = world
        self._slack = slack
        self._grok = grok
        self._store = store
        self._settings = chosen
        self._lives: dict[str, int] = {}
        self.processes: list[Process] = []
        self.faults: list[str] = []
        self.workers: dict[Process, Any] = {}

    def start(self, name: str) -> Process:
        """A new process, as `serve` would have it once Slack knows it."""
        self._lives[name] = self._lives.get(name, 0) + 1
        life = self._lives[name]
        process = Process(name if life == 1 else f"{name}{life}")
        self.processes.append(process)
        self._world.note(process.name, "starts")
        spawn(process, self._serve(process))
        return process

    def alive(self) -> list[Process]:
        return [each for each in self.processes if not each.dead]

    async def _serve(self, process: Process) -> None:
        slack = self._slack
        client = slack.client()
        grok = GrokClient(self._settings, self._grok.client)
        parts = Wiring(self._settings, INSTALLATION, client, self._store.client(), grok)
        app = build_slack_app(INSTALLATION, client, listeners(parts), BackgroundTasks())

        async def connected() -> bool:
            return process in slack.connected_to

        async def receive(payload: Any, retry: int) -> tuple[int, Any]:
            response = await answer(app, json.loads(json.dumps(payload)), retry)
            return response.status, _said(response.body)

        worker = parts.worker(runner(parts), connected)
        self.workers[process] = worker
        slack.connected_to[process] = receive
        try:
            async with asyncio.TaskGroup() as group:
                following = group.create_task(parts.store.policies.run())
                await worker.run()
                following.cancel()
        except Exception as error:
            self.faults.append(f"{process} broke down: {error!r}")
            raise
        self._world.note(process.name, "ends")

    async def drain(self, process: Process, grace: float) -> None:
        """As SIGTERM: no more payloads, and what runs may take `grace` seconds."""
        self._world.note(process.name, "drains")
        self._slack.connected_to.pop(process, None)
        await self.workers[process].drain(grace)
        self._world.kill(process)


def _said(body: Any) -> Any:
    """An ack's body: JSON, or plain text, which counts as the text of a message."""
    if not isinstance(body, str):
        return body
    if not body:
        return {}
    return json.loads(body) if body.startswith("{") else {"text": body}
