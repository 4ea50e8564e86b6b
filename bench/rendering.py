"""Rendering a growing answer: CPU per 1,000 tokens of a short and of a long one, and its parts."""

from __future__ import annotations

import cProfile
import json
import pstats
import statistics
import time
from pathlib import Path

from bot.completion.collect import Collector
from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk
from bot.reply.blocks import Message, Question
from bot.reply.chain import Chain

SHORT, LONG = 1_000, 50_000
"""Tokens of the answers compared."""

BAR = 1.2
ROUNDS = 7
TOKENS_PER_LOOK = 20
"""An answer alone at 50 tokens/s is edited about every 60 tokens, and laid out twice for it."""

CHARS_PER_TOKEN = 4
RESULT = Path(__file__).parent / "out" / "rendering.json"

PASSAGE = """\
## Slow start, in short

TCP does **not** know how fast the network is, so it *probes*: the window `cwnd` begins at ten
segments and doubles each round trip, until a loss or `ssthresh`
ends it. See [RFC 5681](https://www.rfc-editor.org/rfc/rfc5681) for the **exact rules**, and ask
@here if `a < b && c > d` is unclear.

- **Slow start**: `cwnd += SMSS` for every acknowledgement
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
    "lines": "Layout",
    "pieces": "Layout",
    "characters": "Layout",
    "inline_markup": "open markup",
    "emphasis": "open markup",
    "safety": "safety",
    "chain": "Chain",
    "blocks": "blocks",
}


def main() -> None:
    """Print and write down the medians of CPU per 1,000 tokens, their ratio, and the shares."""
    times: dict[int, list[float]] = {SHORT: [], LONG: []}
    for _ in range(ROUNDS):
        for size, measured in times.items():
            measured.append(_milliseconds(size))
    medians = {size: statistics.median(measured) for size, measured in times.items()}
    ratio = statistics.median(
        long / short for short, long in zip(times[SHORT], times[LONG], strict=True)
    )
    shares = {size: _shares(size) for size in times}
    _print(medians, ratio, shares)
    _write(medians, ratio, shares)


def render(tokens: int) -> list[Message]:
    """The messages of an answer of `tokens` tokens, looked at now and then while it grows."""
    collector = Collector(CompletionRequest(model="grok-4.3", prompt="Explain TCP slow start"))
    chain = Chain(Question("U012AB3CD", "Explain TCP slow start"), "job1")
    text = PASSAGE * (tokens * CHARS_PER_TOKEN // len(PASSAGE) + 1)
    for number in range(tokens):
        start = number * CHARS_PER_TOKEN
        collector.add(Chunk(text=text[start : start + CHARS_PER_TOKEN]))
        if number % TOKENS_PER_LOOK == 0:
            chain.growing(collector.sections())
    collector.add(Chunk(finish_reason="stop"))
    return chain.complete(collector.answer(endpoint="chat"))


def _milliseconds(size: int) -> float:
    """CPU milliseconds per 1,000 tokens; short answers are many, so that both take as long."""
    times = LONG // size
    started = time.process_time()
    for _ in range(times):
        render(size)
    return (time.process_time() - started) * 1e3 / (times * size / 1_000)


def _shares(size: int) -> dict[str, float]:
    """The share of each part in the time of `render`; what a part calls in C counts as its own."""
    profile = cProfile.Profile(builtins=False)
    for _ in range(LONG // size):
        profile.runcall(render, size)
    spent = dict.fromkeys([*_PARTS.values(), "else"], 0.0)
    for (file, _, _), (_, _, seconds, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_PARTS.get(Path(file).stem, "else")] += seconds
    whole = sum(spent.values())
    return {part: seconds / whole for part, seconds in spent.items()}


def _print(medians: dict[int, float], ratio: float, shares: dict[int, dict[str, float]]) -> None:
    print(f"{'':>24}{f'{SHORT:,} tokens':>16}{f'{LONG:,} tokens':>16}")
    print(f"{'CPU ms per 1,000 tokens':>24}{medians[SHORT]:>16.2f}{medians[LONG]:>16.2f}")
    for part in shares[SHORT]:
        print(f"{part:>24}{shares[SHORT][part]:>16.0%}{shares[LONG][part]:>16.0%}")
    verdict = "met" if ratio <= BAR else "MISSED"
    print(f"ratio {ratio:.2f}, the bar is {BAR}: {verdict}")


def _write(medians: dict[int, float], ratio: float, shares: dict[int, dict[str, float]]) -> None:
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    result = {"cpu_ms_per_1000_tokens": medians, "ratio": ratio, "bar": BAR, "shares": shares}
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
