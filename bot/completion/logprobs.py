"""Log probabilities as people read them: a small table of tokens and their chances."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice

from bot import words
from bot.characters import excerpt
from bot.completion.result import TokenLogprob

MOST_ROWS = 50
MOST_CHANCES = 200
"""Tokens whose chances an answer keeps."""

_TOKEN_CHARS = 30
_LEAST_SHOWN = 0.001
_KEPT_CHARS = 64
_KEPT_ALTERNATIVES = 8
"""The most that the chat endpoint gives (docs.x.ai, "Chat completions": top_logprobs 0..8)."""

_VISIBLE = str.maketrans({" ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥"})


def logprob_table(tokens: Sequence[TokenLogprob], count: int = 0) -> str:
    """A markdown table of the first tokens, with a line that says how many more there are.

    `count`: how many there were, where `tokens` are only the first of them.
    """
    rows = [words.LOGPROB_HEAD, *map(_row, tokens[:MOST_ROWS])]
    table = "\n".join(rows)
    more = max(count, len(tokens)) - MOST_ROWS
    return f"{table}\n\n{words.MORE_TOKENS(more)}" if more > 0 else table


def chance_line(token: TokenLogprob) -> str:
    """One token with its chance and what it was chosen from, in Slack's mrkdwn."""
    line = f"{_code(token.token)} {_chance(token.logprob)}"
    others = _others(token)
    return words.CHOSEN_FROM(token=line, others=others) if others else line


def kept_chances(tokens: Iterable[TokenLogprob]) -> tuple[TokenLogprob, ...]:
    """The first of `tokens`, each in a size and form that can be stored."""
    return tuple(map(_kept, islice(tokens, MOST_CHANCES)))


def _kept(token: TokenLogprob) -> TokenLogprob:
    return TokenLogprob(
        _storable(token.token),
        token.logprob,
        tuple(
            (_storable(other), logprob)
            for other, logprob in token.alternatives[:_KEPT_ALTERNATIVES]
        ),
    )


def _storable(token: str) -> str:
    """A token may be half of a character, which is no text."""
    return token[:_KEPT_CHARS].encode(errors="replace").decode()


def _row(token: TokenLogprob) -> str:
    return f"| {_code(token.token)} | {_chance(token.logprob)} | {_others(token) or '–'} |"


def _others(token: TokenLogprob) -> str:
    return ", ".join(
        f"{_code(other)} {_chance(logprob)}"
        for other, logprob in token.alternatives
        if other != token.token
    )


def _code(token: str) -> str:
    return f"`{excerpt(token.translate(_VISIBLE), _TOKEN_CHARS) or '∅'}`"


def _chance(logprob: float) -> str:
    chance = math.exp(min(logprob, 0.0))
    return f"{chance:.1%}" if chance >= _LEAST_SHOWN else words.UNDER_A_THOUSANDTH
