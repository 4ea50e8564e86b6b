from __future__ import annotations

import re

from bot.markdown.emphasis import OWN_WORDS, is_own


def test_a_character_is_of_its_own_words_where_the_class_of_them_says_so() -> None:
    own = re.compile(f"[{OWN_WORDS}]")

    assert [c for c in map(chr, range(0x50000)) if is_own(c) != bool(own.match(c))] == []
    assert not is_own("")
