"""Logs: one line an event, for a terminal or as JSON, without secrets and payloads.

Our own events carry whatever is bound in structlog's contextvars (`job_id`, `epoch`, `team`).
Libraries are heard from WARNING up only, because slack-bolt and slack-sdk log the bodies of
requests below that, and Bolt even in some of its warnings.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.ops.redact import HIDDEN, Redactor
from bot.settings import Settings
from bot.tracing import add_trace

OURS = "bot"

_PROMPT_FIELDS = frozenset(
    {"prompt", "system", "suffix", "text", "answer", "ask", "request", "messages"}
)
"""Fields that may hold what people wrote or what Grok answered."""

_INPUT, _BEHIND_INPUT = "input_value=", ", input_type="
"""Between these pydantic's errors quote the value that they are about."""


Reader = Literal["operator", "spectator", "person"]
"""Who reads what a command writes: the operator of a bot that runs for days; who watches a demo;
or somebody who waits for its sentences, which are all that they should read."""

_OFF = logging.CRITICAL + 1
_USUAL_LEVEL: dict[Reader, int] = {
    "operator": logging.INFO,
    "spectator": logging.WARNING,
    "person": _OFF,
}
"""Where LOG_LEVEL is not set."""


def configure(
    settings: Settings, stream: TextIO | None = None, *, reader: Reader = "operator"
) -> None:
    """Send every log record of the process to `stream` (stderr), as `settings` say; what they
    leave open is as its `reader` needs it.

    May be called again: the last call holds.
    """
    stream = sys.stderr if stream is None else stream
    level: int | str = _USUAL_LEVEL[reader]
    if "log_level" in settings.model_fields_set:
        level = settings.log_level
    handler = logging.StreamHandler(stream)
    handler.addFilter(_library_filter)
    handler.setFormatter(_formatter(settings, stream, reader))
    logging.root.handlers = [handler]
    logging.root.setLevel(_OFF if level == _OFF else logging.WARNING)
    logging.getLogger(OURS).setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _formatter(settings: Settings, stream: TextIO, reader: Reader) -> logging.Formatter:
    redactor = Redactor.of(settings)

    def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {name: redactor.field(name, value) for name, value in event.items()}

    processors: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
    ]
    if not settings.log_prompts:
        processors.append(_without_prompts)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[*processors, redact, _renderer(settings, stream, reader)],
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        add_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(settings: Settings, stream: TextIO, reader: Reader) -> Processor:
    on_terminal = stream.isatty()
    for_a_machine = reader == "operator" and not on_terminal
    if settings.log_format == "json" or (settings.log_format == "auto" and for_a_machine):
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=on_terminal, exception_formatter=structlog.dev.plain_traceback
    )


def _without_prompts(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if name in _PROMPT_FIELDS:
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _without_inputs(value)
    return event


def _without_inputs(text: str) -> str:
    """`text` without what pydantic quotes in it; a quotation without an end is hidden whole."""
    before, *rest = text.split(_INPUT)
    shown = [before]
    hidden = False
    for each in rest:
        _, end, behind = each.partition(_BEHIND_INPUT)
        shown += [] if hidden else [_INPUT, HIDDEN]
        shown += [end, behind] if end else []
        hidden = not end
    return "".join(shown)


def _library_filter(record: logging.LogRecord) -> bool:
    """Drop what libraries say below WARNING, and cut the request bodies out of Bolt's warnings.

    This stands on the handler because Bolt gives each of its loggers a level of its own.
    """
    if record.name == OURS or record.name.startswith(OURS + "."):
        return True
    if record.levelno < logging.WARNING:
        return False
    if record.name.startswith("slack_bolt"):
        record.msg = record.getMessage().partition("({")[0].rstrip()
        record.args = ()
    return True
