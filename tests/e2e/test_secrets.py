"""Tokens, keys and passwords, each marked: wherever somebody could look, the mark is not found."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from redis.asyncio import Redis

from bot.store.redis.embedded import EmbeddedServer
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, BOT_USER, DESIGN, GENERAL, Workspace
from sandbox.workspace.state import dm_of
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import bot_process, environment
from tests.e2e.stage import Stage, buttons, installed_app

pytestmark = pytest.mark.integration

MARK = "hush"
BOT_TOKEN = "xoxb-hush-1234567890-bottoken"
APP_TOKEN = "xapp-1-hush-1234567890-apptoken"
SIGNING_SECRET = "hush5igningsecret0123456789abcdef"
KEY = "hushGrokKey9Z8Y7X6W5V4U"
"""Of no shape that anybody would know."""
PASSWORD = "hushRedisPassword7Q"

ECHOED = f"Incorrect API key provided: {KEY}. You can find yours at https://console.x.ai."


@dataclass(slots=True)
class Places:
    """What could be read where."""

    found: dict[str, str] = field(default_factory=dict)

    def add(self, place: str, what: object) -> None:
        known = self.found.get(place, "")
        self.found[place] = known + (what if isinstance(what, str) else repr(what))

    def marked(self) -> dict[str, str]:
        """The places where a secret was, and what stands around it."""
        return {
            place: text[max(0, at - 60) : at + 60]
            for place, text in self.found.items()
            if (at := text.lower().find(MARK)) >= 0
        }


@asynccontextmanager
async def guarded_store(directory: Path) -> AsyncIterator[tuple[str, Redis]]:
    """A store that asks for the password: its address, and a client that knows it."""
    async with EmbeddedServer(directory) as server:
        async with Redis.from_url(server.url) as anybody:
            await anybody.config_set("requirepass", PASSWORD)
        path = server.url.removeprefix("unix://")
        url = f"unix://:{PASSWORD}@{path}"
        async with Redis.from_url(url, decode_responses=True) as client:
            yield url, client


@asynccontextmanager
async def marked_stage(mode: str) -> AsyncIterator[Stage]:
    workspace = Workspace(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        mode=mode,  # type: ignore[arg-type]
        app=installed_app(),
    )
    grok = GrokServer(speed=None, first_delay=0, api_key=KEY)
    async with workspace, grok:
        yield Stage(workspace, grok)


def marked_environment(stage: Stage, url: str, directory: Path, **values: str) -> dict[str, str]:
    marked = {
        "REDIS_URL": url,
        "LOG_LEVEL": "DEBUG",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "XAI_API_KEY": KEY,
    }
    env = environment(stage.workspace, stage.grok, directory, **(marked | values))
    if stage.workspace.mode == "http":
        del env["SLACK_APP_TOKEN"]
    return env


async def ready(bot: asyncio.subprocess.Process) -> str:
    """What a bot says once it serves."""
    assert bot.stdout is not None
    return (await asyncio.wait_for(bot.stdout.readline(), 20)).decode()


async def pages(port: int) -> str:
    """All that the port of operation tells."""
    told = ""
    async with aiohttp.ClientSession() as session:
        for page in ("metrics", "readyz", "livez"):
            async with session.get(f"http://127.0.0.1:{port}/{page}") as reply:
                told += f"{reply.headers} {await reply.text()}"
    return told


async def kept(client: Any) -> str:
    """Every key of the store, and what it holds."""
    told = []
    async for key in client.scan_iter():
        kind = await client.type(key)
        read = {
            "string": lambda key=key: client.get(key),
            "hash": lambda key=key: client.hgetall(key),
            "list": lambda key=key: client.lrange(key, 0, -1),
            "set": lambda key=key: client.smembers(key),
            "zset": lambda key=key: client.zrange(key, 0, -1, withscores=True),
            "stream": lambda key=key: client.xrange(key),
        }
        if kind != "none":  # its time has not run out meanwhile
            told.append(f"{key} {await read[kind]()}")
    return "\n".join(told)


def shown(workspace: Workspace) -> str:
    """All that anybody sees in Slack, or that was sent there to be seen."""
    state = workspace.state
    told = [repr(each) for line in state.timelines.values() for each in line.values()]
    told += [repr(each) for each in state.ephemerals]
    told += [repr(each) for each in (*state.views.values(), *state.homes.values())]
    told += [repr(each.body) for each in workspace.responses]
    told += [repr(each.ack) for each in workspace.deliveries]
    told += [repr(each.args) for each in workspace.calls]
    return "\n".join(told)


def of_process(pid: int) -> dict[str, str]:
    """What everybody on the machine sees of a process, and what its children were given."""
    told = {f"{name} of the bot": _proc(pid, name) for name in ("cmdline", "comm", "stat")}
    for child in _proc(pid, f"task/{pid}/children").split():
        told |= {f"{name} of a child": _proc(int(child), name) for name in ("cmdline", "environ")}
    return told


def _proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text(errors="replace")


def faulty(grok: GrokServer) -> list[str]:
    """Questions, each with what Grok does to it: in most it tells the key that it was given."""
    event = {"error": {"message": ECHOED, "code": KEY}}
    scripts = {
        "wrong-key": Script(status=401, body={"error": ECHOED, "code": KEY}),
        "bad-request": Script(status=400, body={"error": {"message": ECHOED}}),
        "no-json": Script(status=403, body=f"<html>{ECHOED}</html>"),
        "gone": Script(status=500, body={"error": ECHOED}, headers={"x-key": KEY}),
        "in-the-stream": Script(text="One two three", error_after=2, error=event),
        "cut": Script(text="One two three", cut_after=1),
        "not-a-stream": Script(raw=f"data: {ECHOED}\n\n".encode()),
        "well": Script(text="All is well."),
    }
    for name, script in scripts.items():
        asked = _asked(name)
        grok.script(Script(**{**_fields(script), "when": asked}))
    return list(scripts)


def _fields(script: Script) -> dict[str, Any]:
    return {name: getattr(script, name) for name in Script.__dataclass_fields__}


def _asked(name: str) -> Any:
    return lambda recorded: f"case {name}" in json.dumps(recorded.body)


def ended(stage: Stage, count: int) -> bool:
    done = [each for each in stage.workspace.messages(GENERAL) if "retry" in buttons(each)]
    return len(done) >= count


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_no_secret_is_to_be_found_anywhere(tmp_path: Path, mode: str) -> None:
    places = Places()
    async with marked_stage(mode) as stage, guarded_store(tmp_path / "store") as (url, client):
        workspace = stage.workspace
        env = marked_environment(stage, url, tmp_path / "data", HOST="127.0.0.1", PORT="0")
        async with bot_process(env, cwd=tmp_path) as bot:
            said = await ready(bot)
            places.add("what it prints", said)
            await _reach(workspace, said)
            questions = faulty(stage.grok)
            for name in questions:
                await stage.ask(f"case {name}")
            await workspace.wait_for(lambda: ended(stage, len(questions)), 40)
            await _more(stage)
            for name, text in of_process(bot.pid).items():
                places.add(name, text)
            places.add("pages of operation", await pages(_ops_port(said)))
            await _refused(stage, client)
            places.add("pages of operation", await pages(_ops_port(said)))
            places.add("the store", await kept(client))
            bot.send_signal(signal.SIGTERM)
            out, err = await bot.communicate()
        places.add("what it prints", out.decode())
        places.add("logs", err.decode())
        places.add("Slack", shown(workspace))
        places.add("requests to Grok", [each.body for each in stage.grok.requests])
        given = [_authorization(each.headers) for each in stage.grok.requests]

    assert given == [f"Bearer {KEY}"] * len(given)  # the mark was there to be found
    assert "Traceback" in places.found["logs"]
    assert places.marked() == {}


def _authorization(headers: Mapping[str, str]) -> str:
    return {name.lower(): value for name, value in headers.items()}["authorization"]


async def _reach(workspace: Workspace, said: str) -> None:
    if port := re.search(r"on port (\d+)", said):
        workspace.request_url = f"http://127.0.0.1:{port[1]}/slack/events"
    else:
        await workspace.connected()


def _ops_port(said: str) -> int:
    (port,) = re.findall(r"127\.0\.0\.1:(\d+)", said)[:1]
    return int(port)


async def _more(stage: Stage) -> None:
    """Other ways to be told something: a form, Details, a direct message, a private answer."""
    workspace = stage.workspace
    answer = workspace.messages(GENERAL)[0]
    await workspace.click(ANA, GENERAL, answer.ts, "details")
    await workspace.open_home(ANA)
    await workspace.say(ANA, dm_of(ANA), "case well")
    await workspace.say(ANA, GENERAL, f"<@{BOT_USER}> --temperature 9 case well")
    await workspace.command(ANA, DESIGN, "/grok case well")
    await workspace.command(ANA, GENERAL, "/grok usage workspace")
    await workspace.command(ANA, GENERAL, "/grok --private case well")
    await stage.quiet()


async def _refused(stage: Stage, client: Any) -> None:
    """Slack does not know the token any more, and a job cannot be read."""
    workspace = stage.workspace
    known = [key async for key in client.scan_iter("*:job:*")]
    await client.hset(known[0], mapping={"state": "queued", "ask": "{}", "answer": "{"})
    await client.hset(known[0], "epoch", "none")
    queue = known[0].partition(":job:")[0] + ":queue"
    await client.xadd(queue, {"job": known[0].rpartition(":")[2]})
    workspace.fail("chat.postMessage", error="invalid_auth", times=2)
    workspace.fail("chat.update", status=500, times=2)
    before = len(stage.grok.requests)
    await stage.ask("case well")
    await workspace.wait_for(lambda: len(stage.grok.requests) > before, 20)
    await stage.quiet()
    await client.config_set("requirepass", PASSWORD + "2")
    await client.execute_command("CLIENT", "KILL", "SKIPME", "yes", "TYPE", "normal")
    await workspace.command(ANA, GENERAL, "/grok case well")
    await client.config_set("requirepass", PASSWORD)


WRONG: Mapping[str, Mapping[str, str]] = {
    "another bot token": {"SLACK_BOT_TOKEN": "xoxb-hush-another-token"},
    "another app token": {"SLACK_APP_TOKEN": "xapp-1-hush-another-token"},
    "no bot token": {"SLACK_BOT_TOKEN": "hush with spaces"},
    "another key": {"XAI_API_KEY": "hushAnotherKey123456"},
    "nobody there": {"REDIS_URL": f"redis://:{quote('hush&Pass/word')}@127.0.0.1:1/0"},
    "no such scheme": {"REDIS_URL": "hush://user:hushPassword@"},
    "password as an option": {"REDIS_URL": f"redis://127.0.0.1:1/0?password={PASSWORD}"},
    "password for Slack": {"SLACK_API_URL": "http://user:hushPassword@127.0.0.1:1/api/"},
}


@pytest.mark.parametrize(
    ("command", "wrong"),
    [*(("check", each) for each in WRONG), ("serve", "no bot token"), ("jobs", "nobody there")],
)
async def test_what_is_wrong_is_told_without_it(tmp_path: Path, command: str, wrong: str) -> None:
    async with marked_stage("socket") as stage:
        env = marked_environment(stage, "redis://127.0.0.1:1/0", tmp_path, **WRONG[wrong])
        async with loaded_bot(env, command, cwd=tmp_path) as bot:
            out, err = await asyncio.wait_for(bot.communicate(), 40)
    told = (out + err).decode()
    assert bot.returncode
    assert told
    assert MARK not in told.lower()
