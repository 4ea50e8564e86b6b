"""Takes off an answer what its question's form on the wire has put there.

The completion endpoint echoes the whole wire prompt, system text and transcript included, and may
write on for the next speaker: the API ends at a stop sequence near the place, or at none at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.completion.result import Chunk, TokenLogprob
from bot.completion.transcript import STOP
from bot.grok.call import Call
from bot.grok.text.progress import beginning


class Trimming:
    """The trimming of one answer to `call`, however its text is cut into chunks.

    An echo is that of the person's own prompt; what is not an echo after all stays as it is. An
    answer in a conversation ends before the mark of the next speaker.
    """

    def __init__(self, call: Call) -> None:
        each = call.request.n or 1
        self._choices = {
            index: _TrimmedChoice(call, index // each) for index in range(call.request.choices)
        }

    def follow(self, chunk: Chunk) -> Sequence[Chunk]:
        """`chunk` with the text that can be shown now; the rest may come with a later one."""
        choice = self._choices.get(chunk.choice)
        return (chunk if choice is None or chunk.beside else choice.follow(chunk),)

    def rest(self, *, cut: bool = False) -> Iterator[Chunk]:
        """What is left of choices that ended without saying so; nothing of an answer that was
        `cut` off."""
        for index, choice in () if cut else self._choices.items():
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


class _TrimmedChoice:
    """One choice while it comes."""

    def __init__(self, call: Call, prompt: int) -> None:
        self._echo = _Echo(call, prompt) if call.request.echo else None
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
        sure = max(0, len(text) - beginning(text, STOP) - unsaid)
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
