from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.completion import CompletionRequest
from bot.completion.options import PARAMETERS
from bot.completion.result import Most, TokenLogprob, Usage
from bot.markdown.safety import JOINER
from bot.slack.views import ViewJson
from bot.views.details_view import details_view
from bot.words import talk as words
from sandbox.workspace.blocks.pings import pings_in
from sandbox.workspace.blocks.texts import texts_of
from sandbox.workspace.blocks.validate import check_view
from tests.completion.strategies import requests
from tests.doors.jobs import a_job, an_answer, an_ask

USAGE = Usage(
    prompt_tokens=1_000,
    cached_tokens=200,
    completion_tokens=30,
    reasoning_tokens=400,
    total_tokens=1_430,
    cost_in_usd_ticks=42_000_000,
)


def shown(view: ViewJson) -> list[str]:
    """The texts of a view that Slack takes."""
    checked = check_view(dict(view), kind="modal")
    return list(texts_of(checked["blocks"]))


def request(**parameters: Any) -> CompletionRequest:
    given = {"model": "grok-4.3", "prompt": "Name a river", "max_tokens": 100}
    return CompletionRequest.model_validate(given | parameters)


def test_every_parameter_given_is_shown_and_no_other() -> None:
    asked = request(temperature=0.25, stop=["\n\n", "END"], echo=False, logit_bias={"50256": -100})

    texts = shown(details_view(a_job(an_ask(request=asked, system="Be brief"), an_answer())))

    text = "\n".join(texts)
    for value in ("`0.25`", r'`"\n\n", END`', "`off`", "`50256=-100`", "`100`", "Be brief"):
        assert value in text
    labels = {name for name in PARAMETERS if f"*{PARAMETERS[name].label}*" in text}
    assert labels == {*asked.given()}


def test_what_was_charged_in_vain_is_told() -> None:
    job = a_job(an_ask(), an_answer(usage=USAGE))

    assert words.DETAILS_LOST not in "\n".join(shown(details_view(job)))
    lost = "\n".join(shown(details_view(replace(job, lost=1_234))))
    assert f"*{words.DETAILS_LOST}*" in lost
    assert "`1,234`" in lost


def test_what_came_back_is_told() -> None:
    answer = an_answer(model="grok-4.3-0709", usage=USAGE, context="Ana: hello")

    text = "\n".join(shown(details_view(a_job(an_ask(), answer))))

    for part in (
        "`grok-4.3-0709`",
        "`/v1/chat/completions`",
        "1,000 (200 ",
        "`30`",
        "`400`",
        "`$0.0042`",
        "`3.2 s`",
        "Ana: hello",
    ):
        assert part in text
    assert words.DETAILS_NO_TOKENS not in text


def test_what_is_not_known_is_not_made_up() -> None:
    text = "\n".join(shown(details_view(a_job(an_ask(), an_answer(seconds=0.0)))))

    assert words.DETAILS_NO_TOKENS in text
    for label in (words.DETAILS_COST, words.DETAILS_TIME, words.DETAILS_ASKED_AT):
        assert f"*{label}*" not in text
    for title in (words.DETAILS_REASONING, words.DETAILS_CHANCES):
        assert title not in text


def test_of_what_nobody_said_there_is_what_is_charged() -> None:
    most = Most(tokens=1_234, micro_dollars=4_200)
    text = "\n".join(shown(details_view(a_job(an_ask(), an_answer(most=most)))))

    for part in (words.DETAILS_MOST_TOKENS, "`1,234`", words.DETAILS_MOST_COST, "`$0.0042`"):
        assert part in text


def test_an_answer_that_is_not_done_is_no_error() -> None:
    texts = shown(details_view(a_job(an_ask(), None, "running")))

    assert "Name a river" in texts
    assert texts[-1] == words.DETAILS_NOT_DONE


def test_several_prompts_are_shown() -> None:
    ask = an_ask(request=request(prompt=["One river", "Two lakes"]))

    texts = shown(details_view(a_job(ask, an_answer())))

    assert "One river\n\nTwo lakes" in texts


