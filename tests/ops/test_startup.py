from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.duties import Duty
from bot.errors import StartupError
from bot.ops.startup import meet_slack, settings_faults
from bot.settings import Settings
from tests.ops.fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack

SECRET = "0123456789abcdef" * 2


def settings(**values: object) -> Settings:
    fine = {
        "slack_bot_token": BOT_TOKEN,
        "slack_app_token": APP_TOKEN,
        "xai_api_key": "xai-key",
        **values,
    }
    return Settings(_env_file=None, **fine)


@pytest.fixture
async def client(fake_slack: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(base_url=fake_slack.url, session=session, retry_handlers=[])


def test_good_settings_have_no_faults() -> None:
    assert settings_faults(settings()) == []
    assert settings_faults(settings(slack_app_token=None, slack_signing_secret=SECRET)) == []
    assert settings_faults(settings(redis_url="unix:///run/valkey.sock")) == []
    assert settings_faults(settings(grok_admins="U01ABC, W02DEF")) == []
    assert settings_faults(settings(asking_channels="C01ABC, G02DEF,D03")) == []


@pytest.mark.parametrize(
    ("values", "beginning", "remedy"),
    [
        ({"slack_bot_token": None}, "SLACK_BOT_TOKEN is missing.", "xoxb-"),
        ({"slack_bot_token": APP_TOKEN}, "SLACK_BOT_TOKEN does not look right", "xoxb-"),
        ({"slack_app_token": BOT_TOKEN}, "SLACK_APP_TOKEN does not look right", "xapp-"),
        (
            {"slack_app_token": None},
            "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET",
            "HTTP mode",
        ),
        (
            {"slack_app_token": None, "slack_signing_secret": BOT_TOKEN},
            "SLACK_SIGNING_SECRET holds a token",
            "Basic Information",
        ),
        (
            {"slack_app_token": None, "slack_signing_secret": "short"},
            "SLACK_SIGNING_SECRET does not look right",
            "Basic Information",
        ),
        ({"slack_bot_token": "xoxb-1\r2"}, "SLACK_BOT_TOKEN does not look right", "xoxb-"),
        ({"slack_app_token": "xapp-1\n"}, "SLACK_APP_TOKEN does not look right", "xapp-"),
        ({"xai_api_key": None}, "XAI_API_KEY is missing", "console.x.ai"),
        ({"xai_api_key": "xai-é"}, "XAI_API_KEY is no key", "console.x.ai"),
        ({"xai_api_key": "xai-1\n2"}, "XAI_API_KEY is no key", "console.x.ai"),
        ({"xai_api_key": "\u00a0"}, "XAI_API_KEY is no key", "console.x.ai"),
        ({"xai_base_url": "api.x.ai/v1"}, "XAI_BASE_URL is not an address", "https://"),
        ({"xai_base_url": "https://"}, "XAI_BASE_URL is not an address", "https://"),
        ({"slack_api_url": "https://[slack/"}, "SLACK_API_URL is not an address", "https://"),
        ({"redis_url": "db:6379"}, "REDIS_URL is not an address", "redis://host:6379/0"),
        ({"redis_url": "redis://db:port"}, "REDIS_URL names a port that is none", "redis://host"),
        ({"redis_url": "redis://db/abc"}, "REDIS_URL names a database", "redis://host:6379/0"),
        ({"grok_admins": "U01ABC,@jo"}, "GROK_ADMINS has entries that are no", "U012AB3CD"),
        (
            {"asking_channels": "C01ABC, #general,random"},
            "ASKING_CHANNELS has entries that are no channel ids: #general, random.",
            "C012AB3CD",
        ),
    ],
)
def test_each_fault_is_one_sentence_that_names_the_setting_and_the_remedy(
    values: dict[str, object], beginning: str, remedy: str
) -> None:
    (fault,) = settings_faults(settings(**values))

    assert fault.startswith(beginning)
    assert remedy in fault
    assert "\n" not in fault


@pytest.mark.parametrize("wrong", ["db:6379", "redis://db:port", "redis://db/abc"])
def test_how_an_address_of_a_store_looks_is_said_once(wrong: str) -> None:
    (fault,) = settings_faults(settings(redis_url=wrong))

    assert fault.count("redis://host:6379") == 1


def test_each_duty_has_settings_of_its_own() -> None:
    unreachable = settings(slack_app_token=None, redis_url="unix:///run/valkey.sock")
    alone = settings(redis_url=None)

    assert settings_faults(unreachable, Duty.WORKING) == []
    assert len(settings_faults(unreachable, Duty.TAKING)) == 1
    for duty in (Duty.TAKING, Duty.WORKING):
        (fault,) = settings_faults(alone, duty)
        assert fault.startswith("REDIS_URL is missing")
    assert settings_faults(alone) == []


def test_all_faults_come_at_once_and_hold_no_secret() -> None:
    faults = settings_faults(
        settings(
            slack_bot_token="hunter2-bot",
            slack_app_token="hunter2-app",
            xai_api_key=None,
            redis_url="http://:hunter2@db",
        )
    )

    assert len(faults) == 4
    assert "hunter2" not in "".join(faults)


def test_a_signing_secret_of_another_shape_will_do_for_another_slack() -> None:
    elsewhere = settings(
        slack_app_token=None, slack_signing_secret="secret", slack_api_url="http://127.0.0.1:1/api/"
    )

    assert settings_faults(elsewhere) == []


async def test_meeting_slack_tells_whose_app_this_is(client: AsyncWebClient) -> None:
    met = await meet_slack(settings(), client)

    found = met.installation
    assert found is not None
    assert (found.team, found.team_name, found.bot_user, found.bot_id) == (
        "T1",
        "Acme",
        "UBOT",
        "BBOT",
    )
    assert found.url == "https://acme.slack.com/"
    assert found.scopes is not None
    assert "chat:write" in found.scopes
    assert found.bot_token.get_secret_value() == BOT_TOKEN


async def test_http_mode_opens_no_socket(fake_slack: FakeSlack, client: AsyncWebClient) -> None:
    fake_slack.hangs.add("apps.connections.open")

    met = await meet_slack(settings(slack_app_token=None, slack_signing_secret=SECRET), client)

    assert met.installation is not None
    assert met.installation.team == "T1"
    assert met.ticket is None


async def test_asking_whether_socket_mode_opens_gives_a_ticket_for_it(
    client: AsyncWebClient,
) -> None:
    ticket = (await meet_slack(settings(), client)).ticket

    assert ticket is not None
    assert ticket.good
    assert ticket.url.get_secret_value() == "wss://slack.example/link/?ticket=t"
    assert "ticket=t" not in repr(ticket)


@pytest.mark.parametrize("url", [{}, {"url": None}, {"url": 5}], ids=repr)
async def test_a_reply_without_an_address_is_no_ticket_and_no_fault(
    fake_slack: FakeSlack, client: AsyncWebClient, url: dict[str, object]
) -> None:
    fake_slack.replies["apps.connections.open"] = {"ok": True, **url}

    assert (await meet_slack(settings(), client)).ticket is None


async def test_tokens_that_slack_refuses_are_named_both_at_once(client: AsyncWebClient) -> None:
    wrong = settings(slack_bot_token="xoxb-old-token", slack_app_token="xapp-old-token")

    with pytest.raises(StartupError) as refusal:
        await meet_slack(wrong, client)

    bot, app = refusal.value.faults
    assert bot.startswith("Slack does not accept SLACK_BOT_TOKEN (invalid_auth).")
    assert app.startswith("Slack does not accept SLACK_APP_TOKEN (invalid_auth).")
    assert "old-token" not in str(refusal.value)


@pytest.mark.parametrize(
    "reply",
    [
        {"ok": False, "error": "internal_error"},
        lambda: web.Response(status=503, text="<h1>no</h1>", content_type="text/html"),
        lambda: web.Response(text="{not json", content_type="application/json"),
        lambda: web.Response(status=404, text="no such page"),
    ],
)
async def test_a_slack_that_is_away_is_not_called_a_wrong_token(
    fake_slack: FakeSlack, client: AsyncWebClient, reply: object
) -> None:
    fake_slack.replies["auth.test"] = reply() if callable(reply) else reply

    with pytest.raises(StartupError, match=r"^Slack cannot be reached \("):
        await meet_slack(settings(), client)


async def test_a_slack_that_was_asked_too_often_is_not_called_away(
    fake_slack: FakeSlack, client: AsyncWebClient
) -> None:
    fake_slack.replies["auth.test"] = {"ok": False, "error": "ratelimited"}

    with pytest.raises(StartupError, match=r"^Slack was asked too often .* in a minute"):
        await meet_slack(settings(), client)


async def test_a_slack_that_does_not_answer_is_given_up(
    fake_slack: FakeSlack, client: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ops.slack_probe.PROBE_SECONDS", 0.05)
    fake_slack.hangs.add("auth.test")

    with pytest.raises(StartupError, match="Slack cannot be reached"):
        await meet_slack(settings(), client)


@pytest.mark.integration
async def test_an_address_where_nobody_listens_is_named() -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url="http://127.0.0.1:9/", session=session, retry_handlers=[])
        with pytest.raises(StartupError) as refusal:
            await meet_slack(settings(), client)

    (fault,) = refusal.value.faults
    assert "SLACK_API_URL" in fault


async def test_a_token_that_is_nobodys_bot_is_refused(
    fake_slack: FakeSlack, client: AsyncWebClient
) -> None:
    fake_slack.replies["auth.test"] = {"ok": True}

    with pytest.raises(StartupError, match=r"SLACK_BOT_TOKEN \(no_bot_user\)"):
        await meet_slack(settings(), client)


async def test_scopes_are_unknown_when_slack_does_not_tell(
    fake_slack: FakeSlack, client: AsyncWebClient
) -> None:
    fake_slack.scopes = None

    installation = (await meet_slack(settings(), client)).installation
    assert installation is not None
    assert installation.scopes is None
