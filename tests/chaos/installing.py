"""Several workspaces that install the app by the pages of whichever bot serves them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from sandbox.workspace import Workspaces
from tests.e2e.several import KEY, browser

PAGES = "http://127.0.0.1:1/"
"""Where people are sent; there stands a proxy, which leads them to some bot."""
PAGE_SECONDS = 5.0


def settings_of_several(slack: Workspaces, port: int, *, agent: bool) -> dict[str, str]:
    """What a bot that serves all of `slack` is told, beside what one is told that serves one."""
    return {
        "SLACK_BOT_TOKEN": "",
        "SLACK_API_URL": slack.api_url,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_CLIENT_ID": slack.client_id,
        "SLACK_CLIENT_SECRET": slack.client_secret,
        "INSTALLATION_KEYS": KEY,
        "PUBLIC_URL": PAGES.rstrip("/"),
        "SLACK_AGENT": str(agent).lower(),
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


async def install_at(port: int, team: str) -> str:
    """Let `team` install the app by the pages at `port`; what the last one says."""
    address = f"http://127.0.0.1:{port}/"
    async with browser(address) as session:
        async with session.get(f"{address}slack/install") as reply:
            page = await reply.text()
        authorize = page.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
        if not authorize:
            return page
        asked = parse_qs(urlsplit(authorize).query)
        form = {name: asked[name][0] for name in ("redirect_uri", "state")} | {"team": team}
        async with session.post(authorize, data=form, allow_redirects=False) as reply:
            back = reply.headers["Location"].replace(PAGES, address)
        async with session.get(back) as reply:
            return await reply.text()
