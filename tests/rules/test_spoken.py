"""Commands in the order of a sentence, and sentences that are none."""

from __future__ import annotations

import pytest

from bot.rules.commands import may_be_slip
from bot.rules.nearly import STOP_BUTTON, meant, odd_word


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("set temperature 0.2", "/grok defaults set --temperature 0.2"),
        ("set the temperature to 0.2", "/grok defaults set --temperature 0.2"),
        ("Change default model to grok-4.3", "/grok defaults set --model grok-4.3"),
        ("set model=grok-4.3 for everyone", "/grok defaults set --model grok-4.3 workspace"),
        ("set top_p 0.9", "/grok defaults set --top-p 0.9"),
        ("set tokens-per-day=5k", "/grok quota set tokens-per-day=5k"),
        ("set quota tokens-per-day=5k", "/grok quota set tokens-per-day=5k"),
        ("change the quota to 5 requests per day", "/grok quota set requests-per-day=5"),
        ("unset temperature", "/grok defaults unset temperature"),
        ("reset defaults", "/grok defaults reset"),
        ("clear the quota", "/grok quota unset NAME"),
        ("allow model grok-4.3", "/grok models allow grok-4.3"),
        ("block models grok-3 workspace", "/grok models forbid grok-3 workspace"),
        ("export usage", "/grok usage export"),
        ("show usage", "/grok usage"),
        ("show me the models", "/grok models"),
        ("list my prompts", "/grok prompts"),
        ("show audit", "/grok audit"),
    ],
)
def test_a_verb_may_come_first(text: str, command: str) -> None:
    assert (meant(text) if may_be_slip(text) else "") == command


@pytest.mark.parametrize("text", ["stop", "Cancel please", "stop it now", "stop!", "abort this"])
def test_what_is_to_stop_is_no_question(text: str) -> None:
    assert may_be_slip(text)
    assert meant(text) == meant(text, written=True) == STOP_BUTTON


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("quota set foo channel", "foo"),
        ("quota set usd-per-month ten", "ten"),
        ("usage `bogus`", "'bogus'"),
        ("defaults clear zebra", "zebra"),
        ("pause until monday", ""),
        ("key xai-12345", ""),
        ("prompts delete a b", ""),
        ("help foo", ""),
        ("set foo", ""),
        ("", ""),
    ],
)
def test_what_means_nothing_behind_a_command_is_named(text: str, odd: str) -> None:
    assert odd_word(text) == odd


@pytest.mark.parametrize(
    "text",
    [
        *("stop words in nltk", "cancel my subscription", "abort a merge in git"),
        *("show me the money", "show models of the atom", "show me the usage of the semicolon"),
        *("list models of ford", "list prompts for writers", "view models in CATIA"),
        *("get feedback on my essay", "get usage statistics for redis", "get defaults from a dict"),
        *("set theory", "set", "set the", "set temperature", "set temperature low", "set up a bot"),
        *("set the temperature of the oven to 200", "set seed 42 in numpy", "set user bob"),
        *("set stop words in nltk", "set model railway", "set prompt to Hello", "set a timer"),
        *("set temperature to 350 degrees", "change the temperature to kelvin", "change my resume"),
        *("change default model", "update models in django", "update the search index"),
        *("remove search bar from my site", "remove the default gateway", "reset model weights"),
        *("clear search history in chrome", "clear feedback is important", "unset the variable"),
        *("allow models to learn", "allow search engines to index my site", "block search engines"),
        *(
            "export models to onnx",
            "export usage data to CSV",
            "delete prompts",
            "use prompts well",
        ),
    ],
)
def test_a_question_may_begin_with_a_verb(text: str) -> None:
    assert meant(text) == ""
