"""Limits of blocks, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import GENERAL
from tests.sandbox.slack_app import error_of, refusal

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(text: str = "Stop", **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": "stop", **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def many_buttons(count: int) -> list[Json]:
    return [button(action_id=f"stop{n}") for n in range(count)]


def context(count: int) -> Json:
    return {"type": "context", "elements": [mrkdwn("x") for _ in range(count)]}


def option(value: str = "a") -> Json:
    return {"text": plain(value), "value": value}


def select(options: list[Json], **more: Any) -> Json:
    return actions({"type": "static_select", "action_id": "s", "options": options, **more})


def table(rows: int, columns: int, text: str = "x") -> Json:
    cell = {"type": "raw_text", "text": text}
    return {"type": "table", "rows": [[cell] * columns for _ in range(rows)]}


def thumbs(**more: Any) -> Json:
    halves = {
        half: {"text": plain(half), "value": half}
        for half in ("positive_button", "negative_button")
    }
    element = {"type": "feedback_buttons", "action_id": "feedback", **halves, **more}
    return {"type": "context_actions", "elements": [element]}


def chart(kind: str = "bar", series: int = 1, label: str = "x" * 18, **more: Any) -> Json:
    categories = [f"{label}{number:02}" for number in range(20)]
    points = [{"label": category, "value": -1.5} for category in categories]
    drawn = {
        "type": kind,
        "series": [{"name": f"s{number}", "data": points} for number in range(series)],
        "axis_config": {"categories": categories, "y_label": "y" * 50},
    }
    return {"type": "data_visualization", "title": "t" * 50, "chart": drawn | more}


def pie(count: int, value: float = 0.5) -> Json:
    segments = [{"label": "x" * 20, "value": value}] * count
    drawn = {"type": "pie", "segments": segments}
    return {"type": "data_visualization", "title": "t", "chart": drawn}


FITS: list[list[Json]] = [
    [section("x" * 3_000)],
    [{"type": "section", "fields": [mrkdwn("x")] * 10}],
    [section("x")] * 50,
    [context(10)],
    [actions(*many_buttons(25))],
    [actions(button("x" * 75, value="v" * 2_000, url="https://x.y"))],
    [actions(button(action_id="i" * 255), block_id="b" * 255)],
    [{"type": "header", "text": plain("x" * 150)}],
    [{"type": "markdown", "text": "x" * 6_000}, {"type": "markdown", "text": "x" * 6_000}],
    [{"type": "divider"}, {"type": "image", "image_url": "https://x.y/z.png", "alt_text": "z"}],
    [select([option(str(n)) for n in range(100)])],
    [select([option("a")], initial_option=option("a"))],
    [table(100, 20)],
    [{"type": "rich_text", "elements": []} | {"elements": [{"type": "rich_text_section"}]}],
    [section("x", accessory=button())],
    [thumbs()],
    [chart(series=6), pie(6)],
    [chart("line")],
    [thumbs(positive_button={"text": plain("x" * 75), "value": "v" * 2_000})],
]

BREAKS: list[tuple[list[Json], str]] = [
    ([thumbs(positive_button={"text": plain("x")})], "missing required field: value"),
    ([thumbs(positive_button={"text": plain("x"), "value": "v" * 2_001})], "less than 2001"),
    ([thumbs(negative_button={"text": plain("x" * 76), "value": "v"})], "less than 76"),
    ([thumbs(negative_button={"text": mrkdwn("x"), "value": "v"})], "unsupported type: mrkdwn"),
    ([thumbs(negative_button="v")], "must be an object"),
    ([thumbs(style="primary")], "invalid additional property: style"),
    ([actions(thumbs()["elements"][0])], "unsupported type: feedback_buttons"),
    ([chart(series=7)], "no more than 6 items"),
    ([chart(label="x" * 19)], "less than 21"),
    ([chart("donut")], "unsupported type: donut"),
    ([chart(axis_config={"categories": ["other"]})], "labels must match the categories"),
    ([chart(series=1)] * 3, "no more than two charts"),
    ([chart() | {"title": "t" * 51}], "less than 51"),
    ([pie(7)], "no more than 6 items"),
    ([pie(1, 0)], "must be greater than 0"),
    ([section("x" * 3_001)], "less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters"),
    ([{"type": "section"}], "missing required field: text or fields"),
    ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "no more than 10 items"),
    ([{"type": "section", "fields": [mrkdwn("x" * 2_001)]}], "less than 2001"),
    ([section("x")] * 51, "no more than 50 items allowed"),
    ([context(11)], "no more than 10 items allowed"),
    ([context(0)], "at least 1"),
    ([actions(*many_buttons(26))], "no more than 25 items allowed"),
    ([actions()], "at least 1"),
    ([actions(button("x" * 76))], "less than 76"),
    ([actions(button(value="v" * 2_001))], "less than 2001"),
    ([actions(button(url="u" * 3_001))], "less than 3001"),
    ([actions(button(action_id="i" * 256))], "less than 256"),
    ([actions(button(style="bright"))], "must be one of primary, danger"),
    ([actions({"type": "button", "action_id": "a"})], "missing required field: text"),
    ([actions({"type": "button", "text": mrkdwn("x")})], "unsupported type: mrkdwn"),
    ([actions(button(), block_id="b" * 256)], "less than 256"),
    ([actions(button(), button())], "action_id already exists"),
    ([section("x", block_id="b"), section("y", block_id="b")], "block_id `b` already exists"),
    ([{"type": "header", "text": plain("x" * 151)}], "less than 151"),
    ([{"type": "header", "text": mrkdwn("x")}], "unsupported type"),
    ([{"type": "markdown", "text": "x" * 12_001}], "less than 12001"),
    ([{"type": "markdown", "text": "x" * 6_001}] * 2, "less than 12001 characters in total"),
    ([{"type": "markdown", "text": ""}], "must be more than 0 characters"),
    ([{"type": "hologram"}], "unsupported type: hologram"),
    ([section("x", colour="red")], "invalid additional property: colour"),
    ([select([option(str(n)) for n in range(101)])], "no more than 100 items allowed"),
    ([select([{"text": plain("x" * 76), "value": "v"}])], "less than 76"),
    ([select([{"text": plain("x"), "value": "v" * 151}])], "less than 151"),
    ([select([option("a")], initial_option=option("b"))], "must match options exactly"),
    ([actions({"type": "static_select", "action_id": "s"})], "exactly one of options"),
    ([actions({"type": "plain_text_input", "action_id": "s"})], "unsupported type"),
    ([table(101, 1)], "no more than 100 items"),
    ([table(1, 21)], "no more than 20 items"),
    ([table(2, 2), table(2, 2)], "only one table"),
    ([table(10, 2, "x" * 501)], "less than 10001 characters in total"),
    ([{"type": "image", "alt_text": "x"}], "exactly one of image_url and slack_file"),
    ([actions(button(confirm={"title": plain("x" * 101)}))], "less than 101"),
    ([actions({"type": "overflow", "options": [option()] * 6})], "no more than 5 items"),
]  # fmt: skip


@pytest.mark.parametrize("blocks", FITS)
async def test_blocks_at_their_limits_are_taken(slack: AsyncWebClient, blocks: list[Json]) -> None:
    await slack.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)


@pytest.mark.parametrize(("blocks", "fault"), BREAKS)
async def test_blocks_beyond_a_limit_are_refused(
    slack: AsyncWebClient, blocks: list[Json], fault: str
) -> None:
    answer = await refusal(slack.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))

    assert answer["error"] == "invalid_blocks"
    assert any(fault in message for message in answer["response_metadata"]["messages"])


async def test_all_faults_are_named_at_once(slack: AsyncWebClient) -> None:
    blocks = [section("x" * 3_001), context(11)]

    answer = await refusal(slack.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))

    assert len(answer["response_metadata"]["messages"]) == 2


@pytest.mark.parametrize("blocks", ["not json", {"type": "divider"}, ["divider"]])
async def test_what_is_not_a_list_of_blocks_is_refused(slack: AsyncWebClient, blocks: Any) -> None:
    call = slack.api_call(
        "chat.postMessage", json={"channel": GENERAL, "text": "x", "blocks": blocks}
    )

    assert await error_of(call) == "invalid_blocks_format"


@pytest.mark.parametrize(
    "markdown",
    [
        "\n".join(f"# {n}" for n in range(51)),
        "a\n\n---\n\n" * 26,
        "x" * 9_000 + "&" * 1_000,
        "<" * 3_301,
        "x" * 11_900 + "\n" + "\n".join(f"# {n}" for n in range(14)),
    ],
    ids=["headers", "dividers", "ampersands", "angles", "headers weigh"],
)
async def test_markdown_that_grows_too_big_in_slack_is_refused(
    slack: AsyncWebClient, markdown: str
) -> None:
    blocks = [{"type": "markdown", "text": markdown}]

    error = await error_of(slack.chat_postMessage(channel=GENERAL, text="x", blocks=blocks))

    assert error == "msg_blocks_too_long"


async def test_fifty_markdown_headers_fit(slack: AsyncWebClient) -> None:
    headers = "\n".join(f"# {n}" for n in range(50))

    blocks = [{"type": "markdown", "text": headers}]
    await slack.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)
