"""The last line says what is known, and guesses nothing."""

from __future__ import annotations

import pytest

from bot.completion.references import Reference
from bot.completion.result import Most, ToolUse, Usage, last_line, same_model
from tests.reply.conftest import LAST_LINE, answer


def test_model_tokens_cost_and_time() -> None:
    assert last_line(answer("x")) == LAST_LINE


def test_what_is_not_known_is_left_out() -> None:
    unknown = answer("x").model_copy(update={"usage": None, "seconds": 0.0})
    unpriced = answer("x").model_copy(update={"usage": Usage(completion_tokens=1)})

    assert last_line(unknown) == "grok-4.3"
    assert last_line(unpriced) == "grok-4.3 (chat) · 1 token · 3.2 s"


def test_the_endpoint_is_named() -> None:
    completed = answer("x").model_copy(update={"endpoint": "completions"})
    assert last_line(completed).startswith("grok-4.3 (completions) · ")


def test_another_model_is_mentioned() -> None:
    assert last_line(answer("x", model="grok-3")).startswith(
        "grok-3 answered instead of grok-4.3 (chat) · "
    )


def test_a_name_cannot_act() -> None:
    assert "<!channel>" not in last_line(answer("x", model="<!channel> @here"))


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("grok-4.3", "grok-4.3", True),
        ("grok-4.20-non-reasoning", "grok-4.20-0309-non-reasoning", True),
        ("grok-4", "grok-4-0709", True),
        ("grok-4-latest", "grok-4-0709", True),
        ("grok-2", "grok-2-2024-12-12", True),
        ("x-ai/grok-4.3", "grok-4.3", True),
        ("grok-3", "grok-3-mini", False),
        ("grok-4.20", "grok-4.3", False),
        ("grok-4.20-reasoning", "grok-4.20-non-reasoning", False),
    ],
)
def test_dated_releases_are_the_same_model(asked: str, answered: str, same: bool) -> None:
    assert same_model(asked, answered) is same


def test_what_a_conversation_has_forgotten_is_said() -> None:
    assert last_line(answer("x").model_copy(update={"forgotten": 1})).endswith(
        " · the first question here is forgotten"
    )
    assert last_line(answer("x").model_copy(update={"forgotten": 4})).endswith(
        " · the first 4 questions here are forgotten"
    )


@pytest.mark.parametrize(
    ("cited", "seen", "tools", "facts"),
    [
        (7, 3, ToolUse(x_calls=2, posts=44), " · 7 sources · 44 posts · $0.22 · "),
        (1, 0, ToolUse(web_calls=2), " · 1 source · $0.22 · "),
        (0, 2, ToolUse(web_calls=2), " · 2 sources seen · $0.22 · "),
        (0, 0, ToolUse(x_calls=1, posts=0), " · no sources · $0.22 · "),
        (0, 0, ToolUse(x_calls=1, posts=None), " · no sources · $0.22 · "),
        (0, 0, None, " tokens · $0.22 · "),
    ],
)
def test_what_was_searched_stands_before_what_it_cost(
    cited: int, seen: int, tools: ToolUse | None, facts: str
) -> None:
    references = [
        Reference(url=f"https://a.example/{each}", number=each if each <= cited else 0)
        for each in range(1, cited + seen + 1)
    ]
    usage = Usage(total_tokens=120, cost_in_usd_ticks=2_200_000_000)
    update = {"references": tuple(references), "tools": tools, "usage": usage}

    assert facts in last_line(answer("x").model_copy(update=update))


def test_what_is_charged_is_said_where_the_api_did_not_say_what_was_used() -> None:
    stopped = answer("x").model_copy(
        update={"usage": None, "stopped": True, "most": Most(tokens=1_234, micro_dollars=4_200)}
    )
    unpriced = stopped.model_copy(update={"most": Most(tokens=1)})

    assert last_line(stopped) == "grok-4.3 (chat) · at most 1,234 tokens and $0.0042 · 3.2 s"
    assert last_line(unpriced) == "grok-4.3 (chat) · at most 1 token · 3.2 s"
