"""The pages by which a workspace gets the app: OAuth v2, with a state that is good once.

Bolt's flow does what Slack wants; kept here are the states, the installations, and the words.
"""

from __future__ import annotations

import html
import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode, urljoin, urlsplit

import structlog
from aiohttp import web
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation as Granted
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StoreUnavailable
from bot.net.listening import Handler
from bot.net.web_address import INSTALL_PATH, REDIRECT_PATH
from bot.slack_limits import TIER_4_PER_MINUTE
from bot.store.installations import STATE_SECONDS
from bot.store.seal import SealBroken
from bot.teams.register import Record, Register
from bot.teams.rotation import NOT_GRANTED
from bot.words import installing as words

log = structlog.get_logger(__name__)

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
CODES_PER_MINUTE = TIER_4_PER_MINUTE // 2

_LONGEST_QUERY = 4_000
_STATE = "state "
"""Before what is encrypted as one: a record is none."""
_QUERY_NAMES = frozenset({"code", "state", "error", "team"})


class Joined(Protocol):
    """Told of each place that has installed the app."""

    async def joined(self, place: str) -> None:
        """What was left there from before is deleted, and questions are taken."""


class InstallPages:
    """`GET /slack/install` and `GET /slack/oauth_redirect`."""

    def __init__(
        self,
        register: Register,
        client: AsyncWebClient,
        *,
        client_id: str,
        client_secret: str,
        scopes: Collection[str],
        address: str,
        authorize_url: str,
        welcome: Collection[str],
        joined: Joined,
    ) -> None:
        """`client` has no token; `address` is where people reach these pages, `authorize_url`
        Slack's. `welcome`: who may install, by id; empty for everybody."""
        quiet = logging.getLogger("slack_bolt.oauth.grok")
        quiet.setLevel(logging.CRITICAL)  # it would log codes
        quiet.propagate = False
        settings = AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=list(scopes),
            user_scopes=[],
            redirect_uri=address.rstrip("/") + REDIRECT_PATH,
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            authorization_url=authorize_url,
            installation_store=_Kept(register, client, welcome, joined),
            installation_store_bot_only=True,
            state_store=_States(register),
            callback_options=AsyncCallbackOptions(success=self._succeeded, failure=_failed),
            logger=quiet,
        )
        self._slack = html.escape(urljoin(authorize_url, "/"))
        self._flow = _Flow(register, client=client, logger=quiet, settings=settings)

    @property
    def routes(self) -> Mapping[str, Mapping[str, Handler]]:
        """For `Listening`."""
        return {INSTALL_PATH: {"GET": self._install}, REDIRECT_PATH: {"GET": self._redirected}}

    async def _succeeded(self, args: AsyncSuccessArgs) -> BoltResponse:
        """Leads to the app in that workspace (docs.slack.dev, "Deep linking into Slack")."""
        granted = args.installation
        address = self._slack
        if granted.team_id and granted.app_id:
            place = urlencode({"app": granted.app_id, "team": granted.team_id})
            address = f"{address}app_redirect?{html.escape(place)}"
        link = f'<p><a class="add" href="{address}">{words.OPEN}</a></p>'
        said = words.TRY_IT(granted.team_name or granted.enterprise_name or "")
        return BoltResponse(status=200, body=_html(words.INSTALLED, said, link))

    async def _install(self, request: web.BaseRequest) -> web.StreamResponse:
        return await self._answered(request, self._flow.handle_installation)

    async def _redirected(self, request: web.BaseRequest) -> web.StreamResponse:
        return await self._answered(request, self._flow.handle_callback)

    async def _answered(self, request: web.BaseRequest, handle: Callable[..., Any]) -> web.Response:
        """No token, code or state is in any line of the log, whatever goes wrong."""
        query = request.rel_url.query
        if len(request.rel_url.raw_query_string) > _LONGEST_QUERY or set(query) - _QUERY_NAMES:
            said = words.why_not("missing_code")
            return _web(_page(400, words.NOT_INSTALLED, said, again=True))
        cookie: dict[str, str | Sequence[str]] = {"cookie": request.headers.get("Cookie", "")}
        asked = AsyncBoltRequest(body="", query=dict(query), headers=cookie)
        try:
            return _web(await handle(asked))
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
            return _web(_page(503, words.NOT_INSTALLED, words.why_not("store")))
        except _Crowded:
            log.warning("not installed", why="crowded")
            return _web(_page(503, words.NOT_INSTALLED, words.why_not("crowded"), again=True))
        except (*NOT_GRANTED, SlackApiError, AttributeError) as error:
            log.warning("not installed", why=type(error).__name__)
            return _web(_page(502, words.NOT_INSTALLED, words.why_not("slack"), again=True))


class _Crowded(Exception):
    """More come back with codes than Slack is to be asked about."""


