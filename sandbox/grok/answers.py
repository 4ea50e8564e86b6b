"""What the sandbox says by itself: deterministic, and with all the markdown that Grok writes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

_LEAD = re.compile(
    r"^(?:please\s+)?(?:explain|describe|summari[sz]e|tell me about|write(?: me)?|compare"
    r"|what(?:'s| is| are)|how (?:do|does|to)|why (?:is|are|do|does))\s+",
    re.IGNORECASE,
)
_TOPIC_CHARS = 60
_TOKEN = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")

_CLOSING = (
    "\n\n_A sample from the sandbox. With `XAI_API_KEY` set, Grok itself answers;"
    " see [docs.x.ai](https://docs.x.ai)._"
)

_ANSWERS = (
    """## {Topic}, in short

The idea behind **{topic}** is simpler than it looks: start small, watch what happens, and let \
the feedback decide the next step.

1. **Begin carefully.** A small first step costs little and shows where the limits are.
2. **Grow while it works.** Every success allows a larger step than the last one.
3. **Back off on the first sign of trouble.** Halving is a good rule; stopping is not.

| Phase | What you see | What to do |
| --- | --- | --- |
| Start | Few signals | Probe, keep the steps small |
| Growth | Everything succeeds | Double, keep watching |
| Limit | Delays, losses | Halve, then grow slowly |

```python
def next_step(step: int, ok: bool, limit: int = 64) -> int:
    return min(step * 2, limit) if ok else max(step // 2, 1)
```

The whole trick is in the last line: it never gives up, and it never insists.""",
    """## A checklist for {topic}

Most of the trouble with **{topic}** comes from skipping one of these:

- **Say what you want first.** One sentence; if it takes two, there are two things.
- **Measure before you change anything.** The first number is the one you will miss later.
- **Change one thing at a time**, and keep the old way at hand.
- **Write down what surprised you.** That is the part worth sharing.

### What it looks like in practice

| Step | Takes | Worth it because |
| --- | --- | --- |
| Describe | 5 min | everyone means the same |
| Measure | 30 min | you can tell better from different |
| Change | a day | it is small enough to undo |

```bash
$ measure before.txt
$ make change
$ measure after.txt && diff before.txt after.txt
```

> If the two files are the same, you have learned the most valuable thing of all.""",
    """## {Topic}: three ways to look at it

**1. As a user.** You notice {topic} only when it fails. Good work here is invisible.

**2. As a builder.** There are two forces, and they pull in opposite directions:

| | Fast | Safe |
| --- | --- | --- |
| Wins when | little can break | much depends on it |
| Costs | an odd mistake | patience |
| Typical sign | "ship it" | "show me the test" |

**3. As someone who keeps it running.** Then only questions count:

- What happens when it is *slow* rather than down?
- Who notices first, and how?
- Can I undo it at three in the morning?

```json
{{"fast": true, "safe": true, "choose": "whichever you can undo"}}
```

So the honest answer is: *it depends*, and now you know on what.""",
)


def tokens(text: str) -> list[str]:
    """Cut `text` into pieces about as long as a model's tokens; joined they are `text` again."""
    return _TOKEN.findall(text)


def answer(prompt: str, choice: int = 0, seed: int | None = None) -> str:
    """The answer to `prompt`: the same for the same prompt, choice and seed."""
    topic = topic_of(prompt)
    template = _ANSWERS[_number(prompt, choice, seed) % len(_ANSWERS)]
    return template.format(topic=topic, Topic=topic[:1].upper() + topic[1:]) + _CLOSING


def reasoning(prompt: str) -> str:
    """What a reasoning model thinks before it answers."""
    return (
        f"The question is about {topic_of(prompt)}. A short overview first, then something to hold "
        "on to: a table and an example. Keep it friendly."
    )


def about(prompt: str, parts: Sequence[str]) -> str:
    """The answer to `prompt` about pictures and files, each as it is called there."""
    return f"I looked at {' and '.join(parts)}.\n\n{answer(prompt)}"


def topic_of(prompt: str) -> str:
    """What a prompt is about."""
    _, marked, rest = prompt.rpartition("\n=====( End of ")
    prompt = rest.partition("\n")[2] if marked else prompt
    line = next((line for line in prompt.splitlines() if line.strip()), "")
    topic = _LEAD.sub("", line.strip()).rstrip(" ?!.:")
    topic = re.sub(r"[`*_|<>\[\]#]", "", topic)
    if len(topic) > _TOPIC_CHARS:
        topic = topic[:_TOPIC_CHARS].rsplit(" ", 1)[0] + "…"
    return topic or "this"


def _number(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4])
