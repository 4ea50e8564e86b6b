"""What `python -m bot` does: serve, work, demo, check, jobs, forget, ask, eval and the rest."""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from bot import __version__
from bot.errors import StartupError, UserError
from bot.ops import command_words
from bot.ops import words as ops_words
from bot.words import startup as startup_words
from bot.words.terminal import plain

if TYPE_CHECKING:
    import asyncio

    from bot.duties import Duty
    from bot.ops.logs import Reader
    from bot.settings import Settings

# Each command imports what it needs, and no more: `--help` and `schema` are there at once.

EXIT_FAULT = 1
MOST_WORKSPACES = 8
"""In the demo."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code of the process.

    A reader who goes away (`| head -1`) ends it without a word, as it does other programs.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return code


def _nobody_reads() -> bool:
    """Whether standard output is a pipe whose other end is closed."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["ask"]:
        return _ask(arguments[1:])
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as ended:  # it has printed help, or what is wrong
        return ended.code if isinstance(ended.code, int) else EXIT_FAULT
    return _COMMANDS[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Ask Grok from Slack, with answers that stream."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    parsers = {
        name: commands.add_parser(name, help=help_, description=help_)
        for name, help_ in command_words.COMMANDS.items()
    }
    parsers["serve"].add_argument("--no-worker", action="store_true", help=command_words.NO_WORKER)
    parsers["demo"].add_argument(
        "--workspaces", metavar="N", type=_few, default=1, help=command_words.DEMO_WORKSPACES
    )
    parsers["manifest"].add_argument(
        "--http", metavar="ADDRESS", default="", help=command_words.MANIFEST_HTTP
    )
    parsers["manifest"].add_argument(
        "--install", metavar="ADDRESS", default="", help=command_words.MANIFEST_INSTALL
    )
    parsers["manifest"].add_argument(
        "--agent", action="store_true", help=command_words.MANIFEST_AGENT
    )
    parsers["demo"].add_argument("--agent", action="store_true", help=command_words.DEMO_AGENT)
    parsers["check"].add_argument("--ask", action="store_true", help=ops_words.CHECK_ASK)
    jobs = parsers["jobs"]
    one = jobs.add_mutually_exclusive_group()
    one.add_argument("--failed", action="store_true", help=command_words.JOBS_FAILED)
    one.add_argument("--retry", metavar="ID", help=command_words.JOBS_RETRY)
    one.add_argument("--drop", metavar="ID", help=command_words.JOBS_DROP)
    jobs.add_argument("--json", action="store_true", help=command_words.JOBS_JSON)
    parsers["forget"].add_argument(
        "--user", metavar="ID", required=True, help=command_words.FORGET_USER
    )
    _add_eval(parsers["eval"])
    return parser


def _add_eval(parser: argparse.ArgumentParser) -> None:
    from bot.words import eval as words

    parser.add_argument("data", metavar="DATA", help=words.DATA)
    parser.add_argument(
        "--grid", metavar="NAME=VALUES", action="append", default=[], help=words.GRID
    )
    parser.add_argument("--budget", metavar="USD", type=float, required=True, help=words.BUDGET)
    parser.add_argument("--judge", metavar="WHO", action="append", default=[], help=words.JUDGE)
    parser.add_argument("--out", metavar="FILE", help=words.OUT)
    parser.add_argument(
        "--at-once", metavar="N", type=_positive_number, default=8, help=words.AT_ONCE
    )
    parser.add_argument("--first", metavar="N", type=_positive_number, help=words.FIRST)


def _positive_number(text: str) -> int:
    from bot.words import eval as words

    if not (text.isascii() and text.isdigit() and int(text[:9])):
        raise argparse.ArgumentTypeError(words.NOT_A_NUMBER)
    return int(text[:9])


def _few(given: str) -> int:
    """A number of workspaces. Raises `ArgumentTypeError`."""
    if given.isascii() and given.isdecimal() and 1 <= int(given[:3]) <= MOST_WORKSPACES:
        return int(given)
    raise argparse.ArgumentTypeError(command_words.DEMO_WORKSPACES_RANGE)


