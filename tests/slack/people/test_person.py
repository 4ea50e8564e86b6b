"""What somebody is to the workspace, by what Slack says of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.slack.people.person import NAME_CHARS, Organisation, Person, SlackUser

ALONE = Organisation("T0HOME")
GRID = Organisation("T0HOME", "E0ORG")


def person(here: Organisation = ALONE, **said: Any) -> Person:
    return SlackUser.model_validate(said).person("U1", here)


def what(who: Person) -> str:
    """What they are, in one word."""
    kinds = ("admin", "member", "guest", "stranger", "bot", "deleted")
    return " ".join(kind for kind in kinds if getattr(who, kind))


def of_grid(*teams: str, enterprise: str = "E0ORG") -> dict[str, Any]:
    return {"enterprise_user": {"enterprise_id": enterprise, "teams": list(teams)}}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"team_id": "T0HOME"}, "member"),
        ({"team_id": "T0HOME", "is_admin": True}, "admin member"),
        ({"team_id": "T0HOME", "is_owner": True}, "admin member"),
        ({"team_id": "T0ELSE", "is_admin": True}, "stranger"),
        ({"team_id": "", "is_admin": True}, "stranger"),
        ({"team_id": None, "is_admin": True}, "stranger"),
        ({"is_admin": True, "is_owner": True}, "stranger"),
        ({}, "stranger"),
        ({"is_stranger": True, "is_admin": True}, "stranger"),
        ({"team_id": "T0HOME", "is_stranger": True, "is_owner": True}, "stranger"),
        ({"team_id": "T0HOME", "is_external": True}, "stranger"),
        ({"team_id": "T0HOME", "is_restricted": True, "is_admin": True}, "guest"),
        ({"team_id": "T0HOME", "is_ultra_restricted": True}, "guest"),
        ({"team_id": "T0HOME", "is_bot": True, "is_admin": True}, "bot"),
        ({"team_id": "T0HOME", "is_workflow_bot": True}, "bot"),
        ({"team_id": "T0HOME", "deleted": True, "is_owner": True}, "deleted"),
        ({"team_id": "T0ELSE", **of_grid("T0ELSE", "T0HOME")}, "member"),
        ({"team_id": "T0ELSE", **of_grid("T0ELSE")}, "stranger"),
        ({"team_id": "E0ORG", "enterprise_id": "E0ORG"}, "stranger"),
    ],
)
def test_in_a_workspace_of_its_own(said: dict[str, Any], kind: str) -> None:
    assert what(person(**said)) == kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"team_id": "T0HOME", "is_admin": True}, "admin member"),
        ({"team_id": "T0ELSE", **of_grid("T0ELSE", "T0HOME")}, "member"),
        ({"team_id": "T0ELSE", **of_grid("T0ELSE", "T0HOME"), "is_admin": True}, "admin member"),
        ({"team_id": "T0ELSE", **of_grid("T0ELSE")}, "member"),
        ({"team_id": "T0ELSE", **of_grid("T0ELSE"), "is_admin": True}, "member"),
        ({"team_id": "E0ORG"}, "member"),
        ({"team_id": "E0ORG", **of_grid("T0ELSE", "T0HOME"), "is_owner": True}, "admin member"),
        ({"team_id": "E0ORG", **of_grid("T0ELSE"), "is_owner": True}, "member"),
        ({**of_grid("T0HOME"), "is_admin": True}, "admin member"),
        ({"enterprise_id": "E0ORG", "teams": ["T0HOME"], "is_admin": True}, "admin member"),
        ({"team_id": "T0ELSE", **of_grid("T0ELSE", enterprise="E0ELSE")}, "stranger"),
        ({"team_id": "T0ELSE", **of_grid(enterprise="")}, "stranger"),
        ({"is_stranger": True, "is_admin": True}, "stranger"),
        ({"is_stranger": True, **of_grid("T0HOME"), "is_admin": True}, "stranger"),
        ({"team_id": "T0ELSE", **of_grid("T0HOME"), "is_restricted": True}, "guest"),
        ({"team_id": "", "enterprise_user": {}, "is_admin": True}, "stranger"),
        ({"team_id": "", "enterprise_user": None, "is_admin": True}, "stranger"),
    ],
)
def test_on_an_enterprise_grid(said: dict[str, Any], kind: str) -> None:
    assert what(person(GRID, **said)) == kind


def test_who_is_not_known_is_nothing() -> None:
    assert what(Person("U1", "U1")) == ""


def test_what_they_are_called() -> None:
    both = {"real_name": "Ana Silva", "display_name": "ana"}

    assert person(profile=both).name == "ana"
    assert person(profile={**both, "display_name": ""}).name == "Ana Silva"
    assert person(profile={**both, "display_name": None}).name == "Ana Silva"
    assert person(profile=None, name="asilva").name == "asilva"
    assert person().name == "U1"
    assert person(name="a" * 10_000).name == "a" * NAME_CHARS
    assert person(name="half \ud83d", team_id="T0HOME").name == "half \ufffd"
    assert person(profile={"display_name": "\ud83d"}).name == "\ufffd"


def test_what_slack_says_beside_it_does_not_matter() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"more": deep}
    odds: tuple[Any, ...] = (deep, [], "", 7, None)

    for odd in odds:
        found = person(team_id="T0HOME", profile=odd, enterprise_user=odd, more=odd)
        assert what(found) == "member"


@pytest.mark.parametrize(
    "said",
    [
        {"team_id": ["T0HOME"]},
        {"team_id": "T0HOME", "is_stranger": "perhaps"},
        {"team_id": "T0HOME", "enterprise_user": {"teams": "T0HOME"}},
        {"team_id": "T0HOME", "tz_offset": 10**20},
    ],
)
def test_what_slack_does_not_document_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        person(**said)
