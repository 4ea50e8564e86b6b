"""What a text seems to name as the place where a link leads.

A place is named by an address, or by a bare name of a host whose end a registry gives away. Names
of files and in code look like that too (`main.rs`, `java.io`): what they are is told by where the
link leads (`targets`).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from ipaddress import AddressValueError, IPv6Address
from itertools import accumulate, islice
from typing import NamedTuple
from urllib.parse import unquote

from bot.markdown.links.hosts import PLAIN_ENDS, THING_ENDS, canonical, is_end, looks
from bot.markdown.seen import Seen, without_markup

SHORT_LABEL, _MOST_LABELS = 200, 2_048
"""What is named in labels of so many characters is remembered, of so many of them."""

_MANY_SIGNS = 16
"""So many are taken for spaces one after the other."""

_SPACES = r"\s\]()<>{}|\"'`,;!“”‘’«»（）「」『』【】、，；：！？…⁄∕⧸╱"
_SEPARATORS = rf"\[{_SPACES}"
_IPV6 = r"\[[0-9A-Fa-f:.]{2,45}\]"
_ADDRESS_IN_TEXT = (
    rf"(?:[A-Za-z][A-Za-z0-9+.\-]{{0,31}}+:[/\\]|[/\\]{{2}})[/\\]*(?:{_IPV6})?"
    rf"[^\s<>\[\]()]*+(?:\([^\s<>\[\]()]*+\)[^\s<>\[\]()]*+)*+"
)
_BEHIND_MARK = r"(?:(?<=\.)(?:[A-Za-z]{2}|[0-9])|(?<=[Ww]{3}\.)|(?<=(?i:localhost):))"
_LETTERS = r"[\x00-\x08\x0e-\x1b#-&*+\-/-9=?-Z\\^-_a-z~\x7f]*+"
"""ASCII that separates nothing. A class that leaves out the rest of Unicode takes a millisecond to
compile, each time that it stands in a pattern."""

_NAMING = (
    rf"(?={_LETTERS}(?:[.:](?!{_BEHIND_MARK}){_LETTERS})*+[^{_SEPARATORS}]"
    rf"|(?:[0-9A-Fa-f.]*+:){{2}}[0-9A-Fa-f:.]*+(?:%|[{_SEPARATORS}]|\Z))[^{_SEPARATORS}]++"
)
"""What separators stand around, if there may be a name in it: the end of one stands behind a dot,
and has two letters at least."""

_MAY_NAME = rf"{_ADDRESS_IN_TEXT}|{_IPV6}(?=[:/\s]|\Z)|{_NAMING}"
_CHUNK = re.compile(
    rf"(?:[{_SPACES}]++|(?!{_MAY_NAME})(?:[^{_SEPARATORS}]++|\[))*+(?:({_MAY_NAME})|\Z)"
)
_DOTTED = (
    "\u00b7\u013f\u0140\u0387\u06d4\u0701\u0702\u2024-\u2027\u2488-\u249b\u3002\u33c2\u33c7\u33d8"
    "\ua4f8\ufe12\ufe19\ufe30\ufe52\uff0e\uff61\U0001f100"
)
"""What looks like a dot, or holds one."""

_DOT = re.compile(f"[.{_DOTTED}]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9.-]+")

_SCHEME = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.\-]{0,31}):)?[/\\]+")
AUTHORITY = re.compile(r"[^/\\?#]*")
_USER_PART = re.compile(r"[^/\\?#&=@:%+~$*^\s]+")
_SEGMENT = re.compile(r"[^/\\?#&=@:%+~$*^]+")
_LEAST_COLONS = 3
"""In an IPv6 address that leaves no zeros out."""

_EDGES = f"{string.punctuation}…·"
_RAISED = "™℠"
_WORDS = ("L", "M", "N")
_WITHIN_WORDS = re.compile(r"[*~`](?<=[^\s*~`].)[*~`]*+(?=[^\s*~`])")
_BETWEEN_LABELS = "\n<\n"
"""Ends whatever a label may leave open, where several are read together."""

_MANY_DOTS = re.compile(r"\.{2,}")
_HYPHEN = re.compile(r"[-_]")
_CALL = re.compile(r"\([^\s)]*+\)")
_COMPANY = re.compile(r",?\s+(?:Inc|Ltd|Limited|LLC|Corp|Corporation|plc|PLC|GmbH|AG)\b")
_EXPLAINED = re.compile(f"{_CALL.pattern}|{_COMPANY.pattern}")
"""What stands behind a name that is none of a place."""

_LOOKED_BEHIND = 200
_OWN_WORDS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Scripts that put no space between words: an address may stand in the midst of them."""

_TURNED = re.compile("[\u202b\u202e\u2067]")
"""What lets the letters behind it be read from the right."""


class Name(NamedTuple):
    """What seems to name a place: the hosts that it can be read as, the usual reading first."""

    at: int
    hosts: tuple[str, ...]
    shown: str
    sure: bool = True
    """Nothing but a place is written so."""
    mail: bool = False
    """The host of an address of mail."""


