"""The commands of `python -m bot`: serve · demo · check · jobs · ask · schema · manifest."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from pydantic import ValidationError

from bot import __version__
from bot.errors import StartupError, UserError
from bot.ops import words as ops_words
from bot.ops.logs import configure
from bot.settings import Settings
from bot.words import startup as startup_words

EXIT_FAULT = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code of the process."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["ask"]:
        return _guarded(lambda settings: _ask(settings, arguments[1:]))
    options = _parser().parse_args(arguments)
    return _COMMANDS[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Ask Grok from Slack, with answers that stream."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    parsers = {
        name: commands.add_parser(name, help=help_, description=help_)
        for name, help_ in ops_words.COMMANDS.items()
    }
    parsers["manifest"].add_argument(
        "--http", metavar="ADDRESS", default="", help=ops_words.MANIFEST_HTTP
    )
    jobs = parsers["jobs"]
    one = jobs.add_mutually_exclusive_group()
    one.add_argument("--failed", action="store_true", help=ops_words.JOBS_FAILED)
    one.add_argument("--retry", metavar="ID", help=ops_words.JOBS_RETRY)
    one.add_argument("--drop", metavar="ID", help=ops_words.JOBS_DROP)
    jobs.add_argument("--json", action="store_true", help=ops_words.JOBS_JSON)
    return parser


def _guarded(run: Callable[[Settings], Coroutine[Any, Any, int]]) -> int:
    def configured() -> int:
        settings = Settings()
        configure(settings)
        return asyncio.run(run(settings))

    return _told(configured)


def _told(run: Callable[[], int]) -> int:
    """What `run` returns; what keeps it from running is told in a sentence."""
    try:
        return run()
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in fault["loc"]).upper()
            print(startup_words.setting_fault(name, fault["msg"]), file=sys.stderr)
    except StartupError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
    except UserError as error:
        print(error.sentence, file=sys.stderr)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return EXIT_FAULT


def _serve(_: argparse.Namespace) -> int:
    from bot.app import serve
    from bot.ops.heap import keep_heap_whole

    keep_heap_whole()
    return _guarded(lambda settings: _until_signal(lambda stop: serve(settings, stop)))


def _demo(_: argparse.Namespace) -> int:
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


def _check(_: argparse.Namespace) -> int:
    from bot.ops.check import check

    return _guarded(check)


def _jobs(options: argparse.Namespace) -> int:
    from bot.operator import Wanted, operate

    wanted = Wanted(
        failed=options.failed, retry=options.retry, drop=options.drop, as_json=options.json
    )
    return _guarded(lambda settings: operate(settings, wanted))


async def _ask(settings: Settings, arguments: list[str]) -> int:
    from bot.terminal import ask_in_terminal

    return await ask_in_terminal(settings, arguments)


def _schema(_: argparse.Namespace) -> int:
    from bot.completion.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _manifest(options: argparse.Namespace) -> int:
    from bot.ops.manifest import as_yaml, manifest

    def printed() -> int:
        print(as_yaml(manifest(options.http)), end="")
        return 0

    return _told(printed)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "demo": _demo,
    "check": _check,
    "jobs": _jobs,
    "schema": _schema,
    "manifest": _manifest,
}
