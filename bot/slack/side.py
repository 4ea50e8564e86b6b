"""Slack as those who take questions and settings use it: one workspace, each part made once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.slack.agent import AgentSurface
from bot.slack.documents import Announcing, Documents
from bot.slack.ephemeral import Ephemeral
from bot.slack.files import Files
from bot.slack.installation import Installation
from bot.slack.people.membership import Membership
from bot.slack.people.people import People
from bot.slack.slack import Slack
from bot.slack.views import Views
from bot.slack.web_api import WebApi


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
