from __future__ import annotations

from bench.text import SMALL, read, texts


def test_texts_are_of_one_size() -> None:
    assert {len(text) for _, text in texts(4_000)} == {4_000}


def test_a_small_text_is_read_in_every_way() -> None:
    found = read("prose", "**Some** words, and [a link](https://example.com).\n" * 40)

    assert found.chars < SMALL
    assert found.growing is not None
    assert found.baseline is not None
    assert found.stretch <= found.whole
