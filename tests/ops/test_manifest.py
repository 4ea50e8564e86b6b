"""The manifest, for both modes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.errors import StartupError
from bot.ops.manifest import AGENT_EVENTS, OPTIONAL, SCOPES, as_yaml, manifest, request_url

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "data/manifest.schema.json").read_text(encoding="utf-8")
)
URL = "https://bot.example.com/slack/events"


@pytest.mark.parametrize("pages", ["", "https://bot.example.com/"])
@pytest.mark.parametrize("address", ["", "https://bot.example.com"])
def test_it_is_one_that_slack_takes_and_reads_back_the_same(address: str, pages: str) -> None:
    found = yaml.safe_load(as_yaml(manifest(address, pages)))

    assert found == manifest(address, pages)
    jsonschema.validate(found, SCHEMA, cls=jsonschema.Draft7Validator)


def _places(value: Any, at: str = "") -> dict[str, str]:
    """Every address in `value`, by where it stands."""
    if isinstance(value, dict):
        pairs = [(f"{at}.{name}", each) for name, each in value.items()]
    elif isinstance(value, list):
        pairs = [(at, each) for each in value]
    else:
        return {at: value} if str(value).startswith("https://") else {}
    return {place: found for name, each in pairs for place, found in _places(each, name).items()}


def test_over_http_everything_that_slack_sends_has_an_address() -> None:
    """Slack refuses events without one ("apps.manifest.validate"), and sends no menu options."""
    assert _places(manifest("https://bot.example.com")) == {
        ".features.slash_commands.url": URL,
        ".settings.event_subscriptions.request_url": URL,
        ".settings.interactivity.request_url": URL,
        ".settings.interactivity.message_menu_options_url": URL,
    }
    assert manifest("https://bot.example.com")["settings"]["socket_mode_enabled"] is False


def test_in_socket_mode_it_names_no_address() -> None:
    assert _places(manifest()) == {}
    assert manifest()["settings"]["socket_mode_enabled"] is True


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://bot.example.com", URL),
        ("https://bot.example.com/", URL),
        (URL, URL),
        ("https://bot.example.com:8443/grok", "https://bot.example.com:8443/grok/slack/events"),
    ],
)
def test_the_address_may_be_written_in_several_ways(address: str, url: str) -> None:
    assert request_url(address) == url


@pytest.mark.parametrize(
    "address",
    [
        *("bot.example.com", "http://bot.example.com", "https://", "https://b:99999"),
        *("https://b/?a=b", "https://b/#a", "https://me@b", "https://@b", "https://b:0"),
        *("https://a b", "https://b/ slack", "https://b\n", "https://b\t.example.com"),
        *('https://b/"', "https://b\\c", "https://..", "https://bücher.example", " https://b"),
    ],
)
def test_an_address_that_slack_would_not_take_is_a_sentence(address: str) -> None:
    with pytest.raises(StartupError, match=r"https://bot\.example\.com"):
        request_url(address)


def test_several_workspaces_are_led_back_to_its_pages_and_their_tokens_expire() -> None:
    found = manifest(pages="https://bot.example.com")

    back = "https://bot.example.com/slack/oauth_redirect"
    assert found["oauth_config"]["redirect_urls"] == [back]
    assert found["settings"]["token_rotation_enabled"]
    with pytest.raises(StartupError, match="no address that is reached from outside"):
        manifest(pages="http://bot.example.com")


def test_an_agent_is_declared_by_a_second_manifest_alone() -> None:
    found, usual = manifest(agent=True), manifest()

    jsonschema.validate(found, SCHEMA, cls=jsonschema.Draft7Validator)
    assert len(found["features"].pop("agent_view")["suggested_prompts"]) == 4
    assert found["oauth_config"]["scopes"]["bot"].pop() == "assistant:write"
    events = found["settings"]["event_subscriptions"]["bot_events"]
    for event in AGENT_EVENTS:
        events.remove(event)
    assert found == usual
    assert "agent_view" not in usual["features"]


def test_an_agent_may_be_installed_in_several_workspaces() -> None:
    found = manifest(pages="https://bot.example.com", agent=True)
    agent, of_several = manifest(agent=True), manifest(pages="https://bot.example.com")

    jsonschema.validate(found, SCHEMA, cls=jsonschema.Draft7Validator)
    assert found["features"] == agent["features"]
    assert found["oauth_config"] == of_several["oauth_config"] | {
        "scopes": agent["oauth_config"]["scopes"]
    }
    events = [each["settings"].pop("event_subscriptions") for each in (found, agent, of_several)]
    assert found["settings"] == of_several["settings"]
    heard, *others = (set(each["bot_events"]) for each in events)
    assert heard == others[0] | others[1]


def test_the_table_of_scopes_names_those_that_are_asked_for_and_no_others() -> None:
    page = (Path(__file__).parents[2] / "docs/operation.md").read_text(encoding="utf-8")
    _, _, below = page.partition("\n## Scopes\n")
    table = re.findall(r"^\| (`[^|]+) \| ([^|]+)", below.partition("\n### ")[0], re.MULTILINE)
    named = {scope: what for scopes, what in table for scope in re.findall(r"`([^`]+)`", scopes)}

    assert set(named) == set(SCOPES)
    assert {scope for scope, what in named.items() if what.startswith("optional: ")} == OPTIONAL
