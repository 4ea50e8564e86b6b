"""An Ask: who wants what, where; and the conversation that it continues, as it is remembered: what
was asked and answered in one thread, turn by turn.

An Ask is what every way in produces and a job carries.
"""

# Annotations are no texts here: pydantic would compile each by itself.

import re
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bot.characters import boundary
from bot.completion.request import CompletionRequest
from bot.completion.result import Answer
from bot.completion.search import NO_SEARCH, Search, search_in
from bot.files.file import MOST_FILES, FileInfo, FileRef

Effort = Literal["none", "low", "medium", "high", "xhigh"]

EFFORTS: tuple[Effort, ...] = get_args(Effort)
"""From the least to the most."""

_TIMES: dict[Effort, int] = {"none": 0, "low": 1, "medium": 2, "high": 4, "xhigh": 8}
"""How many times the thoughts of a low effort; nobody publishes numbers."""

Surface = Literal["command", "form", "shortcut", "thread", "mention", "direct", "retry", "continue"]
FORMS: frozenset[Surface] = frozenset(("form", "shortcut"))
"""Those in which nobody types flags."""

ReplyTo = Literal["channel", "thread", "private"]
Source = Literal["own", "channel", "workspace", "settings"]
"""Whose default stands in for what the person did not say."""
NEAREST: tuple[Source, ...] = get_args(Source)

_BACKTICKS = re.compile(r"`+")
_CODE = re.compile(r"```|~~~|^(?: {4}|\t)", re.MULTILINE)

BYTES_PER_TOKEN = 3
"""English has about four, code and other languages about three (UTF-8)."""

_TOKENS_PER_TURN = 24
"""For what marks who speaks (`bot.completion.transcript`)."""


def effort_in(value: object) -> Effort | None:
    """The effort that `value` names; None when it names none."""
    return next((effort for effort in EFFORTS if effort == value), None)


def thoughts_of(usual: int, effort: Effort | None) -> int:
    """Tokens that an answer's thoughts may take, where `usual` is what they take when nobody says
    how long to think."""
    return usual if effort is None else usual * _TIMES[effort]


class Said(BaseModel):
    """What somebody said in Slack, as it was shown there. `author` is the name shown; `own`:
    the bot said it."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    author: str
    text: str
    own: bool = False
    files: tuple[FileInfo, ...] = Field((), exclude=True)
    """What was attached to it, which is not kept."""


class Begun(BaseModel):
    """An answer that its output cap has cut, for whoever goes on with it.

    `text` is all of it so far, without an echo; `section`: the index of the answer in its job.
    `answer`: which it is to people, counted from 1, of how many (`of`). `user` and `name` are who
    asked, `context` is what was read along, and `turn` the job by which the conversation knows it.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    job_id: str
    section: int = 0
    answer: int = 1
    of: int = 1
    text: str
    turn: str
    user: str
    name: str = ""
    context: str = ""


class Place(BaseModel):
    """Who asks, where, and what goes along with the question.

    `dedupe` names what Slack repeats when it delivers the same question again (a trigger id,
    a channel and ts): two questions with the same `dedupe` are one.

    `conversation` (`conversation_of`) names what the question continues: its earlier
    turns go along, and its questions are answered one after the other. None: it stands alone.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    dedupe: str
    surface: Surface
    channel: str
    user: str
    name: str = ""
    """How the asker is called in Slack; empty when nobody looked."""
    user_team: str = ""
    """The workspace that the asker is of, by Slack; empty where it did not say."""
    thread_ts: str | None = None
    """The root of the thread that the answer goes to, if it goes to one."""
    question_ts: str | None = None
    """The asker's own message, where the question is one: the answer need not repeat it."""
    conversation: str | None = None
    context: tuple[Said, ...] = ()
    """What the question is about: a message that the asker shared with it."""
    files: tuple[FileRef, ...] = ()
    """What is attached to the question, or to what it is about."""
    earlier: tuple[tuple[FileRef, ...], ...] = ()
    """The files of the last questions of the conversation, oldest first, as it was asked."""
    reads_thread: str = ""
    """The root of a thread that people write in: it is read up to the question, from where the
    turns that are remembered end."""
    retry_of: str = ""
    """The job whose question is asked again; its answer is no longer part of the conversation."""
    response_url: str | None = None

    @property
    def shows_pictures(self) -> bool:
        """Whether there are pictures among its own files, to be looked at."""
        return any(ref.eyes and not ref.unread for ref in self.files)

    @property
    def opens_thread(self) -> bool:
        """Whether the question is the root of the thread that its conversation is: nothing can
        have been said before it there."""
        return self.conversation == f"{self.channel}:{self.question_ts}"


