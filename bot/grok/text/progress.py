"""One answer while it comes: how much may, what is new in each step, which choices have begun and
ended, and what of it is thought and not said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.characters import as_text
from bot.completion.result import Chunk, ending_of
from bot.completion.transcript import STOP
from bot.grok.call import Call
from bot.grok.endpoints.choices import MOST_CHOICES
from bot.grok.errors import Failure
from bot.words import grok as words

_TURN_ENDED = "end_turn"
"""xAI may say this before the last event of a choice, so it ends nothing yet."""

_FIRST_HALF = ("\ud800", "\udbff")

_LEAST_REPEATED = 8
"""Characters: a last step may say the same as all before it by chance, when that is shorter."""

_WIRE_BYTES = 32 * 1024 * 1024
_WIRE_BYTES_PER_TOKEN = 4 * 1024
"""An event of xAI takes 600 bytes; with the chances of five alternatives about 2,000."""
_MOST_WIRE_BYTES = 512 * 1024 * 1024

_EVENTS = 100_000
_EVENTS_PER_TOKEN = 2
_MOST_EVENTS = 2_000_000

_TEXT_BYTES = 64 * 1024
_TEXT_BYTES_PER_TOKEN = 32
"""English has four or five; a token of nothing but blanks may have a hundred."""
_MOST_TEXT_BYTES = 4 * 1024 * 1024

_TOKENS = 1024
"""When nobody gave an output cap."""

_THOUGHTS_PER_ANSWER = 16_384
"""Tokens of reasoning that are read for each answer, beyond the output cap."""
_MOST_THOUGHT_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class AnswerBounds:
    """How long the answer to one call may be, by its output cap and rather generously."""

    wire: int
    """Bytes of the stream."""
    events: int
    text: int
    """UTF-8 bytes of all answers together."""
    thoughts: int

    @classmethod
    def of(cls, call: Call) -> AnswerBounds:
        """The bounds of the answer to `call`."""
        request = call.request
        cap, answers = request.max_tokens or _TOKENS, request.choices
        tokens = answers * (cap + _THOUGHTS_PER_ANSWER)
        echo = answers * _prompt_bytes(call) if request.echo else 0
        text = _TEXT_BYTES + answers * cap * _TEXT_BYTES_PER_TOKEN
        thoughts = _TEXT_BYTES + tokens * _TEXT_BYTES_PER_TOKEN
        return cls(
            wire=min(_MOST_WIRE_BYTES, _WIRE_BYTES + tokens * _WIRE_BYTES_PER_TOKEN + echo),
            events=min(_MOST_EVENTS, _EVENTS + tokens * _EVENTS_PER_TOKEN),
            text=min(_MOST_TEXT_BYTES, text) + echo,
            thoughts=min(_MOST_THOUGHT_BYTES, thoughts),
        )

    def event(self, count: int = 1) -> None:
        """One more event, or so many, whatever they say; raises `Failure`."""
        self.events -= count
        if self.events < 0:
            raise Failure(words.GROK_TOO_MUCH, kind="cut")

    def follow(self, chunk: Chunk) -> Chunk:
        """`chunk`, when what it says is not too much; raises `Failure`."""
        if chunk.text:
            self.text -= _size(chunk.text)
        if chunk.reasoning:
            self.thoughts -= _size(chunk.reasoning)
        if self.text < 0 or self.thoughts < 0:
            raise Failure(words.GROK_TOO_MUCH, kind="cut")
        return chunk


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _prompt_bytes(call: Call) -> int:
    """Of the longest prompt, as it is sent."""
    prompt = call.body.get("prompt", "")
    return max(map(_size, [prompt] if isinstance(prompt, str) else prompt), default=0)


class Progress:
    """The choices of one answer."""

    def __init__(self) -> None:
        self.said = False
        """Whether something has come that is paid for: text, thoughts, or a tool at work."""
        self._choices: dict[int, _ChoiceProgress] = {}

    def follow(self, chunks: list[Chunk], *, steps: int = 1) -> Iterator[Chunk]:
        """Pass the chunks of one event on, each with what is new in it, and with the finish that
        counts; or what so many events said, in one chunk. Of choices far more than may be asked
        for nothing is kept."""
        for chunk in chunks:
            if chunk.beside:
                self.said = self.said or chunk.step is not None
                yield chunk
                continue
            if chunk.choice not in self._choices:
                if len(self._choices) >= MOST_CHOICES:
                    continue
                self._choices[chunk.choice] = _ChoiceProgress()
            new = self._choices[chunk.choice].take(chunk, steps)
            self.said = self.said or bool(new.text or new.reasoning)
            if new.text or new.reasoning or new.logprobs or new.finish_reason:
                yield new

    @property
    def begun(self) -> bool:
        """Whether any choice has begun."""
        return bool(self._choices)

    @property
    def complete(self) -> bool:
        """Whether every choice that began has ended, and one has."""
        return self.begun and all(choice.ended for choice in self._choices.values())

    def ended(self, choices: int) -> bool:
        """Whether so many choices have ended, and none goes on."""
        return self.complete and len(self._choices) >= choices

    def rest(self) -> Iterator[Chunk]:
        """What is left to say when the stream has ended well."""
        yield from self.held()
        for index, choice in sorted(self._choices.items()):
            if choice.turn_ended and not choice.finished:
                yield Chunk(choice=index, finish_reason="stop")

    def held(self) -> Iterator[Chunk]:
        """What was held back until more came."""
        for index, choice in sorted(self._choices.items()):
            text, thought = choice.text.rest(), choice.thoughts.rest()
            if text or thought:
                yield Chunk(choice=index, text=text, reasoning=thought)


class HeldBack:
    """The pieces of several answers, held back until it shows that each says whose it is.

    Some servers stream several answers at once and give all of them the same index: nobody can
    tell them apart then, so they are to be asked for in one body.
    """

    def __init__(self, *, holds: bool) -> None:
        self.apart = False
        """Whether a piece was said to belong to another answer than the first."""
        self.mixed = holds
        """Whether all that came may be of several answers."""
        self._chunks: list[Chunk] = []

    def follow(self, chunk: Chunk) -> Sequence[Chunk]:
        """What can be shown, now that `chunk` came."""
        if not self.mixed:
            return (chunk,)
        self._chunks.append(chunk)
        self.apart = bool(chunk.choice)
        return self.rest() if self.apart else ()

    def rest(self) -> Sequence[Chunk]:
        """What was held back."""
        chunks, self._chunks, self.mixed = self._chunks, [], False
        return chunks


@dataclass(slots=True)
class _NewText:
    """One text while it grows, with the halves of a character joined that two pieces hold."""

    count: int = 0
    steps: int = 0
    came: list[str] = field(default_factory=list)
    half: str = ""
    by_steps: bool = False

    def add(self, piece: str, steps: int) -> str:
        """What is new with `piece`, which came in so many steps."""
        self.by_steps = self.by_steps or bool(piece)
        text, self.half = self.half + piece, ""
        if text and _FIRST_HALF[0] <= text[-1] <= _FIRST_HALF[1]:
            text, self.half = text[:-1], text[-1]
        return self._keep(as_text(text), steps)

    def meet(self, whole: str) -> str:
        """What is new in `whole`, which repeats what came before, or goes on after it."""
        whole = as_text(whole)
        before = self._all()
        if whole.startswith(before):
            return self._keep(whole[len(before) :])
        return "" if self.by_steps else self._keep(whole)

    def repeats(self, piece: str) -> bool:
        """Whether `piece` says once more all that came in several steps."""
        if len(piece) != self.count or self.count < _LEAST_REPEATED or self.steps < 2:
            return False
        return piece == self._all()

    def rest(self) -> str:
        """A first half to which no second came."""
        half, self.half = self.half, ""
        return self._keep(as_text(half))

    def _keep(self, text: str, steps: int = 1) -> str:
        if text:
            self.count += len(text)
            self.steps += steps
            self.came.append(text)
        return text

    def _all(self) -> str:
        self.came = ["".join(self.came)]
        return self.came[0]


@dataclass(slots=True)
class _ChoiceProgress:
    """One choice while it comes."""

    text: _NewText = field(default_factory=_NewText)
    thoughts: _NewText = field(default_factory=_NewText)
    finished: bool = False
    turn_ended: bool = False

    @property
    def ended(self) -> bool:
        return self.finished or self.turn_ended

    def take(self, chunk: Chunk, steps: int) -> Chunk:
        """`chunk`, which came in so many steps, with what is new in it."""
        reason = chunk.finish_reason
        text, thought = self._new(chunk, steps)
        if reason == _TURN_ENDED:
            self.turn_ended, reason = True, None
        self.finished = self.finished or reason is not None
        told = (chunk.text, chunk.reasoning, chunk.finish_reason, chunk.whole)
        if told == (text, thought, reason, False):
            return chunk
        return replace(chunk, text=text, reasoning=thought, finish_reason=reason, whole=False)

    def _new(self, chunk: Chunk, steps: int) -> tuple[str, str]:
        if chunk.whole:
            return self.text.meet(chunk.text), self.thoughts.meet(chunk.reasoning)
        if chunk.finish_reason and self.text.repeats(as_text(chunk.text)):
            return "", ""
        return self.text.add(chunk.text, steps), self.thoughts.add(chunk.reasoning, steps)


_MARKS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
}
"""Of DeepSeek, Qwen and MiniMax, of others after them, of Gemini, of Mistral and of Kimi."""

_CLOSED = {mark: re.compile(re.escape(mark), re.IGNORECASE) for mark in _MARKS.values()}
_LONGEST = max(map(len, (*_CLOSED, STOP)))
_MOST_BLANKS = 1024
"""Blank space in which a mark is still waited for."""


class Thinking:
    """Tells the thoughts of one answer from its text, however it is cut into chunks: what a server
    leaves at its start, between marks of the model's own. Marks further on are quoted."""

    def __init__(self) -> None:
        self._choices: dict[int, _Thoughts] = {}

    def follow(self, chunk: Chunk) -> Sequence[Chunk]:
        """`chunk` with its text as far as it is sure what it is."""
        if chunk.beside:
            return (chunk,)
        choice = self._choices.setdefault(chunk.choice, _Thoughts())
        choice.reason = chunk.finish_reason or choice.reason
        text, thought = choice.take(chunk.text) if chunk.text else ("", "")
        if text != chunk.text or thought:
            chunk = replace(
                chunk,
                text=text,
                reasoning=chunk.reasoning + thought,
                logprobs=() if thought and not text else chunk.logprobs,
            )
        return (chunk,)

    def rest(self, *, cut: bool = False) -> Iterator[Chunk]:
        """What was held back, now that nothing more comes, or that it was `cut` off.

        Thoughts that never ended, though the answer did, were the answer."""
        for index, choice in sorted(self._choices.items()):
            whole = not cut and ending_of(choice.reason or "") not in {"length", "max_context"}
            if text := choice.rest(whole=whole):
                yield Chunk(choice=index, text=text)


