"""What stands behind the form of the set-up is a claim."""

from __future__ import annotations

import pytest

from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.views.setup_view import SetupMetadata, What


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
    scope: str, what: What, meant: Scope | None
) -> None:
    assert SetupMetadata(scope=scope, seen="x").scope_of(what) == meant
