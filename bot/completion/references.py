"""What an answer was found in: addresses that it cites, or that were seen, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict
from yarl import URL

from bot.words import search as words

LONGEST = 253
"""Characters of a name (RFC 1035)."""

MOST_LISTED = 10
MOST_REFERENCES = 200
"""So many are kept of one answer; a question that was searched for has some tens."""

LONGEST_ADDRESS = 1_000
"""In characters, as what makes links safe reads it (`bot.markdown.links.targets`)."""

_LONGEST_HOST = 40
_LONGEST_LABEL = 60
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_PORT = re.compile(r":[0-9]{1,5}\Z")
_POST = re.compile(r"(?:mobile\.)?(?:x|twitter)\.com/[^/]{1,60}/status/([0-9]{1,30})/?")
"""A post on X, whoever is named in its address: `i` stands for anybody."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9./~-]*")
_AS_IT_IS = "/:?#@!&'*+,;=~%._-()"
"""What is not encoded in an address that a link leads to. Parentheses that are not paired are."""


_LINK = re.compile(
    r"\[([a-z0-9.-]{1,60}) ([0-9]{1,4})\]\((https?://(?:[^\s()]|\([^\s()]{0,1000}\)){1,1000})\)"
)
"""One of `link_to`: what it is called, its number and its address."""


def in_ascii(host: str) -> str:
    """`host` in ASCII as browsers look it up (UTS #46, not transitional): `ß` stays a letter of its
    own, where Python's own codec makes another host of it. Raises `ValueError` for no name."""
    if len(host) > LONGEST:
        raise ValueError("too long")
    if host.isascii():
        return host.encode("idna").decode().lower()
    return URL.build(host=host).raw_host or ""


class Reference(BaseModel):
    """One address. `number` is that by which the text cites it; 0: the text does not, and `placed`
    says whether the API told for which part of the text it is."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    url: str
    number: int = 0
    placed: bool = False

    @property
    def cited(self) -> bool:
        """Whether some of the answer is from there."""
        return self.number > 0 or self.placed


class AnswerReferences:
    """Those of one answer, in whatever order they come."""

    def __init__(self) -> None:
        self._found: dict[str, Reference] = {}

    def add(self, references: Iterable[Reference]) -> None:
        """Take what has come; what is known already keeps its number."""
        for new in references:
            key = same(new.url)
            known = self._found.get(key)
            if known is None:
                if len(self._found) < MOST_REFERENCES:
                    self._found[key] = new
                continue
            if (new.number and not known.number) or (new.placed and not known.placed):
                update = {
                    "number": known.number or new.number,
                    "placed": known.placed or new.placed,
                }
                self._found[key] = known.model_copy(update=update)

    def listed(self) -> tuple[Reference, ...]:
        """All of them: first those that the text cites, by their numbers, then others that some of
        it is from, then what was only seen."""
        found = self._found.values()
        numbered = sorted((each for each in found if each.number), key=lambda each: each.number)
        placed = [each for each in found if each.placed and not each.number]
        return (*numbered, *placed, *(each for each in found if not each.cited))


class Numbers:
    """Gives each address that is cited its number, in the order in which they are; those in the
    text that an answer goes on with (`behind`) keep theirs."""

    def __init__(self, behind: str = "") -> None:
        self._known: dict[str, Reference] = {}
        self._last = 0
        for found in _LINK.finditer(behind):
            if is_label(found[1], found[3]):
                self._last = max(self._last, int(found[2]))
                reference = Reference(url=found[3], number=int(found[2]))
                self._known.setdefault(same(found[3]), reference)

    def of(self, url: str) -> Reference | None:
        """The reference of an address; None for one that nothing can be shown of."""
        if not host_of(url):
            return None
        known = self._known.get(same(url))
        if known is None:
            self._last += 1
            known = self._known[same(url)] = Reference(url=url, number=self._last)
        return known


def host_of(url: str) -> str:
    """The host of an address of the web, as it is shown; empty for any other, and for one that is
    written so that nobody sees where it leads."""
    plain = len(url) <= LONGEST_ADDRESS and url.isprintable() and " " not in url
    if not plain or not url.lower().startswith(("http://", "https://")):
        return ""
    host = _PORT.sub("", _authority(url))
    return host.removeprefix("www.") if _HOST.fullmatch(host) else ""


def _authority(url: str) -> str:
    """The host of an address with its port, in ASCII; empty when there is none."""
    try:
        host, colon, port = urlsplit(url).netloc.partition(":")
        return f"{in_ascii(host)}{colon}{port}"
    except ValueError:
        return ""


def same(url: str) -> str:
    """What two addresses have in common that lead to one place."""
    parts = urlsplit(url)
    host = _authority(url).removeprefix("www.")
    if post := _POST.fullmatch(f"{host}{parts.path}"):
        return f"post {post[1]}"
    return f"{host}{parts.path.rstrip('/')}?{parts.query}"


def link_to(reference: Reference) -> str:
    """The short link that stands in the text for a citation."""
    host = host_of(reference.url)
    return f"[{_short_host(host)} {reference.number}]({target(reference.url)})"


def is_label(label: str, url: str) -> bool:
    """Whether a link to `url` that is called so may be one of `link_to`."""
    return label == _short_host(host_of(url)) != ""


def target(url: str) -> str:
    """`url` as it may stand in a link of markdown."""
    scheme, _, rest = url.partition("://")
    rest = rest[len(urlsplit(url).netloc) :]
    kept = _AS_IT_IS if _is_paired(rest) else _AS_IT_IS.replace("()", "")
    return f"{scheme}://{_authority(url)}{quote(rest, safe=kept)}"


def listing(references: Sequence[Reference]) -> str:
    """The list below an answer, in markdown; empty where there is nothing to list."""
    cited = [each for each in references if each.cited]
    shown = (cited or references)[:MOST_LISTED]
    if not shown:
        return ""
    lines = [*_numbered(shown)] if cited else [f"- {_named(each)}" for each in shown]
    left = len(cited or references) - len(shown)
    head = words.SOURCES if cited else words.SEEN
    more = [f"\n{words.MORE_SOURCES(left)}"] if left else []
    return "\n".join([head, "", *lines, *more])


def _numbered(cited: Sequence[Reference]) -> Iterator[str]:
    """Each with its number: a list of markdown counts by itself, and so cannot leave one out."""
    last = max(each.number for each in cited)
    unnumbered = count(last + 1)
    numbers = [each.number or next(unnumbered) for each in cited]
    whole = numbers == [*range(1, len(cited) + 1)]
    for number, each in zip(numbers, cited, strict=True):
        yield f"{number}. {_named(each)}" if whole else f"- {number}: {_named(each)}"


def _named(reference: Reference) -> str:
    """A link that shows where it goes, as far as that is short and plain."""
    host = _short_host(host_of(reference.url))
    path = urlsplit(reference.url).path.rstrip("/")
    plain = _PLAIN_PATH.match(path)
    shown = f"{host}{plain[0] if plain else ''}"
    whole = len(shown) == len(host) + len(path)
    if len(shown) > _LONGEST_LABEL:
        shown, whole = shown[: _LONGEST_LABEL - 1], False
    return f"[{shown if whole else shown.rstrip('.-~/') + '…'}]({target(reference.url)})"


def _short_host(host: str) -> str:
    """A host as it is shown: the end of one that is long, which says whose it is."""
    if len(host) <= _LONGEST_HOST:
        return host
    end = host[-_LONGEST_HOST:].partition(".")[2]
    return end if "." in end else host


def _is_paired(url: str) -> bool:
    depth = 0
    for char in url:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0