_new = tuple.__new__
"""Makes a `Name` at once: there may be thousands in a text."""


def names_in(label: str, begin: int = 0) -> Iterator[Name]:
    """What `label` names, or seems to, in the order of its text, which begins at `begin`."""
    if not may_name(label):
        return
    found = _NAMED.get(label)
    if found is None:
        found = _remembered(label, tuple(_found(label)))
    for at, hosts, shown, sure, mail in found:
        yield _new(Name, (begin + at, hosts, shown, sure, mail))


def names_of_all(labels: Iterable[tuple[int, str]], most: int | None = None) -> Iterator[Name]:
    """The same of all `labels`, each with the place where it begins, in any order; those that are
    not known are read together. Where there are more than `most`, the first so many are among
    them."""
    unknown: list[tuple[int, str]] = []
    for begin, label in labels:
        if label in _NAMED or (not label.isascii() and _TURNED.search(label)):
            yield from names_in(label, begin)
        elif may_name(label):
            unknown.append((begin, label))
    if unknown:
        for (begin, label), names in zip(unknown, _found_in_all(unknown, most), strict=True):
            for at, *rest in names if most else _remembered(label, names):
                yield _new(Name, (begin + at, *rest))


_NAMED: dict[str, tuple[Name, ...]] = {}
"""What is named in labels that were read."""


def _remembered(label: str, names: tuple[Name, ...]) -> tuple[Name, ...]:
    if len(label) <= SHORT_LABEL:
        if len(_NAMED) == _MOST_LABELS:
            _NAMED.clear()
        _NAMED[label] = names
    return names


def _found_in_all(
    labels: Sequence[tuple[int, str]], most: int | None
) -> Iterator[tuple[Name, ...]]:
    """What is found in each of `labels`, in none of which letters are turned; no more than `most`
    as they look in each way."""
    texts = [label for _, label in labels]
    named: list[list[Name]] = [[] for _ in texts]
    marked = [number for number, text in enumerate(texts) if _WITHIN_WORDS.search(text)]
    for numbers, looks_like in ((range(len(texts)), without_markup), (marked, _with_words_apart)):
        seen = looks_like(_BETWEEN_LABELS.join(texts[number] for number in numbers))
        sizes = (len(texts[number]) + len(_BETWEEN_LABELS) for number in numbers)
        begins = [0, *accumulate(sizes)]
        which = 0
        for place, name in islice(_names(seen.text), most):
            at = seen.written(place)
            while at >= begins[which + 1]:
                which += 1
            named[numbers[which]].append(_new(Name, (at - begins[which], *name[1:])))
    return map(tuple, named)


def may_name(label: str) -> bool:
    """Whether there may be a name in `label`; what holds none has none in any part of it."""
    if "." in label or "&" in label or "//" in label:
        return True
    if ":" in label:
        several = "::" in label or label.count(":") >= _LEAST_COLONS or "\\\\" in label
        return several or not label.isascii() or "localhost:" in label.lower()
    return not label.isascii() and _DOT.search(label) is not None


def _found(label: str) -> Iterator[Name]:
    if _PLAIN_NAME.fullmatch(label):
        if name := _name(label, 0, label, ""):
            yield name
        return
    seen = without_markup(label)
    for at, name in _names(seen.text):
        yield _new(Name, (seen.written(at), *name[1:]))
    if _WITHIN_WORDS.search(label):
        apart = _with_words_apart(label)
        for at, name in _names(apart.text):
            yield _new(Name, (apart.written(at), *name[1:]))
    if not label.isascii() and _TURNED.search(label):
        for _, name in _names(seen.text[::-1]):
            yield name._replace(at=0)


def _with_words_apart(label: str) -> Seen:
    """`label` as it looks where marks within words are no markup: they are seen, and end what
    stands before them."""
    return without_markup(_WITHIN_WORDS.sub(lambda marks: " " * len(marks[0]), label))


def _without_signs(text: str) -> str:
    """`text` with a space for each character that `_is_sign`."""
    chars = set(text)
    signs = {char for char in chars if char > "\x7f" and _is_sign(char)}
    if len(signs) > _MANY_SIGNS:
        return text.translate({ord(char): " " if char in signs else char for char in chars})
    for sign in signs:
        text = text.replace(sign, " ")
    return text


def _names(text: str) -> Iterator[tuple[int, Name]]:
    """What `text` names, and where, from the front to the back."""
    if not text.isascii():
        text = _without_signs(text)
    for found in _CHUNK.finditer(text):
        start, end = found.span(1)
        if start == end:
            break
        chunk = text[start:end]
        if _EXPLAINED.match(text, end, end + _LOOKED_BEHIND) or len(chunk) > SHORT_LABEL:
            for name in _in_chunk(text, start, chunk):
                yield name[0], name
        else:
            for name in _in_chunk_alone(chunk):
                yield start + name[0], name


@lru_cache(maxsize=4_096)
def _in_chunk_alone(chunk: str) -> tuple[Name, ...]:
    return tuple(_in_chunk(chunk, 0, chunk))


