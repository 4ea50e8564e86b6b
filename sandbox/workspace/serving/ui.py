"""The demo page and its endpoints under `/ui`. No authentication: a sandbox for one machine."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import WSMsgType, web

from sandbox.workspace.acting import interactivity, people, sessions
from sandbox.workspace.acting.commands import run_command
from sandbox.workspace.acting.payloads import message_place, view_place
from sandbox.workspace.acting.people import NotAllowedError
from sandbox.workspace.acting.submissions import close_view, submit
from sandbox.workspace.acting.suggestions import suggest
from sandbox.workspace.model import InteractionResult, Json, Message
from sandbox.workspace.serving.judging import Judging
from sandbox.workspace.serving.page_json import page_message
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.uploads import NewFile

Post = Callable[[Team, Json], Awaitable[Json]]
_INVITE = "/invite "
_SEEN = ("image/png", "image/jpeg")
"""What the page shows; whatever else people send is only saved."""


def add_page_routes(app: web.Application, team: Team, static: Path, judging: Judging) -> None:
    page = Page(team, static, judging)
    app.router.add_get("/", page.index)
    app.router.add_get("/ui/state", page.state)
    app.router.add_get("/ui/messages", page.messages)
    app.router.add_get("/ui/replies", page.replies)
    app.router.add_get("/ui/agent", page.agent)
    app.router.add_get("/ui/events", page.events)
    app.router.add_get("/ui/file", page.file)
    app.router.add_get("/ui/judging", page.judge)
    for name, post in _POSTS.items():
        app.router.add_post(f"/ui/{name}", page.posting(post))
    if static.is_dir():
        app.router.add_static("/static", static)
    app.on_response_prepare.append(_always_current)


async def _always_current(request: web.Request, response: web.StreamResponse) -> None:
    """A browser asks for the page's files each time: after an update it shows no old ones."""
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"


