"""`python -m bot …` as a person runs it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.completion.request import json_schema
from bot.eval.demo_page import notices
from bot.ops.command_words import DEMO_SANDBOX_GROK, DEMO_STOPPED
from sandbox.grok import GrokServer, Script
from sandbox.workspace import Workspace
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import ROOT, bot_process, environment
from tests.e2e.stage import installed_app


async def _run(env: dict[str, str], cwd: Path, *arguments: str) -> tuple[int, str, str]:
    """What a command wrote, started as an operator starts it."""
    async with bot_process(env, *arguments, cwd=cwd) as process:
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def _loaded(env: dict[str, str], cwd: Path, *arguments: str) -> tuple[int, str, str]:
    """What a command wrote that has been loaded already."""
    async with loaded_bot(env, *arguments, cwd=cwd) as process:
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
async def sandbox_workspace() -> AsyncIterator[Workspace]:
    async with Workspace(app=installed_app()) as workspace:
        yield workspace


_INTERRUPTED = """
import runpy, sys

class Interrupts:
    module = sys.argv.pop(1)

    def find_spec(self, name, path=None, target=None):
        if name == self.module:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupts())
runpy.run_module("bot", run_name="__main__")
"""
"""Runs the bot as Ctrl-C meets it while it loads a module, which is named first."""


@pytest.mark.parametrize("module", ["bot.cli", "bot.terminal.parser", "bot.eval.run"])
async def test_ctrl_c_while_it_is_loaded_is_no_fault(module: str) -> None:
    command = (module, "eval", "nothing.txt", "--budget", "1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _INTERRUPTED, *command, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()

    assert (process.returncode, err) == (128 + signal.SIGINT, b"")


async def test_schema_is_the_published_one(
    sandbox_workspace: Workspace, grok: GrokServer, tmp_path: Path
) -> None:
    env = environment(sandbox_workspace, grok, tmp_path)
    code, out, _ = await _run(env, tmp_path, "schema")

    assert code == 0
    assert json.loads(out) == json_schema()


async def test_manifest_is_printed(
    sandbox_workspace: Workspace, grok: GrokServer, tmp_path: Path
) -> None:
    env = environment(sandbox_workspace, grok, tmp_path)
    code, out, _ = await _run(env, tmp_path, "manifest")

    assert code == 0
    assert out == (ROOT / "manifest.yml").read_text(encoding="utf-8")


async def test_ask_streams_to_the_terminal(
    sandbox_workspace: Workspace, grok: GrokServer, tmp_path: Path
) -> None:
    grok.script(Script(text="Start small, **double** each round trip."))
    env = environment(sandbox_workspace, grok, tmp_path)
    code, out, err = await _run(env, tmp_path, "ask", "--temperature", "0.2", "Explain  this")

    assert code == 0
    assert out.strip() == "Start small, **double** each round trip."
    assert "tokens" in err
    body = grok.requests[0].body
    assert body["temperature"] == 0.2
    assert "Explain  this" in str(body)


async def test_ask_helps_without_a_key(
    sandbox_workspace: Workspace, grok: GrokServer, tmp_path: Path
) -> None:
    env = environment(sandbox_workspace, grok, tmp_path, XAI_API_KEY="")
    code, out, _ = await _run(env, tmp_path, "ask", "--help", "temperature")

    assert code == 0
    assert "--temperature" in out
    assert "0 to 2" in out


async def test_ask_names_every_fault(
    sandbox_workspace: Workspace, grok: GrokServer, tmp_path: Path
) -> None:
    env = environment(sandbox_workspace, grok, tmp_path)
    code, out, err = await _loaded(env, tmp_path, "ask", "--temperature", "3", "--top-p", "2", "hi")

    assert code == 1
    assert out == ""
    assert "• --temperature: 3 is too large" in err
    assert "• --top-p: 2 is too large" in err
    assert "Traceback" not in err
    assert not grok.requests


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"SLACK_BOT_TOKEN": ""}, ["SLACK_BOT_TOKEN"]),
        ({"SLACK_BOT_TOKEN": "xoxp-user"}, ["SLACK_BOT_TOKEN", "xoxb-"]),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, ["SLACK_BOT_TOKEN", "invalid_auth"]),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, ["SLACK_APP_TOKEN", "invalid_auth"]),
        ({"SLACK_APP_TOKEN": ""}, ["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"]),
        ({"XAI_API_KEY": "", "SLACK_BOT_TOKEN": ""}, ["XAI_API_KEY", "SLACK_BOT_TOKEN"]),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, ["Slack"]),
        ({"REDIS_URL": "localhost:6379"}, ["REDIS_URL", "redis://"]),
        ({"XAI_BASE_URL": "nonsense"}, ["XAI_BASE_URL is not an address"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://"}, ["OTEL_EXPORTER_OTLP_ENDPOINT is not an"]),
        ({"GROK_MAX_TOKENS": "many"}, ["GROK_MAX_TOKENS"]),
    ],
)
async def test_serve_refuses_to_start_with_a_sentence_for_each_fault(
    sandbox_workspace: Workspace,
    grok: GrokServer,
    tmp_path: Path,
    wrong: dict[str, str],
    named: list[str],
) -> None:
    env = environment(sandbox_workspace, grok, tmp_path / "data", **wrong)
    code, _, err = await _loaded(env, tmp_path, "serve")

    assert code == 1
    for name in named:
        assert name in err
    assert "Traceback" not in err
    assert "xoxb-wrong" not in err


async def test_check_finds_everything_well(
    sandbox_workspace: Workspace, grok: GrokServer, tmp_path: Path
) -> None:
    env = environment(sandbox_workspace, grok, tmp_path / "data")
    code, out, _ = await _run(env, tmp_path, "check")

    assert code == 0, out
    assert "✗" not in out


async def test_serve_answers_probes_and_logs_no_prompt(
    sandbox_workspace: Workspace, grok: GrokServer, tmp_path: Path
) -> None:
    env = environment(sandbox_workspace, grok, tmp_path / "data", LOG_LEVEL="DEBUG")
    async with bot_process(env, cwd=tmp_path) as bot:
        await sandbox_workspace.connected()
        assert bot.stderr is not None
        started = b""
        while b'"ops_port"' not in started:
            started += await bot.stderr.readline()
        port = re.search(rb'"ops_port": ?(\d+)', started)
        assert port is not None
        base = f"http://127.0.0.1:{int(port[1])}"
        await sandbox_workspace.command("U0ANA00001", "C0GENERAL1", "/grok a private thing")
        async with aiohttp.ClientSession() as session:
            for path in ("/livez", "/readyz"):
                async with session.get(base + path) as reply:
                    assert reply.status == 200, await reply.text()
            async with session.get(base + "/metrics") as reply:
                metrics = await reply.text()
        bot.send_signal(signal.SIGTERM)
        _, logged = await bot.communicate()

    assert "grokbot_requests_total" in metrics
    assert b"private thing" not in started + logged
    for line in (started + logged).decode().splitlines():
        json.loads(line)


@asynccontextmanager
async def _demo(
    cwd: Path, *, key: str = "", base_url: str = ""
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A demo, and the address of its page."""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(cwd)}
    env |= {"XAI_API_KEY": key, "XAI_BASE_URL": base_url, "TMPDIR": str(cwd)}
    async with bot_process(env, "demo", cwd=cwd) as demo:
        printed = await _until("http://127.0.0.1:", demo.stdout)
        yield demo, re.findall(r"http://127\.0\.0\.1:\d+", printed)[0]


