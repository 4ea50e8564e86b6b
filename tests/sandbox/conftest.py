"""A workspace without rate budgets, the real client for it, and callers of Grok."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.grok import GrokServer
from sandbox.workspace import Limits, Workspace
from tests.sandbox.grok_caller import Caller
from tests.sandbox.slack_app import client_of


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace(limits=Limits(scale=0)) as workspace:
        yield workspace


@pytest.fixture
def slack(ws: Workspace) -> AsyncWebClient:
    return client_of(ws)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def call(http: aiohttp.ClientSession, grok: GrokServer) -> Caller:
    return Caller(http, grok)


@pytest.fixture
def call_openai(http: aiohttp.ClientSession, openai_grok: GrokServer) -> Caller:
    return Caller(http, openai_grok)
