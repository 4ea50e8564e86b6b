"""The client of Slack's Web API, for which each reply is a JSON object."""

from __future__ import annotations

from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


class SlackClient(AsyncWebClient):
    """Whatever comes in the place of one, such as a gateway's page, counts as an object without an
    answer in it, and so raises `SlackApiError` with a reply that can be read. Slack's own client
    raises `AttributeError` for some of it, and for some hands on a reply of another class."""

    async def _request(
        self, *, http_verb: str, api_url: str, req_args: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            reply = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        except (
            SlackApiError,
            ValueError,
            RecursionError,
        ) as error:  # it is called JSON, and is none
            came = getattr(error, "response", None)
            headers, status = getattr(came, "headers", {}), getattr(came, "status", 0)
            return {"data": {}, "headers": headers, "status_code": status}
        return reply if isinstance(reply["data"], dict) else {**reply, "data": {}}
