"""Everything the bot says to people, a file for each subject; here, what is said of any answer.

Functions return finished text (Slack markdown where it says so). What a person, a model or
an API wrote is passed in already made safe.
"""

from __future__ import annotations

import re

from bot.words.sentences import Sentence, counted

# --- the answer ----------------------------------------------------------------------------

NO_LOGPROBS = "_This model does not say how likely its tokens were._"
NO_ALTERNATIVES = "_What else could have stood there is not told by this endpoint._"
LOGPROB_HEAD = "| Token | Chance | Instead |\n| --- | --- | --- |"
UNDER_A_THOUSANDTH = "under 0.1%"
ENDED = {
    "content_filter": "_The model’s safety filter ended this answer. Please ask in other words._",
    "max_context": (
        "_Cut off: question and answer together are as long as this model can hold. Ask for less, "
        "or in a new thread._"
    ),
    "max_output": (
        "_Cut off: this model has no room for a longer answer here. Ask for less, or in a new "
        "thread._"
    ),
    "time_limit": "_Cut off: the answer took longer than Grok allows. Ask for less at once._",
    "tool_calls": (
        "_Grok wanted to use a tool that it does not have here. Please ask in other words._"
    ),
    "broken": "_Grok broke off here before its answer was complete. Please ask again._",
}


def section_title(*, prompt: int, prompts: int, answer: int, answers: int, excerpt: str) -> str:
    """Above one of several answers, with an excerpt of its prompt; empty above the only one."""
    which = [f"prompt {prompt} of {prompts}"] if prompts > 1 else []
    which += [f"answer {answer} of {answers}"] if answers > 1 else []
    title = f"**{', '.join(which).capitalize()}**" if which else ""
    return f"{title} `{excerpt}`" if prompts > 1 else title


def cut_off(tokens: int | None, most: int | None = None, *, begun: bool = True) -> str:
    """Below an answer that the output cap ended. `most`: the largest cap that may be asked for;
    None: nobody has set one. `begun`: there is some of it, so that Continue goes on with it."""
    if tokens is None:
        return "_Cut off at the longest answer allowed._"
    at = f"_Cut off at {counted(tokens, 'token')}"
    if most is None or tokens < most:
        larger = tokens * 2 if most is None else min(tokens * 2, most)
        return f"{at}; ask with --max-tokens {larger} for more._"
    on = "press Continue for more" if begun else "ask for less, or without much thinking"
    return f"{at}, the most that is allowed here; {on}._"


_CUT_OFF = re.compile(r"_Cut off at (the longest answer allowed|[0-9,]{1,30} tokens?)[^\n]*_")


def gone_on(note: str) -> str:
    """`note`, which `cut_off` begins, once something goes on with the answer."""
    return _CUT_OFF.sub(r"_Cut off at \1; it goes on below._", note, count=1)


ENDED_OTHERWISE = Sentence("_Grok ended here ({reason})._")
CHOSEN_FROM = Sentence("{token} · instead: {others}")
MORE_TOKENS = Sentence("… and {number:count more token}.")
ANSWER_FAILED = "Something went wrong on my side. Please ask again."
NO_PLACE = "I may not write here. Invite me with `/invite @Grok`, then ask again."
IN_THREAD = "_The answer is in the thread._"
ON_IN_THREAD = "The answer continues in the thread ↓"
OTHERS_IN_THREAD = "The other answers are in the thread ↓"
THINKING = "_Grok is thinking…_"
WRITING = "Grok is writing…"
SEARCHING = "Grok is searching…"
NOTHING_WRITTEN = "_Grok had nothing to say to this. Try to ask in other words._"
NOT_GIVEN = "_This one did not come: the model gives fewer answers at once. Ask again for another._"
BLANK = "_(blank)_"
UNSHOWABLE = (
    "⚠️ Slack does not let me show this answer. Press *Details* to read its text, or ask again, "
    "perhaps for plain text without tables."
)
ARCHIVED = "Only you can see this, since the channel is archived."
INVITE_ME = (
    "Only you can see this, since I may not write here. Invite me (`/invite @Grok`), and "
    "everyone can watch the next answer grow."
)

BY = Sentence("{model} ({endpoint})")
"""Who answered: the model, and the endpoint that it was asked at."""

ASKED = Sentence("{mention} asked Grok")
ASKED_TO_GO_ON = Sentence(
    "{mention} asked Grok to continue{answers:| answer {answer} of {answers}}"
)
ANSWERING = Sentence("Grok answers: {question}")
ANSWERING_ON = Sentence("Grok’s answer continues ({number})")

FAILED = Sentence("⚠️ {sentence}")
"""The whole answer, when there is none; Slack markdown."""

BROKEN_OFF = Sentence("⚠️ _This is where the answer breaks off._ {sentence}")

MOST_COUNTED = 30
"""Of more messages that are left out it is said only that there are more: they are not laid out."""


def left_out(messages: int) -> str:
    """Below the last message of an answer that is shown."""
    count = counted(min(messages, MOST_COUNTED), "more message")
    return (
        "The answer is longer than what I can show you here. Left out: "
        f"{'more than ' if messages > MOST_COUNTED else ''}{count}. Press *Details* to read on."
    )


TOKENS_USED = Sentence("{total:count token}[ ({reasoning:,} reasoning)]")

USED_AT_MOST = Sentence("at most {tokens}[ and {money}]")
"""What is charged for an answer of which nobody said what it used; `money` may be empty."""

OTHER_MODEL = Sentence("{model} answered instead of {asked_for}")

# --- accepting -----------------------------------------------------------------------------

GIVEN_UP = "Something went wrong on my side each time I tried this. Please ask in other words."

TOLD_WHEN_DONE = "Got it. Only you will see the answer, in one piece when it is done."
POSTED_WHEN_DONE = "Got it. The answer is posted here in one piece when it is done."
LISTENER_FAILED = (
    "Something went wrong on my side, and your question was not taken. Please ask again."
)

STORE_AWAY = "I cannot reach my memory just now. Please try again in a minute."
NOT_TAKEN = "I could not take your question just now. Please ask again in a minute."
CROWDED = (
    "So many questions are waiting that yours would wait too long, so I did not take it. Please "
    "ask again in a few minutes."
)
MAYBE_NOT_TAKEN = (
    "I could not make sure that your question arrived. If no answer shows up within a minute, "
    "please ask again."
)
