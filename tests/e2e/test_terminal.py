"""`python -m bot` in a shell: pipes, Ctrl-C, and what a person reads who has set up too little."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.files.reading import FILE_BYTES
from bot.words.terminal import startup as startup_words
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, GENERAL, Workspace
from tests.chaos.parent import shared
from tests.e2e.process import ROOT, bot_process, environment
from tests.e2e.stage import installed_app
from tests.files.samples import pdf, png

BARE = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}


def ask_environment(grok: GrokServer) -> dict[str, str]:
    return BARE | {
        "XAI_API_KEY": grok.api_key or "any",
        "XAI_BASE_URL": grok.base_url,
        "GROK_DIALECT": grok.dialect,
        "GROK_ENDPOINT": "chat",
    }


async def piped(
    env: Mapping[str, str], cwd: Path, given: bytes, *arguments: str
) -> tuple[int, str, str]:
    """`… | python -m bot arguments`: its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        env=dict(env),
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    # asyncio makes a socket of `PIPE`, and a shell a pipe: `-` or no prompt reads both.
    out, err = await process.communicate(given)
    return process.returncode or 0, out.decode(), err.decode()


async def loaded_shell(env: Mapping[str, str], cwd: Path, line: str) -> tuple[int, str, str]:
    """A line in bash, as `shell` runs it, for what is not about how the bot starts and ends."""
    await shared().loaded()
    program = ROOT / "tests/e2e/in_shell.py"
    return await shell(env, cwd, line, bot=f"{sys.executable} -IS {program} {shared().socket}")


