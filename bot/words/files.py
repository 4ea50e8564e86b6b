"""What is said of files: those that go along with a question, and those that are not read."""

from __future__ import annotations

from collections.abc import Sequence

from bot.words.sentences import Sentence

# --- why a file is not read: parts of a sentence, for people and for the model ---------------

EMPTY = "it is empty"
DAMAGED = "it is damaged, or not whole"
INTRICATE = "it is too intricate to be read"
LOCKED = "it is locked with a password"
NO_TEXT = "it is neither text nor a PNG, JPEG or PDF"
NO_PICTURE = "it is called a picture, and is none"
NO_PDF = "it is called a PDF, and is none"
NO_TEXT_IN_PDF = "it has no text in it that can be read here, only pictures of pages"
NOTHING_IN_IT = "there is nothing in it that I can read"
DELETED = "it was deleted"
ELSEWHERE = "it lies outside of Slack"
KEPT_FROM_ME = "Slack does not show it to me"
NOT_ALLOWED = (
    "I may not read files here: an admin can add the scope files:read and install me again"
)
PAGE_INSTEAD = "Slack gave me a web page in its place"
SENT_ON = "Slack sent me to another place for it"
NOT_GIVEN = "Slack did not give it to me just now"
SLOW = "it took too long to get"
NO_ROOM = "there was no room left for it"
NO_EYES = "the model cannot look at pictures"


def not_taken(what: str) -> str:
    """`what` is such as "a WebP picture"; empty where nobody knows."""
    return f"it is {what or 'of another kind'}; I read PNG, JPEG, PDF and text"


MISNAMED = Sentence("it is {what}, although its name says otherwise: rename it")
TOO_BIG = Sentence("it has {size:size}, and {most:size} is the most")
TOO_MANY_PIXELS = Sentence("it has {pixels:,} pixels, and {most:,} is the most")
TOO_MANY = Sentence("only {most} files are read with one question")
TOO_MUCH = Sentence("all files of a question may have {most:size} together")

# --- to people -------------------------------------------------------------------------------

MOST_NAMED = 10


def not_read(files: Sequence[tuple[str, str]]) -> str:
    """Below an answer: the files that did not go along, each by its name and with its reason. Plain
    markdown; in code a name is no link and nothing else either."""
    named = [f"`{name}` ({why})" for name, why in files[:MOST_NAMED]]
    more = [f"and {len(files) - MOST_NAMED} more"] if len(files) > MOST_NAMED else []
    return f"_Not read: {'; '.join([*named, *more])}._"


def none_read(files: Sequence[tuple[str, str]]) -> str:
    """To a message that is nothing but files, none of which can be read."""
    named = "; ".join(f"`{name}`: {why}" for name, why in files[:MOST_NAMED])
    return f"I could not read what you sent ({named}). Please put what I should know into words."


HELP = """\
What is attached to a question goes along: PNG and JPEG pictures, PDFs, text, code, CSV and JSON.
• attach files to a message that mentions me, to a direct message, or to a reply in my thread
• files of a thread that I am called into, and of a message that you ask about, go along as well
• so do those of your last questions in the same conversation
Of one question 10 files of 20 MB are read. What was not read, and why, stands below the answer."""


def along(names: Sequence[str]) -> str:
    """In the details: the files that went along."""
    return f"• {', '.join(f'`{name}`' for name in names)}"