def _in_chunk(text: str, start: int, chunk: str) -> Iterator[Name]:
    if not ("." in chunk or ":" in chunk or "//" in chunk or _DOT.search(chunk)):
        return
    if _PLAIN_NAME.fullmatch(chunk):
        if name := _name(text, start, chunk, ""):
            yield name
        return
    scheme = _SCHEME.match(chunk)
    if scheme and (scheme[1] or len(scheme[0]) > 1):
        yield from _in_address(start, chunk, scheme.end())
    elif (chunk.count(":") >= _LEAST_COLONS or chunk.startswith("::")) and (six := _ipv6(chunk)):
        yield Name(start, (six,), chunk)
    else:
        yield from _in_segments(text, start, chunk)


def _in_address(start: int, chunk: str, begin: int) -> Iterator[Name]:
    authority = AUTHORITY.match(chunk, begin)
    written = authority[0] if authority else ""
    *user, last = written.split("@")
    for part in _USER_PART.findall(unquote("@".join(user))) if user else ():
        if host := host_named_by(part):
            yield Name(start, (host,), part)
    if host := canonical(last):
        yield Name(start, (host, *_inner(last)), written)


def _in_segments(text: str, start: int, chunk: str) -> Iterator[Name]:
    for segment in _SEGMENT.finditer(chunk):
        begin, end = segment.span()
        written, after = segment[0], chunk[end : end + 1]
        if after == ":" and looks(written) == "localhost":
            yield Name(start, ("localhost",), written)
        if not _DOT.search(written):
            continue
        if name := _name(text, start + begin, written, chunk[max(begin - 2, 0) : begin]):
            yield name
            if after in ("/", "\\", "?", "#"):
                return


def _name(text: str, at: int, written: str, before: str) -> Name | None:
    host = host_named_by(written)
    inner = () if written.isascii() else _inner(written)
    hosts = (*filter(None, (host,)), *inner)
    if not hosts:
        return None
    if before[-1:] == "@":
        return Name(at, hosts, written, mail=True)
    following = text[at + len(written) : at + len(written) + _LOOKED_BEHIND]
    if written[:1].isupper() and _COMPANY.match(following):
        return None
    end = hosts[0].rpartition(".")[2]
    within_path = before[-1:] in ("/", "\\") and before.replace("\\", "/") != "//"
    if end in THING_ENDS and (within_path or _CALL.match(following)):
        return None
    sure = end in PLAIN_ENDS and not is_dot_net(written)
    return Name(at, hosts, written.strip(_EDGES), sure=sure)


def is_dot_net(written: str) -> bool:
    """Whether it is named as Microsoft names its own, `ASP.NET`."""
    return written.endswith(".NET") and not written.startswith("www.")


def host_named_by(written: str) -> str | None:
    """The host that `written` is, or looks like to a person."""
    plain = written.lower() if written.isascii() else looks(_without_notes(written))
    if ".." not in plain:
        return _host_in(plain) if "." in plain else None
    return next(filter(None, map(_host_in, _MANY_DOTS.split(plain))), None)


def _host_in(plain: str) -> str | None:
    """The same of what holds no two dots beside each other."""
    bare = plain.strip(_EDGES)
    stem, dot, end = bare.rpartition(".")
    if not dot:
        return None
    if is_end(end) or bare.startswith("www.") or (end.isdecimal() and _is_ipv4(bare)):
        return canonical(bare)
    plain_end = _HYPHEN.split(end, maxsplit=1)[0]
    if plain_end != end and plain_end in PLAIN_ENDS:
        return canonical(f"{stem}.{plain_end}")
    return None


def _without_notes(written: str) -> str:
    """`written` without raised or circled numbers and marks of trade behind it."""
    end = len(written)
    while end and _is_note(written[end - 1]):
        end -= 1
    return written[:end]


def _is_note(char: str) -> bool:
    return char in _RAISED or unicodedata.category(char) == "No"


@lru_cache(maxsize=4_096)
def _is_sign(char: str) -> bool:
    """Whether `char` is neither a letter nor a number, nor looks like one or like a dot: what
    separates words, such as a dash, an arrow or an emoji."""
    plain = looks(char)
    if not plain or plain == "." or char in _RAISED or plain == "-":
        return False
    return unicodedata.category(plain[0])[0] not in _WORDS


def _inner(written: str) -> Iterator[str]:
    """Hosts in the midst of words that are written without spaces."""
    plain = looks(written)
    if not plain.isascii() and _between_words().search(plain):
        yield from filter(None, map(host_named_by, _between_words().split(plain)))


@cache
def _between_words() -> re.Pattern[str]:
    return re.compile(f"[{_OWN_WORDS}]+")


def _is_ipv4(plain: str) -> bool:
    numbers = plain.split(".")
    return len(numbers) == 4 and all(n.isdecimal() and len(n) < 4 and int(n) < 256 for n in numbers)


def _ipv6(chunk: str) -> str | None:
    try:
        return str(IPv6Address(chunk.strip("[].")))
    except AddressValueError:
        return None