class Page:
    def __init__(self, team: Team, static: Path, judging: Judging) -> None:
        self._team = team
        self._static = static
        self._judging = judging

    async def index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._static / "index.html")

    async def state(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({**_state_json(self._team), "judging": self._judging.address})

    async def messages(self, request: web.Request) -> web.StreamResponse:
        channel, user = _named(request, "channel", "user")
        self._check(user, channel)
        whispers = [m for m in _whispers(self._team, user, channel) if m.thread_ts is None]
        found = [*self._team.state.top_level(channel), *whispers]
        return self._shown(found)

    async def replies(self, request: web.Request) -> web.StreamResponse:
        channel, user, ts = _named(request, "channel", "user", "ts")
        self._check(user, channel)
        root = self._team.state.find(channel, ts)
        whispers = [m for m in _whispers(self._team, user, channel) if m.thread_ts == ts]
        replies = [*self._team.state.replies(channel, ts), *whispers]
        return self._shown(([root] if root is not None else []) + replies)

    async def agent(self, request: web.Request) -> web.StreamResponse:
        """What the agent suggests in a conversation, and how its threads there stand."""
        channel, user = _named(request, "channel", "user")
        self._check(user, channel)
        team = self._team
        own = team.app.agent and team.state.channels[channel].user == user
        known = {**team.state.sessions, **team.state.lines}
        return web.json_response(
            {
                "suggested": sessions.suggested_in(team, channel) if own else None,
                "threads": [sessions.thread_json(team, *key) for key in known if key[0] == channel],
            }
        )

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file, to be saved."""
        channel, user, ts, file_id = _named(request, "channel", "user", "ts", "id")
        self._check(user, channel)
        message = self._team.state.find(channel, ts)
        found = [file for file in (message.files if message else ()) if file.id == file_id]
        if not found or found[0].content is None:
            raise web.HTTPNotFound(text="file_not_found")
        return web.Response(
            body=found[0].content,
            content_type=found[0].kind if found[0].kind in _SEEN else "application/octet-stream",
            headers={"Content-Disposition": "attachment"},
        )

    async def judge(self, request: web.Request) -> web.StreamResponse:
        """An eval says where its answers are judged."""
        return await self._judging.serve(self._team, request)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Frames for `user`, as they happen."""
        (user,) = _named(request, "user")
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        frames: asyncio.Queue[Json] = asyncio.Queue()

        def sink(frame: Json, only: str | None) -> None:
            if only in (None, user) and self._may_see(user, frame):
                frames.put_nowait(frame)

        unsubscribe = self._team.feed.subscribe(sink)
        sender = asyncio.get_running_loop().create_task(_send_frames(socket, frames))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.ERROR:
                    break
        finally:
            unsubscribe()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    def _may_see(self, user: str, frame: Json) -> bool:
        channel = frame.get("channel") or frame.get("message", {}).get("channel")
        return channel is None or people.sees(self._team, user, channel)

    def posting(self, post: Post) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            try:
                body = await post(self._team, await request.json())
            except NotAllowedError as refusal:
                body = {"ok": False, "error": str(refusal)}
            except (KeyError, ValueError) as fault:
                raise web.HTTPBadRequest(text=f"bad request: {fault}") from fault
            return web.json_response(body)

        return handler

    def _check(self, user: str, channel: str) -> None:
        if not people.sees(self._team, user, channel):
            raise web.HTTPNotFound(text="channel_not_found")

    def _shown(self, messages: list[Message]) -> web.Response:
        messages.sort(key=lambda message: message.ts)
        return web.json_response(
            {"messages": [page_message(self._team.state, message) for message in messages]}
        )


def _named(request: web.Request, *names: str) -> tuple[str, ...]:
    """The values of these in the query."""
    missing = [name for name in names if name not in request.query]
    if missing:
        raise web.HTTPBadRequest(text=f"bad request: {', '.join(missing)} missing")
    return tuple(request.query[name] for name in names)


def _dropped(files: list[Json]) -> list[NewFile]:
    """What was dropped into the composer: each with its bytes in base64."""
    return [
        NewFile(each["name"], base64.b64decode(each["content"], validate=True)) for each in files
    ]


async def _send_frames(socket: web.WebSocketResponse, frames: asyncio.Queue[Json]) -> None:
    while not socket.closed:
        await socket.send_str(json.dumps(await frames.get()))


def _whispers(team: Team, user: str, channel: str) -> list[Message]:
    return [
        message
        for message in team.state.ephemerals
        if message.channel == channel and message.ephemeral_to == user and not message.deleted
    ]


def _state_json(team: Team) -> Json:
    users = team.state.users.values()
    return {
        "team": {"id": team.state.team_id, "name": team.state.team_name},
        "users": [
            {
                "id": user.id,
                "name": user.name,
                "real_name": user.real_name,
                "color": user.color,
                "is_bot": user.is_bot,
                "is_admin": user.is_admin,
            }
            for user in users
        ],
        "channels": [
            {
                "id": channel.id,
                "name": channel.name,
                "kind": channel.kind,
                "user": channel.user,
                "members": sorted(channel.members),
                "bot_is_member": BOT_USER in channel.members,
                "is_archived": channel.is_archived,
                "topic": channel.topic,
                "is_shared": channel.is_shared,
            }
            for channel in team.state.channels.values()
        ],
        "bot": {
            "user_id": BOT_USER,
            "name": team.state.users[BOT_USER].real_name,
            "connected": team.state.installed and team.dispatcher.transport.connected,
            "installed": team.state.installed,
            "install_url": team.state.install_url,
            "hears_mentions": team.app.hears_mentions,
            "hears_direct_messages": team.app.hears_direct_messages,
            "home_tab": team.app.home_tab,
            "agent": team.app.agent,
        },
        "commands": [
            {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
            for c in team.app.commands
        ],
        "message_shortcuts": [
            {"callback_id": s.callback_id, "name": s.name} for s in team.app.message_shortcuts
        ],
        "global_shortcuts": [
            {"callback_id": s.callback_id, "name": s.name} for s in team.app.global_shortcuts
        ],
    }


async def _send(team: Team, body: Json) -> Json:
    user, channel, text = body["user"], body["channel"], body["text"].strip()
    thread_ts = body.get("thread_ts")
    files = _dropped(body.get("files", []))
    if files or not text.startswith("/"):
        broadcast = bool(body.get("broadcast"))
        message = people.say(team, user, channel, text, thread_ts, files=files, broadcast=broadcast)
        return {"ok": True, "message": page_message(team.state, message)}
    name = text.split()[0]
    if text.startswith(_INVITE):
        people.invite_bot(team, user, channel)
        return {"ok": True}
    if thread_ts is not None:
        return {"ok": False, "error": f"{name} is not supported in threads. Sorry!"}
    result = await run_command(team, user, channel, text)
    if result.error == "invalid_command":
        return {"ok": False, "error": f"{name} is not a valid command."}
    if result.error is not None:
        return {"ok": False, "error": f'{name} failed with the error "{result.error}"'}
    return {"ok": True}


async def _action(team: Team, body: Json) -> Json:
    user, action_id, block_id = body["user"], body["action_id"], body["block_id"]
    chosen = body.get("selected", body.get("value"))
    if "view_id" in body:
        result = await interactivity.click_view(
            team,
            user,
            body["view_id"],
            action_id,
            block_id=block_id,
            chosen=chosen,
            typed=body.get("values", {}),
        )
    else:
        result = await interactivity.click(
            team, user, body["channel"], body["ts"], action_id, block_id=block_id, chosen=chosen
        )
    return _outcome(result)


async def _shortcut(team: Team, body: Json) -> Json:
    user, callback_id = body["user"], body["callback_id"]
    if "ts" not in body:
        viewing = body.get("viewing")
        return _outcome(await interactivity.shortcut(team, user, callback_id, viewing))
    result = await interactivity.message_shortcut(
        team, user, callback_id, body["channel"], body["ts"]
    )
    return _outcome(result)


async def _suggest(team: Team, body: Json) -> Json:
    user, action_id, query = body["user"], body["action_id"], body["query"]
    if "view_id" in body:
        place = view_place(team, user, body["view_id"])
    else:
        place = message_place(team, user, body["channel"], body["ts"])
    result = await suggest(team, user, place, action_id, query, block_id=body["block_id"])
    return {**_outcome(result), **(result.options or {"options": []})}


async def _view_submit(team: Team, body: Json) -> Json:
    result = await submit(team, body["user"], body["view_id"], body["values"])
    return _outcome(result)


async def _view_close(team: Team, body: Json) -> Json:
    return _outcome(await close_view(team, body["user"], body["view_id"]))


async def _home(team: Team, body: Json) -> Json:
    interactivity.open_app(team, body["user"], body.get("tab", "home"))
    return {"ok": True}


async def _delete(team: Team, body: Json) -> Json:
    people.delete(team, body["user"], body["channel"], body["ts"])
    return {"ok": True}


async def _edit(team: Team, body: Json) -> Json:
    message = people.edit(team, body["user"], body["channel"], body["ts"], body["text"])
    return {"ok": True, "message": page_message(team.state, message)}


async def _stop_stream(team: Team, body: Json) -> Json:
    people.stop_stream(team, body["user"], body["channel"], body["ts"])
    return {"ok": True}


async def _look(team: Team, body: Json) -> Json:
    sessions.look_at(team, body["user"], body["channel"])
    return {"ok": True}


async def _press_stop(team: Team, body: Json) -> Json:
    sessions.stop(team, body["user"], body["channel"], body["ts"])
    return {"ok": True}


async def _invite(team: Team, body: Json) -> Json:
    people.invite_bot(team, body["user"], body["channel"])
    return {"ok": True}


async def _dismiss(team: Team, body: Json) -> Json:
    people.dismiss(team, body["user"], body["channel"], body["ts"])
    return {"ok": True}


def _outcome(result: InteractionResult) -> Json:
    if result.error is not None:
        return {"ok": False, "error": result.error}
    return {"ok": not result.errors, "errors": result.errors} if result.errors else {"ok": True}


_POSTS: dict[str, Post] = {
    "send": _send,
    "action": _action,
    "shortcut": _shortcut,
    "suggest": _suggest,
    "view_submit": _view_submit,
    "view_close": _view_close,
    "home": _home,
    "delete": _delete,
    "edit": _edit,
    "stop_stream": _stop_stream,
    "look": _look,
    "press_stop": _press_stop,
    "invite": _invite,
    "dismiss": _dismiss,
}
