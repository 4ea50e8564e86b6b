"""Asking the question of a job again, for an operator: by all that takes questions."""

from __future__ import annotations

from contextlib import AsyncExitStack

import aiohttp

from bot.asking.asking import Refused, Taken
from bot.errors import StartupError, Trouble, UserError
from bot.grok.client import open_grok
from bot.jobs.job import Job
from bot.joining.wiring import Wiring
from bot.net.web_address import web_address_fault
from bot.ops import command_words, words
from bot.ops.slack_probe import identify
from bot.settings import Settings, serves_several
from bot.slack.installation import Installation
from bot.slack.web_api import SlackClient, slack_session
from bot.store.grok_keys import GrokKeys, OwnKey
from bot.store.installations import Installations
from bot.store.redis.connection import Store
from bot.store.seal import Seal, keys_in
from bot.teams.register import Register


async def asked_again(settings: Settings, store: Store, team: str, job: Job, call: str) -> Taken:
    """A new job with the question of `job`; the same one when it comes again by that `call`.

    Raises `StartupError`, and `UserError` with a sentence where it is not taken.
    """
    if fault := web_address_fault("SLACK_API_URL", settings.slack_api_url):
        raise StartupError([fault])
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(slack_session())
        installation = await _installation(settings, session, store, team)
        if installation.team != team:
            raise UserError(command_words.JOB_ELSEWHERE(job.id))
        client = SlackClient(
            token=installation.bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[],
        )
        grok = await stack.enter_async_context(open_grok(settings))
        if own_key := await _own_key(settings, store, team):
            grok = grok.with_key(own_key.secret)
        await grok.catalogue.refresh()
        wiring = Wiring(settings, installation, client, store, grok)
        asked = await wiring.asking().again(job, call)
    if isinstance(asked, Refused):
        raise UserError(asked.sentence)
    return asked


async def _own_key(settings: Settings, store: Store, team: str) -> OwnKey | None:
    """The Grok key that its admins have set, where several workspaces are served."""
    keys = settings.installation_keys if serves_several(settings) else None
    return await GrokKeys(store, Seal(keys_in(keys))).find(team) if keys else None


async def _installation(
    settings: Settings, session: aiohttp.ClientSession, store: Store, team: str
) -> Installation:
    """Who is asked for is looked up in Slack, as for every question."""
    if serves_several(settings):
        return await _registered(settings, store, team)
    token = settings.slack_bot_token
    if token is None:
        raise StartupError([words.SETTING_MISSING("SLACK_BOT_TOKEN")])
    client = SlackClient(base_url=settings.slack_api_url, session=session, retry_handlers=[])
    found = await identify(client, token)
    if isinstance(found, Trouble):
        raise StartupError([found.sentence])
    return found


async def _registered(settings: Settings, store: Store, team: str) -> Installation:
    """What `team` has installed, or its organisation."""
    keys = settings.installation_keys
    if keys is None:
        raise StartupError([words.SETTING_MISSING("INSTALLATION_KEYS")])
    register = Register(Installations(store), Seal(keys_in(keys)))
    found = await register.of(team)
    if found is None:
        raise UserError(command_words.TEAM_WITHOUT_APP(team))
    return found.record.installation(team)
