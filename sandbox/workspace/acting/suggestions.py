"""External selects: what a person types goes to the app, its options come back."""

from __future__ import annotations

from sandbox.workspace.acting.payloads import Place, common, hand_over
from sandbox.workspace.acting.people import NotAllowedError
from sandbox.workspace.blocks.block_ids import completed
from sandbox.workspace.blocks.block_rules import Report, Rule, list_of, shaped
from sandbox.workspace.blocks.block_shapes import OPTION, OPTION_GROUP, OPTIONS_MOST, options_of
from sandbox.workspace.model import InteractionResult
from sandbox.workspace.serving.page_json import view_json
from sandbox.workspace.team import Team

_MIN_QUERY = 3
_OPTIONS: Rule = list_of(shaped(OPTION), OPTIONS_MOST, least=0)
_GROUPS: Rule = list_of(shaped(OPTION_GROUP), 100, least=0)


async def suggest(
    team: Team, user: str, place: Place, action_id: str, query: str, *, block_id: str | None = None
) -> InteractionResult:
    """Type `query`; nothing is asked below the element's `min_query_length` (default 3)."""
    block, element = place.find(action_id, block_id)
    if not element["type"].endswith("external_select"):
        raise NotAllowedError("not_an_external_select")
    if len(query) < element.get("min_query_length", _MIN_QUERY):
        return InteractionResult({}, 0.0, options={"options": []})
    payload = {
        **common(team, "block_suggestion", user),
        **place.fields,
        "block_id": block["block_id"],
        "action_id": action_id,
        "value": query,
    }
    if place.view is not None:
        payload["view"] = view_json(place.view, state=False)
    result = await hand_over(team, payload)
    if result.error is None:
        result = _checked(team, result)
    if result.error is None:
        place.offer(block["block_id"], action_id, options_of(result.options))
    return result


def _checked(team: Team, result: InteractionResult) -> InteractionResult:
    report = Report()
    if ("options" in result.ack) == ("option_groups" in result.ack):
        report.add("exactly one of options and option_groups is required", "/")
    _OPTIONS(report, "/options", result.ack.get("options", []))
    _GROUPS(report, "/option_groups", result.ack.get("option_groups", []))
    if report.messages:
        team.problems.append(f"options refused: {report.messages}")
        return InteractionResult(result.ack, result.delay, "invalid_options")
    return InteractionResult(result.ack, result.delay, options=completed(result.ack))
