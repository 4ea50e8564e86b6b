"""Slack as those use it who take questions and answer them: one workspace, each part made once."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.files.file import bounds_of
from bot.files.reading import Reading
from bot.settings import Settings, admins_of
from bot.slack.agent import AgentSurface
from bot.slack.documents import Announcing, Documents
from bot.slack.ephemeral import Ephemeral
from bot.slack.files import Files
from bot.slack.installation import Installation
from bot.slack.people.membership import Membership
from bot.slack.people.people import People
from bot.slack.people.person import KeptPeople, Organisation
from bot.slack.slack import Slack
from bot.slack.views import Views
from bot.slack.web_api import WebApi
from bot.store.allowances import Rests
from bot.store.memory import Memory
from bot.store.redis.connection import Store
from bot.store.side import StoreSide

HURRIED_SECONDS = 1.0
"""How long looking a person up may take, of the 3 s that an ack may take."""


@dataclass(frozen=True, slots=True)
class SlackSide:
    """`api` takes its time; `hurried` has a deadline that fits into an ack."""

    installation: Installation
    api: WebApi
    hurried: WebApi
    messages: Slack
    ephemeral: Ephemeral
    people: People
    membership: Membership
    views: Views
    announcing: Announcing
    documents: Documents
    files: Files
    agent: AgentSurface

    @classmethod
    def of(
        cls,
        settings: Settings,
        installation: Installation,
        client: AsyncWebClient,
        redis: Store,
        store: StoreSide,
    ) -> SlackSide:
        """The Slack of one workspace, upon `redis` and what is kept of it in `store`."""
        keys = redis.keys(installation.team)
        rests = Rests(redis, keys)
        api = WebApi(client, rests)
        hurried = WebApi(client, rests, deadline=HURRIED_SECONDS)
        here = Organisation(
            installation.team, installation.enterprise_id or "", installation.org_wide
        )
        kept = KeptPeople(redis, keys)
        messages = Slack(api, installation.bot_user)
        announcing = Announcing(messages)
        return cls(
            installation=installation,
            api=api,
            hurried=hurried,
            messages=messages,
            ephemeral=Ephemeral(messages, store.allowances),
            people=People(hurried, here, kept, store.allowances, admins_of(settings)),
            membership=Membership(hurried, Memory(redis, keys), store.allowances, here),
            views=Views(api, store.allowances),
            announcing=announcing,
            documents=Documents(api, messages, announcing),
            files=Files(api, Reading(bounds_of(settings))),
            agent=AgentSurface.of(api, installation),
        )
