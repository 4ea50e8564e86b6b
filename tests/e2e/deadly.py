"""The bot with a fault planted in it: `main`, whose arguments are STATE and HOW.

A question that says `DEADLY` kills its process at STATE: `running`, before Grok is asked;
`streaming`, once some of the answer has come; `delivering`, when the stored answer is laid out.
HOW: `kill`, as a crash of the interpreter would; `block`, as a text would that takes hours.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot import cli
from bot.completion.ask import Ask
from bot.jobs.run import _Run
from bot.reply.chain import Chain
from bot.reply.reply import Reply

DEADLY = "lethal"


STRUCK = Path("struck")
"""In the working directory: a line for each time that the fault struck."""


def _note() -> None:
    with STRUCK.open("a") as notes:
        notes.write(f"{os.getpid()}\n")


def kill() -> None:
    _note()
    os.kill(os.getpid(), signal.SIGKILL)


def block() -> None:
    _note()
    time.sleep(3600)


def plant(where: type, method: str, die: Callable[[], None], text_of: Callable[[Any], str]) -> None:
    """Die in `method` of `where`, when it is about a deadly question."""
    as_written = getattr(where, method)

    def dies(self: Any, *args: Any, **named: Any) -> Any:
        if DEADLY in text_of(self):
            die()
        return as_written(self, *args, **named)

    setattr(where, method, dies)


def prompt_of(ask: Ask) -> str:
    return str(ask.request.prompt)


FAULTS: dict[str, tuple[type, str, Callable[[Any], str]]] = {
    "running": (_Run, "_answer", lambda run: prompt_of(run._ask)),
    "streaming": (Reply, "changed", lambda reply: prompt_of(reply._ask)),
    "delivering": (Chain, "complete", lambda chain: str(chain._question.text)),
}


def main(arguments: Sequence[str]) -> int:
    state, how = arguments
    where, method, text_of = FAULTS[state]
    plant(where, method, kill if how == "kill" else block, text_of)
    return cli.main(["serve"])
