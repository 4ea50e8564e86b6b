"""What `python -m bot` does: serve, work, demo, check, jobs, forget, ask, eval and the rest."""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bot.errors import StartupError, UserError
from bot.words.terminal import startup as startup_words
from bot.words.terminal.ask import plain

if TYPE_CHECKING:
    import argparse
    import asyncio

    from bot.duties import Duty
    from bot.ops.logs import Reader
    from bot.settings import Settings

# Each command imports what it needs, and no more: `--help` and `schema` are there at once. Nor does
# pydantic look through all that is installed for plug-ins of its own, which takes 4 ms.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

EXIT_FAULT = 1

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a write to a file comes to that has no room left."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code of the process.

    A reader who goes away (`| head -1`) ends it without a word, as it does other programs; a disk
    that is full, with a sentence.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        _print_no_more()
        return 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in _NO_ROOM or error.filename is not None:
            raise
        _print_no_more()
        with suppress(OSError):
            print(startup_words.NOWHERE_TO_PRINT(error.strerror or ""), file=sys.stderr)
        return EXIT_FAULT
    return code


def _print_no_more() -> None:
    """What is left to be printed goes nowhere, also as the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _nobody_reads() -> bool:
    """Whether standard output is a pipe whose other end is closed."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["ask"]:
        return _ask(arguments[1:])
    if arguments == ["serve"]:
        return _serve()  # without a parser, which takes as long to load and fill as a small library
    from bot.terminal.parser import parsed

    try:
        options = parsed(arguments)
    except SystemExit as ended:  # it has printed help, or what is wrong
        return ended.code if isinstance(ended.code, int) else EXIT_FAULT
    return _COMMANDS[options.command](options)


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
        from bot.ops.setting_faults import setting_faults

        raise StartupError(setting_faults(error)) from None
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


def _serve(options: argparse.Namespace | None = None) -> int:
    from bot.duties import Duty

    return _run_bot(Duty.TAKING if options and options.no_worker else Duty.BOTH)


def _work(_: argparse.Namespace) -> int:
    from bot.duties import Duty

    return _run_bot(Duty.WORKING)


def _run_bot(duty: Duty) -> int:
    from bot.ops.heap import keep_heap_whole, loading, read_in_small_blocks

    keep_heap_whole()
    read_in_small_blocks()
    with loading():
        from bot.later import load_later

        load_later()
        from bot.app import serve
    return _guarded(
        lambda settings: _until_signal(lambda stop: serve(settings, stop, duty)),
        "operator",
    )


def _demo(options: argparse.Namespace) -> int:
    from bot.ops.heap import loading

    with loading():
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
    from bot.terminal.jobs import Wanted, operate

    wanted = Wanted(
        failed=options.failed, retry=options.retry, drop=options.drop, as_json=options.json
    )
    return _guarded(lambda settings: operate(settings, wanted))


def _forget(options: argparse.Namespace) -> int:
    from bot.terminal.jobs import forget

    return _guarded(lambda settings: forget(settings, options.user))


def _ask(arguments: list[str]) -> int:
    from bot.terminal.help import help_fault, help_wanted

    if text := help_wanted(arguments):
        print(text)
        if fault := help_fault(arguments):
            print(fault, file=sys.stderr)
        return EXIT_FAULT if fault else 0

    def asked(settings: Settings) -> Coroutine[Any, Any, int]:
        from bot.terminal.ask import ask_in_terminal, question

        # Before the loop runs: Ctrl-C could not end a read inside of it.
        return ask_in_terminal(settings, question(settings, arguments))

    return _guarded(asked)


def _eval(options: argparse.Namespace) -> int:
    import tempfile
    from pathlib import Path

    from bot.eval.run import EvalArguments, run_eval

    wanted = EvalArguments(
        data=Path(options.data),
        grid=tuple(options.grid),
        budget=options.budget,
        judges=tuple(options.judge),
        out=Path(options.out) if options.out else None,
        at_once=options.at_once,
        first=options.first,
        demos=Path(tempfile.gettempdir()),
    )
    return _guarded(lambda settings: _until_signal(lambda stop: run_eval(settings, wanted, stop)))


def _schema(_: argparse.Namespace) -> int:
    import json

    from bot.completion.request import json_schema

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
