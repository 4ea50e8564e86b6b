"""Rendering a growing answer: CPU per 1,000 tokens of a short and of a long one, and its parts."""

from __future__ import annotations

import cProfile
import gc
import json
import pstats
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench._report import verdict, write_down
from bot.completion.collect import Collector
from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk
from bot.reply.chain import Chain
from bot.slack.blocks import Message, Question

SHORT, LONG = 1_000, 50_000
"""Tokens of the answers compared."""

BAR = 1.2
ROUNDS = 9
TOKENS_PER_LOOK = 20
"""An answer alone at 50 tokens/s is edited about every 60 tokens, and laid out twice for it."""

CHARS_PER_TOKEN = 4

PASSAGE = """\
## Slow start, in short

TCP does **not** know how fast the network is, so it *probes*: the window `cwnd` begins at ten
segments and doubles each round trip, until a loss or `ssthresh`
ends it. See [RFC 5681](https://www.rfc-editor.org/rfc/rfc5681) for the **exact rules**, and ask
@here if `a < b && c > d` is unclear.

- 🚀 **Slow start**: `cwnd += SMSS` for every acknowledgement
- *Congestion avoidance*: about one segment a round trip

```python
def grow(cwnd: int, ssthresh: int) -> int:
    return cwnd * 2 if cwnd < ssthresh else cwnd + 1  # one round trip
```

| phase | growth | ends when |
| --- | --- | --- |
| slow start | doubles | loss, or `ssthresh` |
| avoidance | plus one | loss |

"""
_PARTS = {
    "collect": "Collector",
    "markdown": "Layout",
    "open_message": "Layout",
    "lines": "Layout",
    "pieces": "Layout",
    "characters": "Layout",
    "ending": "open markup",
    "inline_markup": "open markup",
    "emphasis": "open markup",
    "safety": "safety",
    "links": "safety",
    "chain": "Chain",
    "blocks": "blocks",
    "encoder": "JSON",
}


@dataclass(frozen=True, slots=True)
class Round:
    """CPU seconds of a long answer by thousands of tokens, and of as many short answers."""

    long: list[float]
    short: list[float]

    @property
    def ratio(self) -> float:
        """What a token of the long answer costs, in tokens of short ones."""
        return sum(self.long) / sum(self.short)


def main() -> None:
    """Print and write down the medians of CPU per 1,000 tokens, their ratio, and the shares."""
    gc.collect()
    gc.freeze()
    rounds = [_round() for _ in range(ROUNDS)]
    shares = {size: _shares(size) for size in (SHORT, LONG)}
    gc.unfreeze()
    _print(rounds, shares)
    _write(rounds, shares)


def render(tokens: int) -> Iterator[None]:
    """Show an answer of `tokens` tokens, looked at now and then while it grows; stops at each
    thousand."""
    collector = Collector(CompletionRequest(model="grok-4.3", prompt="Explain TCP slow start"))
    chain = Chain(Question("U012AB3CD", "Explain TCP slow start"), "job1")
    shown = _Shown()
    text = PASSAGE * (tokens * CHARS_PER_TOKEN // len(PASSAGE) + 1)
    for number in range(tokens):
        start = number * CHARS_PER_TOKEN
        collector.add(Chunk(text=text[start : start + CHARS_PER_TOKEN]))
        if number % TOKENS_PER_LOOK == 0:
            shown.show(chain.growing(collector.sections()))
        if number and number % SHORT == 0:
            yield
    collector.add(Chunk(finish_reason="stop"))
    shown.show(chain.complete(collector.answer(endpoint="chat")))
    yield


class _Shown:
    """What Slack shows: each message that differs is sent, as JSON."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}

    def show(self, messages: list[Message]) -> None:
        for number, message in enumerate(messages):
            if self._messages.get(number) != message:
                json.dumps({"blocks": message.blocks, "text": message.text})
                self._messages[number] = message


def _round() -> Round:
    """Both kinds in turns of 1,000 tokens: what else the machine does slows both alike."""
    gc.collect()
    whole = Round([], [])
    growing = render(LONG)
    for _ in range(LONG // SHORT):
        whole.long.append(_seconds(growing))
        whole.short.append(_seconds(render(SHORT)))
    return whole


def _seconds(rendering: Iterator[None]) -> float:
    """CPU seconds of the next thousand tokens."""
    started = time.process_time()
    next(rendering)
    return time.process_time() - started


def _shares(size: int) -> dict[str, float]:
    """The share of each part in the time of `render`; what a part calls in C counts as its own."""
    profile = cProfile.Profile(builtins=False)
    for _ in range(LONG // size):
        profile.runcall(list, render(size))
    spent = dict.fromkeys([*_PARTS.values(), "else"], 0.0)
    for (file, _, _), (_, _, seconds, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_PARTS.get(Path(file).stem, "else")] += seconds
    whole = sum(spent.values())
    return {part: seconds / whole for part, seconds in spent.items()}


def _milliseconds(rounds: list[Round]) -> dict[int, float]:
    """The medians of CPU milliseconds per 1,000 tokens."""
    return {
        SHORT: statistics.median(statistics.mean(each.short) for each in rounds) * 1e3,
        LONG: statistics.median(statistics.mean(each.long) for each in rounds) * 1e3,
    }


def _growth(rounds: list[Round]) -> float:
    """What the last fifth of a long answer costs, in first fifths."""
    fifth = LONG // SHORT // 5
    return statistics.median(sum(each.long[-fifth:]) / sum(each.long[:fifth]) for each in rounds)


def _ratio(rounds: list[Round]) -> float:
    return statistics.median(each.ratio for each in rounds)


def _print(rounds: list[Round], shares: dict[int, dict[str, float]]) -> None:
    milliseconds = _milliseconds(rounds)
    print(f"{'':>24}{f'{SHORT:,} tokens':>16}{f'{LONG:,} tokens':>16}")
    print(f"{'CPU ms per 1,000 tokens':>24}{milliseconds[SHORT]:>16.2f}{milliseconds[LONG]:>16.2f}")
    for part in shares[SHORT]:
        print(f"{part:>24}{shares[SHORT][part]:>16.0%}{shares[LONG][part]:>16.0%}")
    ratios = sorted(each.ratio for each in rounds)
    print(
        f"ratio {_ratio(rounds):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f} in {ROUNDS} rounds), "
        f"the bar is {BAR}: {verdict(_ratio(rounds) <= BAR)}"
    )
    print(f"the last fifth of a long answer costs {_growth(rounds):.2f} times its first fifth")


def _write(rounds: list[Round], shares: dict[int, dict[str, float]]) -> None:
    result = {
        "cpu_ms_per_1000_tokens": _milliseconds(rounds),
        "ratio": _ratio(rounds),
        "ratios": [each.ratio for each in rounds],
        "bar": BAR,
        "last_fifth_to_first": _growth(rounds),
        "shares": shares,
    }
    write_down("rendering", result)
