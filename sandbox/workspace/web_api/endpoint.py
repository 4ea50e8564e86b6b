"""`/api/<method>`: token, budget, scope, the method itself, the record, and arranged faults."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from aiohttp import web

from sandbox.workspace.errors import ApiError
from sandbox.workspace.faults import Fault
from sandbox.workspace.model import Call, Json
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import METHODS, Args, Method, need_scope

_NO_FAULT = Fault(method="")


@dataclass(slots=True)
class _Answer:
    status: int
    body: Json
    retry_after: int | None = None
    token_ok: bool = True


async def serve_method(team: Team, request: web.Request, latency: float) -> web.StreamResponse:
    """Answer one call. `latency` (seconds) is spent half before and half after."""
    name = request.match_info["method"]
    try:
        token, raw = await _read(request)
    except ApiError as refusal:
        answer = _Answer(200, refusal.body(), token_ok=False)
        _record(team, name, {}, answer)
        return _response(team, name, answer)
    fault = team.faults.take(name, raw) or _NO_FAULT
    await asyncio.sleep(latency / 2 + fault.delay)
    if fault.drop_before:
        _record(team, name, raw, _Answer(0, {}), dropped=True)
        return _hang_up(request)
    answer = await _answer(team, name, token, raw, fault)
    _record(team, name, raw, answer, dropped=fault.drop_after)
    if fault.drop_after:
        return _hang_up(request)
    await asyncio.sleep(latency / 2)
    return _response(team, name, answer)


async def _read(request: web.Request) -> tuple[str, Json]:
    """The token, and the arguments without it."""
    raw: Json = dict(request.query)
    if request.content_type == "application/json":
        raw |= await _read_json(request)
    else:
        raw |= dict(await request.post())
    in_body = raw.pop("token", "")
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        return bearer.strip(), raw
    return (in_body if isinstance(in_body, str) else ""), raw


async def arguments(request: web.Request) -> Json:
    """What a call names, to find out which workspace it is about; nothing where it is unreadable,
    which `serve_method` says."""
    try:
        _, raw = await _read(request)
    except ApiError:
        return {}
    return raw


async def _read_json(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body


async def _answer(team: Team, name: str, token: str, raw: Json, fault: Fault) -> _Answer:
    try:
        method = _called(team, name, token)
    except ApiError as refusal:
        return _Answer(200, refusal.body(), token_ok=False)
    if fault.retry_after is not None:
        team.budgets.block(name, method.tier or "4", fault.retry_after)
        return _limited(fault.retry_after)
    disturbed = fault.status is not None or fault.error is not None
    if disturbed and not fault.applied:
        return _disturbed(fault)
    if method.tier and (wait := team.budgets.admit(name, method.tier, str(raw.get("channel")))):
        return _limited(wait)
    try:
        for scope in method.scopes:
            need_scope(team, scope)
        reply = await method.run(team, Args(raw))
    except ApiError as refusal:
        return _Answer(200, refusal.body())
    return _disturbed(fault) if disturbed else _Answer(200, {"ok": True, **reply})


def _disturbed(fault: Fault) -> _Answer:
    return _Answer(fault.status or 200, {"ok": False, "error": fault.error or "fatal_error"})


def _called(team: Team, name: str, token: str) -> Method:
    """The method, when it exists and `token` may call it."""
    method = METHODS.get(name)
    if method is None:
        raise ApiError("unknown_method", req_method=name)
    if not token:
        raise ApiError("not_authed")
    app_level = token == team.credentials.app_token
    refusal = team.revoked.get(token) if app_level else team.refusal(token)
    if refusal is not None:
        raise ApiError(refusal)
    if app_level != method.app_level:
        raise ApiError("not_allowed_token_type")
    if method.app_level and "connections:write" not in team.app.app_scopes:
        raise ApiError("missing_scope", needed="connections:write", provided="")
    return method


def _limited(seconds: int) -> _Answer:
    return _Answer(429, {"ok": False, "error": "ratelimited"}, retry_after=seconds)


def _record(team: Team, name: str, raw: Json, answer: _Answer, *, dropped: bool = False) -> None:
    team.calls.append(
        Call(
            method=name,
            args=raw,
            status=answer.status,
            response=answer.body,
            at=time.time(),
            monotonic=time.monotonic(),
            token_ok=answer.token_ok,
            dropped=dropped,
        )
    )
    team.feed.touch()


def _response(team: Team, name: str, answer: _Answer) -> web.Response:
    headers = {"x-slack-req-id": team.ids.secret()}
    if answer.token_ok:
        method = METHODS[name]
        granted = team.app.app_scopes if method.app_level else team.app.scopes
        headers["x-oauth-scopes"] = ",".join(sorted(granted))
        headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
    if answer.retry_after is not None:
        headers["Retry-After"] = str(answer.retry_after)
    return web.Response(
        status=answer.status,
        text=json.dumps(answer.body),
        content_type="application/json",
        headers=headers,
    )


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
