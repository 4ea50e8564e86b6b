"""A conversation as it is remembered: what was asked and answered in one thread, turn by turn; and
an echoed prompt, set apart from the completion that follows it."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.markdown.characters import boundary

_BACKTICKS = re.compile(r"`+")
_CODE = re.compile(r"```|~~~|^(?: {4}|\t)", re.MULTILINE)

BYTES_PER_TOKEN = 3
"""English has about four, code and other languages about three (UTF-8)."""

_TOKENS_PER_TURN = 24
"""For what marks who speaks (`bot.completion.transcript`)."""


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


class Turn(BaseModel):
    """One question and its newest answer; `job_id` is that of the first.

    `context` is what was read beside the question, as it went along: a shared message, or what
    people had said in the thread before. `name` is how the asker is called in Slack.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    job_id: str
    user: str
    name: str = ""
    prompt: str
    answer: str
    context: str = ""

    @property
    def tokens(self) -> int:
        """What this turn adds to a request, estimated in tokens."""
        said = self.name + self.context + self.prompt + self.answer
        return _TOKENS_PER_TURN + estimate_tokens(said)


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` is; rather too many than too few, for what people write.

    For how much is remembered and goes along; a quota reserves `most_tokens`.
    """
    return -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN)


def most_tokens(text: str) -> int:
    """The most tokens that `text` can be: tokenizers of today work on UTF-8 bytes, and the worst
    text is a token for each of them."""
    return len(text.encode(errors="replace"))


def beginning(text: str, tokens: int) -> str:
    """As much of `text` as is estimated at `tokens`."""
    most_bytes = max(0, tokens) * BYTES_PER_TOKEN
    kept = text.encode(errors="replace")[:most_bytes].decode(errors="ignore")
    return kept[: boundary(text, len(kept))]


def conversation_of(channel: str, root_ts: str, *, by_thread: bool = False) -> str:
    """The id of the conversation that a thread belongs to.

    A direct message is one conversation, whichever thread of it is written in, unless it goes
    `by_thread`; everywhere else each thread is one of its own.
    """
    whole = channel.startswith("D") and not by_thread
    return channel if whole else f"{channel}:{root_ts}"


def turn_of(job_id: str, ask: Ask, answer: Answer) -> Turn | None:
    """What is remembered of an answered question; None when nothing was answered.

    Of an echo only the completion: the prompt is remembered already. Of what goes on with an
    answer all of that, by the name of whoever asked first.
    """
    said = "\n\n".join(text for text in written(ask, answer) if text.strip())
    if said and ask.begun:
        said = ask.begun.text + said
    if not said:
        return None
    return Turn(
        job_id=ask.retry_of or job_id,
        user=ask.begun.user if ask.begun else ask.user,
        name=ask.begun.name if ask.begun else ask.name,
        prompt="\n\n".join(ask.request.prompts),
        answer=said,
        context=answer.context,
    )


def written(ask: Ask, answer: Answer) -> list[str]:
    """The text of each answer, without the echo of its prompt."""
    texts = [section.text for section in answer.sections]
    if not ask.request.echo:
        return texts
    each = ask.request.n or 1
    prompts = [prompt for prompt in ask.request.prompts for _ in range(each)]
    return [without_echo(*pair) for pair in zip(prompts, texts, strict=False)]
