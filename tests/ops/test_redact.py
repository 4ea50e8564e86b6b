from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.ops.redact import Redactor
from bot.settings import Settings


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-" + "1234567890-abcdefXYZ",
        "xoxe.xoxp-" + "1-Mi0yLTEyMzQ1",
        "xapp-" + "1-A0123-456-deadbeef",
        "xai-" + "A1b2C3d4" * 10,
        "sk-" + "proj_A1b2C3d4E5f6G7",
    ],
)
def test_what_looks_like_a_key_is_hidden(secret: str) -> None:
    written = Redactor().text(f"calling with {secret}, then {secret!r}")

    assert secret not in written
    assert secret.rpartition("-")[2] not in written


def test_headers_addresses_and_tickets_are_hidden() -> None:
    redactor = Redactor()

    assert redactor.text("Authorization: Bearer abc.def-123") == "Authorization: Bearer ***"
    assert (
        redactor.text("redis://user:pa55word@db:6379/0 is away")
        == "redis://user:***@db:6379/0 is away"
    )
    assert redactor.text("rediss://:pa55word@db") == "rediss://:***@db"
    assert redactor.text("wss://slack.example/link/?ticket=4f2a&app_id=A1") == (
        "wss://slack.example/link/?ticket=***&app_id=A1"
    )
    assert redactor.text("https://hooks.slack.com/commands/T1/22/33 failed") == (
        "https://hooks.slack.com/*** failed"
    )
    assert "T1/22" not in redactor.text("{'response_url': 'http://127.0.0.1:1/respond/T1/22'}")


@pytest.mark.parametrize(
    "ordinary",
    [
        "xai-sdk and sk-1 are fine; 12:30 at https://api.x.ai/v1, tokens=512; basic idea",
        "make a token with the scope connections:write under “Basic Information”.",
        "Copy it from Basic Information of your app; basic understanding/knowledge will do",
        "basic authentication is off, Basic Authorization too, a BASIC EXAMPLE, basic-auth.",
        "basic internationalization, basic configuration files, basic utf-8, basic OAuth2",
        "the bearer understands: a bearer certificate, Bearer authentication. Bearer tokens/keys",
        "Bearer-Token; bearer authorization, bearer credentials… bearer credentials!",
        "no authorization was given; authorization required, authorization code flow",
        "xai-compatible-servers-of-yours, sk-learn-and-its-many-friends, xai-grok-4-fast-reasoning",
    ],
)
def test_ordinary_text_stays_as_it_is(ordinary: str) -> None:
    assert Redactor().text(ordinary) == ordinary


@pytest.mark.parametrize(
    ("written", "secret"),
    [
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
        ("sent Basic dXNlcjpwYXNzd29yZA== along", "dXNlcjpwYXNzd29yZA"),
        ("sent basic YWxhZGRpbjpvcGVuc2VzYW1l along", "YWxhZGRpbjpvcGVuc2VzYW1l"),
        ("Proxy-Authorization: Basic QWxhZGRpbjpvcGVu", "QWxhZGRpbjpvcGVu"),
        ("{'Authorization': 'Bearer abcdefgh'}", "abcdefgh"),
        ('{"authorization":"bearer sesame"}', "sesame"),
        ("(b'authorization', b'Bearer sesame-open')", "sesame-open"),
        ("authorization=Bearer%20x plainword", "Bearer%20x"),
        ("Authorization: token sesameopen", "sesameopen"),
        ("Authorization: sesameopen", "sesameopen"),
        ("Bearer abcdefgh1", "abcdefgh1"),
        ("bearer abcDefGhiJkl", "abcDefGhiJkl"),
        ("bearer abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJzdWIiOiIxIn0"),
        ("key sk-" + "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"),
        ("key sk-" + "ant-api03-Ab1Cd2Ef3Gh4", "Ab1Cd2Ef3Gh4"),
        ("key xai-" + "aB3" * 20, "aB3aB3"),
    ],
)
def test_credentials_are_hidden_wherever_they_stand(written: str, secret: str) -> None:
    hidden = Redactor().text(written)

    assert secret not in hidden
    assert "***" in hidden


def test_configured_secrets_are_hidden_whatever_they_look_like() -> None:
    redactor = Redactor.of(
        settings(
            slack_signing_secret="8f742231b10e8888abcd99yyyzzz85a5",
            xai_api_key="plain-words-as-a-key",
            redis_url="redis://:sesame-open@store:6379/0",
        )
    )

    written = redactor.text(
        "8f742231b10e8888abcd99yyyzzz85a5 plain-words-as-a-key sesame-open store:6379"
    )

    assert written == "*** *** *** store:6379"


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    assert Redactor(["abcdef", "abcdef-ghi"]).text("abcdef-ghi abcdef") == "*** ***"


def test_short_configured_values_do_not_blot_out_words() -> None:
    assert Redactor(["none"]).text("none of it") == "none of it"


def test_fields_are_hidden_by_name_and_at_any_depth() -> None:
    key = "xai-" + "Z9y8X7w6" * 10
    written = Redactor().value(
        {
            "Authorization": "anything",
            "prompt_tokens": 12,
            "nested": [{"token": "abc", "why": f"bad key {key}"}, SecretStr("seen")],
            "none": None,
        }
    )

    assert written == {
        "Authorization": "***",
        "prompt_tokens": 12,
        "nested": [{"token": "***", "why": "bad key xai-***"}, "SecretStr('**********')"],
        "none": None,
    }
