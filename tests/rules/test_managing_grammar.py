from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.completion.options import OPTIONS
from bot.rules.commands import AskCommand, parse
from bot.rules.managing import (
    AllowModels,
    ExportUsage,
    ManagingCommand,
    Pause,
    ResetDefaults,
    Resume,
    ShowAudit,
    ShowDefaults,
    ShowModels,
    ShowQuota,
    ShowUsage,
    Target,
)
from bot.rules.managing_grammar import parse_managing
from bot.rules.quota import QUOTAS

WORKSPACE = Target("workspace")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("models", ShowModels()),
        (" Models \n", ShowModels()),
        ("audit", ShowAudit()),
        ("usage", ShowUsage()),
        ("usage me", ShowUsage(Target("me"))),
        ("Usage Channel", ShowUsage(Target("channel"))),
        ("usage\nworkspace", ShowUsage(WORKSPACE)),
        ("usage export", ExportUsage()),
        ("usage export 2025-03", ExportUsage("2025-03")),
        ("usage export 2025–3", ExportUsage("2025-03")),
        ("pause", Pause()),
        ("pause channel", Pause()),
        ("pause workspace", Pause(WORKSPACE)),
        ("resume", Resume()),
        ("resume workspace", Resume(WORKSPACE)),
        ("defaults", ShowDefaults()),
        ("defaults show", ShowDefaults()),
        ("defaults workspace", ShowDefaults(WORKSPACE)),
        ("defaults show channel", ShowDefaults(Target("channel"))),
        ("defaults reset", ResetDefaults()),
        ("defaults reset workspace", ResetDefaults(WORKSPACE)),
        ("quota", ShowQuota()),
        ("quota show", ShowQuota()),
        ("quota each-user", ShowQuota(Target("each-user"))),
        ("quota show each—user", ShowQuota(Target("each-user"))),
        ("quota show workspace", ShowQuota(WORKSPACE)),
    ],
)
def test_a_command(text: str, command: ManagingCommand) -> None:
    assert parse_managing(text) == command


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("models allow grok-4.3", ("grok-4.3",)),
        ("models allow mistral", ("mistral",)),
        ("models allow grok-4.3 grok-3-mini", ("grok-4.3", "grok-3-mini")),
        ("models allow grok-4.3, mistral,llama", ("grok-4.3", "mistral", "llama")),
        ("models allow grok-4 grok-4", ("grok-4",)),
        ("models allow “grok-4” 'x/y:z'", ("grok-4", "x/y:z")),
        ("MODELS Allow Grok-4", ("Grok-4",)),
    ],
)
def test_models_are_allowed_by_name(text: str, names: tuple[str, ...]) -> None:
    assert parse_managing(text) == AllowModels(True, names)
    assert parse_managing(f"{text} workspace") == AllowModels(True, names, target=WORKSPACE)


def test_models_are_forbidden_by_name() -> None:
    assert parse_managing("models forbid grok-3 channel") == AllowModels(False, ("grok-3",))


def test_all_models_are_allowed_at_once_but_not_forbidden() -> None:
    forbidden = parse_managing("models forbid all")

    assert parse_managing("models allow ALL workspace") == AllowModels(
        True, all=True, target=WORKSPACE
    )
    assert isinstance(forbidden, AllowModels)
    assert [fault.allowed for fault in forbidden.faults] == [
        "to stop questions for a while, `/grok pause`"
    ]


@pytest.mark.parametrize("text", ["models allow", "models forbid channel", "models allow “”"])
def test_no_model_is_a_fault(text: str) -> None:
    command = parse_managing(text)

    assert isinstance(command, AllowModels)
    assert [fault.problem for fault in command.faults] == ["no model is named"]


@pytest.mark.parametrize("month", ["2025-13", "2025-00", "2025", "1999-01", "2025-3-1"])
def test_what_is_no_month_is_a_fault(month: str) -> None:
    command = parse_managing(f"usage export {month}")

    assert isinstance(command, ExportUsage)
    assert [fault.problem for fault in command.faults] == [f"{month} is no month"]


