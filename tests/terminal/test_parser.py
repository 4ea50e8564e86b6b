from __future__ import annotations

import pytest

from bot.ops.command_words import EMPTY_ARGUMENT
from bot.terminal.parser import EXIT_USAGE, parsed
from bot.words.terminal import eval as eval_words


def test_a_budget_is_a_number_of_dollars() -> None:
    assert parsed(["eval", "sums.txt", "--budget", "0.50"]).budget == 0.5


@pytest.mark.parametrize(
    "given", ["x", "", "0,50", "$5", "1e", "1_0", "٥", "nan", "inf", "9" * 400]
)
def test_what_is_no_budget_is_told_in_a_sentence(
    given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(["eval", "sums.txt", f"--budget={given}"])

    said = capsys.readouterr().err
    assert ended.value.code == EXIT_USAGE
    assert eval_words.NOT_DOLLARS in said
    assert "float" not in said


def test_help_names_each_form_of_data(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(["eval", "--help"])

    said = " ".join(capsys.readouterr().out.split())
    for each in ("JSONL", "CSV", ".txt", "/grok feedback export", "expected", "max_chars"):
        assert each in said


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("jobs", "--drop"),
        ("jobs", "--retry"),
        ("forget", "--user"),
        ("manifest", "--http"),
        ("manifest", "--install"),
        ("eval sums.txt --budget 1", "--grid"),
        ("eval sums.txt --budget 1", "--judge"),
        ("eval sums.txt --budget 1", "--out"),
    ],
)
def test_an_empty_argument_is_refused_in_a_sentence(
    command: str, option: str, empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in ([option, empty], [f"{option}={empty}"]):
        with pytest.raises(SystemExit) as ended:
            parsed([*command.split(), *given])

        told = EMPTY_ARGUMENT(option=option, command=command.split(maxsplit=1)[0])
        assert (ended.value.code, capsys.readouterr().err) == (EXIT_USAGE, f"{told}\n")


def test_what_ends_with_an_equals_sign_is_not_empty() -> None:
    assert parsed(["manifest", "--http=https://bot.example.com/a="]).http.endswith("/a=")


@pytest.mark.parametrize("given", [[""], ["check", ""], ["eval", "", "--budget", "1"]])
def test_so_is_one_where_no_option_stands(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(given)

    assert capsys.readouterr().err == EMPTY_ARGUMENT(option="", command=given[0]) + "\n"
