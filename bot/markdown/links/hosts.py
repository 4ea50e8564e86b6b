"""Hosts: how one is written, which belong together, and which keep code and its documentation, with
how things there are named."""

from __future__ import annotations

import re
import socket
from functools import cache, lru_cache
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from bot.characters import latin, normalized
from bot.markdown.seen import UNSEEN

_SPECIAL = frozenset(
    ("example", "test", "invalid", "localhost", "local", "internal", "onion", "lan", "home", "corp")
)
"""Ends of names that no registry gives away, and that people take for addresses (RFC 6761)."""

_ONE_HOUSE = tuple(
    frozenset(names.split())
    for names in (
        "youtube.com youtu.be",
        "bbc.co.uk bbc.com",
        "twitter.com x.com",
        "facebook.com fb.com",
        "instagram.com instagr.am",
        "reddit.com redd.it",
        "telegram.org t.me telegram.me",
        "whatsapp.com wa.me",
        "discord.com discord.gg discordapp.com",
        "golang.org go.dev",
        "angular.io angular.dev",
        "reactjs.org react.dev",
        "theguardian.com guardian.co.uk",
        "openai.com chatgpt.com",
        "amazon.com amzn.to",
        "flickr.com flic.kr",
        "wordpress.com wp.me",
        "spotify.com spoti.fi",
        "travis-ci.org travis-ci.com",
    )
)
"""Names of one owner, as people know them, under which nobody else can put anything."""

_IN_HOUSES = frozenset().union(*_ONE_HOUSE)

_DOTS = dict.fromkeys(map(ord, "\u3002\uff0e\uff61\u2024\u00b7\u2027\u06d4\u0701\u0702\ua4f8"), ".")
_SHAPES = {
    first + number: chr(ord("a") + number)
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for number in range(26)
}
"""Letters on a dark ground and those of flags, which are letters to nobody but the eye."""

_AS_SEEN = _DOTS | _SHAPES | dict.fromkeys(map(ord, "\u2010\u2011\ufe63\uff0d"), "-")
_PORT = re.compile(r":[0-9]*\Z")
_CANONICAL = re.compile(r"(?:(?!xn--)[a-z][a-z0-9-]*+\.)*+(?!xn--)[a-z][a-z0-9-]*+")
"""What is a host as it is written, and no number."""

_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLAIN_ENDS = _words("""
    com org edu gov mil net biz
""")
"""What ends nothing but names of hosts, to anybody's mind."""

FILE_ENDS = _words("""
    as bz cc md mk ml mm mov pl pm ps py rs sc sh so st tf zip
""")
"""Ends of names of files that are those of hosts, too."""

THING_ENDS = FILE_ENDS | _words("""
    abc at be build by call cat data date do dot download env id in info io is it me my name
    nn no of open pi play print pub py read ren run save security select style to top us
    watch zone
""")
"""Ends of names of files and of names in code: of modules, of attributes and of functions."""

FILE_STEMS = _words("""
    main index readme changelog contributing license security setup install uninstall build
    test tests app lib mod config conf conftest utils util helpers manage run start server
    client models views urls settings wsgi asgi deploy bootstrap configure entrypoint
    makefile types variables outputs providers versions terraform backend data locals
""")
"""Files that are called so everywhere."""

_CODE = _words("""
    github.com githubusercontent.com gitlab.com bitbucket.org codeberg.org sr.ht
    sourceforge.net gitee.com huggingface.co crates.io rubygems.org
    packagist.org nuget.org hex.pm metacpan.org hackage.haskell.org pub.dev
    mvnrepository.com central.sonatype.com anaconda.org hub.docker.com jsr.io deno.land
    unpkg.com jsdelivr.net git.kernel.org googlesource.com elixir.bootlin.com
    sourcegraph.com salsa.debian.org gitlab.gnome.org gitlab.freedesktop.org invent.kde.org
    stackoverflow.com stackexchange.com superuser.com serverfault.com askubuntu.com
    readthedocs.io gitbook.io
""")
"""Anybody can keep something there."""

