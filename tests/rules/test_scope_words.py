from __future__ import annotations

import pytest

from bot.rules.arguments import CommandTarget, ending
from bot.rules.quota import Scope
from bot.words import commands as words


@pytest.mark.parametrize(
    ("target", "scope"),
    [
        (CommandTarget("me"), Scope("user", "U1")),
        (CommandTarget("user", "U2"), Scope("user", "U2")),
        (CommandTarget("channel"), Scope("channel", "C1")),
        (CommandTarget("workspace"), Scope("workspace")),
        (CommandTarget("each-user"), Scope("each-user")),
    ],
)
def test_a_target_means_a_scope_where_it_was_typed(target: CommandTarget, scope: Scope) -> None:
    assert target.scope(channel="C1", user="U1") == scope
    assert target.scope_kind == scope.kind


def test_nobody_known_is_no_scope() -> None:
    with pytest.raises(ValueError, match="no scope"):
        CommandTarget("user").scope(channel="C1", user="U1")


@pytest.mark.parametrize("typed", ["x=1 user @ben", "x=1 @ben", "x=1 ＠ben", "x=1 USER @ben"])
def test_a_person_that_slack_names_needs_no_word_before(typed: str) -> None:
    found = ending(typed, ("channel", "user"), ["U0BEN00001"])

    assert (found.before, found.target) == (["x=1"], CommandTarget("user", "U0BEN00001"))


@pytest.mark.parametrize(
    "typed", ["user @U0BEN00001", "user U0BEN00001", "@U0BEN00001", "＠U0BEN00001"]
)
def test_a_person_may_be_named_by_id(typed: str) -> None:
    assert ending(typed, ("user",)).target == CommandTarget("user", "U0BEN00001")


@pytest.mark.parametrize("typed", ["user @ben", "@ben"])
def test_where_slack_does_not_say_who_it_is_two_other_ways_are_told(typed: str) -> None:
    found = ending(typed, ("user",))

    (fault,) = found.faults
    assert (fault.parameter, fault.allowed) == ("", words.ALLOWED_PERSON)
    assert found.target == CommandTarget("user")


@pytest.mark.parametrize("typed", ["user experience", "user ben", "U0BEN00001"])
def test_a_word_is_nobody(typed: str) -> None:
    assert ending(typed, ("user",)).target is None


def test_where_no_person_has_it_a_name_is_a_word() -> None:
    assert ending("allow @ben", ("channel",)).target is None
