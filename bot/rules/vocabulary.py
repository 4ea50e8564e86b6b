"""What people type in place of the words of a command, and beside them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.rules.quota import SCOPE_KINDS

COMMAND_SYNONYMS = {
    "quotas": "quota",
    "default": "defaults",
    "model": "models",
    "prompt": "prompts",
    "usages": "usage",
    "audits": "audit",
    "feedbacks": "feedback",
    "unpause": "resume",
    "halp": "help",
    "commands": "help",
}
POLITE = frozenset(("please", "pls", "plz", "now", "thanks"))
BESIDE_SAID = POLITE | frozenset(
    ("all", "everything", "here", "this", "the", "thread", "conversation", "chat")
)
"""Words behind one of those that leave it what it is."""

SHOW_VERBS = frozenset(("show", "list", "view", "see", "get"))
SET_VERBS = frozenset(("set", "change", "update", "unset", "reset", "clear", "remove"))
FIRST_VERBS = (
    SHOW_VERBS | SET_VERBS | frozenset(("allow", "forbid", "block", "ban", "deny", "export"))
)
"""What to do, where it is said before what it is done to: `set quota …`, `show usage`."""

STOPPING = frozenset(("stop", "cancel", "abort", "halt"))
BESIDE_STOP = POLITE | frozenset(
    ("it", "this", "that", "the", "answer", "answering", "writing", "generating", "grok", "@grok")
)
"""What is typed to stop an answer, and words beside it."""

HELPED = frozenset(
    ("me", "us", "him", "her", "them", "you", "it", "myself", "yourself", "wanted", "desk")
)
"""Words that make a question with `help` before them."""

SCOPES = frozenset(("me", *SCOPE_KINDS))
ACTIONS: Mapping[str, frozenset[str]] = {
    "models": frozenset(("allow", "forbid", "all", "show", "list")),
    "search": frozenset(("allow", "forbid", "show")),
    "usage": frozenset(("export", "show", "votes", "feedback")),
    "prompts": frozenset(("show", "list", "save", "use", "share", "delete")),
    "key": frozenset(("remove", "set", "show")),
    "feedback": frozenset(("export", "show", "on", "off", "texts")),
    "defaults": frozenset(("show", "set", "unset", "reset")),
    "quota": frozenset(("show", "set", "unset", "reset")),
}
_SET_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("clear", "remove", "delete", "drop", "cancel"), ("unset", "reset")),
    **dict.fromkeys(("add", "change", "update", "put"), ("set",)),
    **dict.fromkeys(("list", "get", "view", "see"), ("show",)),
}
_ALLOW_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("add", "enable", "permit", "unblock"), ("allow",)),
    **dict.fromkeys(("remove", "delete", "disable", "deny", "block", "ban"), ("forbid",)),
    **dict.fromkeys(("reset", "clear", "unset"), ("allow",)),
}
ACTION_SYNONYMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "models": _ALLOW_SYNONYMS,
    "search": _ALLOW_SYNONYMS,
    "usage": dict.fromkeys(("download", "csv", "table"), ("export",)),
    "feedback": {
        **dict.fromkeys(("download", "csv", "jsonl", "table"), ("export",)),
        **dict.fromkeys(("enable", "start"), ("on",)),
        **dict.fromkeys(("disable", "stop"), ("off",)),
    },
    "prompts": dict.fromkeys(("remove", "unset", "clear", "erase"), ("delete",)),
    "key": dict.fromkeys(("delete", "unset", "clear", "forget", "reset"), ("remove",)),
    "defaults": _SET_SYNONYMS,
    "quota": _SET_SYNONYMS,
}
"""Words for what to do that other tools have, and ours for it, the likeliest first."""

NO_SENTENCE: Mapping[str, frozenset[str]] = {
    "search": frozenset(("allow", "forbid")),
    "prompts": frozenset(("save", "use", "share", "delete", "rename")),
    "feedback": frozenset(("export", "texts")),
}
"""What to do that no sentence goes on with behind the name of a command: whatever follows, it was
meant as one."""

FILLERS = frozenset(("all", "everything", "here"))
PERIODS = frozenset(("last", "this", "previous", "month", "week", "day", "year", "today"))
WHY_AND_WHEN = frozenset(
    (
        *("for", "until", "till", "because", "of", "due", "to", "during", "over", "from", "at"),
        *("by", "in", "on", "the", "a", "an", "this", "next", "and", "after", "before", "while"),
        *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
        *("twelve", "half", "quarter", "few", "am", "pm", "o'clock", "noon", "midnight"),
        *("minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months"),
        *("min", "mins", "h", "hrs", "year", "today", "tonight", "tomorrow", "now", "later"),
        *("morning", "afternoon", "evening", "night", "weekend", "lunch", "soon", "again"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        *("maintenance", "holiday", "holidays", "vacation", "christmas", "easter", "budget"),
        *("cost", "costs", "spending", "deployment", "deploy", "upgrade", "update", "migration"),
        *("incident", "outage", "release", "testing", "tests", "freeze", "audit", "end"),
        *("grok", "@grok", "bot", "questions", "answers", "please", "temporarily", "immediately"),
        *("asap", "briefly"),
    )
)
"""What people say behind `pause` and `resume` that no question is made of: why, when, how long."""

QUOTA_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("tokens", "token"), "tokens"),
    **dict.fromkeys(("requests", "request", "questions", "question"), "requests"),
    **dict.fromkeys(("searches", "search"), "searches"),
    **dict.fromkeys(("usd", "dollars", "dollar"), "usd"),
}
QUOTA_WINDOWS: Mapping[str, str] = {
    **dict.fromkeys(("day", "daily"), "day"),
    **dict.fromkeys(("month", "monthly"), "month"),
}
"""What is counted, and how long, in the words of a limit that is spelled out."""
BESIDE_LIMIT = frozenset(("per", "a", "each", "every", "for"))