_DOCUMENTS = _words("""
    developer.mozilla.org docs.oracle.com docs.python.org learn.microsoft.com
    docs.microsoft.com dotnet.microsoft.com devblogs.microsoft.com pytorch.org
    tensorflow.org keras.io scipy.org numpy.org pandas.pydata.org docs.djangoproject.com
    scikit-learn.org matplotlib.org nodejs.org react.dev vuejs.org angular.dev angular.io
    svelte.dev kotlinlang.org rust-lang.org docs.rs go.dev golang.org pkg.go.dev
    ruby-doc.org ruby-lang.org php.net perldoc.perl.org cppreference.com cplusplus.com
    developer.apple.com developer.android.com developers.google.com cloud.google.com
    docs.aws.amazon.com docs.github.com docs.gitlab.com docs.docker.com kubernetes.io
    developer.hashicorp.com registry.terraform.io hexdocs.pm elixir-lang.org erlang.org
    clojuredocs.org clojure.org scala-lang.org docs.spring.io palletsprojects.com
    fastapi.tiangolo.com docs.pydantic.dev redis.io postgresql.org sqlite.org dev.mysql.com
    mongodb.com elastic.co jquery.com tc39.es w3.org whatwg.org rfc-editor.org ietf.org
    unicode.org gnu.org man7.org linux.die.net mathworks.com r-project.org
    rdocumentation.org julialang.org wikipedia.org w3schools.com geeksforgeeks.org
    realpython.com bun.sh deno.com nextjs.org docs.slack.dev api.slack.com docs.x.ai lua.org
    docs.unity3d.com docs.godotengine.org laravel.com symfony.com rubyonrails.org
    haskell.org ocaml.org swift.org dart.dev flutter.dev d3js.org threejs.org lodash.com
    expressjs.com socket.io playwright.dev jestjs.io vitest.dev eslint.org
    typescriptlang.org vite.dev tailwindcss.com opencv.org sympy.org docs.ansible.com
    nginx.org apache.org ziglang.org nim-lang.org crystal-lang.org docs.jax.dev
""")
"""Only those who publish them can put something there."""

_MOST_LABELS = 5
"""No place above has a name of more."""


def looks(text: str) -> str:
    """`text` in its plainest form: compatible letters, lower case, dots that are dots."""
    return text.lower() if text.isascii() else _looks(text)


@lru_cache(maxsize=1_024)
def _looks(text: str) -> str:
    plain = normalized(UNSEEN.sub("", text).translate(_AS_SEEN), "NFKC")
    return normalized(plain.lower(), "NFKC").translate(_AS_SEEN)


def canonical(authority: str) -> str:
    """The host in `authority`, as it can be compared; empty when there is none."""
    if _CANONICAL.fullmatch(authority):
        return authority
    return _canonical(authority)


@lru_cache(maxsize=1_024)
def _canonical(authority: str) -> str:
    host = looks(unquote(authority)).rpartition("@")[2]
    if host.startswith("["):
        return host.partition("]")[0].strip("[]")
    host = (_PORT.sub("", host) if ":" in host else host).rstrip(".")
    if host[:1].isdigit() and _NUMBER.fullmatch(host):
        return _as_numbers(host)
    return ".".join(map(_decoded, host.split("."))) if "xn--" in host else host


def is_end(label: str) -> bool:
    """Whether `label` ends names of hosts, or looks like one that does."""
    if label.isascii():
        return label in _SPECIAL or label in _ends()
    return _is_end(label) or _is_end(latin(label))


def is_shared(name: str, host: str) -> bool:
    """Whether `host`, which stands below `name`, belongs to others, as below `github.io`."""
    if _suffixes().is_public(name, accept_unknown=False):
        return True
    end = _suffixes().publicsuffix(host, accept_unknown=False) or ""
    return end.endswith(f".{name}")


@lru_cache(maxsize=1_024)
def of_one_house(name: str, host: str) -> bool:
    """Whether `host` is `name`, or a place of those who have `name`."""
    name, host = name.removeprefix("www."), host.removeprefix("www.")
    if name == host or (host.endswith(f".{name}") and not is_shared(name, host)):
        return True
    if not (_looks_owned(name) and _looks_owned(host)):
        return False
    owned = {_owned(name), _owned(host)}
    return any(owned <= house for house in _ONE_HOUSE)


def _looks_owned(host: str) -> bool:
    """Whether `host` ends like one of the names of a house."""
    labels = host.rsplit(".", 3)
    return ".".join(labels[-2:]) in _IN_HOUSES or ".".join(labels[-3:]) in _IN_HOUSES


def _owned(host: str) -> str:
    return _suffixes().privatesuffix(host) or host


def _is_end(label: str) -> bool:
    return label in _SPECIAL or label in _ends()


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _ends() -> frozenset[str]:
    """Top-level domains, in letters and in Punycode."""
    rules = _suffixes()._publicsuffix  # noqa: SLF001
    return frozenset(rule.lstrip("*!.") for rule in rules if "." not in rule.lstrip("*."))


def _as_numbers(host: str) -> str:
    """An IPv4 address of any notation in the usual one, as browsers read it."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return host


def _decoded(label: str) -> str:
    """One label of a host, with Punycode in letters."""
    if not label.startswith("xn--"):
        return label
    try:
        return looks(label[4:].encode("ascii").decode("punycode"))
    except UnicodeError:
        return label


def keeps_code(host: str) -> bool:
    """Whether anybody keeps code at `host`, or questions about it."""
    return _is_below(host, _CODE)


def keeps_documents(host: str) -> bool:
    """Whether `host` documents software, and nothing else."""
    return _is_below(host, _DOCUMENTS)


def _is_below(host: str, places: frozenset[str]) -> bool:
    at = len(host)
    for _ in range(_MOST_LABELS):
        at = host.rfind(".", 0, at)
        if host[at + 1 :] in places:
            return True
        if at < 0:
            return False
    return False
