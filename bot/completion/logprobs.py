"""Log probabilities as people read them: a small table of tokens and their chances."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot import words
from bot.completion.excerpt import excerpt
from bot.completion.result import TokenLogprob

MOST_ROWS = 50
_TOKEN_CHARS = 30
_LEAST_SHOWN = 0.001

_VISIBLE = str.maketrans({" ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥"})


def logprob_table(tokens: Sequence[TokenLogprob]) -> str:
    """A markdown table of the first tokens, with a line that says how many more there are."""
    rows = [words.LOGPROB_HEAD, *map(_row, tokens[:MOST_ROWS])]
    table = "\n".join(rows)
    more = len(tokens) - MOST_ROWS
    return f"{table}\n\n{words.more_tokens(more)}" if more > 0 else table


def _row(token: TokenLogprob) -> str:
    others = [
        f"{_code(other)} {_chance(logprob)}"
        for other, logprob in token.alternatives
        if other != token.token
    ]
    return f"| {_code(token.token)} | {_chance(token.logprob)} | {', '.join(others) or '–'} |"


def _code(token: str) -> str:
    return f"`{excerpt(token.translate(_VISIBLE), _TOKEN_CHARS) or '∅'}`"


def _chance(logprob: float) -> str:
    chance = math.exp(min(logprob, 0.0))
    return f"{chance:.1%}" if chance >= _LEAST_SHOWN else words.UNDER_A_THOUSANDTH