async def shell(
    env: Mapping[str, str], cwd: Path, line: str, bot: str = f"{sys.executable} -m bot"
) -> tuple[int, str, str]:
    """One line in bash, `$BOT` being the bot, with the exit code of the first that failed."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-o", "pipefail", "-c", line),
        env={**env, "BOT": bot},
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_search_is_told_beside_the_answer_and_its_sources_below(tmp_path: Path) -> None:
    line = ["ask", "--search", "x", "news", "of", "TCP"]
    async with GrokServer(speed=None, first_delay=0) as grok:
        env = ask_environment(grok)
        code, out, err = await piped(env | {"GROK_ENDPOINT": "auto"}, tmp_path, b"", *line)
        there, _, refused = await piped(env, tmp_path, b"", *line)

    assert (code, there) == (0, 1)
    assert "[x.com 1](https://x.com/" in out
    assert "**Sources**\n\n1. [x.com/" in out
    assert "Searching X for “news of TCP filter:links”: 1 search, 0 s\n" in err
    assert " · 4 sources · 44 posts · $0." in err.splitlines()[-1]
    assert "GROK_ENDPOINT=responses" in refused


def prompt_of(grok: GrokServer) -> Any:
    (recorded,) = grok.requests
    return recorded.messages[-1]["content"]


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("echo hi | $BOT ask", "hi"),
        ("printf 'one\\ntwo\\n' | $BOT ask --max-tokens 9 Sum it up", "Sum it up\n\none\ntwo"),
        ("echo hi >given; $BOT ask - <given", "hi"),
        ("$BOT ask hi </dev/null", "hi"),
        ("$BOT ask hi <&-", "hi"),
    ],
)
async def test_ask_reads_what_comes_from_a_pipe_or_a_file(
    grok: GrokServer, tmp_path: Path, line: str, prompt: str
) -> None:
    grok.script(Script(text="Read."))
    run = shell if line.endswith("<&-") else loaded_shell  # a fork has three files
    code, out, err = await run(ask_environment(grok), tmp_path, line)

    assert (code, out.strip()) == (0, "Read."), err
    assert prompt_of(grok) == prompt


async def test_ask_reads_the_socket_of_a_supervisor_without_a_prompt(
    grok: GrokServer, tmp_path: Path
) -> None:
    code, _, err = await piped(ask_environment(grok), tmp_path, b"hi\n", "ask")

    assert code == 0, err
    assert prompt_of(grok) == "hi"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("film.mp4", "Not read: film.mp4 (it is a video"),
        ("broken.pdf", "Not read: broken.pdf ("),
        ("huge.txt", "Not read: huge.txt (it has "),
        ("folder", "folder is a folder, so Grok was not asked."),
        ("gone.txt", "There is no file gone.txt"),
    ],
)
async def test_nothing_is_paid_for_without_a_file_that_was_named(
    grok: GrokServer, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "film.mp4").write_bytes(b"\0")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    with (tmp_path / "huge.txt").open("wb") as huge:
        huge.truncate(FILE_BYTES + 1)
    (tmp_path / "folder").mkdir()
    line = f"$BOT ask --file a.png --file {name} When? </dev/null"
    code, out, err = await loaded_shell(ask_environment(grok), tmp_path, line)

    assert (code, out) == (1, "")
    assert err.startswith(told)
    assert "Grok was not asked" in err
    assert not grok.requests


async def test_files_go_along_that_can_be_read(grok: GrokServer, tmp_path: Path) -> None:
    (tmp_path / "plan.pdf").write_bytes(pdf("Ship it on Monday"))
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "größe.csv").write_text("a;ü\n", encoding="latin-1")
    env = ask_environment(grok) | {"GROK_ENDPOINT": "auto"}
    line = "$BOT ask --file plan.pdf --file=a.png --file größe.csv When? </dev/null"
    code, _, err = await loaded_shell(env, tmp_path, line)
    nowhere, _, told = await loaded_shell(
        env, tmp_path, "$BOT ask --file gone.pdf When? </dev/null"
    )

    assert (code, nowhere) == (0, 1), err
    assert "There is no file gone.pdf" in told
    text, *parts = prompt_of(grok)
    assert [part["type"] for part in parts] == ["input_file", "input_image"]
    assert "a;ü" in text["text"]
    assert text["text"].endswith("When?")


@pytest.mark.parametrize(
    "line",
    [
        "$BOT --help",
        "$BOT schema",
        "$BOT manifest",
        "$BOT ask --help",
        "$BOT ask hi",
        "$BOT check",
    ],
)
async def test_a_reader_who_goes_away_ends_it_without_a_word(
    grok: GrokServer, tmp_path: Path, line: str
) -> None:
    grok.script(Script(text="line\n" * 10_000))
    code, out, err = await shell(ask_environment(grok), tmp_path, f"{line} </dev/null | true")

    assert out == ""
    assert code in (1, 128 + signal.SIGPIPE) if "check" in line else code == 128 + signal.SIGPIPE
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


@pytest.mark.parametrize(
    "line", ["--help", "schema", "manifest", "ask --help", "ask hi", "check", "eval --help"]
)
async def test_a_disk_that_is_full_ends_it_with_a_sentence(
    grok: GrokServer, tmp_path: Path, line: str
) -> None:
    grok.script(Script(text="line\n" * 10_000))
    code, _, err = await shell(
        ask_environment(grok), tmp_path, f"$BOT {line} </dev/null >/dev/full"
    )

    assert code == 1
    assert startup_words.NOWHERE_TO_PRINT("No space left on device") in err
    assert "Traceback" not in err


async def test_help_on_ask_speaks_of_the_terminal(tmp_path: Path) -> None:
    code, out, _ = await shell(BARE, tmp_path, "$BOT ask --help")

    assert code == 0
    for word in ("channel", "thread", "/grok", "Slack", "`", "--private", "--reply"):
        assert word not in out
    for word in ("standard output", "git diff |", "--temperature", "Ctrl-D"):
        assert word in out


async def test_help_on_what_there_is_not_tells_all_and_is_a_fault(tmp_path: Path) -> None:
    code, out, err = await shell(BARE, tmp_path, "$BOT ask --help bogus")

    assert code == 1
    assert "--temperature" in out
    assert err == "There is no flag bogus: all that there are stand above.\n"


async def test_help_as_a_command_leads_to_the_help(tmp_path: Path) -> None:
    code, _, err = await shell(BARE, tmp_path, "$BOT help")

    assert code == 2
    assert err.endswith("See: python -m bot --help\n")


async def test_an_unknown_flag_names_the_help_of_the_terminal(
    grok: GrokServer, tmp_path: Path
) -> None:
    code, _, err = await loaded_shell(ask_environment(grok), tmp_path, "$BOT ask -x hi </dev/null")

    assert code == 1
    assert "ask --help lists them" in err
    assert "/grok" not in err


@pytest.mark.parametrize(
    ("env", "line", "sentence"),
    [
        ({"XAI_BASE_URL": "nonsense"}, "ask hi", "XAI_BASE_URL is not an address that"),
        ({"XAI_BASE_URL": "http://h:port"}, "ask hi", "XAI_BASE_URL is not an address that"),
        ({"REDIS_URL": "nonsense"}, "jobs", "REDIS_URL is not an address that"),
        ({"REDIS_URL": "nonsense"}, "forget --user U1", "REDIS_URL is not an address that"),
        ({"XAI_API_KEY": "xai-wrong"}, "ask hi", "Grok does not accept this bot's key."),
        (
            {"XAI_BASE_URL": "http://127.0.0.1:1/v1"},
            "ask hi",
            "Grok cannot be reached at http://127.0.0.1:1/v1 (Connection refused). Check ",
        ),
        ({}, "ask --model gpt5 hi", "Grok has no model called gpt5. Choose another with --model."),
    ],
)
async def test_what_goes_wrong_is_one_sentence_and_nothing_else(
    grok: GrokServer, tmp_path: Path, env: dict[str, str], line: str, sentence: str
) -> None:
    code, out, err = await loaded_shell(
        ask_environment(grok) | env, tmp_path, f"$BOT {line} </dev/null"
    )

    assert (code, out) == (1, "")
    assert err.startswith(sentence)
    assert len(err.splitlines()) == 1
    assert "`" not in err
    assert "gpt5" not in line or "There are grok-" in err
    assert " more" not in err  # the sandbox has fewer models than are named


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("aks hi", "There is no command aks. Did you mean ask? There are: serve, work, demo, "),
        ("frobnicate", "There is no command frobnicate. There are: serve, work, "),
        ("check --aks", "check does not take --aks. Did you mean --ask? See: python -m bot check"),
        ("jobs --faild=1", "jobs does not take --faild=1. Did you mean --failed? See: "),
        ("schema x", "schema does not take x. See: python -m bot schema --help"),
        ("", "usage: python -m bot [-h] [--version] command ..."),
        ("--frob", "usage: python -m bot [-h] [--version] command ..."),
    ],
)
async def test_a_slip_in_a_command_is_told_with_what_was_meant(
    tmp_path: Path, line: str, told: str
) -> None:
    code, out, err = await shell(BARE, tmp_path, f"$BOT {line}")

    assert (code, out) == (2, "")
    assert err.startswith(told)
    assert len(err.splitlines()) == 1 or "answer the questions that other processes take" in err


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("--help", ("pydantic", "structlog", "asyncio", "aiohttp", "slack_bolt", "redis")),
        ("--version", ("pydantic", "structlog", "asyncio", "aiohttp", "slack_bolt", "redis")),
        ("schema", ("dotenv", "structlog", "aiohttp", "slack_bolt", "redis")),
        ("ask --help", ("dotenv", "structlog", "aiohttp", "slack_bolt", "redis")),
    ],
)
async def test_a_command_imports_what_it_needs(
    tmp_path: Path, command: str, needless: tuple[str, ...]
) -> None:
    line = f"{sys.executable} -X importtime -m bot {command}"
    code, _, err = await shell(BARE, tmp_path, line)

    assert code == 0
    imported = {line.rpartition("|")[2].strip() for line in err.splitlines()}
    assert "bot.cli" in imported
    assert imported.isdisjoint(needless)


async def test_without_anything_set_the_missing_file_is_named_first(tmp_path: Path) -> None:
    code, _, err = await shell(BARE, tmp_path, "$BOT serve")

    assert code == 1
    assert err.splitlines()[0].startswith(f"There is no .env in {tmp_path}")
    assert "Copy .env.example to .env" in err


async def test_that_there_is_no_file_is_no_fault_of_its_own(tmp_path: Path) -> None:
    code, out, _ = await loaded_shell(BARE | {"LOG_LEVEL": "ERROR"}, tmp_path, "$BOT check")

    assert code == 1
    assert out.count("✗") == 3
    assert "→ Settings: There is no .env in" in out
    assert out.endswith("3 faults found.\n")


async def test_a_file_that_is_no_text_is_said_so(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("XAI_API_KEY=ü".encode("utf-16"))
    code, _, err = await loaded_shell(BARE, tmp_path, "$BOT check")

    assert code == 1
    assert ".env cannot be read" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["serve", "check"])
async def test_an_unknown_setting_is_named_with_the_nearest(tmp_path: Path, command: str) -> None:
    (tmp_path / ".env").write_text("GROK_MAX_TOKEN=9\n", encoding="utf-8")
    code, out, err = await loaded_shell(BARE, tmp_path, f"$BOT {command}")

    assert code == 1
    assert "GROK_MAX_TOKEN is set" in out + err
    assert "GROK_MAX_TOKENS?" in out + err


async def test_ctrl_c_says_what_it_waits_for(grok: GrokServer, tmp_path: Path) -> None:
    released = asyncio.Event()
    grok.script(Script(text="Slowly, slowly.", stall_after=1, release=released, times=None))
    async with Workspace(app=installed_app()) as workspace:
        env = environment(workspace, grok, tmp_path / "data", SHUTDOWN_GRACE_SECONDS="60")
        async with bot_process(env, cwd=tmp_path) as bot:
            await workspace.connected()
            for question in ("one", "two"):
                await workspace.command(ANA, GENERAL, f"/grok {question}")
            await workspace.wait_for(lambda: len(grok.requests) == 2, 20)
            bot.send_signal(signal.SIGINT)
            assert bot.stdout is not None
            said = ""
            while "Finishing" not in said:
                said = (await bot.stdout.readline()).decode()
            assert said == "Finishing 2 answers, for 60 s at most; Ctrl-C again ends at once.\n"
            released.set()
            await bot.communicate()
            assert bot.returncode == 0
