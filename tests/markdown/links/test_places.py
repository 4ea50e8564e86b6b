from __future__ import annotations

import re

from bot.markdown.links.places import _LETTERS, _SEPARATORS


def test_what_is_left_out_of_ascii_is_what_separates() -> None:
    said = re.compile(_LETTERS)
    meant = re.compile(rf"[^{_SEPARATORS}.:\x80-\U0010ffff]*+")

    differ = [
        c for c in map(chr, range(0x10000)) if bool(said.fullmatch(c)) != bool(meant.fullmatch(c))
    ]
    assert not differ
    assert said.fullmatch("a-Z_0/@")
