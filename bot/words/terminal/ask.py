"""What `python -m bot ask` says about itself and about what it is given."""

from __future__ import annotations

import re

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
}
"""What flags do here, by their names, where that is another thing than in Slack."""

FILE = "--file: A file that goes along: text, PDF, PNG or JPEG. For several, say it several times."
FILE_HELP = f"""\
{FILE}
Allowed: the path of a file. Where one cannot be read, Grok is not asked, and it is said why.
Example: {COMMAND} --file plan.pdf --file screenshot.png …"""

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
