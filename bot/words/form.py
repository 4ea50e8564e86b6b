"""What stands in the form, beside its fields and in their faults."""

from __future__ import annotations

from collections.abc import Mapping

from bot.words.request import NOT_ASKED, allowed_after
from bot.words.sentences import Sentence

# --- what comes of opening, switching and sending it ----------------------------------------

OPENED_OFTEN = (
    "You have opened quite a few windows of mine within a minute. Please try again in a minute."
)
NOT_OPENED = "The form did not open in time. Please try again."
NOT_SWITCHED = "Slack did not let me change the form just now. Please try again in a minute."
STILL_THERE = "What you typed is still there: close this to go back."
OPEN_TOO_LONG = (
    "This form was open for too long. Copy what you typed, close it, and open a new one."
)
NOTHING_TO_READ = (
    "There is no text in this message that I can read. Pick another message, or type your "
    "question after /grok."
)
AN_APP = "an app"
ATTACHED = Sentence("[(Attached: {names:list})]")


def not_looked_at(attachments: int) -> str:
    """In place of attachments that say nothing."""
    names = ", ".join(["an attachment"] * attachments)
    return f"(Attached: {names}; not read)" if names else ""


# --- the form and its fields ---------------------------------------------------------------

TITLE = "Ask Grok"
SUBMIT = "Ask"
CANCEL = "Cancel"
CLOSE = "Close"
LOADING = "One moment…"

PROMPT_ABOUT = "In your own words"
PROMPT_ABOUT_HINT = "What Grok should do with the message, or what it should heed."
PROMPT_ABOUT_EXAMPLE = "What does this mean for our release?"
SYSTEM = "Instructions"
EFFORT = "How long to think"
EFFORTS = {
    "not_set": "As usual",
    "none": "Not at all",
    "low": "Low",
    "medium": "Medium",
    "high": "High",
    "xhigh": "Very high",
}
SEVERAL = "Several prompts"
SEVERAL_OPTION = "Each paragraph of the prompt gets an answer of its own"
CHANNEL = "Channel"
REPLY = "Where the answer goes"
REPLY_TO = {"channel": "In the channel", "thread": "In a thread", "private": "Only to me"}
REPLY_HERE = {"channel": "Right here", "thread": "In a thread", "private": "Only to me"}
REPLY_IN_MESSAGES = {
    "channel": "In our messages",
    "thread": "In a thread of our messages",
    "private": "Only to me",
}
REPLY_IN_THREAD = {"thread": "In this thread", "channel": "In the channel", "private": "Only to me"}
ON = "On"
OFF = "Off"
NOT_SET = "Not set"
USUAL_MODEL = "The usual one"
FEWER = "Hide advanced settings"
GROUPS = {
    "sampling": "How Grok picks its words",
    "output": "What comes back",
    "advanced": "For experts",
    "search": "What Grok searches",
}

STOP_HINT = r"One on each line; \n stands for a line break."
ONLY_SOME = "Only some models can do this."
KEPT = "Kept as it is"
KEPT_LONG = "Too long to show here. It is kept as it is unless you type something."
KEPT_STRANGE = "It cannot be shown here. It is kept as it is unless you type something."

SAVED = "Saved prompt"
SAVED_NONE = "Choose one, or none"
SAVED_HINT = "What you write above stands in place of its {text}, or below it."
SAVED_ABOUT_HINT = "The message stands in place of its {text}; what you write above comes below it."
SAVED_OF = {"user": "Yours", "channel": "Of this channel", "workspace": "Of the workspace"}

DAY = "Pick a day"
PLEASE_CHANGE = f"⚠️ {NOT_ASKED}"
NO_TEXT = "(no text)"
ANSWERING_IN_MESSAGES = Sentence("Grok answers in <{address}|our messages>.")
MORE = Sentence("Advanced settings[ ({number} set)]")
FOR_EXAMPLE = Sentence("For example: {example}")
WITHIN = Sentence("From {least} to {most}.")
WROTE = Sentence("{author} wrote:")


def prompt_wanted(*, about: bool, saved: bool) -> str:
    """What to do where there is nothing to ask, of a message or not."""
    offered = [*(["what Grok should do"] if about else []), *(["a saved prompt"] if saved else [])]
    others = f", or choose {' or '.join(offered)}" if offered else ""
    return f"write your question here{others}"


def field_fault(problem: str, allowed: str) -> str:
    """One fault of a field, shown beneath it."""
    said = f"This {problem}" if problem.split(" ", 1)[0] in _ABOUT_THE_FIELD else problem
    end = "." if allowed or not said.endswith("?") else ""
    return f"{said}{allowed_after(said, allowed)}{end}"


_ABOUT_THE_FIELD = ("is", "holds", "was", "has")

# --- what can be asked about a message -----------------------------------------------------

TASK = "What should Grok do?"
TASK_NONE = "Choose, or write it below"
TASKS_DO = "Ready to ask"
TASKS_TRANSLATE = "Translate into"

TASKS: Mapping[str, tuple[str, str]] = {
    "summarise": ("Summarise it", "Summarise this message in a few short points."),
    "explain": (
        "Explain it simply",
        "Explain this message in simple words, for somebody new to the subject.",
    ),
    "todo": (
        "List what is to be done",
        "List what is to be done according to this message, by whom and until when.",
    ),
    "reply": ("Draft a reply", "Draft a short, friendly reply to this message."),
    "check": (
        "Check what it claims",
        "Check the claims of this message: say which hold, which do not and which are unsure.",
    ),
    "improve": (
        "Improve the wording",
        "Rewrite this message so that it is clear, correct and short, in the same language.",
    ),
}
"""Ready tasks: what they are called, and the sentence that is asked."""

_LANGUAGES = (
    "English",
    "Spanish",
    "Portuguese",
    "French",
    "German",
    "Italian",
    "Chinese",
    "Japanese",
    "Korean",
    "Hindi",
    "Arabic",
)

TRANSLATIONS: Mapping[str, tuple[str, str]] = {
    f"translate_{language.lower()}": (language, f"Translate this message into {language}.")
    for language in _LANGUAGES
}
"""Ready tasks too, offered apart: into which language, and the sentence that is asked."""

# --- the list of models --------------------------------------------------------------------

MODEL_OPTION = Sentence("{model}[ · {price} per 1M]")
MODELS_ALLOWED = "Allowed here"
MODELS_NOT_ALLOWED = "Not allowed here"
MORE_MODELS = Sentence("{shown} of {number:,} models; type a part of the name to find others")