class _Flow(AsyncOAuthFlow):
    """With our page, and no more codes shown to Slack than it lets be: by the same method tokens
    are renewed, and anybody can make a code up."""

    def __init__(self, register: Register, **given: Any) -> None:
        super().__init__(**given)
        self._register = register

    async def run_installation(self, code: str) -> Granted | None:
        if not await self._register.store.takes_code(CODES_PER_MINUTE):
            raise _Crowded
        return await super().run_installation(code)

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:  # noqa: ARG002
        link = f'<p><a class="add" href="{html.escape(url)}">{words.ADD}</a></p>'
        return _html(words.TITLE, words.INVITE, link)


class _States(AsyncOAuthStateStore):
    """States are good once, for ten minutes, at any replica. One that is issued is nowhere kept:
    whoever asks for the page, and how often, leaves nothing in the store."""

    def __init__(self, register: Register) -> None:
        self._register = register

    async def async_issue(self, *_: Any, **__: Any) -> str:
        return self._register.seal.close(_STATE + uuid.uuid4().hex)

    async def async_consume(self, state: str) -> bool:
        try:
            issued = self._register.seal.open(state, seconds=STATE_SECONDS)
        except SealBroken:
            return False
        return issued.startswith(_STATE) and await self._register.store.is_first(issued)


class _NotWelcome(BoltError):
    """The operator named who may install, and it is somebody else."""


class _Kept(AsyncInstallationStore):
    """Where Bolt keeps what Slack has granted."""

    def __init__(
        self, register: Register, client: AsyncWebClient, welcome: Collection[str], joined: Joined
    ) -> None:
        self._register = register
        self._client = client
        self._welcome = frozenset(welcome)
        self._joined = joined

    async def async_save(self, installation: Granted) -> None:
        """Raises `ValueError` where Slack does not say whose token it is, or gives none."""
        record = _record(installation)
        if not (record.place and record.bot_token and record.bot_user):
            raise ValueError("of nobody")
        if self._welcome and not self._welcome & {record.place, record.enterprise}:
            log.warning("installed by somebody who may not", place=record.place)
            await self._give_back(record.bot_token)
            raise _NotWelcome(record.place)
        await self._joined.joined(record.place)
        await self._register.save(record)
        log.info("installed", place=record.place, by=record.installed_by)

    async def _give_back(self, token: str) -> None:
        """The app does not stay where it is not used."""
        try:
            await self._client.auth_revoke(token=token)
        except (*NOT_GRANTED, SlackApiError) as error:
            log.warning("token not given back", why=type(error).__name__)


def _record(granted: Granted) -> Record:
    """An organisation's installation is kept by its id, whatever team was named with it."""
    enterprise = granted.enterprise_id or ""
    place = enterprise if granted.is_enterprise_install else granted.team_id or ""
    scopes = granted.bot_scopes or ()
    return Record(
        place=place,
        name=(granted.enterprise_name if granted.is_enterprise_install else granted.team_name)
        or "",
        bot_token=granted.bot_token or "",
        refresh_token=granted.bot_refresh_token or "",
        expires_at=_expires_at(granted),
        bot_user=granted.bot_user_id or "",
        bot_id=granted.bot_id or "",
        enterprise=enterprise,
        scopes=tuple(scopes.split(",") if isinstance(scopes, str) else scopes),
        installed_by=granted.user_id or "",
    )


def _expires_at(granted: Granted) -> float:
    """0: never. Slack's `expires_in` has become a time by now; without it there is none."""
    return float(granted.bot_token_expires_at or 0) if granted.bot_refresh_token else 0.0


async def _failed(args: AsyncFailureArgs) -> BoltResponse:
    reason = "not_welcome" if isinstance(args.error, _NotWelcome) else args.reason
    log.info("not installed", why=reason if reason.replace("_", "").isalnum() else "other")
    status = 403 if reason == "not_welcome" else args.suggested_status_code
    return _page(status, words.NOT_INSTALLED, words.why_not(reason), again=reason != "not_welcome")


def _page(status: int, title: str, sentence: str, *, again: bool = False) -> BoltResponse:
    link = f'<p><a class="add" href="{INSTALL_PATH}">{words.ADD}</a></p>' if again else ""
    return BoltResponse(status=status, body=_html(title, sentence, link))


def _html(title: str, sentence: str, more: str) -> str:
    style = (
        ":root{color-scheme:light dark}"
        "body{font:18px/1.5 system-ui,sans-serif;max-width:34em;margin:4em auto;padding:0 1em}"
        ".add{display:inline-block;padding:.6em 1.2em;background:CanvasText;color:Canvas;"
        "border-radius:6px;text-decoration:none}"
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{style}</style></head><body><h1>{title}</h1><p>{html.escape(sentence)}</p>{more}"
        "</body></html>"
    )


def _web(answer: BoltResponse) -> web.Response:
    response = web.Response(status=answer.status, text=answer.body, headers=_HEADERS)
    for cookie in answer.headers.get("set-cookie", []):
        response.headers.add("Set-Cookie", cookie)
    if location := answer.headers.get("location"):
        response.headers["Location"] = location[0]
    return response


def authorize_url(api_url: str) -> str:
    """Slack's page that asks, beside its Web API."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc}/oauth/v2/authorize"
