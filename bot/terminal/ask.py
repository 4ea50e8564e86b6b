"""One completion in the terminal: the same flags, the same checks, the same client."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TextIO

from bot.characters import excerpt
from bot.completion.collect import Collector
from bot.completion.flags import Flags
from bot.completion.options import OPTIONS
from bot.completion.result import Section, last_line
from bot.completion.transcript import Past, holds_pictures
from bot.errors import GrokFailed, RequestRefused, StartupError
from bot.files.file import bounds_of
from bot.files.reading import Reading
from bot.grok.answering import Completion
from bot.grok.catalogue import Catalogue
from bot.grok.client import open_grok
from bot.ops.redact import Redactor
from bot.ops.setting_faults import nothing_set, set_names, unknown_settings
from bot.rules.defaults import request_of, supply
from bot.rules.policy import Policy
from bot.settings import Settings, default_values
from bot.terminal.input import read_files, with_input
from bot.words import grok as grok_words
from bot.words import talk
from bot.words.request import faults
from bot.words.terminal import ask as words
from bot.words.terminal import startup as startup_words
from bot.words.terminal.ask import plain, spelled

_MODELS_SHOWN = 6
"""Where somebody named one that there is not."""


def question(settings: Settings, arguments: Sequence[str]) -> Flags:
    """What is asked: `arguments` (flags, then the prompt), and what stands on standard input.

    Raises `StartupError` without a key, and `UserError` when the input cannot be taken.
    """
    if settings.xai_api_key is None:
        troubles = (*nothing_set(settings), *unknown_settings(set_names()))
        hints = [trouble.sentence for trouble in troubles]
        raise StartupError([*hints, startup_words.NO_XAI_API_KEY])
    return with_input(arguments, most=settings.grok_max_prompt_bytes)


async def ask_in_terminal(
    settings: Settings, flags: Flags, out: TextIO = sys.stdout, err: TextIO = sys.stderr
) -> int:
    """Stream the answer to what is asked in `flags` to `out`; the rest to `err`.

    Returns the exit code: 0, or 1 when what came is not the whole answer. Raises `RequestRefused`
    when the request cannot be sent.
    """
    if flags.reply is not None:
        print(words.IN_SLACK_ALONE, file=err)
    files = await read_files(flags.files, Reading(bounds_of(settings)))
    if files and "prompt" not in flags.values:
        flags = flags.with_(prompt=talk.ABOUT_THIS)
    pictures = holds_pictures(files)
    started = time.monotonic()
    async with open_grok(settings) as grok:
        rules = grok.in_force(Policy(), settings=default_values(settings))
        supplied = supply(rules, flags)
        carried = partial(grok.check, pictures=pictures)
        try:
            request = request_of(supplied, settings.grok_max_prompt_bytes, carried)
            call = grok.plan(
                request,
                flags.system or "",
                Past(files=files),
                effort=flags.effort,
                search=supplied.search,
                pictures=pictures,
            )
        except RequestRefused as refused:
            raise _as_typed(refused, flags) from None
        if request.logprobs is not None and grok.catalogue.ignores_logprobs(request.model):
            print(plain(grok_words.GROK_NO_LOGPROBS(excerpt(request.model))), file=err)
        completion = grok.complete(call, nobodys_cap="max_tokens" not in flags.values)
        collector = Collector(request, supplied.search)
        printer = _Printer(out)
        failed = await _print(completion, collector, printer, err)
        kind, failure = "", ""
        if failed is not None:
            kind, failure = failed.kind, _sentence(failed, settings)
        if kind == "unknown_model":
            failure = " ".join(filter(None, [failure, await _models(grok.catalogue)]))
        collector.unsearched = completion.unsearched
    answer = collector.answer(
        endpoint=completion.call.endpoint, failure=failure, seconds=time.monotonic() - started
    )
    printer.end(answer.sections)
    print(plain(failure) or last_line(answer), file=err)
    return 0 if collector.whole and not failure else 1


def _as_typed(refused: RequestRefused, flags: Flags) -> RequestRefused:
    """The same with the flags that were typed in place of the names of their parameters."""
    given = {*flags.given, *(fault.parameter for fault in flags.faults)}
    typed = given.intersection(OPTIONS) - {"prompt"}
    named = [
        replace(fault, parameter=OPTIONS[fault.parameter].flag)
        if fault.parameter in typed
        else fault
        for fault in refused.faults
    ]
    return RequestRefused(faults(named), refused.faults)


async def _print(
    completion: Completion, collector: Collector, printer: _Printer, err: TextIO
) -> GrokFailed | None:
    """Print the answer while it grows, and to `err` what is searched for it; why there is no more
    of it, or None."""
    doing = ""
    async with aclosing(completion) as chunks:
        try:
            async for chunk in chunks:
                collector.add(chunk)
                searching = collector.searching
                if chunk.step is not None and searching and searching.doing != doing:
                    doing = searching.doing
                    print(searching.progress, file=err, flush=True)
                printer.show(collector.sections())
        except GrokFailed as failed:
            return failed
    return None


def _sentence(failed: GrokFailed, settings: Settings) -> str:
    """What is wrong, for who runs the bot: with the address that was asked."""
    address = Redactor.of(settings).text(settings.xai_base_url)
    if failed.sentence == grok_words.GROK_UNREACHABLE:
        return words.UNREACHED(address=address, why=_cause(failed))
    return words.failed(failed.sentence, address)


def _cause(failed: GrokFailed) -> str:
    """What the system calls it that a connection was not made, or broke."""
    cause: BaseException = failed
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, ConnectionError) and cause.errno:
        return os.strerror(cause.errno)
    said = cause.strerror if isinstance(cause, OSError) else ""
    return said or type(cause).__name__


async def _models(catalogue: Catalogue) -> str:
    """Which there are, the cheapest first; empty where the API does not list them."""
    await catalogue.refresh()
    names = [model.id for model in catalogue.listed]
    shown, more = names[:_MODELS_SHOWN], len(names[_MODELS_SHOWN:])
    return words.SOME_MODELS(names=shown, more=more) if names else ""


_ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal carries out instead of showing it; a file gets the answer to the letter."""


