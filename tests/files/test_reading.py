"""What is read in the bytes of a file, and what is said of those that are not."""

from __future__ import annotations

import asyncio
import codecs
import time
import zlib

import pytest

from bot.files.file import (
    MOST_FILES,
    FileBounds,
    FileInfo,
    Kind,
    MediaType,
    Pdf,
    Picture,
    Text,
    Unread,
    first_files,
)
from bot.files.kinds import kind_by
from bot.files.reading import MOST_PIXELS, Reading
from bot.words import files as words
from tests.files.samples import in_base64, jpeg, pdf, png

BOUNDS = FileBounds(image=1_792, file=4_000)
READING = Reading(BOUNDS)

WEBP = b"RIFF\x10\0\0\0WEBPVP8 " + bytes(30)
HEIC = b"\0\0\0\x18ftypheic" + bytes(30)
GIF = b"GIF89a\x01\0\x01\0" + bytes(30)
ZIP = b"PK\x03\x04" + bytes(30)


def ref(name: str, data: bytes, kind: Kind | None = "text") -> FileInfo:
    return FileInfo(id="F1", name=name, kind=kind, size=len(data))


@pytest.mark.parametrize(
    ("data", "media_type"), [(png(), "image/png"), (jpeg(), "image/jpeg")], ids=["png", "jpeg"]
)
async def test_a_picture_goes_along_as_what_it_is(data: bytes, media_type: MediaType) -> None:
    # Its name may say the other of the two.
    found = await READING.read(ref("a.png", data, "image"), data)

    assert found == Picture("a.png", in_base64(data), media_type, BOUNDS.image)


TEXT = "Größe; 5 €\nпривет, 世界\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
    ],
)
async def test_text_is_read_in_the_encoding_that_it_names(data: bytes) -> None:
    assert await READING.read(ref("a.txt", data), data) == Text("a.txt", TEXT)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "utf-16-be"])
async def test_text_that_names_no_encoding_is_read_all_the_same(encoding: str) -> None:
    text = "name;size\nGröße;15 m²\n" * 9
    data = text.encode(encoding)

    assert await READING.read(ref("a.csv", data), data) == Text("a.csv", text)


async def test_of_a_long_text_goes_along_what_was_reserved() -> None:
    text = "täglich " * 5_000
    data = text.encode("utf-16")

    found = await READING.read(ref("a.log", data), data)

    assert isinstance(found, Text)
    assert found.cut
    assert text.startswith(found.text)
    assert BOUNDS.file - 4 <= found.tokens <= BOUNDS.file


async def test_a_file_that_grew_since_is_cut_where_it_was_reserved() -> None:
    small = FileInfo(id="F1", name="a.log", kind="text", size=10)

    found = await READING.read(small, b"x" * 1_000)

    assert isinstance(found, Text)
    assert found.tokens <= BOUNDS.content(small)


@pytest.mark.integration
async def test_a_pdf_goes_along_with_its_text() -> None:
    data = pdf("Ship it on Monday.", "Tell Ben.")

    found = await READING.read(ref("plan.pdf", data, "pdf"), data)

    assert isinstance(found, Pdf)
    assert found.base64 == in_base64(data)
    assert (found.text, found.cut) == ("Ship it on Monday.\n\nTell Ben.", False)
    assert found.tokens is not None
    assert found.tokens <= BOUNDS.file


@pytest.mark.integration
async def test_of_a_long_pdf_goes_along_the_beginning_of_its_text() -> None:
    data = pdf(*["many words " * 50] * 20)

    found = await READING.read(ref("plan.pdf", data, "pdf"), data)

    assert isinstance(found, Pdf)
    assert (found.tokens, found.cut) == (None, True)
    assert 0 < len(found.text.encode()) <= BOUNDS.file


@pytest.mark.integration
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (pdf("Secret", password="hunter2"), words.LOCKED),
        (pdf("Ship it")[:200], words.DAMAGED),
        (b"%PDF-1.7\n" + bytes(range(256)) * 20, words.DAMAGED),
    ],
    ids=["locked", "cut", "nonsense"],
)
async def test_a_pdf_that_cannot_be_read_is_not(data: bytes, why: str) -> None:
    assert await READING.read(ref("plan.pdf", data, "pdf"), data) == Unread("plan.pdf", why)


def packed_pdf(content: bytes) -> bytes:
    """A PDF of one page, which unpacks to `content`."""
    data = pdf("x")
    at, end = data.index(b"stream\n") + 7, data.index(b"endstream")
    head = data[:at].replace(b"/Length", b"/Filter /FlateDecode /Length", 1)
    return head + zlib.compress(content, 9) + b"\n" + data[end:]


@pytest.mark.integration
@pytest.mark.parametrize("content", [b"BT (x) Tj ET " * 4_000_000, bytes(90_000_000)])
async def test_a_pdf_that_unpacks_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    data = packed_pdf(content)
    monkeypatch.setattr("bot.files.reading.PDF_SECONDS", 1.5)

    found = await READING.read(ref("bomb.pdf", data, "pdf"), data)

    assert found == Unread("bomb.pdf", words.INTRICATE)


async def test_who_sends_many_pdfs_does_not_hold_up_who_sends_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []

    async def slowly(name: str, *_: object) -> Unread:
        await asyncio.sleep(0)
        read.append(name)
        return Unread(name, words.INTRICATE)

    monkeypatch.setattr("bot.files.reading.read_pdf", slowly)
    reading, data = Reading(BOUNDS), pdf("x")

    async def ask(*names: str) -> None:
        question = asyncio.Lock()
        wanted = [ref(name, data, "pdf") for name in names]
        await asyncio.gather(*(reading.read(each, data, question=question) for each in wanted))

    await asyncio.gather(ask(*"abcdefgh"), ask(*"ijklmnop"), ask("one"))

    assert read.index("one") < 4


