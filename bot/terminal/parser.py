"""The commands of `python -m bot` and their options, and what is said to one that there is not."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import pairwise

from bot import __version__
from bot.ops import command_words
from bot.ops import words as ops_words
from bot.words.terminal import eval as eval_words

EXIT_USAGE = 2
MOST_WORKSPACES = 8
"""In the demo."""

_LONGEST_NAME = 40
_ALONE = frozenset({"-h", "--help", "--version"})
"""Options of no command."""

_DOLLARS = re.compile(r"-?([0-9]{1,9}(\.[0-9]*)?|\.[0-9]+)")
_LONG_OPTION = re.compile(r"--[a-z-]+")


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command in `arguments`, and its options. Raises `SystemExit` where help was wanted, and
    where something is wrong: either is printed."""
    parser, parsers = _parsers()
    first = arguments[0] if arguments else ""
    if all(each.startswith("-") and each not in _ALONE for each in arguments):
        parser.print_help(sys.stderr)
        raise SystemExit(EXIT_USAGE)
    if arguments and not first:
        parser.exit(EXIT_USAGE, command_words.EMPTY_ARGUMENT(option="", command="") + "\n")
    if not first.startswith("-") and first not in parsers:
        near = get_close_matches(first[:_LONGEST_NAME], command_words.COMMANDS, n=1)
        parser.exit(EXIT_USAGE, command_words.no_command(_shown(first), *near) + "\n")
    options, more = parser.parse_known_args(arguments)
    for before, given in pairwise(arguments):
        joined = given.startswith("-") and "=" in given
        option, _, value = given.partition("=") if joined else (before, "", given)
        if not value.strip():
            option = _shown(option) if option.startswith("-") else ""
            told = command_words.EMPTY_ARGUMENT(option=option, command=options.command)
            parser.exit(EXIT_USAGE, f"{told}\n")
    if more:
        known = _LONG_OPTION.findall(parsers[options.command].format_usage())
        near = get_close_matches(more[0].partition("=")[0][:_LONGEST_NAME], known, n=1)
        told = command_words.NO_OPTION(command=options.command, given=_shown(more[0]), nearest=near)
        parser.exit(EXIT_USAGE, f"{told}\n")
    return options


def _shown(given: str) -> str:
    """What was typed, as far as nothing in it acts on a terminal."""
    return "".join(filter(str.isprintable, given[:_LONGEST_NAME]))


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Of all, and of each command."""
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
    return parser, parsers


def _add_eval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", help=eval_words.DATA)
    parser.add_argument(
        "--grid", metavar="NAME=VALUES", action="append", default=[], help=eval_words.GRID
    )
    parser.add_argument(
        "--budget", metavar="USD", type=_dollars, required=True, help=eval_words.BUDGET
    )
    parser.add_argument(
        "--judge", metavar="WHO", action="append", default=[], help=eval_words.JUDGE
    )
    parser.add_argument("--out", metavar="FILE", help=eval_words.OUT)
    parser.add_argument(
        "--at-once", metavar="N", type=_positive_number, default=8, help=eval_words.AT_ONCE
    )
    parser.add_argument("--first", metavar="N", type=_positive_number, help=eval_words.FIRST)


def _positive_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9])):
        raise argparse.ArgumentTypeError(eval_words.NOT_A_NUMBER)
    return int(text[:9])


def _dollars(text: str) -> float:
    """Whether they are enough is checked with everything else. Raises `ArgumentTypeError`."""
    if not _DOLLARS.fullmatch(text):
        raise argparse.ArgumentTypeError(eval_words.NOT_DOLLARS)
    return float(text)


def _few(given: str) -> int:
    """A number of workspaces. Raises `ArgumentTypeError`."""
    if given.isascii() and given.isdecimal() and 1 <= int(given[:3]) <= MOST_WORKSPACES:
        return int(given)
    raise argparse.ArgumentTypeError(command_words.DEMO_WORKSPACES_RANGE)
