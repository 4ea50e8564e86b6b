"""Links that name another place than they lead to, in many forms, and links that do not."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from tests.markdown.commonmark import Link, links, plain

DISGUISED = [
    "[v1.2 moc.knab\u202e](https://evil.example) [x.com](https://x.com)",
    "[https:\u2044\u2044bank.com\u2044login](https://evil.example)",
    "[bank.example\u00b9](https://evil.example)",
    "[bank.com\u2122](https://evil.example)",
    "[::1](http://evil.example)",
    "[localhost:3000](http://evil.example)",
    "[bank.de](https://github.com/evil/x)",
    "[bank.com](https://github.com/evil/bank.com)",
    "[bank.io](https://evil.example/bank.io)",
    "[bank.com](https://xn--bnk-5cd.com)",
    "[https://bank.example](data:text/html,x)",
    "[[bank.example]](https://evil.example)",
    "[bank.example](https://evil.example (t))",
    "[bank\U000e0062.example](https://evil.example)",
    "[\u201cbank.example\u201d](https://evil.example)",
    "[ann@bank.example](https://evil.example)",
    "[192.168.1.1/admin](http://evil.example)",
    "[a b]: https://evil.example\n\n[bank.com][A\nB]",
    "<https://bank.example:pw@evil.example/>",
    "<HTTPS://bank.example@evil.example>",
    "[bank.example](https\\://evil.example)",
    "[bank.example](https&#58;//evil.example)",
    "[bank.example](https&colon;//evil.example)",
    "[bank.example](//evil.example)",
    '[bank.example](<https://evil.example> "t")',
    "[bank.example](https://evil.example 'bank.example')",
    "[bank&#46;example](https://evil.example)",
    "[bank&period;example](https://evil.example)",
    "[bank\\.example](https://evil.example)",
    "[**bank**.example](https://evil.example)",
    "[bank.example][1]\n\n[1]: https://evil.example",
    "[bank.example]\n\n[bank.example]: https://evil.example",
    "[Bank.Example][]\n\n[bank.EXAMPLE]: <https://evil.example>",
    "[x [y] bank.example](https://evil.example)",
    "[![bank.example](https://x.com/i.png)](https://evil.example)",
    "![bank.example](https://evil.example/i.png)",
    "[bank\ufe0e.example](https://evil.example)",
    "[bank\u2066.\u2069example](https://evil.example)",
    "[bank\u200d.example](https://evil.example)",
    "[ba&shy;nk.example](https://evil.example)",
    "[bank.pl](https://evil.example)",
    "[bank.rs](https://evil.example/bank.rs)",
    "[bank.zip](https://evil.example)",
    "[bank.cloud](https://evil.example)",
    "[bank.рф](https://evil.example)",
    "[bank.中国](https://evil.example)",
    "[bаnk.com](https://bank.com)",
    "[bank.соm](https://evil.example)",
    "[bank。com](https://evil.example)",
    "[bank．com](https://evil.example)",
    "[ｂａｎｋ.com](https://evil.example)",
    "[10.0.0.1](https://evil.example)",
    "[http://2130706433](https://evil.example)",
    "[http://0x7f000001](https://evil.example)",
    "[https://bank.example@evil.example](https://evil.example)",
    "[bank.example](https://bank.example@evil.example)",
    "<https://bank.example@evil.example>",
    "<https://evil.example|bank.example>",
    "&lt;https://evil.example|bank.example&gt;",
    "&lt;https&colon;//evil.example&vert;bank.example&gt;",
    "[bank.example](https:evil.example)",
    "[bank.example](https:/evil.example)",
    "[bank.example](https:\\\\evil.example)",
    "[bank.example](htt&Tab;ps://evil.example)",
    "[github.io](https://evil.github.io)",
    "[bank.example](\n  https://evil.example)",
    "[bank.example <https://x]> ](https://evil.example)",
    "[bank.example <https://x[> click](https://evil.example)",
    "[bank.example `]` click](https://evil.example)",
    "[bank.example `[` click](https://evil.example)",
    "[x [bank.example](https://evil.example)](https://bank.example)",
    "[bank.example](ftp://evil.example)",
    "[bank.example](javascript:alert(1))",
    "[ann@bank.example](mailto:ann@evil.example)",
    "[詳見bank.com网站](https://evil.example)",
    "[bank.com/login.html](https://evil.example)",
    "[bank.com, your bank](https://evil.example)",
    "[bank&ZeroWidthSpace;.example]\n\n[BANK&zerowidthspace;.example]: https://evil.example",
    "[x&period;com]\n\n[x&PERIOD;com]: https://evil.example",
    "[https://bank.com](https://bank.com.evil.example)",
    "[bank.com](https://bank.com\\@evil.example/)",
    "[bank.com](https://bank.com&#64;evil.example/)",
    "[bank.com](https://%65vil.example)",
    "[moc.knab\u202e](https://evil.example)",
    "[bank<b></b>.com](https://evil.example)",
    "[bank.com-login](https://evil.example)",
    "> [bank.example\n> ](https://evil.example)",
    "- [bank.example](\n  https://evil.example)",
    "| a | b |\n|--|--|\n| [bank.example](https://evil.example) | x |",
    "# [bank.example](https://evil.example)",
    '[bank.example]&#40;https://evil.example)\n[bank.com]: https://evil.example "x"\n\n[BANK.COM]',
    "[2001:db8:0:0::1](https://evil.example)",
    "[https://[2001:db8::1]/](https://evil.example)",
    "[bank.xn--p1ai](https://evil.example)",
    "[bank.example](https://evil.example#bank.example)",
    "[bank.example](https://user:pw@evil.example:443/)",
    "[https://bank.example:443](https://evil.example:443)",
    "[bank.example.](https://evil.example)",
    "[bank.example](HTTPS://EVIL.EXAMPLE)",
    "[bank.example\u2192](https://evil.example)",
    "[bank.example\u203alogin](https://evil.example)",
    "[bank.de\u2014login](https://evil.example)",
    "[bank.com\u2011login](https://evil.example)",
    "[\u27e8bank.de\u27e9](https://evil.example)",
    "[\u2032bank.de\u2032](https://evil.example)",
    "[bank.de\U0001f512](https://evil.example)",
    "[bank.de\u2460](https://evil.example)",
    "[bank\u2460.de](https://evil.example)",
    "[bank\u200a.de](https://evil.example)",
    "[bank.\u202f\u2009de](https://evil.example)",
    "[bank.de~login](https://evil.example)",
    "[bank.de*login](https://evil.example)",
    "[bank.de**login**](https://evil.example)",
    "[bank.de`login`](https://evil.example)",
    "[\U0001f171\U0001f170\U0001f17d\U0001f17a.\U0001f172\U0001f17e\U0001f17c](https://evil.example)",
    "[bank.\U0001f1e9\U0001f1ea](https://evil.example)",
    "[\u24d1\u24d0\u24dd\u24da.\u24d3\u24d4](https://evil.example)",
    "[amazonaws.com](https://evil.s3.amazonaws.com)",
    "[bank.de](evil%2Eexample)",
    "<https://bank.example%2F@evil.example/x>",
    "<https://bank.example%2Flogin%3F@evil.example/x>",
    "<http:\\\\bank.example@evil.example>",
    "<http:bank.example@evil.example>",
    "[1]: https://evil.example\n\n[bank.example](<[1]",
    "[1]: https://evil.example\n\nsee [bank.example](x y[1] or not",
    "[bank.example](<[1] now\n\n[1]: https://evil.example",
    "[https!://bank.zip/login](https://evil.example)",
    "[x&lbrack;://bank.zip](https://evil.example)",
    "[log in: x//bank.zip](https://evil.example)",
    "[http&lbrack;s&rbrack;://bank.zip/login](https://evil.example)",
    "[![bank.example](a]b)](https://evil.example)",
    "[![bank.example](a[b)](https://evil.example)",
    '[![bank.example](a "]")](https://evil.example)',
    "[bank.example ![a](b '](c')](https://evil.example)",
    "[bank.example ![a](b (x]y))](https://evil.example)",
    "[bank.example ![a](\nb]c\n)](https://evil.example)",
    "[bank.example ![a](b](c))](https://evil.example)",
    "[bank.example ![a](((b]c)))](https://evil.example)",
    "[bank.example ![a ![q](w]e)](b]c)](https://evil.example)",
    "[![a](b]c) bank.example][r]\n\n[r]: https://evil.example",
    "![bank.example ![a](b]c)](https://evil.example)",
    '[bank.example ![a](b ")]")](https://evil.example)',
    "[bank.example ![a](b\\)]c)](https://evil.example)",
]

HONEST = [
    "See example.com: [a](https://x.com?c[]=1) and [b](https://x.com/a(b)[c]) or [c](https://x.com)",
    'From example.com: ![a](https://x.com/i.png "[old]") [b](https://x.com "by [Ann](x)") [c](x)',
    "At bank.com [a](b [c] d) was [x](https://x.com)",
    "[java.net](https://docs.oracle.com/javase/8/docs/api/java/net/package-summary.html)",
    "[System.Net](https://learn.microsoft.com/dotnet/api/system.net)",
    "[Booking.com in short](https://en.wikipedia.org/wiki/Booking.com)",
    "[example.com \u2192](https://example.com) [Example.com\u2014the site](https://example.com)",
    "[\U0001f4d8example.com](https://docs.example.com) [my\u2011site.com](https://my-site.com)",
    "[\U0001f1e9\U0001f1ea Deutschland.de](https://deutschland.de) [a*b.c](https://x.com)",
    "[azure.com](https://portal.azure.com) [amazonaws.com](https://docs.amazonaws.com)",
    "<https://user@example.com/> <ssh://git@github.com/o/r> <https://medium.com/@o/a.de>",
    "<https://maps.example/@52.5,13.4,12z> <mailto:ann@bank.de> <ann@bank.de>",
    "[10.5281/zenodo.1234](https://doi.org/10.5281/zenodo.1234) [3.14](https://x.com)",
    "[java.util.List](https://docs.oracle.com/x) [module.exports](https://nodejs.org)",
    "[np.dot](https://numpy.org/doc/stable/reference/generated/numpy.dot.html)",
    "[fs.watch](https://nodejs.org/api/fs.html#fswatch) [a.zip](https://github.com/o/r/a.zip)",
    "[https://example.com/a(b)](https://example.com/a(b)) [o/r#12](https://github.com/o/r/pull/12)",
    "[docs](docs/README.md) [main.rs](src/main.rs) [ReadMe.md](https://x.com/ReadMe.md)",
    "[index.html](https://x.com/index.html) [Dr.Who](https://x.com) [\u00a7 1.2.3](https://x.com)",
    "[torch.nn](https://pytorch.org/docs/stable/nn.html)",
    "[Object.is()](https://developer.mozilla.org/...)",
    "[java.io](https://docs.oracle.com/...)",
    "[System.IO](https://learn.microsoft.com/...)",
    "[scipy.io](https://docs.scipy.org/...)",
    "[django.db](https://docs.djangoproject.com/...)",
    "[Math.PI](https://developer.mozilla.org/x)",
    "[ASP.NET Core docs](https://learn.microsoft.com/aspnet/core)",
    "[main.go](https://github.com/o/r/blob/main/main.go)",
    "[Program.cs](https://github.com/o/r/Program.cs)",
    "[main.tf](https://x.example/main.tf)",
    "[app.ex](https://x.example)",
    "[Amazon.com, Inc.](https://www.sec.gov/...)",
    "[youtube.com](https://youtu.be/abc)",
    "[bbc.co.uk](https://www.bbc.com/news)",
    "[Node.js](https://nodejs.org)",
    "[README.md](https://git.corp.example/r/README.md)",
    "[e.g. this](https://x.com)",
    "[v1.2.3](https://x.com)",
    "[example.com/docs](https://www.example.com/docs)",
    "[the Example.com site](https://example.com)",
    "[github.com][1]\n\n[1]: https://github.com/a\n[example.com]: https://example.com/x",
    "[![build](https://img.example/badge/v/foo)](https://host.example/package/foo)",
    "[main.rs](https://codeberg.org/o/r/src/branch/main/src/main.rs)",
    "[asyncio.run](https://docs.python.org/3/library/asyncio-runner.html#asyncio.run)",
    "[`logging.info`](https://docs.python.org/3/library/logging.html#logging.info)",
    "[src/app.py](https://git.corp.example/x/src/app.py)",
    "[访问example.com网站](https://example.com)",
    "[日本語.jp](https://日本語.jp/x)",
    "[日本語.jp](https://xn--wgv71a119e.jp/x)",
    "[https://github.com/o/r/blob/main/main.rs](https://github.com/o/r/blob/main/main.rs)",
    "[ann@example.com](mailto:ann@example.com)",
    "[socket.io](https://socket.io/docs)",
    "[127.0.0.1:8080](http://127.0.0.1:8080/x)",
    "[Wikipedia (wikipedia.org)](https://en.wikipedia.org/wiki/TCP_(x))",
    "[lib.rs](https://github.com/o/r/blob/main/src/lib.rs#L1-L20)",
    "[foo_bar.py](https://git.corp.example/foo_bar.py)",
    "<https://example.com/x> https://example.com",
    "[install.sh](https://get.docker.example/install.sh)",
    "[etc...so on](https://x.com)",
    "[bank.pl](https://github.com/o/r/blob/main/bank.pl)",
    "[RFC 9110, sec. 5.1](https://www.rfc-editor.org/rfc/rfc9110)",
    "[U.S. economy](https://x.com) [Ph.D. in CS](https://x.com) [No. 5](https://x.com) [$1.5M](https://x.com)",
    "[1.2.3.4](https://github.com/o/r/releases/tag/1.2.3.4)",
    "[Chrome 126.0.6478.126](https://x.com)",
    "[Inc.com](https://inc.com)",
]

_NAMED = re.compile(r"(?<![\w.-])(bank\.(?:example|com|pl|cloud|zip)|10\.0\.0\.1)(?![\w-])")

_INVISIBLE = ("\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\u2066", "\ufe0f", "\ufeff")
_DOTS = (".", ".", "\\.", "&#46;", "&#x2e;", "&period;", "\u3002", "\uff0e", "\uff61")
_HTTP = (
    *("https://", "http://", "https\\://", "https&#58;//", "https&colon;//", "//", "HTTPS://"),
    *("https:&sol;/", "h&#116;tps://", "https://me@", "https://bank.example@", "ftp://"),
)

Chance = random.Random


def hides(markdown: str) -> bool:
    """Whether any reader sees a link that names one of the banks and leads elsewhere."""
    return any(map(_hides, links(markdown)))


def _hides(link: Link) -> bool:
    if not link.host:
        return False
    looks = link.looks
    if looks == plain(unquote(link.href)):
        looks = re.split(r"[/?#]", looks.partition("://")[2], maxsplit=1)[0]
    named = _NAMED.findall(looks)
    return any(link.host != name and not link.host.endswith(f".{name}") for name in named)


def disguise(chance: Chance) -> str:
    """A link that names a bank and leads to `evil.example`, somewhere in a text."""
    name = chance.choice(("bank.example", "bank.com", "bank.pl", "bank.cloud", "bank.zip"))
    label = chance.choice(("{}", "see {} now", "https://{}/login", "**{}**", "`{}`", "{}:443"))
    label = label.format(_spelled(chance, name))
    target = chance.choice(_HTTP) + chance.choice(
        ("evil.example", "evil\\.example", "evil.example.")
    )
    target += chance.choice(("", "/x", "?q=bank.example", "#bank.example", "/main.go", ":8080/"))
    link = chance.choice(_FORMS)(label, target)
    return chance.choice(_AROUND).format(link)


def _spelled(chance: Chance, name: str) -> str:
    return "".join(_letter(chance, char) for char in name)


def _letter(chance: Chance, char: str) -> str:
    if char == ".":
        char = chance.choice(_DOTS)
    elif chance.random() < 0.15:
        wide = chr(ord(char) + 0xFEE0)
        char = chance.choice(
            (f"&#{ord(char)};", f"&#x{ord(char):X};", wide, f"*{char}*", char.upper())
        )
    return char + (chance.choice(_INVISIBLE) if chance.random() < 0.1 else "")


_Form = Callable[[str, str], str]
_FORMS: Sequence[_Form] = (
    lambda label, target: f"[{label}]({target})",
    lambda label, target: f"[{label}](<{target}>)",
    lambda label, target: f'[{label}]({target} "bank.example")',
    lambda label, target: f"[{label}](\n  {target}\n  'title')",
    lambda label, target: f"![{label}]({target})",
    lambda label, target: f"[![{label}](https://ok.example/i.png)]({target})",
    lambda label, target: f"[![{label}](i]j)]({target})",
    lambda label, target: f"[{label} ![a](i[j 'k')]({target})",
    lambda label, target: f'[![a](i (b]c)) {label}]({target} "t")',
    lambda label, target: f"[a [b] {label}]({target})",
    lambda label, target: f"[a `]` {label}]({target})",
    lambda label, target: f"[{label} `[` b]({target})",
    lambda label, target: f"[{label} \\] b]({target})",
    lambda label, target: f"[{label} <https://ok.example/]> b]({target})",
    lambda label, target: f"[{label}][one]\n\n[ONE]: {target}\n",
    lambda label, target: f"[one]: <{target}> 'title'\n\n[{label}][ One ]\n",
    lambda label, target: f"[{label}][]\n\n[{label}]:\n{target}\n",
    lambda label, target: f"[{label}]: {target}\n\nSee [{label}].\n",
    lambda label, target: f"> [{label}]: {target}\n\nSee [{label}].\n",
    lambda label, target: f"[x](https://ok.example) [{label}]({target})",
    lambda label, target: f"[x [{label}]({target})](https://ok.example)",
)
_AROUND = (
    "{}",
    "some words {} and more",
    "- an item\n- {}",
    "> {}",
    "# {}",
    "| a | b |\n|---|---|\n| {} | c |",
    "`code` {} `code`",
    "```\ncode\n```\n{}\n```\ncode\n```",
    "a ` b {}",
    "(see {})",
    "1. one\n\n   {}",
    "<div>\n\n{}\n\n</div>",
)

_SCRAPS = (
    *("[", "]", "(", ")", "![", "](", "][", "]:", "<", ">", "|", "\\", '"', "'", "*", "_", " "),
    *("`", "``", "```", "~~~", "\n", "\n\n", "\n```\n", "\n~~~\n", "   ```py\n", "\t", "    "),
    *("> ", "- ", "1. ", "# ", "---\n", "===\n", "\n- ", "\n> ", "\n\n    ", "word "),
    *("| a | b |\n|--|--|\n", '<b title="', '">', "<!--", "-->", "<div>\n", "</div>", "<pre>\n"),
    *("&#91;", "&#93;", "&lt;", "bank.example", "evil.example", "[x](https://ok.example)"),
    *("[bank.example]", "(https://evil.example)", "](https://evil.example)", "[x][1]", "[1]"),
    *("[bank.example](https://evil.example)", "[1]: https://evil.example\n", "[a`b]", "(<"),
    *("[bank.example]: https://evil.example\n", "\n[1]: <https://evil.example>\n", "<a@b`c>"),
    *("[bank.example][1]", "[1][]", "[bank.example][]", "<https://x`y>", '"t`t"', "</pre>\n"),
    *("![a](b]c)", "![a](b[c", "![", " ']'", ' "[")', " (]))", "![x](y(z]", "\\)", "(("),
    *("<https://evil.example>", "<https://bank.example@evil.example>"),
)


def scraps(chance: Chance, *more: str) -> str:
    """What makes and breaks links and code, in any order."""
    return "".join(chance.choices((*_SCRAPS, *more), k=chance.randint(2, 16)))
