"""Charts: whatever they are of, Slack takes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks import Block
from bot.slack.charts.charts import MOST_BARS, bars, without_charts
from sandbox.workspace.blocks.validate import check_message_blocks

NAMES = st.lists(st.text(max_size=60), min_size=1, max_size=40)


@given(NAMES, st.text(min_size=1, max_size=80).filter(str.strip))
def test_whatever_the_names_are_slack_takes_it(names: list[str], title: str) -> None:
    values = [float(number) for number in range(len(names))]
    chart: dict[str, object] = dict(bars(f"t {title}", names, {"one": values, "other": values}))

    check_message_blocks([chart])


def test_names_that_are_alike_at_both_ends_stay_apart() -> None:
    names = [f"grok-4.20-{number:04}-non-reasoning" for number in range(MOST_BARS)]
    drawn: Block = bars("t", names, {"one": [1.0] * MOST_BARS})
    (series,) = drawn["chart"]["series"]  # type: ignore[index]

    labels = [point["label"] for point in series["data"]]
    assert len(set(labels)) == MOST_BARS
    assert labels[0] == "grok-4.20-…reasoning"
    assert labels[11] == "grok-4.…asoning (12)"
    assert without_charts([drawn, {"type": "divider"}]) == [{"type": "divider"}]
