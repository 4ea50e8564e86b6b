"""agents.sessions.* and assistant.threads.*: the surface of an app that is declared an agent.

How long a suggested prompt may be is not documented: a title is held to the text of a button, a
message to its value.
"""

from __future__ import annotations

from typing import Any

from sandbox.workspace.acting import sessions
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Channel, Json
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import Args, method
from sandbox.workspace.web_api.places import writable

WRITE = "chat:write"
ASSISTANT = "assistant:write"
LOADING_MESSAGES = 10
PROMPTS = 4
PROMPT_TITLE_CHARS = 75
PROMPT_CHARS = 2_000


@method("agents.sessions.setStatus", "3", WRITE)
async def set_status(team: Team, args: Args) -> Json:
    """Say what becomes of the session of a thread; it begins where there is none."""
    channel, root = _thread(team, args)
    status, title, initiator = args.required("status"), _title(args), args.text("initiator_user_id")
    if status not in sessions.STATUSES:
        raise _invalid("status", "must be a valid enum value")
    if initiator and initiator not in channel.members:
        raise ApiError("user_not_in_channel")
    session = sessions.set_session(team, channel.id, root, status, title=title, initiator=initiator)
    reply: Json = {"status": status, "agent_status": status, "title": session.title}
    if sessions.STOPPED not in team.app.events:
        warning = f"missing_{sessions.STOPPED}_event_subscription"
        reply |= {"warning": warning, "response_metadata": {"warnings": [warning]}}
    return reply


@method("agents.sessions.rename", "3", WRITE)
async def rename(team: Team, args: Args) -> Json:
    """Give a session another title."""
    channel, root = _thread(team, args)
    session = sessions.session_of(team, channel.id, root)
    if session is None:
        raise ApiError("not_authorized")
    session.title = _title(args, required=True)
    sessions.show(team, channel.id, root)
    return {}


@method("assistant.threads.setStatus", "4", WRITE)
async def set_line(team: Team, args: Args) -> Json:
    """The "is thinking…" line of a thread; of an agent it is what becomes of the session too."""
    channel = writable(team, args.required("channel_id"))
    text = args.text("status")
    loading = args.json("loading_messages", "invalid_arguments") or []
    if not _texts(loading) or len(loading) > LOADING_MESSAGES:
        raise _invalid("loading_messages", f"must be up to {LOADING_MESSAGES} texts")
    root = team.state.thread_of(channel.id, args.required("thread_ts"))
    if root is None:
        raise ApiError("invalid_thread_ts")
    sessions.say(team, channel.id, root, text, tuple(loading))
    return {}


@method("assistant.threads.setSuggestedPrompts", "4", ASSISTANT)
async def set_suggested(team: Team, args: Args) -> Json:
    """Put prompts at the top of a Messages tab."""
    channel = team.state.channels.get(args.required("channel_id"))
    if channel is None or channel.user is None:
        raise ApiError("channel_not_found")
    prompts = args.json("prompts", "invalid_arguments")
    if not isinstance(prompts, list) or not 0 < len(prompts) <= PROMPTS:
        raise _invalid("prompts", f"must be 1 to {PROMPTS}")
    found = [_prompt(each) for each in prompts]
    title = args.text("title")
    if len(title) > PROMPT_TITLE_CHARS:
        raise _invalid("title", f"must be less than {PROMPT_TITLE_CHARS + 1} characters")
    if args.optional("thread_ts") is not None:
        team.problems.append("setSuggestedPrompts with thread_ts does nothing for an agent")
        return {}
    sessions.suggest(team, channel.id, title, found)
    return {}


def _thread(team: Team, args: Args) -> tuple[Channel, str]:
    """The thread that a session is of. Only an agent has any."""
    if not team.app.agent:
        raise ApiError("not_authorized")
    channel = writable(team, args.required("channel_id"))
    root = team.state.thread_of(channel.id, args.required("thread_ts"))
    if root is None:
        raise ApiError("invalid_thread_ts")
    return channel, root


def _title(args: Args, *, required: bool = False) -> str:
    title = args.required("title") if required else args.text("title")
    if len(title) > sessions.TITLE_CHARS:
        raise _invalid("title", f"must be less than {sessions.TITLE_CHARS + 1} characters")
    return title


def _prompt(given: Any) -> Json:
    found = [given.get(name) for name in ("title", "message")] if isinstance(given, dict) else []
    if len(found) < 2 or not _texts(found):
        raise _invalid("prompts", "each needs a title and a message")
    title, message = map(str, found)
    if len(title) > PROMPT_TITLE_CHARS or len(message) > PROMPT_CHARS:
        raise _invalid("prompts", "a title or a message is too long")
    return {"title": title, "message": message}


def _texts(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(each, str) and each for each in given)


def _invalid(name: str, why: str) -> ApiError:
    return ApiError("invalid_arguments", messages=[f"[ERROR] {why} [json-pointer:/{name}]"])