def test_reasoning_is_shown_whole() -> None:
    reasoning = "\n".join(f"Thought {number}." for number in range(2_000))

    texts = shown(details_view(a_job(an_ask(), an_answer(reasoning=reasoning))))

    start = texts.index(words.DETAILS_REASONING) + 1
    assert "\n".join(texts[start:]) == reasoning


def test_what_slack_does_not_show_of_the_answer_comes_first() -> None:
    rest = "\n".join(f"Line {number} of the rest." for number in range(2_000))

    texts = shown(details_view(a_job(an_ask(), an_answer(usage=USAGE)), rest=rest))

    assert texts[0] == words.DETAILS_REST
    end = texts.index(words.DETAILS_ASKED)
    assert "\n".join(texts[1:end]) == rest
    assert words.DETAILS_ANSWERED in texts


def test_of_a_rest_that_does_not_fit_that_is_said() -> None:
    texts = shown(details_view(a_job(an_ask(), an_answer()), rest="word " * 200_000))

    assert texts[0] == words.DETAILS_REST
    assert texts[texts.index(words.DETAILS_ASKED) - 1] == words.DETAILS_SHORTENED
    assert words.DETAILS_ANSWERED in texts


@pytest.mark.parametrize("char", ["a", "é", "山", "😀", "<", "&", "@"])
def test_what_does_not_fit_is_left_out_and_that_is_said(char: str) -> None:
    long = f"{char * 20} " * 50_000
    chances = tuple(
        TokenLogprob(char * 60, -0.1, tuple((char * 50 + str(n), -2.0) for n in range(8)))
        for _ in range(200)
    )
    answer = an_answer(reasoning=long, chances=chances, context=long, usage=USAGE)
    ask = an_ask(
        request=request(prompt=long[:60_000], suffix=long, stop=[long] * 4), system=long[:60_000]
    )

    view = details_view(a_job(ask, answer))

    texts = shown(view)
    assert texts.count(words.DETAILS_SHORTENED) >= 4
    assert words.DETAILS_REASONING in texts
    assert words.DETAILS_CHANCES in texts
    assert len(json.dumps(view)) > 100_000


def test_the_chances_of_tokens_are_lines() -> None:
    chances = (
        TokenLogprob("The", -0.01, (("The", -0.01), (" A", -4.7))),
        TokenLogprob("\n", -0.7),
    )

    texts = shown(details_view(a_job(an_ask(), an_answer(chances=chances))))

    assert texts[-1] == "`The` 99.0% · instead: `␣A` 0.9%\n`⏎` 49.7%"


@given(requests, st.text(max_size=50))
def test_whatever_was_asked_can_be_shown(asked: CompletionRequest, wild: str) -> None:
    answer = an_answer(model=wild, reasoning=wild, context=wild, usage=USAGE)

    shown(details_view(a_job(an_ask(request=asked, system=wild), answer)))


@pytest.mark.parametrize("evil", ["<!channel>", "@here", "<@U0ANA00001>", "`<!here>`", "a|b>`*"])
def test_nothing_shown_can_act(evil: str) -> None:
    asked = request(prompt=evil, suffix=evil, stop=[evil], user=evil, logit_bias={evil: 1})
    chances = (TokenLogprob(evil, -0.1, ((f"{evil}!", -2.0),)),)
    answer = an_answer(model=evil, reasoning=evil, chances=chances, context=evil)

    view = details_view(a_job(an_ask(request=asked, system=evil), answer))

    texts = shown(view)
    assert not pings_in("", list(view["blocks"]), parse_text=True)
    assert any(evil in text.replace(JOINER, "") for text in texts)


def test_files_that_went_along_are_named_and_no_others() -> None:
    job = a_job(an_ask(), an_answer(unread=(("b.mp4", "it is a video"),)))

    text = "\n".join(shown(details_view(job, files=("a.log", "b.mp4", "<!here>.csv"))))

    assert "`a.log`" in text
    assert "b.mp4" not in text
