"""What comes back: chunks of a stream, and the whole answer as it is stored and shown;
why a choice ended: the words of every server, as the few that mean something to people; and an
answer in one line: its model, tokens, cost and time."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot import words
from bot.characters import excerpt
from bot.completion.references import Reference
from bot.files.file import FileRef
from bot.words import search, talk
from bot.words.sentences import cost, took

Endpoint = Literal["completions", "chat", "responses"]

TICKS_PER_DOLLAR = 10_000_000_000
"""`cost_in_usd_ticks` of 1 US dollar (docs.x.ai, "Cost tracking")."""

_LONG_TOKENS = 200_000
_LONG_FACTOR = 2
"""A prompt of so many tokens costs twice as much, and so does what is answered to it (docs.x.ai,
"Models and pricing"), where an API lists nothing else."""

Ending = Literal[
    "",
    "stop",
    "length",
    "max_context",
    "max_output",
    "content_filter",
    "time_limit",
    "tool_calls",
    "broken",
]
"""`""`: for a reason of which we know nothing."""

_WORDS: dict[Ending, str] = {
    "stop": "stop end_turn eos eos_token stop_sequence stop_token complete completed finished"
    " endoftext word pause_turn",
    "length": "length max_tokens max_len max_length max_output_tokens token_limit limit"
    " max_new_tokens max_completion_tokens error_limit",
    "max_context": "max_context model_length context_length model_context_window_exceeded"
    " context_length_exceeded context_window_exceeded max_prompt_tokens",
    "max_output": "max_output",
    "content_filter": "content_filter content_filtered safety recitation blocklist refusal"
    " prohibited_content spii image_safety sensitive error_toxic guardrail_intervened"
    " guardrails content_policy moderation language flagged blocked",
    "time_limit": "time_limit max_time_limit timeout time_out",
    "tool_calls": "tool_calls tool_call tool_use function_call malformed_function_call"
    " unexpected_tool_call",
    "broken": "error abort aborted cancelled canceled cancel user_cancel interrupted failed"
    " network_error server_error insufficient_system_resource overloaded incomplete other"
    " load unload",
}
"""Of xAI, OpenAI, Azure, vLLM, SGLang, llama.cpp, TGI, Ollama, LiteLLM, OpenRouter, Gemini,
Anthropic, Bedrock, Cohere, Mistral, DeepSeek and Zhipu (their API references, 2026)."""

_ENDINGS = {name: ending for ending, names in _WORDS.items() for name in names.split()}

NO_REASON = frozenset({"", "null", "none", "unspecified", "unknown"})
"""What some servers say while a choice goes on."""


class Usage(BaseModel):
    """Tokens of one request, and its billed cost where the API says it."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    """Visible output only: reasoning is counted apart."""
    reasoning_tokens: int = 0
    total_tokens: int = 0
    cost_in_usd_ticks: int | None = None
    tools: ToolUse | None = None
    """What was used of tools, where that is billed apart."""

    @property
    def micro_dollars(self) -> int | None:
        """The billed cost, rounded up; None: the API does not say it."""
        ticks = self.cost_in_usd_ticks
        return None if ticks is None else -(-ticks * 1_000_000 // TICKS_PER_DOLLAR)

    def then(self, later: Usage) -> Usage:
        """What both say, `later` where it says anything: a server may say it piece by piece."""
        known, told = self.__dict__, later.__dict__
        if all(told[name] or not value for name, value in known.items()):
            return later
        said = {name: value for name, value in told.items() if value}
        return self.model_copy(update=said)


@dataclass(frozen=True, slots=True)
class LongPrompt:
    """What all of a request costs whose prompt has `tokens` or more, in US dollars per million
    tokens; `cached` None: as for other input."""

    tokens: int
    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What a model costs, in US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that the API had read before; None: as for other input."""
    long: LongPrompt | None = None

    def cost(self, read: int, written: int, *, cached: int = 0, prompts: int = 1) -> int:
        """Micro-dollars, rounded up, for the tokens of `prompts` prompts and their answers.

        Of those that were `read` so many were `cached`. One dollar per million tokens is one
        micro-dollar per token.
        """
        long = self.beyond
        rates: Prices | LongPrompt = long if read >= long.tokens * prompts else self
        cheap = rates.input if rates.cached is None else rates.cached
        cached = min(cached, read)
        dollars = (read - cached) * rates.input + cached * cheap + written * rates.output
        return math.ceil(dollars)

    @property
    def most_input(self) -> float:
        """What input costs at most."""
        return max(self.input, self.beyond.input)

    @property
    def beyond(self) -> LongPrompt:
        """What a long prompt costs."""
        if self.long is not None:
            return self.long
        twice = None if self.cached is None else self.cached * _LONG_FACTOR
        return LongPrompt(
            _LONG_TOKENS, self.input * _LONG_FACTOR, self.output * _LONG_FACTOR, twice
        )


