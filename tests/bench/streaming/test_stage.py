from __future__ import annotations

from itertools import pairwise

import pytest

from bench.streaming.grok import PIECES
from bench.streaming.rows import ROWS, TOKENS
from bench.streaming.stage import Sight, lag, open_workspace, sights, tokens_in, unchanged
from sandbox.workspace import ANA, BOT_USER, Message, Revision

TEXT = "".join(PIECES)


def message(*revisions: tuple[float, str]) -> Message:
    """A message of the bot's whose answer was this text from these times on."""
    return Message(
        channel="C1",
        ts="1.0",
        user=BOT_USER,
        revisions=[
            Revision(
                text="An answer",
                blocks=(
                    {"type": "context", "block_id": f"b{at}", "elements": []},
                    {"type": "markdown", "text": text},
                ),
                at=at,
                by=BOT_USER,
            )
            for at, text in revisions
        ],
    )


def test_an_answer_has_as_many_tokens_as_the_rows_say() -> None:
    assert len(PIECES) == TOKENS
    assert tokens_in(TEXT) == TOKENS


def test_tokens_are_counted_in_what_is_shown() -> None:
    words = [number for number, piece in enumerate(PIECES, 1) if piece.strip().isalnum()]

    for before, count in pairwise(words):
        assert before <= tokens_in("".join(PIECES[:before])) < count


def test_markup_that_is_closed_or_held_back_does_not_count() -> None:
    open_bold = TEXT[: TEXT.index("**") + 5]

    assert tokens_in(f"{open_bold}**") == tokens_in(open_bold)


def test_what_the_bot_says_itself_is_no_part_of_the_answer() -> None:
    assert tokens_in("_Grok is thinking…_") == 0
    assert tokens_in("") == 0


def test_the_lag_is_the_mean_delay_of_a_token() -> None:
    sent = [0.0, 1.0, 2.0, 3.0]

    assert lag(sent, [Sight(1.0, 2), Sight(3.5, 4)], until=10) == pytest.approx(
        (1.0 + 0.0 + 1.5 + 0.5) / 4
    )


def test_text_that_vanishes_is_behind_again() -> None:
    sent = [0.0, 0.0]

    assert lag(sent, [Sight(0.0, 2), Sight(1.0, 0), Sight(4.0, 2)], until=9) == pytest.approx(3.0)


def test_what_is_never_shown_is_behind_until_the_end() -> None:
    assert lag([0.0, 1.0], [Sight(0.0, 1)], until=5.0) == pytest.approx(4.0 / 2)


def test_an_answer_is_seen_across_its_messages_and_edits() -> None:
    half = "".join(PIECES[:300])
    rest = TEXT[len(half) :]

    seen = sights({0: message((1.0, "Thinking"), (2.0, half)), 1: message((3.0, rest))})

    assert [(sight.at, sight.tokens) for sight in seen] == [
        (1.0, 0),
        (2.0, tokens_in(half)),
        (3.0, TOKENS),
    ]


def test_a_deleted_message_is_not_seen() -> None:
    gone = message((1.0, TEXT))
    gone.deleted_at = 2.0

    assert [sight.tokens for sight in sights({0: gone})] == [TOKENS, 0]


def test_edits_that_change_nothing_are_found_whatever_ids_their_blocks_have() -> None:
    assert unchanged(message((1.0, "a"), (2.0, "a"), (3.0, "b"), (4.0, "b"))) == 2
    assert unchanged(message((1.0, "a"), (2.0, "b"))) == 0


@pytest.mark.integration
async def test_the_workspace_of_a_row_has_its_channels() -> None:
    (row,) = (row for row in ROWS if row.name == "20")
    async with open_workspace(row) as workspace:
        channel = workspace.channel("C0BENCH019")

        assert {ANA, BOT_USER} <= channel.members
