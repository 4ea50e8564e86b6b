"""Everything the bot says to people, in one place: short, friendly, without jargon.

Functions return finished text (Slack markdown where it says so). What a person, a model or
an API wrote is passed in already made safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import Fault

# --- faults of a request -------------------------------------------------------------------

_FAULTS_SHOWN = 20

NOT_ASKED = "Grok was not asked yet. Please change this:"

ALLOWED = {
    "boolean": "on or off",
    "text": "text",
    "texts": "one text or several",
    "bias": "token ids with a number from -100 to 100 each, such as 50256=-100",
    "reply": "channel, thread or private",
    "effort": "none, low, medium, high or xhigh, as the model takes them",
}

_NOT_OF_KIND = {
    "integer": "is not a whole number",
    "number": "is not a number",
    "boolean": "is neither on nor off",
    "text": "is not text",
    "texts": "is not text",
    "bias": "is not token ids with a number each",
    "reply": "is no place for an answer",
    "effort": "is no length of thinking",
    "search": "is nothing that can be searched",
}

HINT_SYSTEM = "How Grok should behave: who it is, how it writes."
HINT_EFFORT = "How long Grok should think before it answers. More takes longer and costs more."
HINT_REPLY = "Where the answer goes: the channel, a thread, or you alone."
HINT_PRIVATE = "Only you see the answer."

VALUE_MISSING = "is missing"
VALUE_NULL = "null is not a value; leave it out instead"
VALUE_NOT_TEXT = "holds characters that cannot be sent"
VALUE_BLANK = "is empty"
ONE_BLANK = "one of them is empty"
NOT_A_REQUEST = "this is not a JSON object"
A_LIST = "a list"
AN_OBJECT = "an object"

FLAG_TWICE = "was given twice"
FILES_ARE_ATTACHED = "--file is for the terminal: attach the file to a message that mentions @Grok"
FLAG_NO_VALUE = "has no value"
FLAG_TROUBLE = {
    "unclosed": "the quote at the start of its value is never closed",
    "after_quote": "a space must follow the closing quote",
}
OFF_WITH_VALUE = "--no-… takes no value"


def switch_or_prompt(flag: str, word: str) -> str:
    """`word` may be the value of the switch `flag`, or begin the prompt."""
    return (
        f"is “{word}” its value, or does your question begin with it? "
        f"Write {flag}={word.lower()}, or -- before the question"
    )


PRIVATE_AND_REPLY = "says where to reply, and so does --reply"
ALLOWED_PRIVATE = "one of the two"
PROMPT_SPLIT = "some of it follows --prompt, and some stands at the end"
ALLOWED_PROMPT_SPLIT = 'one prompt at the end, or each as --prompt "…"'

ALLOWED_MODEL = "the id of a model"
ALLOWED_PROMPT = "something to ask"
PROMPT_WANTED = "write your question at the end"
ALLOWED_STOP = "text that is not empty"
ALLOWED_STREAM_WITH_BEST_OF = "leave it out, or ask without --best-of"
STREAM_WITH_BEST_OF = "the best of several can only be shown when all are done"


def faults(found: Sequence[Fault], opening: str = NOT_ASKED) -> str:
    """Everything wrong with a request, for its author; `opening` says what did not happen."""
    lines = [fault_line(fault) for fault in found[:_FAULTS_SHOWN]]
    if len(found) > _FAULTS_SHOWN:
        lines.append(f"and {len(found) - _FAULTS_SHOWN} more")
    return "\n• ".join([opening, *lines])


def fault_line(fault: Fault) -> str:
    """One fault: `temperature: 3 is too large; allowed: a number from 0 to 2`."""
    line = f"{fault.parameter}: {fault.problem}" if fault.parameter else fault.problem
    return f"{line}{allowed_after(line, fault.allowed)}"


def allowed_after(problem: str, allowed: str) -> str:
    """What is allowed, behind the problem, which may be a question; empty when nobody says. It may
    be values, what it works with, or what is to be done."""
    if not allowed:
        return ""
    if allowed.startswith("with "):
        told = f"it works {allowed}"
    elif allowed.startswith(("leave ", "write ")):
        told = allowed
    else:
        told = f"allowed: {allowed}"
    return f" {told[:1].upper()}{told[1:]}" if problem.endswith("?") else f"; {told}"


def allowed_number(least: float | None, most: float | None) -> str:
    return "a number" if least is None else f"a number from {least} to {most}"


def allowed_integer(least: int | None, most: int | None, above: int | None) -> str:
    if above is not None and most is not None:
        least = above + 1
    elif above is not None:
        return f"a whole number above {above}"
    if least is None or most is None:
        return "a whole number"
    return f"a whole number from {least:,} to {most:,}"


def too_small(value: str) -> str:
    return f"{value} is too small"


def too_large(value: str) -> str:
    return f"{value} is too large"


def not_of_kind(kind: str, value: str) -> str:
    return f"{value} {_NOT_OF_KIND[kind]}"


def number_of_digits(count: int) -> str:
    return f"a number of {count} digits"


def unknown_parameter(nearest: str = "") -> str:
    return "there is no such parameter" + (f"; did you mean {nearest}?" if nearest else "")


def unknown_flag(flag: str, nearest: str = "", help_: str = "/grok help") -> str:
    """`help_` is the command that lists the flags."""
    hint = f"; did you mean {nearest}?" if nearest else f"; `{help_}` lists them"
    return f"there is no flag {flag}{hint}"


def up_to(most: int) -> str:
    return f"up to {most:,}"


def prompt_too_long(size: int) -> str:
    return f"is {size:,} bytes long"


def prompt_length(most: int) -> str:
    return f"up to {most:,} bytes"


def too_many_stops(count: int) -> str:
    return f"{count} are too many"


def not_a_token_id(key: str) -> str:
    return f"{key} is not a token id"


def best_of_below_n(best_of: int, n: int) -> str:
    return f"{best_of} is fewer than the {n} answers to choose"


def at_least(least: int) -> str:
    return f"{least:,} or more"


def too_many_answers(count: str) -> str:
    return f"{count} answers are too many"


def too_long_a_number(value: str) -> str:
    return f"{value} is too long a number"


def bias_out_of_range(token: str, bias: str) -> str:
    return f"{bias} for token {token} is out of range"


# --- help ----------------------------------------------------------------------------------

HELP_OVERVIEW = """\
Ask Grok anything, and the answer grows here in the channel:
• `/grok Explain TCP slow start`
• `/grok --temperature 0.2 --max-tokens 200 Name three rivers in Peru`
• `/grok -n 2 --reply thread Write a haiku about rain`
• `/grok --private --system "You are a strict editor" Shorten this: …`
• `/grok` alone opens a form with everything that can be set.
• Reply in the thread of an answer to go on, or call @Grok into any thread; \
`@Grok leave` and `@Grok forget` are explained by `/grok help threads`.
• Attach pictures, PDFs or text to a message that mentions @Grok (`/grok help files`).

