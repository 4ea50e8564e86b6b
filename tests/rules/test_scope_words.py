from __future__ import annotations

import pytest

from bot.rules.quota import Scope
from bot.rules.scope_words import Target


@pytest.mark.parametrize(
    ("target", "scope"),
    [
        (Target("me"), Scope("user", "U1")),
        (Target("user", "U2"), Scope("user", "U2")),
        (Target("channel"), Scope("channel", "C1")),
        (Target("workspace"), Scope("workspace")),
        (Target("each-user"), Scope("each-user")),
    ],
)
def test_a_target_means_a_scope_where_it_was_typed(target: Target, scope: Scope) -> None:
    assert target.scope(channel="C1", user="U1") == scope
    assert target.scope_kind == scope.kind


def test_nobody_known_is_no_scope() -> None:
    with pytest.raises(ValueError, match="no scope"):
        Target("user").scope(channel="C1", user="U1")
