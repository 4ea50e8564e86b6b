from __future__ import annotations

import time

import pytest

from bot.completion.result import Chunk
from bot.grok.answering import stages_of
from bot.grok.endpoints.writing import write
from bot.grok.text.progress import Thinking
from tests.grok.answers import request


def told(*pieces: str, reason: str | None = "stop", cut: bool = False) -> tuple[str, str]:
    """The text and the thoughts of an answer in `pieces`."""
    thinking = Thinking()
    steps = [*(Chunk(text=piece) for piece in pieces), Chunk(finish_reason=reason)]
    chunks = [each for step in steps for each in thinking.follow(step)]
    chunks += thinking.rest(cut=cut)
    return "".join(each.text for each in chunks), "".join(each.reasoning for each in chunks)


ANSWERS = {
    "<think>The user says hi.\n</think>\n\nHello!": ("Hello!", "The user says hi.\n"),
    "\n<think>a</think>b": ("b", "a"),
    "<THINK>a</Think>b": ("b", "a"),
    "<think></think>\n\nb": ("b", ""),
    "<think>a</think><think>b</think>\nc": ("c", "ab"),
    "<think>1 < 2 </thin </think>c": ("c", "1 < 2 </thin "),
    "<thought>a</thought>b": ("b", "a"),
    "[THINK]a[/THINK]b": ("b", "a"),
    "◁think▷a◁/think▷b": ("b", "a"),
    "<think>İstanbul</think>b": ("b", "İstanbul"),
    "Hello": ("Hello", ""),
    "  Hello": ("  Hello", ""),
    "<thin": ("<thin", ""),
    "<": ("<", ""),
    "<thinker>a</thinker>": ("<thinker>a</thinker>", ""),
    "`<think>` opens it": ("`<think>` opens it", ""),
    "```xml\n<think>a</think>\n```": ("```xml\n<think>a</think>\n```", ""),
    "a <think>b</think> c": ("a <think>b</think> c", ""),
    "<think>a</think>```\n<think>b</think>\n```": ("```\n<think>b</think>\n```", "a"),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_thoughts_however_they_are_cut(answer: str, size: int) -> None:
    pieces = [answer[start : start + size] for start in range(0, len(answer), size)]

    assert told(*pieces) == ANSWERS[answer]


def test_thoughts_that_never_end_were_the_answer() -> None:
    assert told("<think>is a tag")[0] == "<think>is a tag"


@pytest.mark.parametrize(
    ("reason", "cut"), [("length", False), ("MAX_TOKENS", False), (None, True)]
)
def test_thoughts_that_were_cut_off_stay_thoughts(reason: str | None, cut: bool) -> None:
    assert told("<think>still at it", reason=reason, cut=cut) == ("", "still at it")


@pytest.mark.parametrize("echo", [True, False])
def test_echo_of_a_prompt_is_no_thought(echo: bool) -> None:
    call = write(request(echo=echo), "", "completions", "xai")

    assert any(isinstance(stage, Thinking) for stage in stages_of(call)) != echo


def test_each_choice_thinks_for_itself() -> None:
    thinking = Thinking()
    pieces = [(0, "<th"), (1, "B"), (0, "ink>a</think>A")]

    steps = [Chunk(choice=choice, text=text) for choice, text in pieces]
    chunks = [each for step in steps for each in thinking.follow(step)]

    assert [(each.choice, each.text, each.reasoning) for each in chunks] == [
        (0, "", ""),
        (1, "B", ""),
        (0, "A", "a"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("start", ["<think>", " ", "", "<think>a</think>", "<think>" + "</thin"])
def test_cost_grows_with_the_text(start: str) -> None:
    def seconds(count: int) -> float:
        thinking, began = Thinking(), time.thread_time()
        list(thinking.follow(Chunk(text=start)))
        for _ in range(count):
            list(thinking.follow(Chunk(text=" ")))
        return time.thread_time() - began

    few, many = (min(seconds(count) for _ in range(5)) for count in (2_000, 16_000))

    assert many < 24 * few  # 8 times as much text; its square would take 64 times as long
