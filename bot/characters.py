"""What a reader sees as characters (Unicode, UAX #29), between which a text can be cut, and what it
counts for; what looks like other letters and dashes, or like nothing; text as JSON and Slack can
carry it, and as it can be quoted within our own words.

A flag, a family of people, a letter and its marks, a syllable of Hangul or Devanagari are one
character each, however many code points they take.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import regex


_BEGUN_ENTITY = re.compile(r"&[#\w]{0,10}\Z")
_BEGUN_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")
_HALF_MARK = re.compile(
    r"&(?:#[xX]?[0-9A-Fa-f]{0,7}|([a-z]{1,6}))?\Z"
    r"|<(?:/?[A-Za-z][A-Za-z0-9-]*+(?:\s++[A-Za-z-]++(?:=[^<>]{0,300})?)?\s*+/?"
    r"|!(?:-[^<>]{0,300})?|/)?\Z"
)
_ENTITIES = ("amp", "lt", "gt", "quot", "apos", "nbsp", "hellip", "ndash", "mdash", "copy")
_LONGEST_HALF = 400
_REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Letters of which two make a flag."""

_LOOKED_BACK = 128
"""So far above a place is looked for what a character there may have begun with; a longer one is
cut."""

_MAY_GO_ON = (
    r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}\p{RI}\p{Hangul_Syllable_Type=L}\p{Hangul_Syllable_Type=V}"
    r"\u200c\u200d\U000e0020-\U000e007f]|[\u0900-\u0fff\u1000-\u109f\u1780-\u17ff--\p{Nd}]"
)
"""What a character is made of that more code points may belong to, so often that it is not shown
before it is known. None of it is ASCII."""


@cache
def _character() -> regex.Pattern[str]:
    """Matches what a reader sees as one."""
    import regex  # noqa: PLC0415 - it takes 6 ms to load, which plain text does without

    return regex.compile(r"\X")


@cache
def _may_go_on() -> regex.Pattern[str]:
    import regex  # noqa: PLC0415 - likewise

    return regex.compile(_MAY_GO_ON, regex.V1)


def boundary(text: str, end: int, least: int = 0) -> int:
    """The nearest place at or before `end`, and behind `least`, that cuts no character of `text`;
    `end` where there is none.

    Letters of flags are counted here: the library looks back to the first of them for each."""
    if not least < end < len(text):
        return end
    if text[end - 1] < "\x7f" > text[end] and text[end - 1 : end + 1] != "\r\n":
        return end
    if text[end] in _REGIONAL and text[end - 1] in _REGIONAL:
        return end - _regional_before(text, end) % 2
    start = max(least, end - _LOOKED_BACK)
    if start > least and text[start] in _REGIONAL:
        start -= _regional_before(text, start) % 2
    found = start
    for character in _character().finditer(text, start, end + 1):
        if character.end() > end:
            break
        found = character.end()
    return found if found > start else end


def whole_characters(line: str, end: int, least: int) -> int:
    """The nearest place at or before `end` that cuts no entity, no escape and no character."""
    if entity := _BEGUN_ENTITY.search(line, max(least, end - 11), end):
        return entity.start()
    cut = boundary(line, end, least)
    escaped = _BEGUN_ESCAPE.search(line, max(least, cut - _LOOKED_BACK), cut)
    return cut - bool(escaped and cut - 1 > least)


def beginning(text: str, most: int) -> str:
    """The first characters of `text`, at most `most` of Python's."""
    return text[: boundary(text, most)]


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters of Python's, with an ellipsis where it is cut."""
    if len(text) <= most:
        return text
    return f"{beginning(text, most - 1).rstrip()}…"


def unfinished(text: str) -> int:
    """How many code points at the end of a text still growing may be but the beginning of what a
    reader sees as one character."""
    last = text[-1:]
    if last.isascii() or not _may_go_on().match(last):
        return 0
    start = max(0, len(text) - _LOOKED_BACK)
    start = boundary(text, start)
    *_, found = _character().finditer(text, start)
    return min(len(found[0]), _LOOKED_BACK - 1)


