"""One honest payload of every kind that Slack sends, to be spoilt."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Literal

from sandbox.workspace import ANA, APP_ID, BEN, BOT_USER, ENGINEERING, GENERAL, RANDOM, TEAM_ID

Json = dict[str, Any]
Kind = Literal["events_api", "slash_commands", "interactive"]

CANARY = "canary words"
"""In every text of a person: it must show up in no log."""

_ONE_IN = 1_000
"""How many payloads come from a place where questions are taken."""


def payload(chance: random.Random) -> tuple[Kind, Json]:
    """A payload of any kind, and what Slack calls its kind in an envelope."""
    make, kind = chance.choice(_KINDS)
    channel = GENERAL if chance.randrange(_ONE_IN) == 0 else chance.choice((ENGINEERING, RANDOM))
    return kind, make(chance, channel)


def _ts(chance: random.Random) -> str:
    return f"17{chance.randrange(10**8):08d}.{chance.randrange(10**6):06d}"


def _person(chance: random.Random) -> Json:
    return {"id": chance.choice((ANA, BEN)), "username": "ana", "name": "ana", "team_id": TEAM_ID}


def _common(chance: random.Random, kind: str) -> Json:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": "sandbox"},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": _person(chance),
        "api_app_id": APP_ID,
        "token": "verification",
        "trigger_id": f"{chance.randrange(10**12)}.1.abc",
    }


def _url(chance: random.Random) -> str:
    return f"http://127.0.0.1:9/response/{chance.randrange(10**9)}"


def _command(chance: random.Random, channel: str) -> Json:
    typed = chance.choice(
        (
            CANARY,
            "",
            "help",
            f"--temperature 0.5 {CANARY}",
            f"--stop '{CANARY}",
            "usage",
            "models",
            "defaults",
            "defaults set temperature 0.5",
            "quota set channel 5 dollars a month",
            "pause",
            f"--model grok-4.3 -n 2 {CANARY}",
        )
    )
    return {
        "token": "verification",
        "team_id": TEAM_ID,
        "team_domain": "sandbox",
        "channel_id": channel,
        "channel_name": "engineering",
        "user_id": chance.choice((ANA, BEN)),
        "user_name": "ana",
        "command": chance.choice(("/grok", "/grok", "/grok", "/other")),
        "text": typed,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": _url(chance),
        "trigger_id": f"{chance.randrange(10**12)}.1.abc",
    }


def _event(chance: random.Random, event: Json) -> Json:
    return {
        "token": "verification",
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": {"event_ts": _ts(chance), **event},
        "type": "event_callback",
        "event_id": f"Ev{chance.randrange(10**9)}",
        "event_time": 1_700_000_000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": chance.random() < 0.1,
        "event_context": "abc",
    }


def _said(chance: random.Random, channel: str) -> Json:
    rich = {
        "type": "rich_text",
        "block_id": "b",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "user", "user_id": BOT_USER},
                    {"type": "text", "text": f" {CANARY}"},
                    {"type": "link", "url": "https://example.com/", "text": "here"},
                ],
            }
        ],
    }
    return {
        "type": "message",
        "channel": channel,
        "channel_type": "channel",
        "user": chance.choice((ANA, BEN)),
        "team": TEAM_ID,
        "ts": _ts(chance),
        "text": f"<@{BOT_USER}> {CANARY}",
        "blocks": [rich],
        "client_msg_id": "c0ffee",
    }


def _message(chance: random.Random, channel: str) -> Json:
    said = _said(chance, channel)
    if chance.random() < 0.3:
        said["thread_ts"] = _ts(chance)
        said["parent_user_id"] = BOT_USER
    if chance.random() < 0.2:
        said["subtype"] = "file_share"
        said["files"] = [{"id": "F1", "name": "a.txt", "mimetype": "text/plain", "size": 5}]
    if chance.random() < 0.2:
        said["attachments"] = [{"text": CANARY, "fields": [{"title": "t", "value": CANARY}]}]
    return _event(chance, said)


def _changed(chance: random.Random, channel: str) -> Json:
    before, after = _said(chance, channel), _said(chance, channel)
    after["edited"] = {"user": ANA, "ts": _ts(chance)}
    return _event(
        chance,
        {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "channel": channel,
            "channel_type": "channel",
            "ts": _ts(chance),
            "message": after,
            "previous_message": before,
        },
    )


def _deleted(chance: random.Random, channel: str) -> Json:
    said = _said(chance, channel)
    return _event(
        chance,
        {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "channel": channel,
            "channel_type": "channel",
            "ts": _ts(chance),
            "deleted_ts": said["ts"],
            "previous_message": said,
        },
    )


def _mention(chance: random.Random, channel: str) -> Json:
    return _event(chance, {**_said(chance, channel), "type": "app_mention"})


def _home(chance: random.Random, _: str) -> Json:
    return _event(
        chance, {"type": "app_home_opened", "user": ANA, "channel": "D0ANA", "tab": "home"}
    )


def _other_event(chance: random.Random, channel: str) -> Json:
    kind = chance.choice(("team_join", "reaction_added", "member_joined_channel"))
    return _event(chance, {"type": kind, "user": ANA, "channel": channel, "item": {"ts": "1.2"}})


def _click(chance: random.Random, channel: str) -> Json:
    actions = (
        "stop",
        "retry",
        "edit",
        "details",
        "advanced",
        "new_grok",
        "set_up_grok",
        "suggested_0",
        "other",
    )
    ts = _ts(chance)
    return {
        **_common(chance, "block_actions"),
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "thread_ts": _ts(chance),
            "is_ephemeral": False,
        },
        "channel": {"id": channel, "name": "engineering"},
        "message": _said(chance, channel),
        "state": {"values": {}},
        "response_url": _url(chance),
        "actions": [
            {
                "type": "button",
                "action_id": chance.choice(actions),
                "block_id": "b1",
                "value": f"job-{chance.randrange(100)}",
                "action_ts": ts,
                "text": {"type": "plain_text", "text": "Stop", "emoji": True},
            }
        ],
    }


def _view(chance: random.Random) -> Json:
    ids = ("grok_form", "defaults_form", "quota_form", "models_form", "pause_form", "other")
    return {
        "id": f"V{chance.randrange(10**6)}",
        "team_id": TEAM_ID,
        "type": "modal",
        "callback_id": chance.choice(ids),
        "private_metadata": chance.choice(("", "draft-1", '{"channel":"C1"}')),
        "hash": "156772938.1827394",
        "root_view_id": "V1",
        "app_id": APP_ID,
        "title": {"type": "plain_text", "text": "Ask Grok"},
        "blocks": [],
        "state": {
            "values": {
                "prompt": {"value": {"type": "plain_text_input", "value": CANARY}},
                "temperature": {"value": {"type": "plain_text_input", "value": "0.5"}},
                "model": {
                    "value": {
                        "type": "external_select",
                        "selected_option": {"value": "grok-4.3", "text": {"text": "grok-4.3"}},
                    }
                },
                "reply": {"value": {"type": "conversations_select", "selected_conversation": "C1"}},
            }
        },
    }


def _submission(chance: random.Random, channel: str) -> Json:
    urls = [{"block_id": "reply", "channel_id": channel, "response_url": _url(chance)}]
    view = _view(chance)
    return {**_common(chance, "view_submission"), "view": view, "response_urls": urls}


def _closed(chance: random.Random, _: str) -> Json:
    return {**_common(chance, "view_closed"), "view": _view(chance), "is_cleared": False}


def _message_shortcut(chance: random.Random, channel: str) -> Json:
    return {
        **_common(chance, "message_action"),
        "callback_id": "ask_grok",
        "channel": {"id": channel, "name": "engineering"},
        "message": _said(chance, channel),
        "message_ts": _ts(chance),
        "action_ts": _ts(chance),
        "response_url": _url(chance),
    }


def _shortcut(chance: random.Random, _: str) -> Json:
    name = chance.choice(("new_grok", "set_up_grok", "other"))
    return {**_common(chance, "shortcut"), "callback_id": name, "action_ts": _ts(chance)}


def _suggestion(chance: random.Random, _: str) -> Json:
    return {
        **_common(chance, "block_suggestion"),
        "container": {"type": "view", "view_id": "V1"},
        "view": _view(chance),
        "action_id": "value",
        "block_id": "model",
        "value": chance.choice(("", "grok", CANARY)),
    }


def _verification(_: random.Random, __: str) -> Json:
    return {"type": "url_verification", "token": "verification", "challenge": "abc"}


def _ssl_check(_: random.Random, __: str) -> Json:
    return {"ssl_check": "1", "token": "verification"}


Make = Callable[[random.Random, str], Json]

_KINDS: tuple[tuple[Make, Kind], ...] = (
    (_command, "slash_commands"),
    (_message, "events_api"),
    (_changed, "events_api"),
    (_deleted, "events_api"),
    (_mention, "events_api"),
    (_home, "events_api"),
    (_other_event, "events_api"),
    (_click, "interactive"),
    (_submission, "interactive"),
    (_closed, "interactive"),
    (_message_shortcut, "interactive"),
    (_shortcut, "interactive"),
    (_suggestion, "interactive"),
    (_verification, "events_api"),
    (_ssl_check, "slash_commands"),
)
