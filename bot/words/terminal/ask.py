"""What `python -m bot ask` says about itself and about what it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.words import grok
from bot.words.sentences import Sentence

COMMAND = "python -m bot ask"

_CODE = re.compile(r"`([^`\n]*)`")

HELP = f"""\
Ask Grok, and the answer grows here in the terminal:

  {COMMAND} Explain TCP slow start
  {COMMAND} --temperature 0.2 --max-tokens 200 "Name three rivers in Peru"
  {COMMAND} --system "You are a strict editor" "Shorten this: …"
  git diff | {COMMAND} "Review this change"
  {COMMAND} - <question.txt
  {COMMAND} --file plan.pdf --file screenshot.png "Does it look as planned?"

Flags come first, then the prompt, in quotes where the shell needs them. If it begins like a flag,
put -- before it. What comes from a pipe or a file follows the prompt, or is the prompt when there
is no other; in a loop of the shell, add </dev/null. A - at the end reads what is typed, up to
Ctrl-D. The answer goes to standard output, all else to standard error."""
FLAGS = "Flags:"
HINTS = {
    "n": "How many answers to write, one below the other.",
    "stream": "Print the answer while it is written; off: all at once, when it is done.",
    "reply": "Where in Slack the answer goes; here it comes to standard output.",
    "private": "Whether you alone see the answer in Slack; here it comes to standard output.",
}
"""What flags do here, by their names, where that is another thing than in Slack."""

FILE = "--file: A file that goes along: text, PDF, PNG or JPEG. For several, say it several times."
FILE_HELP = f"""\
{FILE}
Allowed: the path of a file. Where one cannot be read, Grok is not asked, and it is said why.
Example: {COMMAND} --file plan.pdf --file screenshot.png …"""

NO_HELP_ON = Sentence("There is no flag {topic}: all that there are stand above.")
IN_SLACK_ALONE = (
    "--reply and --private say where in Slack an answer goes: they change nothing here."
)
MORE = f"{COMMAND} --help temperature says more about a flag."

TYPE_NOW = "Type your question; Ctrl-D at the start of a line ends it."
READING = "Waiting for standard input to end; Ctrl-C gives up, and </dev/null leaves it out."
NOT_TEXT = "What came in is no text in UTF-8, so Grok was not asked. Give me text."


def spelled(sentence: str) -> str:
    """A sentence that people in Slack read too, with the apostrophe of the terminal."""
    return sentence.replace("’", "'")


def plain(sentence: str) -> str:
    """The same without the marks of code, which nothing takes away in a terminal."""
    return _CODE.sub(r"\1", spelled(sentence))


UNREACHED = Sentence(
    "Grok cannot be reached at {address} ({why}). Check the network and XAI_BASE_URL, and "
    "see `python -m bot check`."
)
_FOR_ITS_OPERATOR: Mapping[str, str] = {
    grok.GROK_SENTENCES["bad_key"]: "Grok does not accept this bot's key. Set another XAI_API_KEY.",
    grok.GROK_SENTENCES["no_credit"]: (
        "The Grok account of XAI_API_KEY has no credit left or has reached its spending limit. See "
        "console.x.ai."
    ),
    grok.GROK_SENTENCES["not_permitted"]: (
        "The Grok account of XAI_API_KEY is not allowed to do that. Try another model, or see "
        "console.x.ai."
    ),
    grok.GROK_NO_API: "There is no Grok API at that address.",
    grok.GROK_STRANGE: "What came back was not an answer from Grok.",
    grok.GROK_GARBLED: "A part of Grok's answer came garbled, so it breaks off here. Ask again.",
    grok.GROK_TOO_MUCH: "Far more came from Grok than was asked for, so it is cut off here.",
}
"""What Slack sends people to whoever runs the bot with: here that is who reads it."""

_ASKED_AT = Sentence("{sentence} XAI_BASE_URL is {address}; see `python -m bot check`.")


def failed(sentence: str, address: str) -> str:
    """Why there is no more of an answer of the API at `address`, by the `sentence` for Slack."""
    said = _FOR_ITS_OPERATOR.get(sentence)
    return _ASKED_AT(sentence=said, address=address) if said else sentence


SOME_MODELS = Sentence("There are {names:list}[, and {more} more].")
NO_FILE = Sentence("There is no file {path} that I can read, so Grok was not asked.")
FOLDER = Sentence(
    "{path} is a folder, so Grok was not asked. Name the files in it, each with --file."
)


FILES_UNREAD = Sentence(
    "Not read: {files:apart}. Grok was not asked: leave {files:it|them} out, or name "
    "{files:another|others}."
)
"""Of files that cannot go along, each with its name and its reason."""

TOO_MANY_FILES = Sentence("At most {most} files go along with one question, so Grok was not asked.")
TOO_LONG = Sentence(
    "What came in is longer than {most:,} bytes, so Grok was not asked. Send less of it, or raise "
    "GROK_MAX_PROMPT_BYTES."
)
