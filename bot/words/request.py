"""What is said of a request and its flags: what is wrong, what is allowed, and the help."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import Fault
from bot.words.sentences import Sentence, each, one_of

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

ALLOWED_OF = {"model": "the id of a model"}
"""Of those of which more can be said than their kind."""

ALLOWED_FILE = "the path of a file"

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

ALLOWED_PROMPT = "write something to ask"
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


TOO_SMALL = Sentence("{value} is too small")
TOO_LARGE = Sentence("{value} is too large")


def not_of_kind(kind: str, value: str) -> str:
    return f"{value} {_NOT_OF_KIND[kind]}"


NUMBER_OF_DIGITS = Sentence("a number of {count} digits")
UNKNOWN_PARAMETER = Sentence("there is no such parameter[; did you mean {nearest}?]")


def unknown_flag(flag: str, nearest: Sequence[str] = (), help_: str = "/grok help") -> str:
    """`nearest` are those that may be meant; `help_` is the command that lists the flags."""
    hint = f"; did you mean {one_of(nearest)}?" if nearest else f"; `{help_}` lists them"
    return f"there is no flag {flag}{hint}"


UP_TO = Sentence("up to {most:,}")
PROMPT_TOO_LONG = Sentence("is {size:,} bytes long")
PROMPT_LENGTH = Sentence("up to {most:,} bytes")
TOO_MANY_STOPS = Sentence("{count} are too many")
NOT_A_TOKEN_ID = Sentence("{key} is not a token id")
BEST_OF_BELOW_N = Sentence("{best_of} is fewer than the {n} answers to choose")
AT_LEAST = Sentence("{least:,} or more")
TOO_MANY_ANSWERS = Sentence("{count} answers are too many")
TOO_LONG_A_NUMBER = Sentence("{value} is too long a number")
BIAS_OUT_OF_RANGE = Sentence("{bias} for token {token} is out of range")

# --- faults by what admins have set -------------------------------------------------------

_SET_BY: dict[str, str] = {
    "own": "your own defaults",
    "channel": "the defaults of this channel",
    "workspace": "the defaults of the workspace",
    "settings": "whoever runs this bot",
}


_OR_ELSE: dict[str, str] = {
    "own": "take your default back: `/grok defaults unset {parameter} me`",
    "settings": "ask whoever runs this bot to change it",
}
"""What can be done about it; of the others an admin can change it."""


def by_default(problem: str, source: str, name: str = "") -> str:
    """`problem` of a fault about a value that the asker did not give; `name` is empty, or the flag
    of another parameter whose value that is."""
    whose = f"{name} is set" if name else "set"
    return f"{problem} ({whose} by {_SET_BY[source]})"


def default_refused(model: str, parameter: str, source: str) -> str:
    """The API refused a value that the asker did not give; `parameter` is its flag, and `model` is
    made safe to show."""
    change = _OR_ELSE.get(source, "ask an admin to change it").format(parameter=parameter)
    return (
        f"{model} does not take `{parameter}` as it is set by {_SET_BY[source]}. Give another "
        f"value or another model yourself, or {change}."
    )


NOT_ALLOWED = Sentence("{model} is not allowed here")


def any_of(models: Sequence[str]) -> str:
    """`allowed` of the same fault; `models` are some of those that are."""
    return one_of(models) or "no model until an admin allows one"


_PLACES = {"channel": "this channel", "workspace": "the workspace"}


def none_served(models: Sequence[str], sources: Sequence[str]) -> str:
    """`problem` where only `models` may be asked, of which there is none; `sources` is where that
    is set."""
    places = " and ".join(_PLACES[source] for source in sources)
    has = "no such model" if len(models) == 1 else "none of them"
    return f"only {each(models)} may be asked, as it is set for {places}, and Grok has {has}"


ALLOW_ANOTHER = "no model until an admin allows another one with `/grok models allow`"
"""`allowed` of that fault."""

FIRST_ALLOWED = Sentence("{problem} (the first model that may be asked here)")
"""`problem` of a fault of a model that nobody named."""

ANY_BUT = Sentence("any but {models:or}")


NOT_SEARCHED_HERE = Sentence("{places:and} may not be searched here")
INCLUDES_FORBIDDEN = Sentence("{name} includes {forbidden}, which is not allowed here")
TOO_MANY_BESIDE = Sentence(
    "{count} are too many to leave out, with the {forbidden} that admins leave out"
)
TOO_MANY_ALLOWED = Sentence(
    "admins allow {count} here, and one search takes fewer: say which of them"
)
ASK_AN_ADMIN = "other domains; an admin can change that"
LEAVES_NOTHING = "leaves nothing of what may be searched here"
UP_TO_HERE = Sentence("up to {most:,} here")

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
HELP_ALLOWED = Sentence("Allowed: {allowed}.")
HELP_EXAMPLE = Sentence("Example: `{command} {usage} …`")