Flags come first, then the prompt, just as you type it. If it begins like a flag, put `--` \
before it; if it begins like a command, put `ask:` before it."""
HELP_MANAGING = """\
What there is, and what was used: `/grok models`, `/grok prompts`, `/grok search`, `/grok usage`.
How Grok is run here: `/grok defaults`, `/grok quota`, `/grok pause`, `/grok feedback`, \
`/grok key`, `/grok audit`; \
`/grok help quota` says more about one of them."""
HELP_THREADS = """\
When Grok answers a message.
• In a thread that people began: only when it is named (`@Grok`). It reads what was said there.
• In its own threads, which begin with its answer or with a question to it, and in a direct \
message: every reply, unless it names somebody else or is a mere thanks (`thanks`, `ok`, 👍)
• `@Grok leave` in a thread: it says nothing more there until somebody names it
• `@Grok forget` in a thread: it forgets what was said there"""
HELP_FLAGS = "Flags:"
HELP_MORE = "`/grok help temperature` says more about a flag."
HELP_COMPLETIONS_ONLY = "Only models that are served at `/v1/completions` can do this."


def help_allowed(allowed: str) -> str:
    return f"Allowed: {allowed}."


def help_example(command: str, usage: str) -> str:
    return f"Example: `{command} {usage} …`"


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


def ended(reason: str) -> str:
    """Below an answer that ended for a reason we know nothing about."""
    return f"_Grok ended here ({reason})._"


def chosen_from(token: str, others: str) -> str:
    """A token with its chance, and those that could have stood there instead with theirs."""
    return f"{token} · instead: {others}"


def more_tokens(number: int) -> str:
    """Below a table that shows only the first tokens."""
    return f"… and {counted(number, 'more token')}."


ANSWER_FAILED = "Something went wrong on my side. Please ask again."
NO_PLACE = "I may not write here. Invite me with `/invite @Grok`, then ask again."
IN_THREAD = "_The answer is in the thread._"
ON_IN_THREAD = "The answer continues in the thread ↓"
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


def by(model: str, endpoint: str) -> str:
    """Who answered: the model, and the endpoint that it was asked at."""
    return f"{model} ({endpoint})"


def asked(mention: str) -> str:
    """Above a question; `mention` names the asker."""
    return f"{mention} asked Grok"


def asked_to_go_on(mention: str, answer: int, answers: int) -> str:
    """Above what goes on with an answer, of several if there are; `mention` names who wanted it."""
    which = f" answer {answer} of {answers}" if answers > 1 else ""
    return f"{mention} asked Grok to continue{which}"


def answering(question: str) -> str:
    """A notification; `question` is an excerpt."""
    return f"Grok answers: {question}"


def answering_on(number: int) -> str:
    """A notification for a further message of a long answer."""
    return f"Grok’s answer continues ({number})"


def failed(sentence: str) -> str:
    """The whole answer, when there is none; Slack markdown."""
    return f"⚠️ {sentence}"


def broken_off(sentence: str) -> str:
    """Below an answer that ends too early; Slack markdown."""
    return f"⚠️ _This is where the answer breaks off._ {sentence}"


MOST_COUNTED = 30
"""Of more messages that are left out it is said only that there are more: they are not laid out."""


def left_out(messages: int) -> str:
    """Below the last message of an answer that is shown."""
    count = counted(min(messages, MOST_COUNTED), "more message")
    return (
        "The answer is longer than what I can show you here. Left out: "
        f"{'more than ' if messages > MOST_COUNTED else ''}{count}. Press *Details* to read on."
    )


def counted(number: int, thing: str) -> str:
    """`1 token`, `1,234 tokens`."""
    return f"{number:,} {thing if number == 1 else plural(thing)}"


def plural(thing: str) -> str:
    """`tokens`, `searches`."""
    return f"{thing}es" if thing.endswith("ch") else f"{thing}s"


def tokens_used(total: int, reasoning: int) -> str:
    """`1,234 tokens (200 reasoning)`."""
    used = counted(total, "token")
    return f"{used} ({reasoning:,} reasoning)" if reasoning else used


def cost(dollars: float) -> str:
    """`$0.0042`, `$0.22`, `$1.25`."""
    if 0 < dollars < 0.0001:
        return "under $0.0001"
    return f"${dollars:,.2f}" if dollars >= 0.1 or dollars == 0 else f"${dollars:.4f}"


def dollars(price: float) -> str:
    """A price: `$2.50`, `$0.0125`."""
    return f"${price:,.2f}" if round(price, 2) == price else f"${price:,.4f}"


def took(seconds: float) -> str:
    """`3.2 s`, `1 min 5 s`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def other_model(model: str, asked_for: str) -> str:
    """When another model answered than the one asked for."""
    return f"{model} answered instead of {asked_for}"


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