class Ask(Place):
    """A validated question with its place in Slack."""

    team: str
    request: CompletionRequest
    system: str = ""
    effort: Effort | None = None
    search: Search = NO_SEARCH
    reply: ReplyTo = "channel"
    defaulted: dict[str, Source] = {}
    """What the asker did not say, by the name of its option, and whose default it is."""
    begun: Begun | None = None
    """The answer that is gone on with."""
    feedback: bool = False
    """Whether people may vote on the answer, as it was set when this was asked."""
    most_tokens: int | None = None
    """The largest output cap that could be asked for there; None: admins have set none."""
    asked_at: float
    """Unix time in seconds at which the listener got the question."""
    clicked_at: float = 0.0
    """When the button was pressed that asks it, by Slack's clock; 0: none was."""

    @property
    def stands_alone(self) -> bool:
        """Whether nothing goes along with it: no turn, nothing that people said, no file."""
        beside = self.reads_thread or self.context or self.files or any(self.earlier)
        return not (self.conversation or self.begun or beside)

    @property
    def is_private(self) -> bool:
        """Whether others must not see the answer. In a direct message an ordinary one is
        private."""
        return self.reply == "private" and not self.channel.startswith("D")

    @property
    def given(self) -> dict[str, JsonValue]:
        """All that is asked, in JSON form by the names of options."""
        own = {"system": self.system, "reply": self.reply, "effort": self.effort}
        said = {name: value for name, value in own.items() if value is not None}
        return {**self.request.given(), **said, **self.search.values()}

    @property
    def enclosed(self) -> tuple[FileRef, ...]:
        """All files that are known to go along: its own, then the newest of earlier questions, as
        many as are read with one."""
        known = {ref.id for ref in self.files}
        left = MOST_FILES - sum(not ref.unread for ref in self.files)
        before = {
            ref.id: ref
            for refs in reversed(self.earlier)
            for ref in refs
            if not ref.unread and ref.id not in known
        }
        return (*self.files, *list(before.values())[: max(0, left)])

    @property
    def encloses_pdf(self) -> bool:
        """Whether there may be a PDF among all of them."""
        return any(ref.turns and not ref.unread for ref in self.enclosed)

    def without_rules(self) -> "Ask":
        """The same without what admins have set in place of what the asker did not say; the
        model apart, which stands below each answer."""
        ruled = {
            name for name, source in self.defaulted.items() if source not in ("own", "settings")
        }
        given = self.request.model_fields_set - (ruled - {"model"})
        kept = {name: getattr(self.request, name) for name in given}
        request = CompletionRequest.model_construct(set(given), **kept)
        system = "" if "system" in ruled else self.system
        effort = None if "effort" in ruled else self.effort
        searched = {name: v for name, v in self.search.values().items() if name not in ruled}
        update = {
            "request": request,
            "system": system,
            "effort": effort,
            "search": search_in(searched),
        }
        return self.model_copy(update=update)


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

    @property
    def entry(self) -> str:
        """It as it is stored: with its tokens and its job before it, for the scripts."""
        return f"{self.tokens} {self.job_id} {self.model_dump_json()}"


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


def show_echo(prompt: str, text: str, *, done: bool) -> str:
    """`text` with the `prompt` at its start as a quotation, or in a code block if it holds code.

    While only a part of the prompt has come, nothing is shown, so that what is shown only ever
    grows. Text that does not begin with the prompt stays as it is.
    """
    if not text.startswith(prompt):
        return "" if prompt.startswith(text) and not done else text
    completion = text[len(prompt) :].lstrip("\n")
    quotation = "\n".join(f"> {line}".rstrip() for line in prompt.splitlines())
    return f"{_code_block(prompt) if _CODE.search(prompt) else quotation}\n\n{completion}"


def without_echo(prompt: str, shown: str) -> str:
    """The completion alone, of what `show_echo` made of it."""
    return shown.removeprefix(show_echo(prompt, prompt, done=True))


def _code_block(prompt: str) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(prompt)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{prompt}\n{fence}"
