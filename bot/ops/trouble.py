"""Something that keeps the bot from working, with the way out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """`text` says what is wrong, `remedy` what to do; both are whole sentences.

    `setting` is the variable at fault, where it is one. A `hint` is no fault of its own: it says
    where others come from.
    """

    text: str
    remedy: str = ""
    setting: str = ""
    hint: bool = False

    @property
    def sentence(self) -> str:
        """Both in one line."""
        return f"{self.text} {self.remedy}".strip()