@pytest.mark.parametrize(
    "data", [png()[:-20], png()[:40], jpeg()[:60], b"\x89PNG\r\n\x1a\nhello"], ids=range(4)
)
async def test_a_picture_that_is_not_whole_is_not_sent(data: bytes) -> None:
    assert await READING.read(ref("a.png", data, "image"), data) == Unread("a.png", words.DAMAGED)


FRAME, SCAN = jpeg().index(b"\xff\xc0"), jpeg().index(b"\xff\xda")
TWO_SIZES = jpeg(65_000, 65_000)[:SCAN] + jpeg()[FRAME:]
"""A JPEG that says that it is large, and then that it is small."""


@pytest.mark.parametrize(
    "data",
    [png(100_000, 100_000), jpeg(65_000, 65_000), TWO_SIZES],
    ids=["png", "jpeg", "two sizes"],
)
async def test_a_picture_that_would_unpack_to_gigabytes_is_not_sent(data: bytes) -> None:
    found = await READING.read(ref("a.png", data, "image"), data)

    assert isinstance(found, Unread)
    assert f"{MOST_PIXELS:,} is the most" in found.why


async def test_a_picture_of_many_small_parts_holds_nobody_up() -> None:
    parts = png()[:33] + (bytes(4) + b"tEXt" + bytes(4)) * 1_000_000
    began = time.process_time()

    found = await READING.read(ref("a.png", parts, "image"), parts)

    assert found == Unread("a.png", words.DAMAGED)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("name", "kind", "data", "why"),
    [
        ("a.png", "image", b"<!DOCTYPE html><title>Sign in</title>", words.NO_PICTURE),
        ("a.pdf", "pdf", b"no pdf at all", words.NO_PDF),
        ("a.txt", "text", png(), words.MISNAMED("a PNG picture")),
        ("a.txt", "text", pdf("x"), words.MISNAMED("a PDF")),
        ("a.png", "image", WEBP, words.not_taken("a WebP picture")),
        ("a.jpg", "image", HEIC, words.not_taken("a HEIC picture")),
        ("a", "text", GIF, words.not_taken("a GIF picture")),
        ("a", "text", ZIP, words.not_taken("an archive or an office document")),
        ("a", "text", bytes(range(256)) * 9, words.NO_TEXT),
        ("a.txt", "text", b"", words.EMPTY),
        ("a.png", "image", b"", words.EMPTY),
        ("a.txt", "text", " \r\n".encode("utf-16"), words.EMPTY),
    ],
    ids=range(12),
)
async def test_what_is_not_what_it_is_called_is_not_read(
    name: str, kind: Kind, data: bytes, why: str
) -> None:
    assert await READING.read(ref(name, data, kind), data) == Unread(name, why)


@pytest.mark.parametrize(
    "text", ["Rar! is a format", "GIF89a is old", "the ftyp box", "BMW and others", "MZ is a mark"]
)
async def test_a_text_that_begins_like_something_else_is_one(text: str) -> None:
    data = text.encode()

    assert await READING.read(ref("a.md", data), data) == Text("a.md", text)


async def test_of_what_nobody_told_the_kind_it_shows_itself() -> None:
    found = await READING.read(ref("a", png(), None), png())

    assert isinstance(found, Picture)
    assert found.tokens <= BOUNDS.content(ref("a", png(), None))


@pytest.mark.parametrize(
    ("name", "media_type", "kind", "called"),
    [
        ("a.png", "image/png", "image", ""),
        ("a.JPG", "", "image", ""),
        ("a.webp", "image/webp", None, "a WebP picture"),
        ("a.heic", "application/octet-stream", None, "a HEIC picture"),
        ("a.tiff", "image/tiff", None, "a TIFF picture"),
        ("a.svg", "image/svg+xml", "text", ""),
        ("plan.pdf", "application/pdf", "pdf", ""),
        ("a.csv", "text/csv", "text", ""),
        ("a.json", "application/json", "text", ""),
        ("main.ts", "video/mp2t", "text", ""),
        ("Makefile", "application/octet-stream", "text", ""),
        ("a.mp4", "video/mp4", None, "a video"),
        ("a.docx", "application/vnd.openxml", None, "a Word document"),
        ("a.zip", "application/zip", None, "an archive"),
    ],
)
def test_a_file_is_taken_for_what_its_name_and_type_say(
    name: str, media_type: str, kind: Kind | None, called: str
) -> None:
    assert kind_by(name, media_type) == (kind, called)


def test_of_twenty_files_the_first_are_read_and_each_once() -> None:
    refs = [FileInfo(id=f"F{number}", name="a", kind="text") for number in range(20)]

    found = first_files([*refs, *refs], "enough")

    assert len(found) == 20
    assert [each.unread for each in found] == [""] * MOST_FILES + ["enough"] * (20 - MOST_FILES)


@pytest.mark.integration
async def test_a_pdf_of_many_pages_without_text_takes_no_more_than_its_share() -> None:
    data = pdf(*[""] * 300)

    found = await READING.read(ref("scan.pdf", data, "pdf"), data)

    assert isinstance(found, Pdf)
    assert (found.tokens, found.text) == (None, "")
