from __future__ import annotations

import pytest

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
