"""Takes off an answer what is no part of it: thoughts that a server leaves at its start, between
marks of the model's own, and what its question's form on the wire has put there.

The completion endpoint echoes the whole wire prompt, system text and transcript included, and may
write on for the next speaker: the API ends at a stop sequence near the place, or at none at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk, TokenLogprob, ending_of
from bot.completion.transcript import STOP
from bot.grok.call import Call


class Trimming:
    """The trimming of one answer to `call`, however its text is cut into chunks.

    An echo is that of the person's own prompt; what is not an echo after all stays as it is. An
    answer in a conversation ends before the mark of the next speaker.
    """

    def __init__(self, call: Call) -> None:
        echo = bool(call.request.echo and (call.lead or call.tail))
        self._choices: dict[int, _Choice] = {}
        if call.endpoint == "completions" and (echo or call.tail):
            each = call.request.n or 1
            self._choices = {
                index: _Choice(call, index // each, echo=echo)
                for index in range(call.request.choices)
            }

    def follow(self, chunk: Chunk) -> Chunk:
        """`chunk` with the text that can be shown now; the rest may come with a later one."""
        choice = self._choices.get(chunk.choice)
        return chunk if choice is None or chunk.beside else choice.follow(chunk)

    def rest(self) -> Iterator[Chunk]:
        """What is left of choices that ended without saying so."""
        for index, choice in self._choices.items():
            piece = choice.take(_Piece(), ended=True)
            if piece.text:
                yield Chunk(choice=index, text=piece.text, logprobs=piece.tokens)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text with the chances of its tokens, the first of which may be missing."""

    text: str = ""
    tokens: tuple[TokenLogprob, ...] = ()

    def __add__(self, other: _Piece) -> _Piece:
        return _Piece(self.text + other.text, self.tokens + other.tokens)

    def between(self, start: int, end: int) -> _Piece:
        """A part of it; a token belongs to where it begins."""
        place = len(self.text) - sum(len(token.token) for token in self.tokens)
        tokens = []
        for token in self.tokens:
            if start <= max(0, place) and (place < end or end >= len(self.text)):
                tokens.append(token)
            place += len(token.token)
        return _Piece(self.text[start:end], tuple(tokens))


class _Choice:
    """One choice while it comes."""

    def __init__(self, call: Call, prompt: int, *, echo: bool) -> None:
        self._echo = _Echo(call, prompt) if echo else None
        self._mark = _Mark() if call.tail else None
        self._over = False

    def follow(self, chunk: Chunk) -> Chunk:
        """`chunk` with what can be shown of it, and of what came before."""
        if self._over:
            return replace(chunk, text="", logprobs=(), finish_reason=None)
        ended = chunk.finish_reason is not None
        piece = self.take(_Piece(chunk.text, chunk.logprobs), ended=ended)
        self._over = self._mark is not None and self._mark.reached
        reason = "stop" if self._over else chunk.finish_reason
        return replace(chunk, text=piece.text, logprobs=piece.tokens, finish_reason=reason)

    def take(self, piece: _Piece, *, ended: bool) -> _Piece:
        """What can be shown, now that `piece` came; all of it when the choice has `ended`."""
        own = _Piece()
        if self._echo is not None:
            own, piece = self._echo.take(piece, ended=ended)
        if self._mark is not None:
            piece = self._mark.take(piece, ended=ended)
        return own + piece


class _Echo:
    """The echo at the start of a choice."""

    def __init__(self, call: Call, prompt: int) -> None:
        prompts = call.body["prompt"]
        self._wire = prompts if isinstance(prompts, str) else prompts[prompt]
        self._own = call.request.prompts[prompt]
        self._own_place = len(call.lead), len(self._wire) - len(call.tail)
        self._came: list[_Piece] = []
        self._length = 0
        self._settled = False

    def take(self, piece: _Piece, *, ended: bool) -> tuple[_Piece, _Piece]:
        """The person's own prompt once the echo is whole, and what follows it."""
        if self._settled:
            return _Piece(), piece
        agrees = self._agrees(piece.text)
        self._came.append(piece)
        self._length += len(piece.text)
        whole = self._length >= len(self._wire)
        if agrees and not whole and not ended:
            return _Piece(), _Piece()
        self._settled = True
        came = _all(self._came)
        self._came = []
        if not (agrees and whole):
            return _Piece(), came
        own = came.between(*self._own_place)
        return replace(own, text=self._own), came.between(len(self._wire), self._length)

    def _agrees(self, text: str) -> bool:
        return self._wire.startswith(text[: len(self._wire) - self._length], self._length)


class _Mark:
    """The mark at the end of a choice, if it comes that far."""

    def __init__(self) -> None:
        self.reached = False
        self._begun = False
        self._held = _Piece()

    def take(self, piece: _Piece, *, ended: bool) -> _Piece:
        """What stands before the mark; what may be the beginning of one is held back."""
        piece = self._held + piece
        self._held = _Piece()
        if self.reached:
            return _Piece()
        unsaid = 0 if self._begun else 1  # the newline before an answer
        text = "\n" * unsaid + piece.text
        mark = text.find(STOP)
        if mark >= 0:
            self.reached = True
            return piece.between(0, max(0, mark - unsaid))
        sure = max(0, len(text) - _beginning(text, STOP) - unsaid)
        if ended or sure == len(piece.text):
            shown = piece
        else:
            shown = piece.between(0, sure)
            self._held = piece.between(sure, len(piece.text))
        self._begun = self._begun or bool(shown.text)
        return shown


def _all(pieces: Sequence[_Piece]) -> _Piece:
    tokens = (token for piece in pieces for token in piece.tokens)
    return _Piece("".join(piece.text for piece in pieces), tuple(tokens))


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
    """Tells the thoughts of one answer to `request` from its text, however it is cut into chunks.

    Only what an answer begins with counts: marks further on are quoted. In an echo nothing does.
    """

    def __init__(self, request: CompletionRequest) -> None:
        self._off = bool(request.echo)
        self._choices: dict[int, _Thoughts] = {}

    def follow(self, chunk: Chunk) -> Chunk:
        """`chunk` with its text as far as it is sure what it is."""
        if self._off or chunk.beside:
            return chunk
        choice = self._choices.setdefault(chunk.choice, _Thoughts())
        choice.reason = chunk.finish_reason or choice.reason
        if not chunk.text:
            return chunk
        text, thought = choice.take(chunk.text)
        if text == chunk.text and not thought:
            return chunk
        return replace(
            chunk,
            text=text,
            reasoning=chunk.reasoning + thought,
            logprobs=() if thought and not text else chunk.logprobs,
        )

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
            sure = len(self._held) - _beginning(self._held[-_LONGEST:].lower(), self._closing)
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


def _beginning(text: str, mark: str) -> int:
    """How many characters at the end of `text` `mark` could begin with."""
    longest = min(len(text), len(mark) - 1, _LONGEST)
    return next((size for size in range(longest, 0, -1) if text.endswith(mark[:size])), 0)
