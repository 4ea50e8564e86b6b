"""How the sandbox counts tokens: in pieces about as long as a model's, or a token for each byte."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.grok import answers


@dataclass(frozen=True, slots=True)
class Counting:
    """A tokenizer, and what an API adds to a prompt.

    With `per_byte` it has learned nothing: each UTF-8 byte is a token. `hidden` tokens stand
    before the messages of a chat, and `per_message` mark each of them: xAI has been seen to bill
    679 for "Hello" to grok-4, and 161 to grok-4.1-fast.
    """

    per_byte: bool = False
    hidden: int = 0
    per_message: int = 0

    def count(self, text: str) -> int:
        """How many tokens a text is."""
        return len(text.encode()) if self.per_byte else len(answers.tokens(text))

    def written(self, pieces: Iterable[str]) -> int:
        """How many tokens were written, by the pieces in which they were."""
        return sum(len(piece.encode()) if self.per_byte else 1 for piece in pieces)

    def kept(self, pieces: list[str], cap: int) -> list[str]:
        """As many pieces as the cap allows."""
        if not self.per_byte:
            return pieces[:cap]
        kept = []
        for piece in pieces:
            cap -= len(piece.encode())
            if cap < 0:
                break
            kept.append(piece)
        return kept

    def tokens(self, text: str) -> list[dict[str, Any]]:
        """The tokens of a text as `tokenize-text` lists them."""
        if self.per_byte:
            return [_OF_BYTES[byte] for byte in text.encode()]
        return [_token(piece.encode(), piece) for piece in answers.tokens(text)]


def _token(data: bytes, shown: str) -> dict[str, Any]:
    return {
        "token_id": zlib.crc32(data) % 131_072,
        "string_token": shown,
        "token_bytes": list(data),
    }


_OF_BYTES = tuple(_token(bytes((byte,)), f"<0x{byte:02X}>") for byte in range(256))
