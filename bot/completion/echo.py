"""An echoed prompt, set apart from the completion that follows it."""

from __future__ import annotations

import re

_BACKTICKS = re.compile(r"`+")
_CODE = re.compile(r"```|~~~|^(?: {4}|\t)", re.MULTILINE)


def show_echo(prompt: str, text: str, *, done: bool) -> str:
    """`text` with the `prompt` at its start as a quotation, or in a code block if it holds code.

    While only a part of the prompt has come, nothing is shown, so that what is shown only ever
    grows. Text that does not begin with the prompt stays as it is.
    """
    if not text.startswith(prompt):
        return "" if prompt.startswith(text) and not done else text
    completion = text[len(prompt) :].lstrip("\n")
    return f"{_code_block(prompt) if _CODE.search(prompt) else _quotation(prompt)}\n\n{completion}"


def without_echo(prompt: str, shown: str) -> str:
    """The completion alone, of what `show_echo` made of it."""
    return shown.removeprefix(show_echo(prompt, prompt, done=True))


def _quotation(prompt: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in prompt.splitlines())


def _code_block(prompt: str) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(prompt)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{prompt}\n{fence}"
