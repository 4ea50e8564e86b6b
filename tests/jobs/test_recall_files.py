"""The files that go along never come to more than was reserved for them, whatever they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bot.completion.ask import Said, Turn
from bot.completion.transcript import Past, most_enclosed
from bot.files.file import MOST_FILES, Enclosure, FileBounds, FileInfo, FileRef, Pdf, Text, Unread
from bot.files.reading import Reading
from bot.jobs.recall import Recall, Recalled
from bot.words import files as words
from tests.files.samples import pdf, png
from tests.jobs.asks import make_ask

BOUNDS = FileBounds(image=1_792, file=3_000)
TURN = Turn(job_id="j", user="U2", name="A", prompt="Hi", answer="Hello", context="")
PASTS = (Past(user="U1", name="Ana"), Past((TURN,), "Before", "U1", "B"))


class Kept:
    """Stands for Slack: the files by their ids."""

    def __init__(self, files: Sequence[FileInfo], contents: dict[str, bytes]) -> None:
        self.bounds = BOUNDS
        self._known = {file.id: file for file in files}
        self._contents = contents
        self._reading = Reading(BOUNDS)

    def kept(self, files: Iterable[FileInfo]) -> tuple[FileRef, ...]:
        return BOUNDS.kept(files)

    async def look_up(self, refs: Sequence[FileRef]) -> tuple[FileInfo, ...]:
        return tuple(self._known[ref.id].model_copy(update={"most": ref.tokens}) for ref in refs)

    async def hold(self, files: Sequence[FileInfo]) -> int:
        return len(files)

    def release(self, held: int) -> None:
        pass

    async def read(
        self, files: Sequence[FileInfo], *, most: int | None = None
    ) -> tuple[Enclosure, ...]:
        return tuple(
            [await self._reading.read(file, self._contents[file.id], most) for file in files]
        )


def recall(files: Sequence[FileInfo], contents: dict[str, bytes]) -> Recall:
    nobody: Any = None
    kept: Any = Kept(files, contents)
    return Recall(nobody, nobody, tokens=1_000, files=kept)


def info(number: int, data: bytes, **fields: Any) -> FileInfo:
    known = {"id": f"F{number}", "name": f"{number}.txt", "kind": "text", "size": len(data)}
    return FileInfo(**{**known, **fields})


async def enclosed(
    files: Sequence[FileInfo],
    contents: dict[str, bytes],
    past: Past,
    room: int = 0,
    *,
    in_thread: Sequence[FileInfo] = (),
    now: Sequence[FileInfo] = (),
    **more: Any,
) -> tuple[Recalled, int]:
    """What goes along, and the most tokens that it adds; `now`: what Slack says of the files by
    then, where that is something else."""
    ask = make_ask("What?", files=BOUNDS.kept(files))
    known = Recalled(past, **more)
    found = await recall(now or (*files, *in_thread), contents)._with_files(
        ask, known, room, BOUNDS.all(ask.enclosed)
    )
    return found, most_enclosed(ask.request, ask.system, found.past)


LIKE_MARKS = st.sampled_from(["=====(\n", "====[\n", "A:\n", "B:\n", "é", "x", "\n", "Grok:\n"])


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(
        st.lists(LIKE_MARKS, min_size=1, max_size=300).map(lambda each: "".join(each) * 5),
        min_size=1,
        max_size=4,
    ),
    name=st.text(max_size=300),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
    past=st.sampled_from(PASTS),
)
async def test_no_file_comes_to_more_than_was_reserved(
    texts: list[str], name: str, encoding: str, past: Past
) -> None:
    contents = {f"F{number}": text.encode(encoding) for number, text in enumerate(texts)}
    files = [info(number, data, name=name) for number, data in enumerate(contents.values())]

    found, tokens = await enclosed(files, contents, past)

    assert tokens <= BOUNDS.all(BOUNDS.kept(files))
    assert len(found.past.files) == len(files)


@pytest.mark.parametrize("past", PASTS, ids=["new", "a conversation"])
@pytest.mark.parametrize("size", [1, 50, 2_900, 3_100, 90_000])
async def test_usual_text_has_all_the_room_that_it_needs(size: int, past: Past) -> None:
    data = ("E42 in line 7\n" * size)[:size].encode()
    files = [info(number, data) for number in range(MOST_FILES)]

    found, _ = await enclosed(files, {each.id: data for each in files}, past)

    assert all(isinstance(file, Text) for file in found.past.files)


async def test_a_threads_files_go_along_as_far_as_there_is_room_the_newest_first() -> None:
    contents = {"F0": b"old " * 900, "F1": b"newer " * 100, "F2": png()}
    files = [info(number, data) for number, data in enumerate(contents.values())]
    files[2] = files[2].model_copy(update={"kind": "image", "name": "2.png"})
    said = tuple(_attaching(each) for each in files)
    past = Past(user="U1", name="Ana")
    there: dict[str, Any] = {"said": said, "in_thread": files}

    all_of_it, _ = await enclosed([], contents, past, room=9_000, **there)
    less, tokens = await enclosed([], contents, past, room=3_200, **there)
    nothing, _ = await enclosed([], contents, past, room=0, **there)

    assert [file.name for file in all_of_it.past.files] == ["2.png", "1.txt", "0.txt"]
    assert [type(file) for file in less.past.files][2:] == [Unread]
    assert less.past.files[2] == Unread("0.txt", words.NO_ROOM)
    assert tokens <= 3_200
    assert less.files == BOUNDS.kept([files[2], files[1]])
    assert nothing.past.files == ()


def _attaching(file: FileInfo) -> Said:
    return Said(author="Ana", text="look", files=(file,))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("now", "is_whole"),
    [
        (info(0, b"x" * 90_000), False),
        (info(0, png(), kind="image", name="0.png"), False),
        (info(0, pdf("Ship it."), kind="pdf", name="0.pdf"), False),
        (info(0, b"E42"), True),
    ],
    ids=["grown", "a picture by now", "a PDF by now", "the same"],
)
async def test_what_was_reserved_holds_whatever_slack_says_by_then(
    now: FileInfo, is_whole: bool
) -> None:
    contents = {"grown": b"x" * 90_000, "0.png": png(), "0.pdf": pdf("Ship it.")}
    then, other = info(0, b"E42"), info(1, b"E43")
    data = contents.get("grown" if now.size == 90_000 else now.name, b"E42")

    found, tokens = await enclosed(
        [then, other], {"F0": data, "F1": b"E43"}, PASTS[0], now=(now, other)
    )

    assert tokens <= BOUNDS.all(BOUNDS.kept([then, other]))
    assert not any(isinstance(file, Pdf) for file in found.past.files)
    assert (found.past.files[0] == Text("0.txt", "E42")) == is_whole


async def test_what_is_attached_is_not_fetched_twice() -> None:
    own = info(0, b"E42")

    found, _ = await enclosed([own], {"F0": b"E42"}, PASTS[0], room=9_000, said=(_attaching(own),))

    assert len(found.past.files) == 1
    assert replace(found.past, files=()) == PASTS[0]


async def test_with_a_question_that_stands_alone_goes_nothing_but_who_asks() -> None:
    ask = make_ask("What?", name="Ana")

    assert ask.stands_alone
    assert await recall((), {})(ask, window=1_000) == Recalled(Past(user="U1", name="Ana"))
