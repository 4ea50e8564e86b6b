"""Spoils payloads: their structure, how they are written down, and how they are sent."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.workspace.delivering.http_delivery import sign
from tests.fuzz.payloads import CANARY, Json, Kind, payload

_NASTY: tuple[Callable[[random.Random], Any], ...] = (
    lambda _: None,
    lambda _: True,
    lambda _: 0,
    lambda _: -1,
    lambda _: 1.5,
    lambda _: 2**63,
    lambda _: 10**400,
    lambda _: "",
    lambda _: [],
    lambda _: {},
    lambda _: [[]],
    lambda _: {"id": {"id": {}}},
    lambda _: {"": None},
    lambda _: [None, 1, "a", {}],
    lambda _: "\ud800",
    lambda _: "a\udfff\ud800b",
    lambda _: "\x00",
    lambda _: f"{CANARY}\x00\x1b[31m\r\n\u2028",
    lambda _: "\u202e\u200b\ufeff😀e\u0301",
    lambda _: "<!channel> <@U1> {0} %s ${x} {{y}}",
    lambda _: "../../../etc/passwd",
    lambda _: "1e999",
    lambda _: "１２",
    lambda chance: "x" * chance.choice((100, 3_001, 70_000)),
    lambda chance: list(range(chance.choice((2, 1_000)))),
    lambda chance: {str(number): number for number in range(chance.choice((2, 500)))},
    lambda chance: nested(chance.choice((10, 60, 70, 400)), chance.random() < 0.5),
    lambda chance: f"{chance.randrange(10**10)}.{chance.randrange(10**6):06d}",
)
_RAW = (
    *("NaN", "Infinity", "1e999", "-0", "9" * 5_000),
    *("01", "'a'", '"\\x"', '"\\ud800"', "[" * 900),
)
_TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "text/plain",
    "multipart/form-data; boundary=x",
    "",
    "application/json;" * 100,
    "ü",
)
_SECRET_OF_NOBODY = "f" * 32


def nested(depth: int, lists: bool) -> Any:
    """Objects or lists within one another."""
    value: Any = CANARY
    for _ in range(depth):
        value = [value] if lists else {"a": value}
    return value


def spoilt(chance: random.Random) -> tuple[Kind, str]:
    """A spoilt payload, as JSON or nearly."""
    kind, value = payload(chance)
    try:
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 6))):
            _spoil(value, chance)
        text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    except RecursionError:  # deeper than can be written down that way
        text = '{"type": "event_callback", "event": ' + '{"type": ' * 3_000
    return kind, _scribbled(text, chance) if chance.random() < 0.3 else text


def _spoil(value: Json, chance: random.Random) -> None:
    """Change one thing anywhere in it."""
    holders = list(_holders(value))
    holder = chance.choice(holders)
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if not keys:
        return
    key = chance.choice(keys)
    what = chance.randrange(6)
    if what == 0:
        del holder[key]
    elif what == 1:
        other = chance.choice(holders)
        holder[key] = json.loads(json.dumps(other))
    elif what == 2:
        holder[key] = [holder[key]]
    elif what == 3 and isinstance(holder, dict):
        holder[f"{key}{chance.choice(('', 's', ' ', chr(0)))}"] = holder.pop(key)
    else:
        holder[key] = chance.choice(_NASTY)(chance)


def _holders(value: Any) -> list[Any]:
    """Every object and list in it, itself the first."""
    found, left = [], [value]
    while left:
        each = left.pop()
        if isinstance(each, dict | list):
            found.append(each)
            left.extend(each.values() if isinstance(each, dict) else each)
    return found


def _scribbled(text: str, chance: random.Random) -> str:
    """Change how it is written down."""
    at = chance.randrange(len(text) or 1)
    what = chance.randrange(8)
    if what == 0:
        return text[:at]
    if what == 1:
        return text + chance.choice((text, "}", "\x00", " ", "\n\n", "]"))
    if what == 2:
        return "\ufeff" + text
    if what == 3:  # a value of no JSON
        found = text.find(": ", at)
        return text if found < 0 else f"{text[: found + 2]}{chance.choice(_RAW)}{text[found + 2 :]}"
    if what == 4:  # a key twice
        return text.replace('"type"', f'"type": {chance.choice(_RAW[:4])}, "type"', 1)
    if what == 5:
        return text.replace('"', chance.choice(("'", "\\", "")), chance.choice((1, -1)))
    if what == 6:
        return chance.choice(("null", "[]", "1", '"a"', "", "{}", "[{}]", "garbage", "{" * 2_000))
    return text[:at] + chr(chance.randrange(0xD800)) + text[at + 1 :]


@dataclass(frozen=True, slots=True)
class Sending:
    """What is written to the wire. `signed`: Slack's secret made its signature; `odd`: it is no
    request that a client of HTTP makes; `whole`: it lacks nothing, so that an answer is due."""

    pieces: tuple[bytes, ...]
    signed: bool
    odd: bool = False
    whole: bool = True


def sending(chance: random.Random, secret: str, now: int) -> Sending:
    """A spoilt request, signed or not."""
    body, content_type = _body(chance)
    signed = chance.random() < 0.5
    right = _signature(body, secret, str(now))
    proof = right if signed else _forged(body, chance, secret, now)
    headers = ["Host: bot", f"Content-Type: {content_type}", *proof]
    if chance.random() < 0.7:
        return Sending((_head(_START, [*headers, _length(body)]), body), signed)
    return chance.choice(_WAYS)(body, headers, chance, signed)


def _body(chance: random.Random) -> tuple[bytes, str]:
    kind, text = spoilt(chance)
    content_type = "application/x-www-form-urlencoded"
    if kind == "events_api":
        written, content_type = text, "application/json"
    elif kind == "interactive":
        written = urlencode({"payload": text}, errors="replace")
    else:
        written = _form(text, chance)
    encoding = chance.choice(("utf-16", "latin-1", "utf-7")) if chance.random() < 0.03 else "utf-8"
    body = written.encode(encoding, "replace" if chance.random() < 0.5 else "xmlcharrefreplace")
    if chance.random() < 0.05:
        content_type = chance.choice(_TYPES)
    if chance.random() < 0.05 and body:
        at = chance.randrange(len(body))
        body = body[:at] + chance.randbytes(chance.randrange(1, 9)) + body[at + 1 :]
    return body, content_type


def _form(text: str, chance: random.Random) -> str:
    """A command is no JSON but a form of its own."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return text
    pairs = [(name, value) for name, value in fields.items()]
    if chance.random() < 0.1:
        pairs += pairs
    written = urlencode(pairs, errors="replace")
    return written.replace("%", chance.choice("%=&;"), 1) if chance.random() < 0.05 else written


