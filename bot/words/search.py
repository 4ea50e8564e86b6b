"""What is said about searching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.words.sentences import Sentence, capital, counted, each

PLACES: Mapping[str, str] = {"web": "the web", "x": "X"}

LABELS: Mapping[str, str] = {
    "search": "What to search",
    "domains": "Only these websites",
    "not_domains": "Not these websites",
    "handles": "Only these people on X",
    "not_handles": "Not these people on X",
    "since": "Posts since",
    "until": "Posts until",
    "max_turns": "How often to search",
}
"""What the fields are called, by the name of the option."""

HINTS: Mapping[str, str] = {
    "search": "What Grok may search before it answers. It costs extra.",
    "domains": "The only domains that a search of the web may read.",
    "not_domains": "Domains that a search of the web must not read.",
    "handles": "The only people whose posts a search of X may read.",
    "not_handles": "People whose posts a search of X must not read.",
    "since": "The first day whose posts a search of X may read.",
    "until": "The last day whose posts a search of X may read, to its end.",
    "max_turns": "How often Grok may search, read and think again. More costs more.",
}

EXPLAINED: Mapping[str, str] = {"max_turns": "how often Grok may search for one answer"}
"""Of those whose flag does not say by itself what it sets."""

EXAMPLES: Mapping[str, str] = {
    "search": "web,x",
    "domains": "example.com,docs.python.org",
    "not_domains": "example.com",
    "handles": "xai,spacex",
    "not_handles": "xai",
    "since": "2026-11-01",
    "until": "2026-11-30",
    "max_turns": "3",
}

CHOICES: Mapping[str, str] = {
    "not_set": "As usual",
    "web": "The web",
    "x": "X",
    "web,x": "The web and X",
    "off": "Nothing",
}
"""What may be chosen to search, by value."""

_DOMAINS = "up to 5 domains such as example.com, with commas between them"
_HANDLES = "up to 20 handles on X such as xai, with commas between them"

ALLOWED: Mapping[str, str] = {
    "search": "web, x, web,x or off",
    "domains": _DOMAINS,
    "not_domains": _DOMAINS,
    "handles": _HANDLES,
    "not_handles": _HANDLES,
    "since": "a day such as 2026-11-01",
    "until": "a day such as 2026-11-30",
    "max_turns": "a whole number from 1 to 20",
}
"""By the name of the option."""

SOURCES = "**Sources**"
SEEN = "**Seen while searching, and not cited**"
"""Above the list of them."""

NOTHING_FOUND = (
    "_No source was found within what was to be searched, so this may be from memory alone._"
)
NOTHING_CITED = (
    "_No source is cited from what was to be searched, so this may be from memory alone._"
)
"""Below an answer whose search was narrowed."""

SEARCHED_ENOUGH = (
    "Grok has searched as much as it may for one question here, so I stopped it. Ask for less at "
    "once, or narrow what is searched: `/grok help search`."
)

ENDS_OPEN = "ends with a comma: write the list without spaces, or in quotes"
NOTHING_SEARCHED = "this counts only where something is searched"
ONE_OF_THE_TWO = "one of the two"

NAMED: Mapping[str, str] = {**PLACES, "domains": "other domains", "handles": "other handles"}
"""What admins allow and forbid, where that has no name of its own."""

MAY: Mapping[bool, str] = {True: "may be searched", False: "may not be searched"}
"""What a rule says of what it names."""

NOTHING_MAY = "⚠️ Nothing may be searched here. Admins can change that: `/grok search allow all`."
HOW_TO_SEARCH = (
    "Ask with `--search web`, `--search x` or `--search web,x`; `/grok help search` says more."
)


def may_be(places: Sequence[str]) -> str:
    """What may be searched."""
    return f"{capital(each(places))} may be searched."


def read_there(place: str, *, only: str | None, but: str) -> str:
    """Which domains or handles may be read there: `only` these, or all `but` those; empty where
    it is all."""
    if only is not None:
        return f"Of {PLACES[place]} only {only}."
    return f"Of {PLACES[place]} all but {but}." if but else ""


PRICED = Sentence(
    "It costs {web} for 1,000 searches of the web and opened pages, {posts} for 1,000 posts of X "
    "and {profiles} for 1,000 profiles, beside the tokens that are read."
)
HELP_MORE = (
    "What narrows a search (`--domains`, `--handles`, `--since`, `--max-turns` …): "
    "`/grok help search`."
)
HELP_NARROWED = "What is searched can be narrowed:"
NO_SOURCE = Sentence("“{typed}” is nothing that can be searched")
NO_DOMAIN = Sentence("“{typed}” is not a domain")
NO_HANDLE = Sentence("“{typed}” is not a handle on X")
NO_DAY = Sentence("“{typed}” is not a day of the calendar")
EXCLUSIVE = Sentence("{other} cannot go together with {one}")
SINCE_AFTER_UNTIL = Sentence("{since} is after {until}, so no day is left")
NOT_AFTER = Sentence("a day up to {until}")
BY_SEARCHING = Sentence("with --search {sources}")


def not_searched(place: str) -> str:
    """`problem` of a fault about what narrows a search; `place` is a key of `PLACES`."""
    return f"this counts only where {PLACES[place]} is searched"


BESIDE = Sentence("{problem} ({idle}; it works {wanted})")
MORE_SOURCES = Sentence("and {count:,} more")


def only_elsewhere(places: Sequence[str]) -> str:
    """Below an answer for which not all was searched; `places` are keys of `PLACES`."""
    named = each([PLACES[place] for place in places])
    return f"_This server cannot search {named}, so only the rest was searched._"


def searching(place: str, asked: str, *, opens: bool) -> str:
    """What is done now; `place` is a key of `PLACES`, `asked` what it searches for or opens."""
    if opens:
        return f"Reading {asked}" if asked else f"Reading a page of {PLACES[place]}"
    return f"Searching {PLACES[place]}" + (f" for “{asked}”" if asked else "")


PROGRESS = Sentence("{doing}: {searches:count search}, {seconds:clock}")
"""`Searching X for tcp news: 3 searches, 12 s`, as plain text."""


def sources(cited: int, seen: int) -> str:
    """In the last line of an answer for which something was searched."""
    if cited:
        return counted(cited, "source")
    return f"{counted(seen, 'source')} seen" if seen else "no sources"


POSTS = Sentence("{count:count post}")
"""What of X was fetched, in the same line."""