class ToolUse(BaseModel):
    """How much of its tools xAI has used for an answer, as its bill says, else as calls were seen.

    `posts` and `profiles` are what the calls of X have fetched; None: nobody knows. What all of it
    costs: `bot.completion.tools.cost_of`.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    web_calls: int = 0
    """Searches of the web, and pages that were opened."""
    x_calls: int = 0
    posts: int | None = 0
    profiles: int | None = 0


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token of the output with its log probability and the likeliest alternatives."""

    token: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ToolStep:
    """How one call of a tool stands: `asked` is what it searches for, or the page that it opens.

    `posts` and `profiles` are the most that it fetches from X; None: nobody knows.
    """

    call: str
    tool: Literal["web", "x"]
    asked: str = ""
    opens: bool = False
    over: bool = False
    failed: bool = False
    posts: int | None = None
    profiles: int | None = None

    def then(self, later: ToolStep) -> ToolStep:
        """What both say, `later` where it says anything."""
        return replace(
            later,
            asked=later.asked or self.asked,
            opens=later.opens or self.opens,
            over=later.over or self.over,
            failed=later.failed or self.failed,
            posts=self.posts if later.posts is None else later.posts,
            profiles=self.profiles if later.profiles is None else later.profiles,
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """One step of an answer; a field that the step did not carry is empty or None."""

    choice: int = 0
    text: str = ""
    reasoning: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    finish_reason: str | None = None
    model: str | None = None
    usage: Usage | None = None
    step: ToolStep | None = None
    references: tuple[Reference, ...] = ()
    whole: bool = field(default=False, compare=False)
    """Whether `text` and `reasoning` are all that the choice holds, and not what is new of it."""

    @property
    def beside(self) -> bool:
        """Whether it tells nothing but what is beside the choices: used, searched, found."""
        if self.text or self.reasoning or self.finish_reason:
            return False
        return self.usage is not None or self.step is not None or bool(self.references)


class Section(BaseModel):
    """One choice of the answer, shown in a message (or several) of its own.

    `title` and `note` are the bot's words, in plain markdown; `text` is the model's. `cut`: some
    was written, and the output cap ended it; as it is shown, also where it was stopped or failed.
    `breaks`: where a message of it ended though there was room left
    (`bot.markdown.markdown.Layout.break_at`).
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    title: str = ""
    text: str = ""
    note: str = ""
    done: bool = False
    cut: bool = False
    breaks: tuple[int, ...] = ()


class Most(BaseModel):
    """The most that was used; `micro_dollars` is None where nobody knows what that costs."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    tokens: int
    micro_dollars: int | None = None


class Answer(BaseModel):
    """The end of a request, as stored when its job enters `delivering`."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    sections: tuple[Section, ...] = ()
    failure: str = ""
    """A plain sentence when the answer failed or was cut, else empty."""
    model_asked: str
    model: str
    """The model that really answered."""
    endpoint: Endpoint
    usage: Usage | None = None
    most: Most | None = None
    """What is charged for it, where the API did not say what it used."""
    seconds: float = 0.0
    first_seconds: float | None = None
    """From the request to its first text, where there was any while it was written."""
    reasoning: str = ""
    chances: tuple[TokenLogprob, ...] = ()
    """The first tokens, choice after choice, where they were asked for (`MOST_CHANCES`)."""
    stopped: bool = False
    """Whether somebody stopped it: what had come is kept."""
    context: str = ""
    """What went along beside the question and the earlier turns, for the next turn to know."""
    turns: int = 0
    """How many earlier turns of the conversation went along."""
    forgotten: int = 0
    """How many of the oldest turns of the conversation did not go along."""
    tools: ToolUse | None = None
    """What was used of tools; None: nobody knows, or it had none."""
    references: tuple[Reference, ...] = ()
    """What it cites, and then what was only seen."""
    files: tuple[FileRef, ...] = ()
    """Those of the thread that went along, for whoever goes on with the answer."""
    unread: tuple[tuple[str, str], ...] = ()
    """The files that did not go along: what each is called, and why."""
    asked: bool = True
    """Whether something may have been spent; False: Grok was not asked, or it refused."""

    def goes_on(self, index: int) -> bool:
        """Whether the section with this index may be continued: its cap has ended it, and nothing
        else went wrong."""
        if self.failure or self.stopped or not 0 <= index < len(self.sections):
            return False
        return self.sections[index].cut

    @property
    def continuable(self) -> tuple[int, ...]:
        """The sections that may be continued, by index."""
        return tuple(filter(self.goes_on, range(len(self.sections))))

    @classmethod
    def failed(cls, model: str, sentence: str) -> Answer:
        """The end of a request that never reached `model`, with a plain sentence that says why."""
        return cls(failure=sentence, model_asked=model, model=model, endpoint="chat", asked=False)


def plain_reason(reason: str) -> str:
    """A reason in one spelling: `FINISH_REASON_MAX_TOKENS` and `max-tokens` are `max_tokens`."""
    plain = reason.partition(":")[0].strip().lower().replace("-", "_").replace(" ", "_")
    return (
        plain.removeprefix("finish_reason_").removeprefix("finishreason.").removeprefix("reason_")
    )


def ending_of(reason: str) -> Ending:
    """What `reason` means."""
    return _ENDINGS.get(plain_reason(reason), "")


_VERSION = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|latest)(?=-|$)")


def last_line(answer: Answer) -> str:
    """`grok-4.3 (chat) · 1,234 tokens (200 reasoning) · $0.0042 · 3.2 s`, as far as it is known.

    The endpoint stands there once a model has been asked. What was found by searching comes before
    what it cost: `7 sources · 44 posts · $0.22`. Where the API did not say what it used, as when it
    was stopped, it is what is charged: `at most 1,234 tokens and $0.0042`.
    """
    asked = answer.seconds > 0
    facts = [words.BY(model=_model(answer), endpoint=answer.endpoint) if asked else _model(answer)]
    facts += _tokens(answer.usage) if answer.usage else _most(answer.most)
    facts += _searched(answer)
    if answer.usage and answer.usage.cost_in_usd_ticks is not None:
        facts.append(cost(answer.usage.cost_in_usd_ticks / TICKS_PER_DOLLAR))
    if asked:
        facts.append(took(answer.seconds))
    if answer.forgotten:
        facts.append(talk.FIRST_FORGOTTEN(answer.forgotten))
    return " · ".join(facts)


def same_model(asked: str, answered: str) -> bool:
    """Whether two ids name one model, a dated release of it or its latest one apart."""
    return _family(asked) == _family(answered)


def _family(model: str) -> str:
    return _VERSION.sub("", model.rpartition("/")[2].lower())


def _model(answer: Answer) -> str:
    model, asked = excerpt(answer.model), excerpt(answer.model_asked)
    if same_model(answer.model_asked, answer.model):
        return model
    return words.OTHER_MODEL(model=model, asked_for=asked)


def _tokens(usage: Usage) -> list[str]:
    visible_and_reasoning = usage.completion_tokens + usage.reasoning_tokens
    total = usage.total_tokens or usage.prompt_tokens + visible_and_reasoning
    return [words.TOKENS_USED(total=total, reasoning=usage.reasoning_tokens)] if total else []


def _most(most: Most | None) -> list[str]:
    if most is None:
        return []
    money = "" if most.micro_dollars is None else cost(most.micro_dollars / 1_000_000)
    return [
        words.USED_AT_MOST(tokens=words.TOKENS_USED(total=most.tokens, reasoning=0), money=money)
    ]


def _searched(answer: Answer) -> list[str]:
    """What was found by searching, where something was searched."""
    if answer.tools is None and not answer.references:
        return []
    cited = sum(reference.cited for reference in answer.references)
    facts = [search.sources(cited, len(answer.references))]
    if answer.tools is not None and answer.tools.posts:
        facts.append(search.POSTS(answer.tools.posts))
    return facts