class _Thoughts:
    """One choice while it comes."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._held = ""
        self._opening = ""
        self._closing = ""
        self._settled = False
        self._thought_before = False
        self._thoughts: list[str] = []

    def take(self, piece: str) -> tuple[str, str]:
        """The text and the thoughts that are sure, now that `piece` came."""
        if self._settled:
            return piece, ""
        self._held += piece
        thoughts: list[str] = []
        while not self._settled:
            known = self._think(thoughts) if self._closing else self._begin()
            if not known:
                return "", "".join(thoughts)
        text, self._held = self._held, ""
        return text, "".join(thoughts)

    def rest(self, *, whole: bool) -> str:
        """What is text after all."""
        held, self._held = self._held, ""
        if not self._closing:
            return held
        return self._opening + "".join(self._thoughts) + held if whole else ""

    def _begin(self) -> bool:
        """Look at the start of the answer; whether it is known what it is."""
        start = self._held.lstrip()
        low = start[:16].lower()
        for opening, closing in _MARKS.items():
            if low.startswith(opening):
                self._opening, self._closing = start[: len(opening)], closing
                self._held = start[len(opening) :]
                return True
        if len(self._held) < _MOST_BLANKS and any(mark.startswith(low) for mark in _MARKS):
            return False
        self._settled = True
        if self._thought_before:
            self._held = start
        return True

    def _think(self, thoughts: list[str]) -> bool:
        """Take the thoughts up to the mark that closes them; whether it has come."""
        closed = _CLOSED[self._closing].search(self._held)
        if closed is None:
            sure = len(self._held) - beginning(self._held[-_LONGEST:].lower(), self._closing)
            self._keep(self._held[:sure], thoughts)
            self._held = self._held[sure:]
            return False
        self._keep(self._held[: closed.start()], thoughts)
        self._held = self._held[closed.end() :]
        self._opening = self._closing = ""
        self._thoughts.clear()
        self._thought_before = True
        return True

    def _keep(self, thought: str, thoughts: list[str]) -> None:
        if thought:
            thoughts.append(thought)
            self._thoughts.append(thought)


def beginning(text: str, mark: str) -> int:
    """How many characters at the end of `text` `mark` could begin with."""
    longest = min(len(text), len(mark) - 1, _LONGEST)
    return next((size for size in range(longest, 0, -1) if text.endswith(mark[:size])), 0)