def _regional_before(text: str, end: int) -> int:
    """How many letters of flags `text` ends with, up to `end`."""
    if end and text[end - 1] in _REGIONAL:
        return end - len(text[:end].rstrip(_REGIONAL))
    return 0


def half_mark(text: str) -> int:
    """Where half of an entity or of a tag begins that `text`, which was cut, ends with; else its
    end."""
    begun = _HALF_MARK.search(text, max(0, len(text) - _LONGEST_HALF))
    name = begun[1] if begun else None
    known = not name or any(each.startswith(name) for each in _ENTITIES)
    return begun.start() if begun and known else len(text)


_SLICE_CHARS = 64
_LETTERS = str.maketrans(
    "аеорсухіјѕһԁԛԝмнтвкгӏԍꭵꮐοαενικρτυχɑɡıᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢꜱꜰᴦօոսցᏀøłđ",
    "aeopcyxijshdqwmhtbkrlgigoaevikptuxagiabcdeghijklmnoprtuvwyzsfronuggold",
)
"""Of other scripts, like Latin ones (Unicode, confusables.txt)."""


def normalized(text: str, form: Literal["NFKC", "NFKD"]) -> str:
    """`text` in one of Unicode's normal forms. In slices: the marks of a
    character are put in order, which takes the square of their number."""
    if text.isascii():
        return text
    if len(text) <= _SLICE_CHARS:
        return unicodedata.normalize(form, text)
    slices = (text[at : at + _SLICE_CHARS] for at in range(0, len(text), _SLICE_CHARS))
    return "".join(unicodedata.normalize(form, each) for each in slices)


def latin(text: str) -> str:
    """`text` in lower case, in the Latin letters that it looks like, without their marks."""
    bare = normalized(text, "NFKD").lower()
    return "".join(c for c in bare if not unicodedata.combining(c)).translate(_LETTERS)


DASHES = "-‐‑‒–—―−﹘﹣－⸺"
"""What keyboards and typography make of a dash."""

UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What nobody sees where it stands alone, inside of a pattern's brackets: Unicode's controls and
what it calls ignorable. Inside of words and emoji some of it joins or chooses what is seen."""

_NOT_SEEN = re.compile(rf"[\s{UNSEEN}]*+")
_KEYWORD_DASHES = str.maketrans(dict.fromkeys(f"_{DASHES}", "-"))
_PLAIN_DASHES = str.maketrans(dict.fromkeys(DASHES, "-"))

_MINUS = re.compile(r"\A[−–]")
_LONGEST_NUMBER = 1_000


def from_seen(text: str) -> str:
    """`text` from the first character on that is seen; empty where none is."""
    found = _NOT_SEEN.match(text)
    return text[found.end() :] if found else text


def plain(name: str) -> str:
    """`name` with narrow letters for wide ones, and `-` for every dash."""
    return normalized(name, "NFKC").translate(_PLAIN_DASHES)


def keyword(word: str) -> str:
    """`word` in lower case, with `-` for every dash and underscore."""
    return word.lower().translate(_KEYWORD_DASHES)


def narrow(text: str) -> str:
    """`text` with digits and signs as they are in ASCII, whatever keyboard they were typed on."""
    if text.isascii() or len(text) > _LONGEST_NUMBER:
        return text
    compatible = unicodedata.normalize("NFKC", text)
    return _MINUS.sub("-", "".join(map(_digit, compatible)))


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def first_word(text: str) -> tuple[str, str]:
    """The first word as a `keyword`, and what follows it to the letter."""
    first, rest = (*from_seen(text).split(None, 1), "", "")[:2]
    return keyword(first), rest


_LONE_RETURN = re.compile(r"\r(?!\n)")


def printable(text: str) -> str:
    """`text` without what JSON or Slack cannot carry, lone surrogates and NUL, and without
    line ends that are no newlines: the fences of code were followed line by line."""
    return with_newlines(as_text(text).replace("\0", "\ufffd"))


def with_whole_characters(text: str) -> str:
    """`text` without lone surrogates, so that they need not be taken from each of its leaves; as it
    was where that moves what stands behind them."""
    whole = as_text(text)
    return whole if len(whole) == len(text) else text


def as_text(text: str) -> str:
    """`text` with its halves joined, since JSON may escape each half of an emoji on its own; a half
    alone becomes U+FFFD, for it can be sent nowhere."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def with_newlines(text: str) -> str:
    """`text` with no line ends but newlines, as Slack is given it: which is enough to read its
    lines."""
    return _LONE_RETURN.sub(" ", text) if "\r" in text else text