async def test_demo_prints_the_page_first_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    async with _demo(tmp_path) as (demo, address):
        async with aiohttp.ClientSession() as session:
            async with session.get(address) as page:
                assert page.status == 200
                assert "text/html" in page.headers["Content-Type"]
            async with session.get(f"{address}/ui/state") as state:
                assert (await state.json())["bot"]["connected"]
        children = _children(demo.pid)
        demo.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(demo.communicate(), 20)

    assert (demo.returncode, err) == (0, b"")
    assert out.decode().endswith(f"{DEMO_STOPPED}\n")
    assert children
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


async def test_an_eval_shows_its_pairs_in_the_page_of_a_demo(tmp_path: Path) -> None:
    """As both are typed: `demo`, and `eval` with the Grok that it prints."""
    (tmp_path / "sums.txt").write_text("".join(f"What is {n} + 30?\n" for n in range(10, 25)))
    async with _demo(tmp_path) as (demo, address):
        (notice,) = notices(tmp_path)
        given = dict(re.findall(r"(XAI_\w+)=(\S+)", await _until("XAI_BASE_URL=", demo.stdout)))
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), **given}
        options = ("--grid", "temperature=0.8,0.2", "--judge", "person", "--budget", "5")
        async with bot_process(env, "eval", "sums.txt", *options, cwd=tmp_path) as judging:
            said = await _until("Ctrl-C", judging.stderr)
            shown = await _judging(address)
        # It was killed, so that it could not say that it leaves.
        while await _judging(address):
            await asyncio.sleep(0.05)
        demo.send_signal(signal.SIGINT)
        await asyncio.wait_for(demo.communicate(), 20)

    assert notice.url == address
    assert f"{address}/#judge" in said
    assert shown
    assert shown in said
    assert list(notices(tmp_path)) == []


async def _judging(address: str) -> str:
    """Where the page of a demo has answers judged."""
    async with aiohttp.ClientSession() as session, session.get(f"{address}/ui/state") as reply:
        return str((await reply.json())["judging"])


async def _until(mark: str, output: asyncio.StreamReader | None) -> str:
    """What is printed up to the line with `mark`."""
    assert output is not None
    printed = ""
    while mark not in printed:
        line = await asyncio.wait_for(output.readline(), 30)
        assert line, printed
        printed += line.decode()
    return printed


async def test_a_demo_says_that_it_keeps_nothing_where_the_bot_would(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    env |= {"DATA_DIR": str(tmp_path / "kept"), "TMPDIR": str(tmp_path)}
    async with bot_process(env, "demo", cwd=tmp_path) as demo:
        said = await _until("Ctrl-C", demo.stdout)

    assert "no DATA_DIR or REDIS_URL is used" in said
    assert not (tmp_path / "kept").exists()


async def test_the_key_that_a_demo_prints_is_no_key_for_the_real_grok(tmp_path: Path) -> None:
    key, address = "xai-sandbox-key", "http://127.0.0.1:9/v1"
    async with _demo(tmp_path, key=key, base_url=address) as (demo, _):
        said = await _until("Ctrl-C", demo.stdout)

    assert DEMO_SANDBOX_GROK in said


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found + [grandchild for child in found for grandchild in _children(child)]
