"""What operators read of an app that several workspaces may install."""

from __future__ import annotations

from collections.abc import Sequence

REMEDY_CLIENT_SECRET = "Copy the Client Secret from “Basic Information” of your app."  # noqa: S105
INSTALLATION_KEY_SHORT = "INSTALLATION_KEYS has a key of fewer than 32 characters."
REMEDY_INSTALLATION_KEYS = (
    "Make one with `openssl rand -hex 32`, and keep it: without it every workspace has to install "
    "the app again."
)
REMEDY_PUBLIC_URL = (
    "Give the address at which people's browsers reach the bot, such as https://grok.example.com, "
    "and add it to the Redirect URLs of your app."
)
REMEDY_TEAMS = "Give ids of workspaces or organisations separated by commas: T012AB3CD,E012AB3CD."
REMEDY_ADMINS_OF_TEAMS = (
    "Give each admin with the workspace, such as T012AB3CD:U012AB3CD, separated by commas."
)


def wrong_public_url(address: str) -> str:
    """An address to which Slack would send nobody back."""
    return f"PUBLIC_URL ({address}) is no https:// address without a path."


def wrong_teams(names: str) -> str:
    """Entries of SLACK_TEAMS that are no ids."""
    return f"SLACK_TEAMS has entries that are no ids of workspaces: {names}."


APP_PLACES_NOT_TOLD = "where it is installed stands in the store, which does not answer"


def app_installed_in(places: int) -> str:
    """In how many workspaces or organisations an app is that several may install."""
    where = "1 workspace" if places == 1 else f"{places} workspaces"
    return f"installed in {where}"


def app_seems_removed(names: Sequence[str]) -> str:
    """Where Slack says that the app was removed, and that is not yet believed."""
    return (
        f"; Slack says that {_some_of(names)} removed the app: if it still says so a day later, "
        "what is kept of them is deleted"
    )


REMEDY_UNREAD = (
    "Set the key that it was stored by behind the first of INSTALLATION_KEYS; if that is lost, "
    "have the app installed there again."
)
MOST_NAMED = 10


def installations_unread(places: Sequence[str], of: int) -> str:
    """What was stored by another key."""
    named = _some_of(places)
    some = f"{len(places)} of {of} workspaces"
    return f"no key of INSTALLATION_KEYS opens the access to {some} ({named})"


def installations_lost(places: str) -> str:
    """Whose tokens run out."""
    return f"Slack does not renew the access to {places}"


def _some_of(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
