"""What the bot says to its operator: at start, and in `python -m bot check`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.words.sentences import Sentence

REMEDY_BOT_TOKEN = (
    "Copy the Bot User OAuth Token (xoxb-…) from “OAuth & Permissions” of your app at "
    "api.slack.com/apps."
)
REMEDY_APP_TOKEN = (
    "At api.slack.com/apps, switch on “Socket Mode” of your app, and make an app-level token "
    "(xapp-…) with the scope connections:write under “Basic Information”."
)
REMEDY_SIGNING_SECRET = (
    "Copy the Signing Secret from “Basic Information” of your app at api.slack.com/apps."
)
REMEDY_SLACK_WAY_IN = (
    "Set SLACK_APP_TOKEN (Socket Mode, no public address needed) or SLACK_SIGNING_SECRET "
    "(HTTP mode)."
)
REMEDY_SCOPES = (
    "Add them under “OAuth & Permissions” of your app at api.slack.com/apps, then choose "
    "“Reinstall to Workspace”."
)
REMEDY_SLACK_AWAY = "Check the network, a proxy, and SLACK_API_URL; status.slack.com says more."
REMEDY_SLACK_ASKED_TOO_OFTEN = (
    "Start it again in a minute. What restarts it again and again makes Slack refuse it for longer."
)
REMEDY_GROK_AWAY = "Check the network and XAI_BASE_URL; status.x.ai says more."
REMEDY_GROK_ADDRESS = "Check XAI_BASE_URL: at most servers it ends in /v1."
REMEDY_GROK_ANSWER = "Try GROK_MODEL, XAI_BASE_URL and the key with `python -m bot ask hi`."
REMEDY_GROK_KEY = "Look at the key, the credit and the spending limit at console.x.ai."
REMEDY_GROK_MODEL = "Set GROK_MODEL to a model that this key may use: console.x.ai lists them."
STORE_NOT_SHARED = "REDIS_URL is missing: who takes questions and who works on them share a store."
REMEDY_STORE_NOT_SHARED = (
    "Give both kinds of process the same REDIS_URL, or run `python -m bot serve`, which does both "
    "with a Valkey of its own."
)
REMEDY_STORE_AWAY = (
    "Start the server and check REDIS_URL; without REDIS_URL the bot starts its own Valkey."
)
REMEDY_STORE_STRANGE = "Check host and port in REDIS_URL; for TLS it begins with rediss://."
REMEDY_STORE_OLD = "Use Valkey 7.2 or newer, or Redis 6.2 or newer."
REMEDY_STORE_EVICTS = "Set maxmemory-policy to noeviction on the server."
REMEDY_STORE_READ_ONLY = "Set REDIS_URL to the primary server."
REMEDY_STORE_FULL = "Raise maxmemory on the server, or free some of it."
REMEDY_STORE_ELSEWHERE = (
    "Name the Cluster in REDIS_URL: redis+cluster://host,host (rediss+cluster:// for TLS)."
)
REMEDY_CLUSTER_DOWN = (
    "Bring its missing nodes back, or let replicas take their place. With "
    "cluster-require-full-coverage no it goes on without those that hold none of these keys."
)
REMEDY_STORE_DENIES = (
    "Check the user and the password in REDIS_URL; the user needs +@all -@admin -@dangerous +info "
    "on the keys grokbot:*."
)
REMEDY_STORE_LOADING = "It is reading its data: try again in a moment."
REMEDY_STORE_REFUSES = "Look at the server's log."
REMEDY_ADMINS = "Give Slack user ids separated by commas, such as U012AB3CD,W012AB3CD."
REMEDY_CHANNELS = (
    "Give channel ids, such as C012AB3CD: each stands at the end of the channel's details in Slack."
)
REMEDY_SETTING_UNKNOWN = "Correct it or remove it: docs/settings.md lists all there are."
REMEDY_NO_ENV_FILE = (
    "Copy .env.example to .env and fill it in, or start the bot where your .env is; to try the bot "
    "without any of it: `python -m bot demo`."
)
NO_ENV_FILE = Sentence(
    "There is no {name} in {directory}, and no token or key is set in the environment."
)
SETTING_UNKNOWN = Sentence("{name} is set, and there is no such setting.[ Did you mean {nearest}?]")
SETTING_MISSING = Sentence("{name} is missing.")


def setting_wrong(name: str, given: str, why: str) -> str:
    """A setting that cannot be read; `given`: its value, or empty where that may be a secret."""
    fault = f"{name} cannot be {given}" if given else f"{name} cannot be used as it is set"
    return f"{fault}: {why}. See .env.example."


def takes_number(bounds: Mapping[str, float], *, whole: bool) -> str:
    """`bounds` are `gt`, `ge` and `le`, as far as there are any."""
    kind = "a whole number" if whole else "a number"
    shown = {name: str(bound) for name, bound in bounds.items()}
    match shown:
        case {"ge": least, "le": most}:
            span = f" from {least} to {most}"
        case {"gt": below, "le": most}:
            span = f" above {below}, and {most} at most"
        case {"ge": least}:
            span = f" of {least} or more"
        case {"le": most}:
            span = f" of {most} or less"
        case {"gt": below}:
            span = f" above {below}"
        case _:
            span = ""
    return f"it takes {kind}{span}"


TAKES_TEXT = "it takes text in UTF-8"
TAKES_ONE_OF = Sentence("it takes {names:or}")
WRONG_TOKEN = Sentence(
    "{name} does not look right: it should be one word that begins with {prefix}."
)
NO_SLACK_WAY_IN = "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set, so Slack has no way in."
SIGNING_SECRET_IS_TOKEN = "SLACK_SIGNING_SECRET holds a token, not the signing secret."
SIGNING_SECRET_SHAPE = "SLACK_SIGNING_SECRET does not look right: Slack's are 32 hex digits."
WRONG_ADMINS = Sentence("GROK_ADMINS has entries that are no Slack user ids: {names}.")
WRONG_CHANNELS = Sentence("ASKING_CHANNELS has entries that are no channel ids: {names}.")
WRONG_PUBLIC_ADDRESS = Sentence(
    "{address!r} is no address that is reached from outside: give that of your TLS proxy, such as "
    "https://bot.example.com."
)
SLACK_REFUSED = Sentence("Slack does not accept {name} ({code}).")
SLACK_AWAY = Sentence("Slack cannot be reached ({reason}).")
SLACK_ASKED_TOO_OFTEN = "Slack was asked too often and tells the bot to wait (ratelimited)."
CHECK_SETTINGS = "Settings"
CHECK_BOT_TOKEN = "Slack bot token"
CHECK_SCOPES = "Slack scopes"
CHECK_INSTALLATIONS = "Slack app"
CHECK_SOCKET_MODE = "Slack Socket Mode"
CHECK_HTTP_MODE = "Slack HTTP mode"
CHECK_KEY = "Grok key"
CHECK_MODEL = "Grok model"
CHECK_ANSWER = "Grok answer"
CHECK_ASK = "also ask Grok a short question, which is paid for, with the thoughts it takes"
CHECK_STORE = "Store"

ALL_SETTINGS_FINE = "present and well-formed"
SOCKET_MODE_OPENS = "Slack opens a connection"
SIGNING_SECRET_SET = "the signing secret is set"
SCOPES_NOT_TOLD = "Slack did not say which scopes the token has, so they were not compared"
CHECK_ALL_FINE = "All fine: start the bot with `python -m bot serve`."
CHECK_FAULTS = Sentence("{count:count fault} found.")
INSTALLED_IN = Sentence("workspace {workspace}, bot user {bot_user}")
SCOPES_GRANTED = Sentence("all {count} granted[; not needed: {extra}]")
SCOPES_BUT_OPTIONAL = Sentence(
    "{count} granted; optional, not granted: {optional}[; not needed: {extra}]"
)
SCOPES_MISSING = Sentence("missing: {names}.")
GROK_AWAY = "The Grok API cannot be reached."
GROK_NO_API = "There is no Grok API at XAI_BASE_URL."
GROK_MOVED = "XAI_BASE_URL sends the bot on to another address, where it does not follow."
GROK_OUT_OF_ORDER = Sentence("The server at XAI_BASE_URL is out of order (HTTP {status}).")
REMEDY_ADDRESS = Sentence("Set XAI_BASE_URL to {address}.")
ANSWERED = Sentence("{model} answers at the {endpoint} endpoint[, {tokens:count token}]")
KEY_STATES = {
    "ok": "accepted",
    "unknown": "accepted as far as the API tells",
    "wrong": "Grok does not accept XAI_API_KEY.",
    "blocked": "Grok has blocked this key or its team, often for want of credit.",
    "disabled": "This key is switched off.",
}
MODEL_KNOWN = Sentence("{model}, by the {endpoint} endpoint")
MODEL_NOT_COMPARED = Sentence("{model}; the API does not list its models, so this was not compared")
MODEL_UNKNOWN = Sentence("There is no model {model} for this key.[ Did you mean {nearest}?]")


def store_fine(server: str, role: str, embedded: bool) -> str:
    """The store takes what the bot writes; `server` is its name and version."""
    where = "started by the bot itself" if embedded else "at REDIS_URL"
    return ", ".join(filter(None, [server, STORE_ROLES.get(role, role), where]))


STORE_ROLES = {"master": "primary", "slave": "replica"}
STORE_UNNAMED = "a server that does not tell its version"
STORE_READ_ONLY = "The server is a read-only replica."
STORE_FULL = "The server's memory is full."
STORE_CLUSTER_DOWN = Sentence(
    "The Cluster lacks nodes that it needs for this workspace's keys ({reason})."
)
STORE_ELSEWHERE = Sentence(
    "The server is a node of a Cluster that does not have this workspace's keys ({reason})."
)
STORE_DENIES = Sentence("The server does not let the bot do what it needs ({reason}).")
STORE_STRANGE = Sentence("What answers at REDIS_URL is neither Redis nor Valkey ({reason}).")
STORE_REFUSES = Sentence("The server refuses what the bot writes ({reason}).")
STORE_OLD = Sentence("{server} is too old.")
STORE_EVICTS = Sentence(
    "When its memory is full, the server would throw questions away ({policy})."
)
STORE_AWAY = Sentence("The store does not answer ({reason}).")
NO_ANSWER_WITHIN = Sentence("no answer within {seconds:g} s")

# --- /readyz -------------------------------------------------------------------------------

STOPPING = "the bot is stopping"
LOADING = "what takes questions is still being loaded"
NOT_WORKING = Sentence("no jobs are being taken[ ({trouble})]")
NOT_CONNECTED = Sentence("Slack is not connected: {why}")
REMEDY_CLIENT_SECRET = "Copy the Client Secret from “Basic Information” of your app."
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
WRONG_PUBLIC_URL = Sentence("PUBLIC_URL ({address}) is no https:// address without a path.")
WRONG_TEAMS = Sentence("SLACK_TEAMS has entries that are no ids of workspaces: {names}.")
APP_PLACES_NOT_TOLD = "where it is installed stands in the store, which does not answer"
APP_INSTALLED_IN = Sentence("installed in {places:count workspace}")


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


INSTALLATIONS_LOST = Sentence("Slack does not renew the access to {places}")


def _some_of(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