def _signature(body: bytes, secret: str, timestamp: str) -> list[str]:
    proof = sign(body, secret=secret, timestamp=timestamp)
    return [f"{name}: {value}" for name, value in proof.items()]


def _forged(body: bytes, chance: random.Random, secret: str, now: int) -> list[str]:
    name = "X-Slack-Request-Timestamp"
    right = _signature(body, secret, str(now))
    return chance.choice(
        (
            [],
            right[:1],
            right[1:],
            [right[0], right[1][:-1]],
            [*right, right[1]],
            [right[0], *right],
            [right[1], f"{name}: {'9' * chance.choice((13, 310, 4301, 8000))}"],
            [right[1], f"{name}: {chance.choice(('-1', 'soon', '１２', '1e9', ' ', '0x10'))}"],
            _signature(body, secret, str(now - 3_600)),
            _signature(body, secret, str(now + 3_600)),
            _signature(body, _SECRET_OF_NOBODY, str(now)),
            _signature(body + b" ", secret, str(now)),
            [right[0], f"X-Slack-Signature: v0={'ü' * 64}"],
            [right[0], "X-Slack-Signature: v0=" + "0" * chance.choice((0, 63, 64, 8_000))],
        )
    )


def _length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def _chunked(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    head = _head(_START, [*headers, "Transfer-Encoding: chunked"])
    return Sending((head, *_chunks(body, chance)), signed)


def _in_pieces(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    return Sending(_split(_head(_START, [*headers, _length(body)]) + body, chance), signed)


def _too_short(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    length = len(body) + chance.choice((1, 100, 10**6, 10**12, 10**25))
    head = _head(_START, [*headers, f"Content-Length: {length}"])
    return Sending((head, body), signed, odd=True, whole=False)


def _with_more(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    one = _head(_START, [*headers, _length(body)]) + body
    behind = chance.choice((b"GET / HTTP/1.1\r\n\r\n", bytes(5_000), one))
    return Sending((one + behind,), signed)


def _odd_line(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    lines = [*headers, chance.choice(_ODD_LINES), _length(body)]
    return Sending((_head(_START, lines), body), signed, odd=True)


def _many_lines(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    many = [f"X-{number}: a" for number in range(chance.choice((40, 200, 5_000)))]
    return Sending((_head(_START, [*headers, *many, _length(body)]), body), signed, odd=True)


def _odd_start(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    head = _head(chance.choice(_ODD_STARTS), [*headers, _length(body)])
    return Sending((head, body), signed, odd=True)


def _scratched(body: bytes, headers: list[str], chance: random.Random, signed: bool) -> Sending:
    head = bytearray(_head(_START, [*headers, _length(body)]))
    for _ in range(chance.randrange(1, 6)):
        head[chance.randrange(len(head))] = chance.randrange(256)
    return Sending((bytes(head), body), signed, odd=True, whole=False)


def _noise(_: bytes, __: list[str], chance: random.Random, signed: bool) -> Sending:
    noise = chance.randbytes(chance.choice((1, 50, 9_000)))
    return Sending((noise,), signed, odd=True, whole=False)


_START = "POST /slack/events HTTP/1.1"
_WAYS = (
    _chunked,
    _in_pieces,
    _too_short,
    _with_more,
    _odd_line,
    _many_lines,
    _odd_start,
    _scratched,
    _noise,
)
_ODD_LINES = (
    "Content-Length: 5",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Content-Encoding: gzip",
    "Content-Encoding: br",
    "Content-Encoding: identity",
    "Expect: 100-continue",
    "Expect: something",
    "Connection: Upgrade\r\nUpgrade: websocket",
    "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA",
    "Host: other",
    "Cookie: " + "a=b; " * 1_000,
    "X: " + "a" * 20_000,
    "X : a",
    "X\x00: a",
    " folded",
    "X-Forwarded-For: 1.2.3.4",
    "X-Slack-Bolt-Lazy-Only: 1",
)
_ODD_STARTS = (
    "GET /slack/events HTTP/1.1",
    "HEAD /slack/events HTTP/1.1",
    "PUT /slack/events HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "CONNECT bot:80 HTTP/1.1",
    "TRACE / HTTP/1.1",
    "GROK /slack/events HTTP/1.1",
    "POST /slack/events HTTP/9.9",
    "POST /slack/events",
    "POST  /slack/events HTTP/1.1",
    "POST /slack/events/ HTTP/1.1",
    "POST //slack/events HTTP/1.1",
    "POST /slack/events?a=b HTTP/1.1",
    "POST /slack%2fevents HTTP/1.1",
    "POST /slack/events#x HTTP/1.1",
    "POST http://other:1/slack/events HTTP/1.1",
    "POST http://[::1 HTTP/1.1",
    "POST http://a:999999/ HTTP/1.1",
    "POST /%ff%00%zz HTTP/1.1",
    "POST /" + "a" * 20_000 + " HTTP/1.1",
    "PRI * HTTP/2.0",
    "\x16\x03\x01\x00\x05",
)


def _head(start: str, lines: list[str]) -> bytes:
    return "\r\n".join([start, *lines, "", ""]).encode("utf-8", "replace")


def _chunks(body: bytes, chance: random.Random) -> tuple[bytes, ...]:
    pieces = _split(body, chance) if body else ()
    framed = [f"{len(piece):x}".encode() + b"\r\n" + piece + b"\r\n" for piece in pieces]
    return (*framed, b"0\r\n\r\n")


def _split(whole: bytes, chance: random.Random) -> tuple[bytes, ...]:
    cuts = sorted({chance.randrange(len(whole)) for _ in range(chance.randrange(1, 6))} - {0})
    return tuple(whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) if b > a)
