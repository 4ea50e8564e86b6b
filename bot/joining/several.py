"""Several workspaces: joined where the app may be installed by whoever is welcome."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from pydantic import SecretStr

from bot.duties import Duty
from bot.errors import StartupError
from bot.jobs.dispatcher import Dispatcher
from bot.jobs.worker import Connected
from bot.joining.wiring import waiting_of
from bot.joining.workspace import Ground, Own, open_team
from bot.net.listening import Handler, Listening
from bot.net.web_address import INSTALL_PATH
from bot.ops import words
from bot.ops.manifest import scopes_of
from bot.settings import Settings, admins_of
from bot.slack.installation import Installation
from bot.store.grok_keys import GrokKeys
from bot.store.installations import Installations
from bot.store.seal import Seal, keys_in
from bot.teams.departure import Departures
from bot.teams.moving import Moving
from bot.teams.pages import InstallPages, authorize_url
from bot.teams.register import Register
from bot.teams.rotation import Rotation
from bot.teams.tenant import OpenTenant, Tenant
from bot.teams.tenants import Tenants

MOST_CONNECTIONS = 64


def several(ground: Ground, connected: Connected | None) -> tuple[Tenants, InstallPages]:
    """What serves every workspace, and the pages by which one gets the app. Raises
    `StartupError`."""
    settings, client = ground.settings, ground.tokenless
    identity, secret = settings.slack_client_id, settings.slack_client_secret
    keys, address = settings.installation_keys, settings.public_url
    if not (identity and secret and keys and address):
        raise StartupError([words.SETTING_MISSING("SLACK_CLIENT_SECRET")])
    seal = Seal(keys_in(keys))
    register = Register(Installations(ground.store), seal)
    grok_keys = GrokKeys(ground.store, seal)
    departures = Departures(register, ground.store, client)
    dispatcher = _dispatcher(ground, connected)
    tenants = Tenants(
        register,
        _opening(ground, connected, grok_keys, dispatcher),
        rotation=Rotation(
            register,
            client,
            client_id=identity,
            client_secret=secret.get_secret_value(),
            address=address.rstrip("/") + INSTALL_PATH,
        ),
        departures=departures,
        work=dispatcher,
        moving=Moving(ground.store),
        grok_keys=grok_keys,
    )
    pages = InstallPages(
        register,
        client,
        client_id=identity,
        client_secret=secret.get_secret_value(),
        scopes=scopes_of(agent=settings.slack_agent),
        address=address,
        authorize_url=authorize_url(settings.slack_api_url),
        welcome=welcome_places(settings),
        joined=departures,
    )
    return tenants, pages


def _dispatcher(ground: Ground, connected: Connected | None) -> Dispatcher:
    """What has all workspaces of the process share its places. A process that takes questions
    works on its own at once; one that takes none is to look for those of others."""
    settings, duty = ground.settings, ground.duty
    return Dispatcher(
        ground.store,
        at_once=settings.jobs_at_once,
        waiting=waiting_of(settings),
        lease_seconds=settings.job_lease_seconds,
        connected=connected,
        acks=ground.acks,
        works=Duty.WORKING in duty,
        asks_at_once=Duty.TAKING not in duty,
    )


def _opening(
    ground: Ground, connected: Connected | None, grok_keys: GrokKeys, dispatcher: Dispatcher
) -> OpenTenant:
    """Opens the bot of one workspace, with what the settings and its admins say of it."""

    def opening(
        installation: Installation, grok_key: SecretStr | None
    ) -> AbstractAsyncContextManager[Tenant]:
        settings = ground.settings
        admins = ",".join(sorted(admins_in(settings, installation.team)))
        own = Own(
            settings=settings.model_copy(update={"grok_admins": admins}),
            grok=ground.grok if grok_key is None else ground.grok.with_key(grok_key),
            grok_keys=grok_keys,
            dispatcher=dispatcher,
        )
        return open_team(ground, installation, connected, own)

    return opening


def install_port(settings: Settings, routes: Mapping[str, Mapping[str, Handler]]) -> Listening:
    """The port of the pages, where Slack is not served by one."""
    return Listening(
        routes, settings.host, settings.port, variable="PORT", grace=1, most=MOST_CONNECTIONS
    )


def admins_in(settings: Settings, team: str) -> frozenset[str]:
    """Those of `GROK_ADMINS` that are named as admins of `team`: `T…:U…`."""
    named = (entry.partition(":") for entry in admins_of(settings))
    return frozenset(user for place, _, user in named if place == team and user)


def welcome_places(settings: Settings) -> frozenset[str]:
    """The ids in `SLACK_TEAMS`; empty: everybody is welcome."""
    return frozenset(filter(None, (place.strip() for place in settings.slack_teams.split(","))))
