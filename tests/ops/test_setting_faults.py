from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.ops.setting_faults import nothing_set, set_names, setting_faults, unknown_settings
from bot.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "grok_max_tokens",
            "-3",
            "GROK_MAX_TOKENS cannot be -3: it takes a whole number above 0, and 100000000 at most.",
        ),
        (
            "job_lease_seconds",
            "inf",
            "JOB_LEASE_SECONDS cannot be inf: it takes a number above 0, and 86400 at most.",
        ),
        ("port", "\udcff", "PORT cannot be used as it is set: it takes text in UTF-8."),
        (
            "grok_max_tokens",
            "many",
            "GROK_MAX_TOKENS cannot be many: it takes a whole number above",
        ),
        ("grok_max_tokens", "1.5", "GROK_MAX_TOKENS cannot be 1.5: it takes a whole number above"),
        ("port", "70000", "PORT cannot be 70000: it takes a whole number from 0 to 65535."),
        ("slack_edits_per_minute", "1", "SLACK_EDITS_PER_MINUTE cannot be 1: it takes a whole num"),
        (
            "grok_silence_seconds",
            "0",
            "GROK_SILENCE_SECONDS cannot be 0: it takes a number above 0",
        ),
        ("grok_silence_seconds", "soon", "GROK_SILENCE_SECONDS cannot be soon: it takes a number"),
        ("log_format", "xml", "LOG_FORMAT cannot be xml: it takes auto, json or text."),
        ("feedback", "maybe", "FEEDBACK cannot be maybe: it takes true or false."),
        (
            "quota_timezone",
            "Berlin",
            "QUOTA_TIMEZONE cannot be Berlin: there is no such time zone.",
        ),
        ("grok_prices", "x", "GROK_PRICES cannot be x: write each price as model=input/output."),
        ("port", "xai-" + "k" * 80, "PORT cannot be used as it is set: it takes a whole number"),
    ],
)
def test_a_setting_is_named_with_its_value_and_with_what_it_takes(
    name: str, value: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        Settings(_env_file=None, **{name: value})

    (told,) = setting_faults(raised.value)
    assert told.startswith(sentence)
    assert told.endswith(". See .env.example.")


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e308", str(2**63), "9" * 30])
def test_no_number_is_beyond_what_redis_and_clocks_take(value: str) -> None:
    numbers = {
        name: value
        for name, field in Settings.model_fields.items()
        if field.annotation in (int, float)
    }

    with pytest.raises(ValidationError) as raised:
        Settings(_env_file=None, **numbers)

    assert len(setting_faults(raised.value)) == len(numbers)


def test_every_number_says_what_it_takes() -> None:
    numbers = {
        name: "x"
        for name, field in Settings.model_fields.items()
        if field.annotation in (int, float)
    }

    with pytest.raises(ValidationError) as raised:
        Settings(_env_file=None, **numbers)

    told = setting_faults(raised.value)
    assert len(told) == len(numbers) > 20
    assert all(
        "number above" in each or "number of" in each or "number from" in each for each in told
    )


def hints(*names: str) -> list[str]:
    return [trouble.text for trouble in unknown_settings(names)]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("GROK_MAX_TOKEN", "GROK_MAX_TOKENS"),
        ("GROK_ADMIN", "GROK_ADMINS"),
        ("SLACK_BOT_TOKENS", "SLACK_BOT_TOKEN"),
        ("SLACKBOT_TOKEN", "SLACK_BOT_TOKEN"),
        ("SLACK_EDIT_PER_MINUTE", "SLACK_EDITS_PER_MINUTE"),
        ("ASKING_CHANNEL", "ASKING_CHANNELS"),
        ("REDIS_URI", "REDIS_URL"),
        ("DATADIR", "DATA_DIR"),
        ("LOG_LEVELS", "LOG_LEVEL"),
        ("GORK_MODEL", "GROK_MODEL"),
        ("GROK_TOTAL_SECOND", "GROK_TOTAL_SECONDS"),
    ],
)
def test_a_typing_error_is_named_with_the_nearest(name: str, nearest: str) -> None:
    assert hints("PATH", name) == [
        f"{name} is set, and there is no such setting. Did you mean {nearest}?"
    ]


def test_what_begins_like_ours_alone_is_named_even_without_a_nearest() -> None:
    assert hints("GROK_QQQ") == ["GROK_QQQ is set, and there is no such setting."]


@pytest.mark.parametrize(
    "name",
    [
        *(name.upper() for name in Settings.model_fields),
        "PATH",
        "HOSTNAME",
        "HOSTS",
        "PORTS",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "REDIS_PASSWORD",
        "REDIS_HOST",
        "REDIS_PORT",
        "REDIS_SERVICE_HOST",
        "REDIS_PORT_6379_TCP_ADDR",
        "GROK_BOT_SERVICE_PORT",
        "GROK_BOT_PORT_9464_TCP",
        "GROK_BOT_PORT",
        "SLACK_WEBHOOK_URL",
        "SLACK_CHANNEL",
        "XAI_API_HOST",
        "GROK_" + "A" * 1_000,
    ],
)
def test_what_is_ours_or_somebody_elses_is_passed_over(name: str) -> None:
    assert hints(name) == []


def test_what_is_set_already_was_not_meant() -> None:
    """A `SLACK_TOKEN` of another program, beside ours."""
    assert hints("SLACK_API_TOKEN", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN") == []


def test_names_come_from_the_environment_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROK_OUTSIDE", "1")
    (tmp_path / ".env").write_text("grok_inside=2\n# GROK_COMMENT=3\n", encoding="utf-8")

    names = set_names()

    assert {"GROK_OUTSIDE", "GROK_INSIDE"} <= set(names)
    assert "GROK_COMMENT" not in names


def test_a_missing_file_is_named_only_when_nothing_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "XAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    (trouble,) = nothing_set(Settings())
    assert trouble.text == (
        f"There is no .env in {tmp_path}, and no token or key is set in the environment."
    )

    assert nothing_set(Settings(slack_bot_token="xoxb-1")) == []

    (tmp_path / ".env").touch()
    assert nothing_set(Settings()) == []
