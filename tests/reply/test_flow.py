"""One section laid out while it grows."""

from __future__ import annotations

import pytest

from bot.completion.result import Section
from bot.markdown.pieces import Room
from bot.reply.flow import Flow

ROOM = Room(1_300, 8)


async def test_what_no_message_has_room_for_is_not_laid_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flow = Flow(ROOM, ROOM, most=2)
    section = Section(text="Some words of a line.\n" * 2_000, done=True)
    await flow.prepare(section)
    begun: list[object] = []
    monkeypatch.setattr(Flow, "_restart", lambda flow, title: begun.append(title))

    assert len(flow.show(section)) > 2
    assert begun == []


async def test_another_text_is_laid_out_anew_where_no_message_had_room() -> None:
    flow = Flow(ROOM, ROOM, most=2)
    await flow.prepare(Section(text="Some words of a line.\n" * 2_000, done=True))

    shown = flow.show(Section(text="Other words of a line.\n" * 2_000, done=True))

    assert shown[0].startswith("Other")
