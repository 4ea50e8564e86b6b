"""Whether a message is a mere thanks, to which an answer would be one too many."""

from __future__ import annotations

import re
import unicodedata

from bot.words import thanks as said

_LONGEST = 120
"""Characters; whoever writes more says something."""

_EMOJI = re.compile(r":([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?")
_MODIFIERS = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f\u200d]")
_SIGNS = re.compile(f"[{said.SIGNS}]")
_BETWEEN = re.compile(r"[\s.,!¡~…;:()*_、。！，～^-]+")
_APOSTROPHES = str.maketrans("’‘", "''")

_NAMES = frozenset(said.EMOJI.split())
_PHRASES = frozenset(
    tuple(phrase.casefold().split())
    for phrase in said.PHRASES.replace("\n", ";").split(";")
    if phrase.strip()
)
_MOST_WORDS = max(map(len, _PHRASES))


def is_thanks(text: str) -> bool:
    """Whether `text` of a payload says nothing but thanks, or that it was understood."""
    if not text or len(text) > _LONGEST:
        return False
    plain = unicodedata.normalize("NFC", text).casefold().translate(_APOSTROPHES)
    names = _EMOJI.findall(plain)
    if any(name not in _NAMES for name in names):
        return False
    rest = _SIGNS.sub(" ", _MODIFIERS.sub("", _EMOJI.sub(" ", plain)))
    words = [word for word in _BETWEEN.split(rest) if word]
    if not words:
        return bool(names) or rest != plain
    return _only_phrases(words)


def _only_phrases(words: list[str]) -> bool:
    """Whether `words` are phrases one after the other."""
    ends = {0}
    for end in range(1, len(words) + 1):
        begins = range(max(0, end - _MOST_WORDS), end)
        if any(at in ends and tuple(words[at:end]) in _PHRASES for at in begins):
            ends.add(end)
    return len(words) in ends
