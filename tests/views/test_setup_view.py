"""Settable stands behind the form of the set-up is a claim."""

from __future__ import annotations

import pytest

from bot.rules.policy import Rules
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.views.form_fields import Values
from bot.views.setup_view import Settable, SetupMetadata, read_defaults


@pytest.mark.parametrize(
    ("scope", "what", "meant"),
    [
        ("workspace", "defaults", WORKSPACE),
        ("channel:C0GENERAL1", "defaults", Scope("channel", "C0GENERAL1")),
        ("user:U0ANA00001", "limits", Scope("user", "U0ANA00001")),
        ("each-user", "limits", EACH_USER),
        ("user:U0ANA00001", "defaults", None),
        ("each-user", "defaults", None),
        ("workspace:C0GENERAL1", "limits", None),
        ("each-user:U1", "limits", None),
        ("channel", "limits", None),
        ("channel:", "limits", None),
        ("user", "limits", None),
        ("team:T1", "limits", None),
        ("", "defaults", None),
    ],
)
def test_only_rules_that_there_are_can_be_meant(
    scope: str, what: Settable, meant: Scope | None
) -> None:
    assert SetupMetadata(scope=scope, seen="x").scope_of(what) == meant


def test_what_is_searched_by_default_is_set_and_taken_away_in_the_form() -> None:
    rules = Rules(defaults={"search": "web", "domains": ["a.co"], "since": "2026-11-01"})
    shown: Values = {
        "search": {"value": {"selected_option": {"value": "x"}}},
        "domains": {"value": {"value": "example"}},
        "since": {"value": {"selected_date": None}},
        "max_turns": {"value": {"value": "3"}},
    }
    changes, (fault,) = read_defaults(shown, rules)

    assert changes == {"search": "x", "domains": "example", "since": None, "max_turns": 3}
    assert (fault.parameter, fault.problem) == ("domains", "“example” is not a domain")
    same: Values = {"domains": {"value": {"value": "a.co"}}}
    assert read_defaults(same, rules) == ({}, ())
