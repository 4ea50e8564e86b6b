"""Whose a payload is, whatever else it names."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.inbound.incoming import Malformed
from bot.teams.naming import Whose, leaving, whose

OURS, THEIRS, ORG = "T0OURS", "T0THEIRS", "E0ORG"


def event(**fields: Any) -> dict[str, Any]:
    authorization = {"team_id": OURS, "enterprise_id": None, "is_enterprise_install": False}
    return {
        "type": "event_callback",
        "team_id": THEIRS,
        "authorizations": [authorization],
        "event": {"type": "message"},
        **fields,
    }


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"command": "/grok", "team_id": OURS}, Whose(OURS)),
        (
            {"command": "/grok", "team_id": OURS, "enterprise_id": ORG},
            Whose(OURS, ORG),
        ),
        (event(), Whose(OURS)),
        (event(authorizations=[]), Whose(THEIRS)),
        (event(authorizations=[{"team_id": OURS, "enterprise_id": ORG}]), Whose(OURS, ORG)),
        ({"type": "shortcut", "team": {"id": OURS}, "user": {"team_id": THEIRS}}, Whose(OURS)),
        (
            {
                "type": "block_actions",
                "team": {"id": THEIRS},
                "message": {"team": OURS, "bot_id": "B1"},
            },
            Whose(OURS),
        ),
        (
            {"type": "message_action", "team": {"id": OURS}, "message": {"team": THEIRS}},
            Whose(OURS),
        ),
        (
            {
                "type": "view_submission",
                "team": {"id": THEIRS},
                "view": {"app_installed_team_id": OURS, "team_id": THEIRS},
            },
            Whose(OURS),
        ),
        (
            {
                "type": "view_submission",
                "team": None,
                "enterprise": {"id": ORG},
                "user": {"id": "U1", "team_id": OURS},
            },
            Whose(OURS, ORG),
        ),
        ({"type": "event_callback", "team_id": None, "enterprise_id": ORG}, Whose("", ORG)),
        ({"type": "event_callback", "team_id": ORG, "event": {}}, Whose("", ORG)),
        (
            {
                "type": "view_submission",
                "team": {"id": OURS, "enterprise_id": ORG},
                "enterprise": {"id": ORG},
                "view": {"app_installed_team_id": ORG},
            },
            Whose(OURS, ORG),
        ),
    ],
)
def test_it_is_for_the_workspace_that_has_the_app(body: dict[str, Any], found: Whose) -> None:
    assert whose(body) == found


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"team_id": 7},
        {"team_id": ["T1"]},
        {"team_id": "U0ANA"},
        {"team_id": "T"},
        {"team_id": "T0{x}:*"},
        {"team_id": "T" + "A" * 99},
        {"team": "T0OURS"},
        {"authorizations": {"team_id": OURS}},
        {"authorizations": ["T0OURS"]},
        {"view": [], "message": "", "user": 3, "enterprise": 4},
    ],
)
def test_what_names_no_workspace_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        whose(body)


def test_what_is_no_organisation_is_none() -> None:
    assert whose({"team_id": OURS, "enterprise_id": "*"}) == Whose(OURS)
    assert whose({"team_id": OURS, "enterprise": {"id": ["E1"]}}) == Whose(OURS)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (event(event={"type": "app_uninstalled"}), "app_uninstalled"),
        (event(event={"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}), "tokens_revoked"),
        (event(event={"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}), ""),
        (event(event={"type": "tokens_revoked", "tokens": ["bot"]}), ""),
        (event(event={"type": "team_access_revoked", "team_ids": [OURS]}), "team_access_revoked"),
        (event(event={"type": ["app_uninstalled"]}), ""),
        (event(event="app_uninstalled"), ""),
        (event(), ""),
        ({"type": "block_actions", "event": {"type": "app_uninstalled"}}, ""),
    ],
)
def test_who_may_have_removed_the_app(body: dict[str, Any], kind: str) -> None:
    assert leaving(body) == kind
