"""Thoughts that a server leaves at the start of the answer, between marks of the model's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk, ending_of

_MARKS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
}
"""Of DeepSeek, Qwen and MiniMax, of others after them, of Gemini, of Mistral and of Kimi."""

_CLOSED = {mark: re.compile(re.escape(mark), re.IGNORECASE) for mark in _MARKS.values()}
_LONGEST = max(map(len, _CLOSED))
_MOST_BLANKS = 1024
"""Blank space in which a mark is still waited for."""


class Thinking:
    """Tells the thoughts of one answer to `request` from its text, however it is cut into chunks.

    Only what an answer begins with counts: marks further on are quoted. In an echo nothing does.
    """

    def __init__(self, request: CompletionRequest) -> None:
        self._off = bool(request.echo)
        self._choices: dict[int, _Choice] = {}

    def follow(self, chunk: Chunk) -> Chunk:
        """`chunk` with its text as far as it is sure what it is."""
        if self._off or chunk.beside:
            return chunk
        choice = self._choices.setdefault(chunk.choice, _Choice())
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


class _Choice:
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
