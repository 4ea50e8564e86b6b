from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.ops.check import Line, check, run_checks
from bot.ops.manifest import SCOPES
from bot.settings import Settings
from bot.store.redis.embedded import EmbeddedServer
from sandbox.grok import GrokServer, Script
from sandbox.workspace import Workspace
from tests.grok.wire import wire_server
from tests.ops.fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack


@pytest.fixture
async def fine(fake_slack: FakeSlack, grok: GrokServer, valkey: str) -> Settings:
    """Settings with which everything works."""
    return Settings(
        _env_file=None,
        slack_bot_token=SecretStr(BOT_TOKEN),
        slack_app_token=SecretStr(APP_TOKEN),
        slack_api_url=fake_slack.url,
        xai_api_key=SecretStr(grok.api_key or ""),
        xai_base_url=grok.base_url,
        redis_url=SecretStr(valkey),
    )


async def lines(settings: Settings, **changes: object) -> dict[str, Line]:
    changed = settings.model_copy(update=changes)
    return {line.name: line async for line in run_checks(changed)}


def faults(found: dict[str, Line]) -> list[str]:
    return [name for name, line in found.items() if not line.ok]


async def test_all_is_fine(fine: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert await check(fine) == 0

    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == [
        "✓ Settings",
        "✓ Slack bot token",
        "✓ Slack scopes",
        "✓ Slack Socket Mode",
        "✓ Grok key",
        "✓ Grok model",
        "✓ Store",
        "All fine",
    ]
    assert "workspace Acme, bot user UBOT" in said[1]
    assert "grok-4.3, by the responses endpoint" in said[5]
    assert "Valkey" in said[6]


async def test_the_strict_workspace_and_an_embedded_store_pass(
    workspace: Workspace, fine: Settings, tmp_path: Path
) -> None:
    found = await lines(
        fine,
        slack_api_url=workspace.api_url,
        slack_bot_token=SecretStr(workspace.credentials.bot_token),
        slack_app_token=SecretStr(workspace.credentials.app_token),
        redis_url=None,
        data_dir=str(tmp_path / "data"),
    )

    assert faults(found) == []
    assert "started by the bot itself" in found["Store"].text


async def test_the_store_of_a_running_bot_is_shared(fine: Settings, tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "data"):
        found = await lines(fine, redis_url=None, data_dir=str(tmp_path / "data"))

    assert found["Store"].ok


async def test_what_cannot_work_is_said_and_not_tried(
    fake_slack: FakeSlack, fine: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_slack.hangs |= {"auth.test", "apps.connections.open"}
    broken = fine.model_copy(
        update={
            "slack_bot_token": None,
            "slack_app_token": None,
            "xai_base_url": "nowhere",
            "redis_url": SecretStr("db"),
        }
    )

    assert await check(broken) == 1

    said = capsys.readouterr().out.splitlines()
    assert len(said) == 5
    assert all(line.startswith("✗ Settings: ") for line in said[:4])
    assert said[4] == "4 faults found."


async def test_a_missing_scope_is_named_and_a_spare_one_is_no_fault(
    fake_slack: FakeSlack, fine: Settings
) -> None:
    fake_slack.scopes = "chat:write, commands,reactions:write"
    found = await lines(fine)
    assert faults(found) == ["Slack scopes"]
    assert "missing: app_mentions:read, channels:history" in found["Slack scopes"].text
    assert "Reinstall" in found["Slack scopes"].remedy

    fake_slack.scopes = ",".join([*SCOPES, "reactions:write"])
    found = await lines(fine)
    assert faults(found) == []
    assert found["Slack scopes"].text == "all 15 granted; not needed: reactions:write"


async def test_an_optional_scope_that_is_not_granted_is_noted_and_no_fault(
    fake_slack: FakeSlack, fine: Settings
) -> None:
    fake_slack.scopes = ",".join(scope for scope in SCOPES if scope != "files:write")

    found = await lines(fine)

    assert faults(found) == []
    assert found["Slack scopes"].text.endswith("14 granted; optional, not granted: files:write")


async def test_a_slack_that_tells_no_scopes_is_no_fault(
    fake_slack: FakeSlack, fine: Settings
) -> None:
    fake_slack.scopes = None

    found = await lines(fine)

    assert faults(found) == []
    assert "not compared" in found["Slack scopes"].text


async def test_wrong_slack_tokens(fine: Settings) -> None:
    found = await lines(
        fine,
        slack_bot_token=SecretStr("xoxb-old-token"),
        slack_app_token=SecretStr("xapp-old-token"),
    )

    assert faults(found) == ["Slack bot token", "Slack Socket Mode"]
    assert "SLACK_BOT_TOKEN (invalid_auth)" in found["Slack bot token"].text
    assert "connections:write" in found["Slack Socket Mode"].remedy


async def test_http_mode(fine: Settings) -> None:
    found = await lines(fine, slack_app_token=None, slack_signing_secret=SecretStr("s3cret"))

    assert faults(found) == []
    assert found["Slack HTTP mode"].ok
    assert "Slack Socket Mode" not in found


async def test_a_wrong_or_blocked_grok_key(grok: GrokServer, fine: Settings) -> None:
    found = await lines(fine, xai_api_key=SecretStr("xai-someone-elses"))
    assert faults(found) == ["Grok key"]
    assert found["Grok key"].text == "Grok does not accept XAI_API_KEY."
    assert "Grok model" not in found

    grok.team_blocked = True
    found = await lines(fine)
    assert faults(found) == ["Grok key"]
    assert "blocked" in found["Grok key"].text
    assert "credit" in found["Grok key"].remedy


async def test_a_model_that_does_not_exist(fine: Settings) -> None:
    found = await lines(fine, grok_model="grok-4.33")

    assert faults(found) == ["Grok model"]
    assert "Did you mean" in found["Grok model"].text
    assert "grok-4.3" in found["Grok model"].text


async def test_another_server_that_says_little_about_keys(
    openai_grok: GrokServer, fine: Settings
) -> None:
    found = await lines(
        fine,
        xai_base_url=openai_grok.base_url,
        xai_api_key=SecretStr(openai_grok.api_key or "any"),
    )

    assert faults(found) == []
    assert found["Grok key"].text == "accepted as far as the API tells"


async def test_a_grok_that_is_away(fine: Settings) -> None:
    found = await lines(fine, xai_base_url="http://127.0.0.1:9/v1")

    assert faults(found) == ["Grok key"]
    assert "XAI_BASE_URL" in found["Grok key"].remedy


async def test_a_store_that_is_away(fine: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    url = SecretStr("redis://:sesame-open@127.0.0.1:9/0")

    assert await check(fine.model_copy(update={"redis_url": url})) == 1

    said = capsys.readouterr().out
    assert "✗ Store: The store does not answer (" in said
    assert "REDIS_URL" in said
    assert "sesame" not in said


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ("redis_version:6.0.20\r\n", "Redis 6.0.20 is too old."),
        ("redis_version:7.2.4\r\nvalkey_version:7.0.1\r\n", "Valkey 7.0.1 is too old."),
        (
            "redis_version:7.4.0\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n",
            "the server would throw questions away (allkeys-lru)",
        ),
        ("redis_version:6.2.0\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", ""),
        ("redis_version:10.0.0\r\n", ""),
    ],
)
async def test_a_store_that_will_not_do(fine: Settings, info: str, told: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            word = line.strip().upper()
            if word == b"PING":
                writer.write(b"+PONG\r\n")
            elif word == b"INFO":
                writer.write(f"${len(info)}\r\n{info}\r\n".encode())
            elif word in {b"CLIENT", b"SELECT"}:
                writer.write(b"+OK\r\n")
            elif word == b"EVALSHA":
                writer.write(b":1\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await lines(fine, redis_url=SecretStr(f"redis://127.0.0.1:{port}/0"))

    assert faults(found) == (["Store"] if told else [])
    assert told in found["Store"].text


PAGE = b"<!DOCTYPE html><p>It works!</p>"
LISTED = b'{"object":"list","data":[{"id":"grok-4.3"}]}'
NOTHING = "There is no Grok API at XAI_BASE_URL."


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        ("401 Unauthorized", b"{}", "does not accept XAI_API_KEY"),
        ("403 Forbidden", b'{"error":{"message":"Forbidden"}}', "does not accept XAI_API_KEY"),
        (
            "400 Bad Request",
            b'{"error":{"message":"Authentication Error, No connected db.","code":"400"}}',
            "does not accept XAI_API_KEY",
        ),
        (
            "400 Bad Request",
            b'[{"error":{"code":400,"message":"API key not valid. Please pass a valid key."}}]',
            "does not accept XAI_API_KEY",
        ),
        ("404 Not Found", b'{"detail":"Not Found"}', NOTHING),
        ("404 Not Found", PAGE, NOTHING),
        ("200 OK", PAGE, NOTHING),
        ("200 OK", b'{"status":"ok"}', NOTHING),
        ("200 OK", b'{"error":"Unexpected endpoint or method. (GET /models)"}', NOTHING),
        ("200 OK", b"", NOTHING),
        ("503 Unavailable", PAGE, "out of order (HTTP 503)"),
    ],
)
async def test_what_stands_at_the_address_is_told(
    fine: Settings, status: str, body: bytes, told: str
) -> None:
    async with wire_server(body, status=status) as server:
        found = await lines(fine, xai_base_url=server.base_url)

    assert faults(found) == ["Grok key"]
    assert told in found["Grok key"].text
    assert found["Grok key"].remedy


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_told_with_where_to(fine: Settings, status: str) -> None:
    head = b"Location: https://grok.example.com/v1/models?x\r\n"
    async with wire_server(b"", head=head, status=status) as server:
        found = await lines(fine, xai_base_url=server.base_url)

    assert "sends the bot on" in found["Grok key"].text
    assert found["Grok key"].remedy == "Set XAI_BASE_URL to https://grok.example.com/v1."


async def test_an_address_without_its_end_is_told_with_it(
    openai_grok: GrokServer, fine: Settings
) -> None:
    base = openai_grok.base_url.removesuffix("/v1")
    key = SecretStr(openai_grok.api_key or "any")

    found = await lines(fine, xai_base_url=f"{base}/", xai_api_key=key)

    assert found["Grok key"].text == NOTHING
    assert found["Grok key"].remedy == f"Set XAI_BASE_URL to {base}/v1."


async def test_a_list_of_models_is_enough(fine: Settings) -> None:
    async with wire_server(LISTED) as server:
        found = await lines(fine, xai_base_url=server.base_url)

    assert faults(found) == []


async def test_one_token_is_asked_for_when_wanted(
    grok: GrokServer, fine: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await check(fine) == 0
    assert grok.requests == []

    assert await check(fine, ask=True) == 0
    assert "✓ Grok answer: grok-4.3 answers at the responses endpoint" in capsys.readouterr().out
    (asked,) = grok.requests
    assert asked.body["max_output_tokens"] == 1 + fine.grok_reasoning_tokens


async def test_an_answer_that_does_not_come_is_a_fault(
    grok: GrokServer, fine: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    grok.script(Script(status=402, body={"error": "Insufficient balance"}, times=None))

    assert await check(fine, ask=True) == 1

    assert "✗ Grok answer: This bot's Grok account has no credit" in capsys.readouterr().out