def _guarded(run: Callable[[Settings], Coroutine[Any, Any, int]], reader: Reader = "person") -> int:
    """Run it with the settings, and with logs as its `reader` needs them."""

    def configured() -> int:
        import asyncio

        from bot.ops.logs import configure

        settings = _settings()
        configure(settings, reader=reader)
        return asyncio.run(run(settings))

    return _told(configured)


def _settings() -> Settings:
    """Raises `StartupError` with a sentence for each setting that cannot be read."""
    from pydantic import ValidationError

    from bot.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        names = ("_".join(str(part) for part in fault["loc"]).upper() for fault in faults)
        raise StartupError(
            [
                startup_words.setting_fault(name, fault["msg"])
                for name, fault in zip(names, faults, strict=True)
            ]
        ) from None
    except (OSError, UnicodeDecodeError):
        raise StartupError([startup_words.ENV_FILE_UNREADABLE]) from None


def _told(run: Callable[[], int]) -> int:
    """What `run` returns; what keeps it from running is told in a sentence."""
    try:
        return run()
    except StartupError as error:
        print(*map(plain, error.faults), sep="\n", file=sys.stderr)
    except UserError as error:
        print(plain(error.sentence), file=sys.stderr)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return EXIT_FAULT


def _serve(options: argparse.Namespace) -> int:
    from bot.duties import Duty

    return _run_bot(Duty.TAKING if options.no_worker else Duty.BOTH)


def _work(_: argparse.Namespace) -> int:
    from bot.duties import Duty

    return _run_bot(Duty.WORKING)


def _run_bot(duty: Duty) -> int:
    from bot.ops.heap import keep_heap_whole, loading

    keep_heap_whole()
    with loading():
        from bot.app import serve
    return _guarded(
        lambda settings: _until_signal(lambda stop: serve(settings, stop, duty)),
        "operator",
    )


def _demo(options: argparse.Namespace) -> int:
    from bot.demo import demo

    return _guarded(
        lambda settings: _until_signal(
            lambda stop: demo(settings, stop, options.workspaces, agent=options.agent)
        ),
        "spectator",
    )


async def _until_signal(run: Callable[[asyncio.Event], Coroutine[Any, Any, int | None]]) -> int:
    """Run until SIGTERM or Ctrl-C asks it to stop; a second one ends it at once. Returns the exit
    code: what `run` does, if anything."""
    import asyncio

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
        return await task or 0
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


def _check(options: argparse.Namespace) -> int:
    from bot.ops.check import check

    return _guarded(lambda settings: check(settings, ask=options.ask))


def _jobs(options: argparse.Namespace) -> int:
    from bot.operator import Wanted, operate

    wanted = Wanted(
        failed=options.failed, retry=options.retry, drop=options.drop, as_json=options.json
    )
    return _guarded(lambda settings: operate(settings, wanted))


def _forget(options: argparse.Namespace) -> int:
    from bot.operator_forget import forget

    return _guarded(lambda settings: forget(settings, options.user))


def _ask(arguments: list[str]) -> int:
    from bot.terminal_help import help_wanted

    if text := help_wanted(arguments):
        print(text)
        return 0

    def asked(settings: Settings) -> Coroutine[Any, Any, int]:
        from bot.terminal import ask_in_terminal, question

        # Before the loop runs: Ctrl-C could not end a read inside of it.
        return ask_in_terminal(settings, question(settings, arguments))

    return _guarded(asked)


def _eval(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bot.eval.run import Wanted, run_eval

    wanted = Wanted(
        data=Path(options.data),
        grid=tuple(options.grid),
        budget=options.budget,
        judges=tuple(options.judge),
        out=Path(options.out) if options.out else None,
        at_once=options.at_once,
        first=options.first,
    )
    return _guarded(lambda settings: _until_signal(lambda stop: run_eval(settings, wanted, stop)))


def _schema(_: argparse.Namespace) -> int:
    import json

    from bot.completion.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _manifest(options: argparse.Namespace) -> int:
    from bot.ops.manifest import as_yaml, manifest

    def printed() -> int:
        print(as_yaml(manifest(options.http, options.install, agent=options.agent)), end="")
        return 0

    return _told(printed)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "work": _work,
    "demo": _demo,
    "check": _check,
    "jobs": _jobs,
    "forget": _forget,
    "eval": _eval,
    "schema": _schema,
    "manifest": _manifest,
}
