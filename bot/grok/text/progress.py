"""One answer while it comes: what is new in each step, and which choices have begun and ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.completion.excerpt import as_text
from bot.completion.result import Chunk

_TURN_ENDED = "end_turn"
"""xAI may say this before the last event of a choice, so it ends nothing yet."""

_FIRST_HALF = ("\ud800", "\udbff")

_LEAST_REPEATED = 8
"""Characters: a last step may say the same as all before it by chance, when that is shorter."""


class Progress:
    """The choices of one answer."""

    def __init__(self) -> None:
        self.said = False
        """Whether something has come that is paid for: text, thoughts, or a tool at work."""
        self._choices: dict[int, _Choice] = {}

    def follow(self, chunks: list[Chunk], *, steps: int = 1) -> Iterator[Chunk]:
        """Pass the chunks of one event on, each with what is new in it, and with the finish that
        counts; or what so many events said, in one chunk."""
        for chunk in chunks:
            if chunk.beside:
                self.said = self.said or chunk.step is not None
                yield chunk
                continue
            new = self._choices.setdefault(chunk.choice, _Choice()).take(chunk, steps)
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


class Halves:
    """One text that comes in pieces, with the halves joined that two of them hold."""

    def __init__(self) -> None:
        self._held = ""

    def follow(self, piece: str) -> str:
        """What is sure, now that `piece` came."""
        text, self._held = self._held + piece, ""
        if text and _FIRST_HALF[0] <= text[-1] <= _FIRST_HALF[1]:
            text, self._held = text[:-1], text[-1]
        return as_text(text)

    def rest(self) -> str:
        """A first half to which no second came."""
        held, self._held = self._held, ""
        return as_text(held)


@dataclass(slots=True)
class _Growth:
    """One text while it grows."""

    count: int = 0
    steps: int = 0
    came: list[str] = field(default_factory=list)
    halves: Halves = field(default_factory=Halves)
    by_steps: bool = False

    def add(self, piece: str, steps: int) -> str:
        """What is new with `piece`, which came in so many steps."""
        self.by_steps = self.by_steps or bool(piece)
        return self._keep(self.halves.follow(piece), steps)

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
        """What was held back."""
        return self._keep(self.halves.rest())

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
class _Choice:
    """One choice while it comes."""

    text: _Growth = field(default_factory=_Growth)
    thoughts: _Growth = field(default_factory=_Growth)
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
