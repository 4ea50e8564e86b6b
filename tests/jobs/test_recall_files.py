"""The files that go along never come to more than was reserved for them, whatever they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bot.completion.ask import Said
from bot.completion.conversation import Turn
from bot.completion.measure import most_enclosed
from bot.completion.transcript import Past
from bot.files.material import Enclosure, Text, Unread
from bot.files.reading import Reading
from bot.files.ref import MOST_FILES, Bounds, FileRef
from bot.jobs.recall import Recall, Recalled
from bot.words import files as words
from tests.files.samples import png
from tests.jobs.asks import make_ask

BOUNDS = Bounds(image=1_792, file=3_000)
TURN = Turn(job_id="j", user="U2", name="A", prompt="Hi", answer="Hello", context="")
PASTS = (Past(user="U1", name="Ana"), Past((TURN,), "Before", "U1", "B"))


class Kept:
    """Stands for Slack: the files by their ids."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.bounds = BOUNDS
        self._contents = contents
        self._reading = Reading(BOUNDS)

    async def hold(self, refs: Sequence[FileRef]) -> int:
        return len(refs)

    def release(self, held: int) -> None:
        pass

    async def read(
        self, refs: Sequence[FileRef], *, most: int | None = None
    ) -> tuple[Enclosure, ...]:
        return tuple(
            [
                Unread(ref.name, ref.unread)
                if ref.unread
                else await self._reading.read(ref, self._contents[ref.id], most)
                for ref in refs
            ]
        )


def recall(contents: dict[str, bytes]) -> Recall:
    nobody: Any = None
    files: Any = Kept(contents)
    return Recall(nobody, nobody, tokens=1_000, files=files)


def ref(number: int, data: bytes, **fields: Any) -> FileRef:
    known = {"id": f"F{number}", "name": f"{number}.txt", "kind": "text", "size": len(data)}
    return FileRef(**{**known, **fields})


async def enclosed(
    files: Sequence[FileRef], contents: dict[str, bytes], past: Past, room: int = 0, **more: Any
) -> tuple[Recalled, int]:
    """What goes along, and the most tokens that it adds."""
    ask = make_ask("What?", files=tuple(files))
    known = Recalled(past, **more)
    found = await recall(contents)._with_files(ask, known, room)
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
    refs = [ref(number, data, name=name) for number, data in enumerate(contents.values())]

    found, tokens = await enclosed(refs, contents, past)

    assert tokens <= BOUNDS.all(refs)
    assert len(found.past.files) == len(refs)


@pytest.mark.parametrize("past", PASTS, ids=["new", "a conversation"])
@pytest.mark.parametrize("size", [1, 50, 2_900, 3_100, 90_000])
async def test_usual_text_has_all_the_room_that_it_needs(size: int, past: Past) -> None:
    data = ("E42 in line 7\n" * size)[:size].encode()
    refs = [ref(number, data) for number in range(MOST_FILES)]

    found, _ = await enclosed(refs, {each.id: data for each in refs}, past)

    assert all(isinstance(file, Text) for file in found.past.files)


async def test_a_threads_files_go_along_as_far_as_there_is_room_the_newest_first() -> None:
    contents = {"F0": b"old " * 900, "F1": b"newer " * 100, "F2": png()}
    refs = [ref(number, data) for number, data in enumerate(contents.values())]
    refs[2] = refs[2].model_copy(update={"kind": "image", "name": "2.png"})
    said = tuple(Said(author="Ana", text="look", files=(each,)) for each in refs)
    past = Past(user="U1", name="Ana")

    all_of_it, _ = await enclosed([], contents, past, room=9_000, said=said)
    less, tokens = await enclosed([], contents, past, room=3_200, said=said)
    nothing, _ = await enclosed([], contents, past, room=0, said=said)

    assert [file.name for file in all_of_it.past.files] == ["2.png", "1.txt", "0.txt"]
    assert [type(file) for file in less.past.files][2:] == [Unread]
    assert less.past.files[2] == Unread("0.txt", words.NO_ROOM)
    assert tokens <= 3_200
    assert [each.id for each in less.files] == ["F2", "F1"]
    assert nothing.past.files == ()


async def test_what_is_attached_is_not_fetched_twice() -> None:
    own = ref(0, b"E42")
    said = (Said(author="Ana", text="look", files=(own,)),)

    found, _ = await enclosed([own], {"F0": b"E42"}, PASTS[0], room=9_000, said=said)

    assert len(found.past.files) == 1
    assert replace(found.past, files=()) == PASTS[0]
