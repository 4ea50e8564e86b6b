"""`python -m bot check`: everything the bot depends on, tried out, one line each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
from slack_sdk.web.async_client import AsyncWebClient

from bot.completion.collect import Collector
from bot.completion.request import CompletionRequest
from bot.errors import GrokFailed, RequestRefused, StartupError, StoreUnavailable, Trouble
from bot.grok.client import GrokClient, open_grok
from bot.ops import words
from bot.ops.manifest import AGENT_SCOPES, OPTIONAL, SCOPES
from bot.ops.redact import Redactor
from bot.ops.setting_faults import set_names, unknown_settings
from bot.ops.slack_probe import identify, ticket_for
from bot.ops.startup import settings_troubles
from bot.ops.store_probe import store_info
from bot.settings import Settings, serves_several
from bot.slack.installation import Installation
from bot.slack.web_api import SlackClient, slack_session
from bot.store.installations import Installations
from bot.store.redis.connection import open_store
from bot.store.seal import Seal, keys_in
from bot.teams.register import Register
from bot.words.installing import LOST_REMEDY
from bot.words.terminal.ask import plain

_URL_CHARS = 200
_NO_TEAM = "CHECK"
"""In place of a workspace that Slack does not tell."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finding; `remedy` says what to do when it is not `ok`."""

    name: str
    ok: bool
    text: str
    remedy: str = ""
    hint: bool = False
    """Whether it only says where to mend the faults that follow."""

    @property
    def counts(self) -> bool:
        """Whether it is a fault of its own."""
        return not (self.ok or self.hint)

    def __str__(self) -> str:
        mark = "✓" if self.ok else "→" if self.hint else "✗"
        return f"{mark} {self.name}: {self.text} {self.remedy}".rstrip()


async def check(settings: Settings, *, ask: bool = False) -> int:
    """Print each finding as soon as it is there; returns the exit code, 1 when one is a fault."""
    redactor = Redactor.of(settings)
    faults = 0
    async with aclosing(run_checks(settings, ask=ask)) as lines:
        async for line in lines:
            print(plain(redactor.text(str(line))), flush=True)
            faults += line.counts
    print(words.CHECK_FAULTS(faults) if faults else plain(words.CHECK_ALL_FINE))
    return 1 if faults else 0


async def run_checks(settings: Settings, *, ask: bool = False) -> AsyncGenerator[Line]:
    """Every finding, in order: the settings, Slack, Grok, the store.

    What depends on a setting that is missing or malformed is not tried.
    """
    troubles = settings_troubles(settings)
    for line in _settings(troubles):
        yield line
    broken = {trouble.setting for trouble in troubles}
    team = _NO_TEAM
    if "SLACK_API_URL" not in broken:
        async with _slack_client(settings) as client:
            if settings.slack_bot_token is not None and "SLACK_BOT_TOKEN" not in broken:
                found = await identify(client, settings.slack_bot_token)
                for line in _bot_token(found):
                    yield line
                team = _NO_TEAM if isinstance(found, Trouble) else found.team
            async for line in _way_in(settings, client, broken):
                yield line
    if not broken & {"XAI_API_KEY", "XAI_BASE_URL"}:
        async with aclosing(_grok(settings, ask=ask)) as lines:
            async for line in lines:
                yield line
    if "REDIS_URL" not in broken:
        for line in await _store(settings, team):
            yield line


def _settings(troubles: Sequence[Trouble]) -> list[Line]:
    found: list[str | Trouble] = [*troubles, *unknown_settings(set_names())]
    return [_line(words.CHECK_SETTINGS, each) for each in found or [words.ALL_SETTINGS_FINE]]


@asynccontextmanager
async def _slack_client(settings: Settings) -> AsyncIterator[AsyncWebClient]:
    async with slack_session() as session:
        yield SlackClient(base_url=settings.slack_api_url, session=session, retry_handlers=[])


def _bot_token(found: Installation | Trouble) -> Iterator[Line]:
    if isinstance(found, Trouble):
        yield _line(words.CHECK_BOT_TOKEN, found)
        return
    whose = words.INSTALLED_IN(workspace=found.team_name, bot_user=found.bot_user)
    yield _line(words.CHECK_BOT_TOKEN, whose)
    yield _line(words.CHECK_SCOPES, _scopes(found))


async def _way_in(
    settings: Settings, client: AsyncWebClient, broken: set[str]
) -> AsyncIterator[Line]:
    if settings.slack_app_token is None:
        if "SLACK_SIGNING_SECRET" not in broken:
            yield _line(words.CHECK_HTTP_MODE, words.SIGNING_SECRET_SET)
    elif "SLACK_APP_TOKEN" not in broken:
        found = await ticket_for(client, settings.slack_app_token)
        said = found if isinstance(found, Trouble) else words.SOCKET_MODE_OPENS
        yield _line(words.CHECK_SOCKET_MODE, said)


async def _grok(settings: Settings, *, ask: bool) -> AsyncGenerator[Line]:
    async with open_grok(settings) as grok:
        state = await _key(grok, settings.xai_base_url)
        yield _line(words.CHECK_KEY, state)
        if not isinstance(state, Trouble):
            yield _line(words.CHECK_MODEL, await _model(grok, settings.grok_model))
            if ask:
                yield _line(words.CHECK_ANSWER, await _answer(grok, settings.grok_model))