_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", "@": "＠", "`": "ˋ", "|": "∣"})
_JOINS = re.compile(
    r"(?<=[^\s\x00-\x7f])[\u200c\u200d](?=[^\s\x00-\x7f])"
    r"|(?<=[\U0001f3f4\U000e0030-\U000e007a])[\U000e0030-\U000e007f]"
)
"""Joiners, as in the sign for a family, and the letters of a flag like that of Wales."""


def excerpt(text: str, limit: int = 60) -> str:
    """`text` on one line of at most `limit` characters that cannot act in Slack or a terminal.

    Control characters are gone, runs of whitespace are one space, and what could ping, link or
    leave a code span is replaced by a character that looks like it.
    """
    start = beginning(text, limit * 4)
    line = one_line(start)
    if len(line) > limit or len(start) < len(text):
        line = f"{beginning(line, limit - 1).rstrip()}…"
    return line.translate(_LOOKALIKES)


def one_line(text: str) -> str:
    """All of `text` on one line: what is not printed is gone, whitespace is one space."""
    return " ".join(_printed(text).split())


def _printed(text: str) -> str:
    """`text` with spaces for what is not printed, but for what joins signs or letters."""
    joins = {found.start() for found in _JOINS.finditer(text)}
    return "".join(
        char if char.isprintable() or at in joins else " " for at, char in enumerate(text)
    )


_LEADS_OF_FOUR = (0xF0, 0xF1, 0xF2, 0xF3, 0xF4)
"""What begins four bytes of UTF-8."""

_COUNTS_MORE = re.compile("[&<>@\\]\U00010000-\U0010ffff]")
_SHORT = 64
"""Longer text of ASCII is counted faster than it is searched."""


def weigh(text: str) -> int:
    """At most what Slack counts for `text` once it was made safe.

    UTF-16 units, with `&` as `&amp;`, `<` and `>` likewise, and a joiner for every `&`, `<`,
    `@` and `]` that may need one.
    """
    plain = text.isascii()
    if (len(text) < _SHORT or not plain) and not _COUNTS_MORE.search(text):
        return len(text)
    units = len(text) if plain else len(text) + _in_two_units(text)
    count = text.count
    return units + 5 * count("&") + 4 * count("<") + 3 * count(">") + count("@") + count("]")


def _in_two_units(text: str) -> int:
    """How many characters of `text` take two UTF-16 units. It is told by their first bytes in
    UTF-8: lone surrogates, one unit each, are slow to encode otherwise."""
    return sum(map(text.encode("utf-8", "surrogatepass").count, _LEADS_OF_FOUR))


def most_within(text: str, room: int) -> int:
    """How many characters from the start of `text` weigh `room` at most; below 0: there is
    none."""
    if room < 0:
        return -1
    least, most = 0, min(len(text), room) + 1
    while most - least > 1:
        middle = (least + most) // 2
        weight = weigh(text[least:middle])
        if weight <= room:
            least, room = middle, room - weight
        else:
            most = middle
    return least