QUESTIONS = [
    "usage of commas in English",
    "usage?",
    "usage me too",
    "usage each-user",
    "usage user @ana",
    "usage export data to CSV",
    "usage export July",
    "usage export 2025 figures",
    "models of the atom",
    "models allow users to express ideas",
    "models allow that.",
    "models allow all of us to see",
    "models forbid gpt-2 and others",
    "models channel",
    "model",
    "audit the following code",
    "audit channel",
    "pause for a second and think",
    "pause each-user",
    "resume of Albert Einstein",
    "resume me",
    "defaults set in stone",
    "defaults set -- in stone",
    "defaults in the credit market",
    "defaults show up late",
    "defaults unset model behaviour",
    "defaults reset the router how",
    "defaults each-user",
    "quota systems explained",
    "quota set by the EU",
    "quota set theory",
    "quota set x=5 and solve",
    "quota set concurrent users",
    "quota unset foo bar",
    "quota user",
    "quota user ana",
    "quota show user @ana please",
    "quota show me",
    "ask models",
    "-- usage",
    "--temperature 1 usage",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_stays_a_question(text: str) -> None:
    assert parse_managing(text, ("U1",) if "@ana" in text else ()) is None
    assert isinstance(parse(text), AskCommand)


@pytest.mark.parametrize(
    ("start", "name"),
    [("quota set", "token{}=1"), ("quota unset", "answers{}"), ("defaults unset", "seed{}")],
)
def test_a_list_longer_than_all_names_is_no_command(start: str, name: str) -> None:
    short, long = (
        " ".join([start, *(name.format(number) for number in range(count))]) for count in (40, 41)
    )

    assert parse_managing(short) is not None
    assert parse_managing(long) is None


ENGLISH = st.sampled_from(
    ["the", "a", "how", "explain", "commas", "please", "in", "of", "is", "Slack", "why?", "they"]
)


@settings(max_examples=200)
@given(
    st.sampled_from(
        [
            *("usage", "usage export", "models", "models allow", "audit", "pause", "resume"),
            *("defaults", "defaults set", "defaults unset", "defaults reset"),
            *("quota", "quota show", "quota set", "quota unset"),
        ]
    ),
    st.lists(ENGLISH, min_size=2, max_size=6),
)
def test_english_behind_a_command_is_a_question(start: str, words: list[str]) -> None:
    assert parse_managing(" ".join([start, *words])) is None


PIECES = st.sampled_from(
    [
        *("models", "usage", "audit", "defaults", "quota", "pause", "resume"),
        *("allow", "forbid", "all", "show", "set", "unset", "reset", "export"),
        *("channel", "workspace", "each-user", "user", "me", "@ana", "@U12345678"),
        *QUOTAS,
        *(option.flag for option in OPTIONS.values()),
        *("=", "=200k", "=$5", "tokens-per-day=", "x=y", ",", "2025-03", "2025-99", "grok-4"),
        *("—", "--", "-t", "“", "”", '"', "\\", "0.5", "\ud800", "{", "9" * 5000, "[" * 3000),
    ]
)


@settings(max_examples=400)
@given(
    st.lists(PIECES | st.text(max_size=4), max_size=8).map(" ".join),
    st.sampled_from(["", "models allow ", "usage export ", "quota set ", "quota unset "])
    | st.sampled_from(["defaults set ", "defaults set --echo ", "defaults unset "]),
    st.lists(st.just("U1"), max_size=1),
)
def test_no_text_raises(text: str, start: str, mentions: list[str]) -> None:
    command = parse_managing(start + text, mentions)

    assert command is None or all(
        fault.problem and "<" not in fault.problem for fault in getattr(command, "faults", ())
    )


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        ("quota set ", "tokens-per-dax=1 "),
        ("quota set tokens-per-day=1 ", "tokens-per-dax{}=1 "),
        ("quota set tokens-per-day=1", " "),
        ("quota set a", " ="),
        ("quota unset ", "tokens-per-da{} "),
        ("defaults unset ", "temperatur{} "),
        ("defaults set --echo ", "-- "),
        ("defaults set ", "--temperature 1 "),
        ("models allow ", "a-1 "),
        ("models allow a", "-"),
        ("usage export 2", "0"),
    ],
)
def test_work_does_not_grow_with_the_square_of_the_text(start: str, piece: str) -> None:
    pieces = "".join(piece.format(number) for number in range(20_000))

    parse_managing(f"{start}{pieces}?")  # the test's own timeout is the bound