async def _key(grok: GrokClient, base_url: str) -> str | Trouble:
    """What the API at `base_url` says about the key, or what is wrong with either."""
    try:
        found = await grok.reach()
    except GrokFailed:
        return Trouble(words.GROK_AWAY, words.REMEDY_GROK_AWAY)
    if found.key is None:
        return _no_api(base_url.rstrip("/"), found.onward, found.added, found.status)
    text = words.KEY_STATES[found.key]
    return text if found.key in ("ok", "unknown") else Trouble(text, words.REMEDY_GROK_KEY)


def _no_api(base_url: str, onward: str, added: str, status: int) -> Trouble:
    if onward:
        return Trouble(words.GROK_MOVED, words.REMEDY_ADDRESS(_base(onward)))
    if added:
        return Trouble(words.GROK_NO_API, words.REMEDY_ADDRESS(base_url + added))
    if status:
        return Trouble(words.GROK_OUT_OF_ORDER(status), words.REMEDY_GROK_AWAY)
    return Trouble(words.GROK_NO_API, words.REMEDY_GROK_ADDRESS)


def _base(onward: str) -> str:
    """The address of the API to whose list of models somebody was sent."""
    url = httpx.URL(onward).copy_with(query=None, fragment=None, userinfo=b"")
    plain = str(url)[:_URL_CHARS].rstrip("/")
    return plain.removesuffix("/models").removesuffix("/api-key")


async def _model(grok: GrokClient, model: str) -> str | Trouble:
    """Which endpoint serves the default model, or that there is no such model."""
    catalogue = grok.catalogue
    await catalogue.refresh()
    if not catalogue.models:
        return words.MODEL_NOT_COMPARED(model)
    if catalogue.find(model) is None:
        nearest = ", ".join(catalogue.nearest(model))
        return Trouble(words.MODEL_UNKNOWN(model=model, nearest=nearest), words.REMEDY_GROK_MODEL)
    with suppress(GrokFailed):
        await grok.look_for_newest()
    call = grok.plan(CompletionRequest(model=model, prompt="?"))
    return words.MODEL_KNOWN(model=model, endpoint=call.endpoint)


async def _answer(grok: GrokClient, model: str) -> str | Trouble:
    """Whether the default model answers: a word, after what it thinks; that is paid for."""
    request = CompletionRequest(model=model, prompt="Say OK.", max_tokens=1)
    collector = Collector(request)
    try:
        completion = grok.complete(grok.plan(request, nobodys_cap=True))  # where questions go
        async with aclosing(completion) as chunks:
            async for chunk in chunks:
                collector.add(chunk)
    except (GrokFailed, RequestRefused) as failed:
        return Trouble(failed.sentence, words.REMEDY_GROK_ANSWER)
    tokens = collector.usage.total_tokens if collector.usage else 0
    return words.ANSWERED(model=collector.model, endpoint=completion.call.endpoint, tokens=tokens)


async def _store(settings: Settings, team: str) -> list[Line]:
    found = await store_info(settings, team)
    if isinstance(found, Trouble):
        return [_line(words.CHECK_STORE, found)]
    embedded = settings.redis_url is None
    fine = _line(words.CHECK_STORE, words.store_fine(found.name, found.role, embedded))
    return [fine, await _installations(settings)] if serves_several(settings) else [fine]


async def _installations(settings: Settings) -> Line:
    """Where an app is that several workspaces may install."""
    try:
        async with open_store(settings, join=True) as store:
            kept = Installations(store)
            places = await kept.versions()
            keys = settings.installation_keys
            seal = Seal(keys_in(keys)) if keys else None
            register = Register(kept, seal) if seal else None
            lost = await register.lost() if register else []
            unread = await register.unread() if register else []
            doubted = sorted(await kept.doubted())
    except (StartupError, StoreUnavailable):
        return _line(words.CHECK_INSTALLATIONS, words.APP_PLACES_NOT_TOLD)
    if unread:
        named = words.installations_unread(unread, len(places))
        return _line(words.CHECK_INSTALLATIONS, Trouble(named, words.REMEDY_UNREAD))
    if lost:
        trouble = Trouble(words.INSTALLATIONS_LOST(", ".join(lost)), LOST_REMEDY)
        return _line(words.CHECK_INSTALLATIONS, trouble)
    where = words.APP_INSTALLED_IN(len(places))
    removed = words.app_seems_removed(doubted) if doubted else ""
    return _line(words.CHECK_INSTALLATIONS, where + removed)


def _scopes(installation: Installation) -> str | Trouble:
    if installation.scopes is None:
        return words.SCOPES_NOT_TOLD
    lacking = [scope for scope in SCOPES if scope not in installation.scopes]
    missing = [scope for scope in lacking if scope not in OPTIONAL]
    if missing:
        return Trouble(words.SCOPES_MISSING(", ".join(missing)), words.REMEDY_SCOPES)
    extra = sorted(installation.scopes - SCOPES.keys() - AGENT_SCOPES.keys())
    if lacking:
        granted = len(SCOPES) - len(lacking)
        return words.SCOPES_BUT_OPTIONAL(
            count=granted, optional=", ".join(lacking), extra=", ".join(extra)
        )
    return words.SCOPES_GRANTED(count=len(SCOPES), extra=", ".join(extra))


def _line(name: str, finding: str | Trouble) -> Line:
    if isinstance(finding, Trouble):
        return Line(name, ok=False, text=finding.text, remedy=finding.remedy, hint=finding.hint)
    return Line(name, ok=True, text=finding)
