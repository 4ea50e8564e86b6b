from __future__ import annotations

import pytest

from bot.completion.form import for_form
from bot.words import grok as words


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            words.GROK_PARAMETER(model="m", parameter="--top-p"),
            "m does not take “Top P” as it was given.",
        ),
        (words.GROK_TOO_SLOW(60), "set a lower “Longest answer”."),
        (words.GROK_LOST_IN_SEARCH(60), "with a lower “How often to search”."),
        (words.GROK_SENTENCES["too_long"], "lower “Longest answer”, and ask again."),
        (words.GROK_LISTED, "a model that `/grok models` lists"),
        (words.grok_ask_without_search("m", ["x"]), "with `--search off`"),
    ],
)
def test_whoever_filled_in_a_form_reads_of_its_fields(sentence: str, told: str) -> None:
    assert told in for_form(sentence)