class _Printer:
    """Writes sections one after the other, each character once, as soon as its turn comes.

    A section that is done may still grow, as long as the next one has not begun: some servers say
    with every piece that it is the last. What one says after its turn comes at the end.
    """

    def __init__(self, out: TextIO) -> None:
        self._file = out
        self._clean = out.isatty()
        self._section = 0
        self._printed: dict[int, int] = {}
        """How many characters of each section are written."""

    def show(self, sections: Sequence[Section]) -> None:
        """Write what is new of the section whose turn it is, and of those after it that have
        begun once those before them are done."""
        self._grow(self._section, sections[self._section])
        while sections[self._section].done and any(
            section.text for section in sections[self._section + 1 :]
        ):
            self._finish(sections[self._section])
            self._section += 1
            self._grow(self._section, sections[self._section])
        self._file.flush()

    def end(self, sections: Sequence[Section]) -> None:
        """Write what is left, of sections that were cut short, or never came, too."""
        for place, section in enumerate(sections[self._section :], self._section):
            self._grow(place, section)
            self._finish(section)
        for place, section in enumerate(sections[: self._section]):
            if late := section.text[self._printed[place] :]:
                title = f"{section.title}\n\n" if section.title else ""
                self._write(f"{title}{late}\n\n")
        self._file.flush()

    def _write(self, text: str) -> None:
        self._file.write(_ACTING.sub("", text) if self._clean else text)

    def _grow(self, place: int, section: Section) -> None:
        begun = place in self._printed
        if not begun and not section.text and not section.note:
            return
        if not begun and section.title:
            self._write(f"{section.title}\n\n")
        self._write(section.text[self._printed.get(place, 0) :])
        self._printed[place] = len(section.text)

    def _finish(self, section: Section) -> None:
        between = "\n\n" if section.text and section.note else ""
        after = "\n\n" if section.text or section.note else ""
        self._write(f"{between}{spelled(section.note)}{after}")
