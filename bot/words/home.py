"""What stands on the tabs of the app: Home, and Messages before anything was said there."""

from __future__ import annotations

from bot.words.sentences import Sentence, counted

ASK = "Ask Grok"
MAY_ERR = "Grok may err: check what matters before you rely on it."
YOUR_QUESTIONS = "Your recent questions"
NO_QUESTIONS = "None yet. Your next one will be here."
NOT_LOOKED_UP = "I cannot look this up just now. Open this page again in a minute."
YOUR_PROMPTS = "Your prompts"
HOW_TO_SAVE = "`/grok prompts save NAME …` saves one; `/grok prompts` lists all, shared ones too."
DEFAULTS = "When you say nothing else"
MODELS = "Models"
PRICES = (
    "US dollars for a million tokens: _in_ is what Grok reads, _out_ what it writes. 100 tokens "
    "are about 75 words."
)
NO_MODELS = "I do not know them yet. Open this page again in a minute."
ONLY_YOU = "only you saw the answer"
IN_DIRECT_MESSAGE = "in our messages"
NO_PRICE = "price not known"
THE_DEFAULT = "the default"
GREETING = Sentence("Hello[ {name}], ask me anything")
WAYS_TO_ASK = Sentence(
    "• *Anywhere:* type `/grok` and your question, and the answer grows right there. `/grok help` "
    "says what else you can set.\n"
    "• *About a message:* choose *Ask Grok about this* from its menu (⋮).\n"
    "• *In a conversation:* mention {bot} in any thread, reply below one of my answers, or write "
    "to me under *Messages*."
)
QUESTION = Sentence("• {shown} · {facts}")
DEFAULT_MODEL = Sentence("• *Model:* `{model}`")


def default_max_tokens(tokens: int) -> str:
    """Where an answer is cut; 100 tokens are about 75 words, and nobody knows it to the word."""
    about = max(1, tokens * 3 // 4)
    words = counted(round(about, min(0, 2 - len(str(about)))), "word")
    return f"• *Longest answer:* {counted(tokens, 'token')} (about {words})"


QUOTAS = "What is allowed here"
SET_UP = "Set up Grok"
ALL_MODELS = "• *Models:* all of those below"
NOT_ALLOWED = "not allowed here"


NO_MODEL_YET = "• *Models:* none until an admin allows one"
MODELS_ONLY = Sentence("• *Models:* only {names}")
MODELS_BUT = Sentence("• *Models:* all but {names}")
ONLY_IN = Sentence("• *Where:* only in {channels}")
IN_CHANNEL = Sentence("• {channel}: {defaults}")
DEFAULT = Sentence("• *{label}:* {value}")
DEFAULT_THERE = Sentence("*{label}* {value}")
SEARCHABLE = Sentence("• *Search:* {sentence}")
HOW_TO_CHANGE = "Change them for one question with flags, such as `--model`, or in the form."
MODEL_LINE = Sentence("• `{model}` · {facts}")
MORE_MODELS = Sentence("… and {number:,} more")
USED = Sentence("{bar} {percent:,}%")

# --- the Messages tab, opened for the first time ---------------------------------------------

HELLO = (
    "Write to me here as you would to a colleague. I remember what was said, until you write "
    "*forget*."
)
TO_BEGIN = "To begin, press one of these:"

SUGGESTED = "Try one of these"

PROMPTS: tuple[tuple[str, str], ...] = (
    (
        "Explain something",
        (
            "Explain in simple words how a large language model works, with an example from "
            "everyday life."
        ),
    ),
    (
        "Draft a message",
        "Draft a short, friendly message to my team: our meeting on Friday moves to Monday at 10.",
    ),
    (
        "Compare two things",
        (
            "Compare Kanban and Scrum for a team of five in a short table, and say when to choose "
            "which."
        ),
    ),
    (
        "Show what you can do",
        "What are ten things that you can do for me at work? One line each, with a prompt to try.",
    ),
)
"""What may be asked with one click: what the button says, and the question."""
NO_SUCH_PROMPT = "I do not offer this any more. Please write your question here."
