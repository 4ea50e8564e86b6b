"""The commands of `python -m bot`: serve · demo · check · ask · schema · manifest."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot import __version__, words
from bot.errors import StartupError, UserError
from bot.ops import words as ops_words
from bot.ops.logs import configure
from bot.settings import Settings

EXIT_FAULT = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code of the process."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["ask"]:
        return _guarded(lambda settings: _ask(settings, arguments[1:]))
    command = _parser().parse_args(arguments).command
    return _COMMANDS[command]()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Ask Grok from Slack, with answers that stream."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, help_ in ops_words.COMMANDS.items():
        commands.add_parser(name, help=help_, description=help_)
    return parser


def _guarded(run: Callable[[Settings], Coroutine[Any, Any, int]]) -> int:
    try:
        settings = Settings()
        configure(settings)
        return asyncio.run(run(settings))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in fault["loc"]).upper()
            print(words.setting_fault(name, fault["msg"]), file=sys.stderr)
    except StartupError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
    except UserError as error:
        print(error.sentence, file=sys.stderr)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return EXIT_FAULT


def _serve() -> int:
    from bot.app import serve
    from bot.ops.heap import keep_heap_whole

    keep_heap_whole()
    return _guarded(lambda settings: _until_signal(lambda stop: serve(settings, stop)))


def _demo() -> int:
    from bot.demo import demo

    return _guarded(lambda settings: _until_signal(lambda stop: demo(settings, stop)))


async def _until_signal(run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> int:
    """Run until SIGTERM or Ctrl-C asks it to stop; a second one ends it at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(run(stop))

    def ask_to_stop() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    try:
        await task
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    return 0


def _check() -> int:
    from bot.ops.check import check

    return _guarded(check)


async def _ask(settings: Settings, arguments: list[str]) -> int:
    from bot.terminal import ask_in_terminal

    return await ask_in_terminal(settings, arguments)


def _schema() -> int:
    from bot.completion.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _manifest() -> int:
    path = Path(__file__).resolve().parent.parent / "manifest.yml"
    try:
        print(path.read_text(encoding="utf-8"), end="")
    except FileNotFoundError:
        print(ops_words.NO_MANIFEST, file=sys.stderr)
        return EXIT_FAULT
    return 0


_COMMANDS: dict[str, Callable[[], int]] = {
    "serve": _serve,
    "demo": _demo,
    "check": _check,
    "schema": _schema,
    "manifest": _manifest,
}
