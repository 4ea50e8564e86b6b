"""Texts that begin like a command and are none: what was meant, as it is typed.

A wrong guess costs a click, and a missed one a question in public; but whoever asks something
that merely begins with such a word is to be heard. So every word has to be one of the command's, or
one that no sentence has; the one word behind it may be any, since two words are no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from bot.characters import excerpt, from_seen, keyword
from bot.completion.ask import ReplyTo
from bot.completion.flags import is_slip, likeliest, named_option
from bot.completion.lexer import QUOTES, starts_like_flag
from bot.completion.options import OPTIONS, REPLY_TO, switched
from bot.completion.search import read
from bot.errors import Fault
from bot.rules.arguments import LEAST_BEGUN
from bot.rules.commands import (
    COMMAND_NAMES,
    COMMANDS,
    FLAGS_TOPIC,
    SAID_IN_THREADS,
    TOPICS,
    Help,
    find_topic,
    near_command,
    parse,
    parse_command,
)
from bot.rules.quota import find_quota, nearest_quota
from bot.rules.searchable import searched_name
from bot.rules.spoken import (
    AMOUNT,
    chosen_model,
    guess,
    is_of_limit,
    names_limit,
    plainly,
    sets_system,
    turned,
)
from bot.rules.vocabulary import (
    ACTION_SYNONYMS,
    ACTIONS,
    BESIDE_SAID,
    BESIDE_STOP,
    COMMAND_SYNONYMS,
    FILLERS,
    HELPED,
    NO_SENTENCE,
    PERIODS,
    POLITE,
    SCOPES,
    STOPPING,
    WHY_AND_WHEN,
)

_MOST_WORDS = 12
_LONGEST = 300
_SHOWN = 150
_LONGEST_TOPIC = 40
_LONGEST_ACT = 10

_BETWEEN = ("|", "/grok")
_JOINING = frozenset(("and", "or", "then", "also"))
_JOINING_MARKS = ",;:."
_LEFT_OUT = frozenset(("…", "..."))
"""What stands between commands in a list of them: `usage | models`, `pause and: /grok resume`."""

_HELP = "help"
_INFLECTED = ("s", "d", "r")
"""What a word ends with that is none with a letter too many."""

_MODEL = re.compile(r"(?=.*[0-9*])(?=.*[A-Za-z])[A-Za-z0-9._:/@+*-]+")
"""What is likely to be the id of a model, or of several: `grok-*`."""

_PAIR = re.compile(r"([^\s=]+)=\S*")
_CLOCK = re.compile(r"[0-9]{1,4}(?:[:.][0-9]{2})?(?:am|pm|h|min|m|d|w|th|st|nd|rd)?")
_BEHIND = {
    "usage": (PERIODS, AMOUNT),
    **dict.fromkeys(("pause", "resume"), (WHY_AND_WHEN, _CLOCK)),
}
_AT_THE_END = "?!"
_AT_THE_END_OF_ALL = SCOPES - {"user"}
_MARKS = frozenset("{}[]<>%$=|")
"""What places to be filled in are marked with, and values are given by."""

_FLAG = re.compile(r"--[a-z][a-z_-]*(?:=.*)?", re.IGNORECASE | re.DOTALL)


STOP_BUTTON = "Stop"
"""What was meant where somebody typed that an answer is to stop, which no command does."""


def odd_word(text: str) -> str:
    """The first word of a text that is nearly a command which means nothing there; empty where
    that is not known, and for what may be a key or a prompt."""
    words = list(filter(None, map(from_seen, text.split())))
    command = near_command(keyword(words[0])) if words else ""
    if command in ("", _HELP, "key", "prompts"):
        return ""
    acts = ACTIONS.get(command, frozenset()) | ACTION_SYNONYMS.get(command, {}).keys()
    odd = (word for word in words[1:] if keyword(word) not in acts and not _means(command, word))
    return excerpt(next(odd, "").replace("`", "'"), _LONGEST_TOPIC)


def meant(text: str, mentions: Sequence[str] = (), *, written: bool = False) -> str:
    """What somebody is likely to have meant who typed `text`, Slack's own escapes undone; empty
    when it is a question, as is all that is not `may_be_slip`. `written`: as a message, where
    commands are none. Never raises."""
    words = list(filter(None, map(from_seen, text.split())))
    if not words:
        return ""
    short = len(words) <= _MOST_WORDS and len(text) <= _LONGEST
    if short and written and (parsed := parse_command(text, mentions)):
        mended = _guessed(keyword(words[0]), words[1:], mentions) if parsed.faults else ""
        as_written = _typed(" ".join([keyword(words[0]), *words[1:]]))
        return as_written if _is_help(mended) else mended
    copied = _first_of_several(" ".join(words)) if len(text) <= _LONGEST else ""
    if copied or not short:
        return _typed(copied) if copied else _long(words)
    asks = words[-1].endswith("?")
    words = [*words[:-1], words[-1].rstrip(_AT_THE_END) or words[-1]]
    first, *rest = words
    if said := _said(keyword(first), rest, written=written):
        return said
    command = near_command(keyword(first))
    if command == _HELP:
        return _help(rest, written=written)
    if not command:
        return _turned(words, mentions)
    found = _managing(command, rest, mentions)
    if found or written:
        return found
    flagged = _is_flagged(keyword(first), rest)
    typed = flagged or (not asks and _is_no_sentence(keyword(first), command, rest))
    return _help_on(command) if typed else ""


def _long(words: Sequence[str]) -> str:
    """The help of a command that was begun by a text of so many words; empty for any other."""
    command = near_command(keyword(words[0]))
    if command == "defaults" and sets_system(words[1:]):
        return _help_on(command)
    return _begun(command, words[1:2])


def _first_of_several(text: str) -> str:
    """The first of the commands that `text` is made of; empty where there is one alone, or any of
    what stands there is none. Never raises."""
    parts: list[list[str]] = [[]]
    for word in text.replace("|", " | ").split():
        if word.lower() in _BETWEEN:
            parts.append([])
        else:
            parts[-1].append(word)
    commands = [command for part in parts if (command := _unjoined(part))]
    if len(commands) < 2 or not all(map(_is_command, commands)):
        return ""
    return commands[0]


def _unjoined(words: list[str]) -> str:
    """`words` without what joins them to the next command; empty where no more stands there."""
    while words and _joins(words[-1]):
        words = words[:-1]
    return " ".join(words).rstrip(_JOINING_MARKS)


def _joins(word: str) -> bool:
    return word in _LEFT_OUT or word.lower().rstrip(_JOINING_MARKS) in _JOINING


def _is_command(text: str) -> bool:
    return parse_command(text) is not None or isinstance(parse(text), Help)


def _is_flagged(first: str, rest: Sequence[str]) -> bool:
    """Whether a flag stands right behind the name of a command, as in `usage --model x`: flags of a
    question come before it."""
    return first in COMMAND_NAMES and bool(rest) and bool(_FLAG.fullmatch(rest[0]))


def _said(first: str, rest: Sequence[str], *, written: bool) -> str:
    """What is said in a thread, where that was meant; as a message a slip of it alone. Or
    `STOP_BUTTON`."""
    if first in STOPPING and all(keyword(word) in BESIDE_STOP for word in rest):
        return STOP_BUTTON
    if not all(keyword(word) in BESIDE_SAID for word in rest):
        return ""
    if first in SAID_IN_THREADS:
        return "" if written and not rest else f"@Grok {first}"
    if first.endswith(_INFLECTED):
        return ""
    return next((f"@Grok {said}" for said in SAID_IN_THREADS if is_slip(first, said)), "")


def _is_no_sentence(first: str, command: str, rest: Sequence[str]) -> bool:
    """Whether what stands behind a command is nothing that anybody would ask: one word, whatever it
    is; words that are none of a sentence (`{name}`, `%s`, `--all`); or one that may be, between
    what to do and a scope or such, or beside the id of a model."""
    if first not in COMMAND_NAMES and (first.endswith(_INFLECTED) or first in COMMAND_SYNONYMS):
        return False
    if len(rest) == 1:
        return True
    act = keyword(rest[0])
    acts = act in ACTIONS.get(command, ()) or act in ACTION_SYNONYMS.get(command, ())
    words = rest[1:] if acts else rest
    odd = [word for word in words if _is_marked(word) or not _means(command, word)]
    other = [word for word in odd if not _is_no_word(word)]
    ends = keyword(words[-1]) in _AT_THE_END_OF_ALL or len(other) < len(odd)
    listed = command == "models" and any(map(_MODEL.fullmatch, words))
    return not other or (acts and (ends or listed) and len(other) == 1)


def _is_no_word(typed: str) -> bool:
    """Whether no sentence has such a word: a flag, a place to be filled in, or signs alone."""
    return _is_marked(typed) or not any(map(str.isalpha, typed))


def _is_marked(typed: str) -> bool:
    return bool(_FLAG.fullmatch(typed)) or not _MARKS.isdisjoint(typed)


def _turned(words: Sequence[str], mentions: Sequence[str]) -> str:
    """The whole command that `words` are whose verb comes first; empty where they are none."""
    command, rest = turned(words)
    found = _managing(command, rest, mentions) if command else ""
    return "" if _is_help(found) else found


def _is_help(found: str) -> bool:
    """Whether no whole command was found."""
    return not found or found.startswith(_typed(_HELP))


def _help_on(command: str) -> str:
    return _typed(f"{_HELP} {'pause' if command == 'resume' else command}")


def _managing(command: str, rest: Sequence[str], mentions: Sequence[str]) -> str:
    corrected = " ".join([command, *rest])
    if parse_command(corrected, mentions):
        return _typed(corrected)
    if begun := _begun(command, rest):
        return begun
    acts = _acts(command, rest)
    if command == "quota" and _is_unsetting(rest, acts):
        return _typed(" ".join([command, "unset", "NAME", *rest[1:]]))
    for act in acts:
        told = [act, *rest[1:]]
        parsed = parse_command(" ".join([command, *told]), mentions)
        fits = command == "prompts" or _is_vocabulary(command, told)
        if parsed and not parsed.faults and fits:
            return _typed(" ".join([command, *told]))
    rest = [*acts[:1], *rest[1:]] if acts else rest
    if command == "defaults" and (begun := _begun(command, rest)):
        return begun
    return _guessed(command, rest, mentions)


def _guessed(command: str, rest: Sequence[str], mentions: Sequence[str]) -> str:
    """The whole command that `rest` is likely to be behind `command`, or help on it; empty where it
    may be a sentence."""
    if command == "models" and (model := chosen_model(rest)):
        return _typed(f"defaults set --model {model}")
    said = plainly(rest) if command in ("defaults", "quota") else rest
    if not _is_vocabulary(command, said):
        named = command == "quota" and any(map(names_limit, said[1:2]))
        return _help_on(command) if named else ""
    guessed = guess(command, said)
    parsed = parse_command(guessed, mentions) if guessed else None
    whole = parsed and parsed.fields and not parsed.faults and len(guessed) <= _SHOWN
    return _typed(guessed) if whole else _help_on(command)


def _is_unsetting(rest: Sequence[str], acts: Sequence[str]) -> bool:
    """Whether quotas are to be taken away, and none is named."""
    unsets = "unset" in acts or (bool(rest) and keyword(rest[0]) == "reset")
    beside = (word.startswith("@") or keyword(word) in SCOPES | FILLERS for word in rest[1:])
    return unsets and all(beside)


def _begun(command: str, rest: Sequence[str]) -> str:
    """The help of a command that was begun, whatever follows."""
    unmistakable = rest and keyword(rest[0]) in NO_SENTENCE.get(command, ())
    if command in ("defaults", "quota") and len(rest) == 2 and keyword(rest[0]) == "unset":
        unmistakable = True  # of something that there is not
    return _typed(f"{_HELP} {command}") if unmistakable else ""


def _help(rest: Sequence[str], *, written: bool) -> str:
    """Help on what is named, or all of it where one word names nothing; in a message that may as
    well be about what was said before."""
    if not rest:
        return _typed(_HELP)
    topic = near_command(keyword(rest[0]))
    if len(rest) > 1:
        if topic in COMMANDS and _is_vocabulary(topic, rest[1:]):
            return _help_on(topic)
        odd = all(_is_no_word(word) or keyword(word) in POLITE for word in rest[1:])
        found = find_topic(rest[0]) if odd else None
        return _help_on(found.replace("_", "-")) if found else ""
    topics = (*COMMANDS, *TOPICS, FLAGS_TOPIC, *(name for name in OPTIONS if len(name) > 2))
    name = keyword(rest[0])[:_LONGEST_TOPIC].strip("-").replace("-", "_")
    near = likeliest(name, topics, least=LEAST_BEGUN, alike=0.75)
    if near:
        return _typed(f"{_HELP} {near[0].replace('_', '-')}")
    named = written or keyword(rest[0]) in HELPED or rest[0].startswith("@")
    return "" if named else _typed(_HELP)


def _typed(command: str) -> str:
    return f"/grok {excerpt(command, _SHOWN)}"


def _acts(command: str, rest: Sequence[str]) -> Sequence[str]:
    """What to do, the likeliest first, where the first of `rest` is nearly that (`sett`, `alow`)
    or another word for it (`clear`); else nothing."""
    acts = sorted(ACTIONS.get(command, ()))
    word = keyword(rest[0]) if rest else ""
    if not word or len(word) > _LONGEST_ACT or word in acts or _means(command, word):
        return ()
    if also := ACTION_SYNONYMS.get(command, {}).get(word):
        return also
    slips = [act for act in acts if is_slip(word, act)]
    return slips[:1] or get_close_matches(word, acts, n=1, cutoff=0.75)


def _is_vocabulary(command: str, words: Sequence[str]) -> bool:
    """Whether each of these words means something behind `command`."""
    for word in words:
        if command == "defaults" and starts_like_flag(word) and named_option(word):
            return True
        if not _means(command, word):
            return False
    return True


def _means(command: str, word: str) -> bool:
    key = keyword(word).rstrip(",")
    if key in SCOPES or key in ACTIONS.get(command, ()) or word.startswith("@"):
        return True
    if key in FILLERS:
        return command != "models"
    match command:
        case "models":
            return bool(_MODEL.fullmatch(word))
        case "search":
            return bool(searched_name(word))
        case "usage" | "pause" | "resume":
            words, amounts = _BEHIND[command]
            return key in words or bool(amounts.fullmatch(key))
        case "defaults":
            return _means_default(word, key)
        case "quota":
            pair = _PAIR.fullmatch(word)
            limit = find_quota(key) or all(map(is_of_limit, key.split("/")))
            return bool(limit or (pair and nearest_quota(pair[1])))
        case _:
            return False


def _means_default(word: str, key: str) -> bool:
    places: tuple[ReplyTo, ...] = REPLY_TO
    if (pair := _PAIR.fullmatch(word)) and named_option(pair[1]):
        return True
    if named_option(word) or AMOUNT.fullmatch(word) or _MODEL.fullmatch(word):
        return True
    if searched_name(word) or not isinstance(read("search", word), Fault):
        return True
    return switched(word) is not None or key in places or word[0] in QUOTES
