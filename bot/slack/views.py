"""Opening and updating views: modals and the Home tab."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from attrs import frozen

from bot.errors import RateLimited, SlackError
from bot.slack.web_api import WebApi, mapping, text_of
from bot.slack_limits import TIER_4_PER_MINUTE
from bot.store.allowances import Allowances

log = structlog.get_logger(__name__)

VIEWS_PER_MINUTE_EACH = TIER_4_PER_MINUTE // 4
"""How many views one person is shown."""

ViewJson = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenView:
    """A view in Slack; `hash` names what it shows now, and is empty where nobody says so."""

    id: str
    hash: str


@frozen
class Views:
    """`views.*` of the Web API.

    Every method raises what `WebApi.call` raises, and `RateLimited` also when somebody has been
    shown views enough; the codes that a caller may expect are
    `expired_trigger_id` and `exchanged_trigger_id` (a trigger lives 3 s and serves once),
    `hash_conflict` (the view shows something else by now) and `not_found` (it was closed).
    """

    _api: WebApi
    _allowances: Allowances

    async def open(self, trigger_id: str, view: ViewJson, *, user: str) -> OpenView:
        """Show `view` to `user`, who caused the trigger."""
        await self.take(user)
        return await self._call("views.open", {"trigger_id": trigger_id, "view": view})

    async def fill(
        self,
        trigger_id: str,
        loading: ViewJson,
        make: Callable[[], Awaitable[ViewJson]],
        *,
        user: str,
    ) -> bool:
        """Show `user` the view `loading` before anything else, for a trigger lives 3 s, and then
        what `make` makes in its place. False when Slack did not take one of them."""
        try:
            opened = await self.open(trigger_id, loading, user=user)
            await self.update(opened.id, await make())
        except SlackError as error:
            log.warning("view not shown", error=str(error))
            return error.code == "not_found"  # which says that the view was closed
        return True

    async def push(self, trigger_id: str, view: ViewJson, *, user: str) -> OpenView:
        """Show `view` to `user` on top of the one that the trigger comes from."""
        await self.take(user)
        return await self._call("views.push", {"trigger_id": trigger_id, "view": view})

    async def update(
        self,
        view_id: str,
        view: ViewJson,
        hash: str = "",  # noqa: A002
    ) -> OpenView:
        """Show `view` in place of what the view shows; with `hash`, only in place of that."""
        return await self._call("views.update", {"view_id": view_id, "view": view, **_guard(hash)})

    async def publish(
        self,
        user: str,
        view: ViewJson,
        hash: str = "",  # noqa: A002
    ) -> OpenView:
        """Show `view` as the Home tab of `user`; `hash` guards it as in `update`."""
        await self.take(user)
        return await self._call("views.publish", {"user_id": user, "view": view, **_guard(hash)})

    async def take(self, user: str) -> None:
        """Count one more view that `user` is shown: what Slack lets the whole workspace be shown
        in a minute is not for one person. Raises `RateLimited` when it was enough."""
        if wait := await self._allowances.take(f"views:{user}", VIEWS_PER_MINUTE_EACH):
            raise RateLimited(wait)

    async def _call(self, method: str, body: Mapping[str, Any]) -> OpenView:
        view = mapping((await self._api.call(method, body)).get("view"))
        shown = view.get("hash")
        return OpenView(text_of(view, "id", method), shown if isinstance(shown, str) else "")


def _guard(expected: str) -> dict[str, str]:
    return {"hash": expected} if expected else {}
