from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.ops.setting_faults import setting_faults
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
