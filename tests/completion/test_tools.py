"""What the tools of xAI cost."""

from __future__ import annotations

from bot.completion.result import Answer, ToolUse
from bot.completion.search import OPTION_NAMES, SOURCES
from bot.completion.tools import LISTED, TOOLS, cost_of, prices_of_tools


def test_each_thing_that_is_billed_has_its_price() -> None:
    assert cost_of(ToolUse()) == 0
    assert cost_of(ToolUse(web_calls=1_000)) == 5_000_000
    assert cost_of(ToolUse(x_calls=24, posts=184, profiles=3)) == 950_000
    assert cost_of(ToolUse(web_calls=5, posts=2, profiles=1)) == 45_000


def test_an_operator_corrects_what_is_listed() -> None:
    prices = prices_of_tools(" posts=2.5, web=0.0001,")

    assert prices == {**LISTED, "posts": 2_500, "web_calls": 1}  # never less than it costs
    assert cost_of(ToolUse(web_calls=1_000, x_calls=2, posts=2, profiles=1), prices) == 16_000
    assert prices_of_tools("files=4")["file_searches"] == 4_000
    assert prices_of_tools("") == LISTED


def test_nobody_knows_what_costs_that_was_not_counted() -> None:
    assert cost_of(ToolUse(x_calls=3, posts=None)) is None
    assert cost_of(ToolUse(x_calls=3, profiles=None)) is None


def test_every_option_narrows_one_tool_at_most() -> None:
    filters = [name for tool in TOOLS.values() for name in tool.filters]

    assert tuple(TOOLS) == SOURCES
    assert sorted(filters) == sorted({*OPTION_NAMES} - {"search", "max_turns"})
    counted = {name for tool in TOOLS.values() for name in {*tool.micro_dollars, *tool.each_turn}}
    assert counted == set(ToolUse.model_fields)
    assert all(tool.micro_dollars.keys() <= tool.each_turn.keys() for tool in TOOLS.values())


def test_an_answer_of_an_earlier_version_used_none() -> None:
    answer = Answer.failed("grok-4.3", "")

    assert Answer.model_validate(answer.model_dump(exclude={"tools"})).tools is None
