"""Every setting, read from the environment or from `.env`.

The name of a field is the name of its variable in lower case. An empty variable counts as
unset. `docs/settings.md` and `.env.example` are generated from this file.
"""

# Annotations are no texts here: pydantic would compile each by itself.

import os
import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, SecretStr


def _zone(name: str) -> tzinfo:
    """The time zone of this name. Raises `ValueError`."""
    if name.upper() == "UTC":
        return UTC  # known where the system has no list of zones
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("there is no such time zone") from None


def _named_zone(name: str) -> str:
    _zone(name)
    return name


_PRICE = r"\d{1,6}(?:\.\d{1,6})?"
_PRICES = re.compile(rf"[^\s=]+=(?:{_PRICE}/){{1,2}}{_PRICE}")


def _price_list(text: str) -> str:
    if not all(_PRICES.fullmatch(entry.strip()) for entry in text.split(",") if entry.strip()):
        raise ValueError("write each price as model=input/output")
    return text


_TOOL_PRICES = re.compile(rf"(?:web|posts|profiles|files)={_PRICE}")


def _tool_price_list(text: str) -> str:
    if not all(_TOOL_PRICES.fullmatch(entry.strip()) for entry in text.split(",") if entry.strip()):
        raise ValueError("write each price as web=5, posts=5, profiles=10 or files=10")
    return text


Streaming = Literal["edit", "native", "auto"]
"""How answers in threads grow."""

ENV_FILE = ".env"
"""Read besides the environment, from the directory where the bot is started."""


def values_in(env_file: str | Path) -> dict[str, str]:
    """What is set in that file, by the names as they stand there; nothing where there is no such
    file. Raises `OSError` and `UnicodeDecodeError` where it cannot be read."""
    path = Path(env_file)
    if not (path.is_file() or path.is_fifo()):  # some vaults give it as a pipe
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - where there is a file

    found = dotenv_values(path, encoding="utf-8")
    return {name: value for name, value in found.items() if value}


_MOST_CALLS = 1_000_000
_MOST_TOKENS = 100_000_000
_DAY, _TEN_YEARS = 86_400, 10 * 365 * 86_400
"""Beyond these, numbers are slips of the hand, and Redis or a clock could not take them."""


class Settings(BaseModel):
    """The configuration of one bot process.

    Read here and not by pydantic-settings, whose sources of all kinds take as long to import as
    a tenth of what `serve` needs until it is ready.
    """

    model_config = ConfigDict(
        extra="ignore", frozen=True, validate_default=True, allow_inf_nan=False
    )

    def __init__(self, _env_file: str | Path | None = ENV_FILE, **values: Any) -> None:
        """`values`, else what the environment says, else what that file does."""
        in_file = values_in(_env_file) if _env_file else {}
        super().__init__(**_ours(in_file) | _ours(os.environ) | values)

    slack_bot_token: SecretStr | None = Field(
        None, description="Bot token (`xoxb-…`), from *OAuth & Permissions*."
    )
    slack_client_id: str | None = Field(
        None,
        description="Client id of the app, from *Basic Information*: several workspaces may "
        "install it, where there is no `SLACK_BOT_TOKEN`.",
    )
    slack_client_secret: SecretStr | None = Field(
        None, description="Client secret, beside it; needed with `SLACK_CLIENT_ID`."
    )
    installation_keys: SecretStr | None = Field(
        None,
        description="What the bot tokens of workspaces are encrypted with in Redis: any text of 32 "
        "characters or more (`openssl rand -hex 32`); needed with `SLACK_CLIENT_ID`. Several, "
        "separated by commas: the first encrypts, each decrypts.",
    )
    public_url: str | None = Field(
        None,
        description="Where people reach the pages that install the app (`https://…`, without a "
        "path); needed with `SLACK_CLIENT_ID`.",
    )
    slack_teams: str = Field(
        "",
        description="Ids of the workspaces (`T…`) and organisations (`E…`) that may install the "
        "app, separated by commas; unset: any.",
    )
    slack_agent: bool = Field(
        False,
        description="Whether that app is declared an agent (`manifest --agent --install`): then "
        "its pages ask workspaces for the scope of agents too. The app of one workspace is known "
        "for one by its token.",
    )
    slack_app_token: SecretStr | None = Field(
        None, description="App-level token (`xapp-…`); when set, the bot uses Socket Mode."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Signing secret, from *Basic Information*; needed in HTTP mode."
    )
    slack_api_url: str = Field(
        "https://slack.com/api/", description="Base address of Slack's Web API."
    )
    slack_edits_per_minute: int = Field(
        50,
        ge=6,
        le=_MOST_CALLS,
        description="`chat.update` calls in any 60 s, for the whole workspace.",
    )
    slack_streaming: Streaming = Field(
        "auto",
        description="How answers in threads grow: by edits, by Slack's own streaming (`native`), "
        "or by that only while edits are scarce (`auto`).",
    )

    xai_api_key: SecretStr | None = Field(None, description="Grok API key, from console.x.ai.")
    xai_base_url: str = Field(
        "https://api.x.ai/v1", description="Base address of the Grok API, or of one like it."
    )
    grok_proxy: SecretStr | None = Field(
        None,
        description="Proxy by which Grok is reached (`http://[user:password@]host:port`); unset: "
        "none, whatever `HTTPS_PROXY` says.",
    )
    grok_model: str = Field("grok-4.3", description="Model when nobody chose one.")
    grok_endpoint: Literal["auto", "completions", "chat", "responses"] = Field(
        "auto",
        description="Which endpoint to use; `auto` takes the newest that carries what is asked: "
        "responses, chat, completions.",
    )
    grok_dialect: Literal["auto", "xai", "openai"] = Field(
        "auto",
        description="How `logprobs` and `stop` are written; `auto` takes xAI's forms at x.ai "
        "and OpenAI's elsewhere.",
    )
    grok_max_tokens: int = Field(
        4096, gt=0, le=_MOST_TOKENS, description="Output cap when nobody gave one."
    )
    grok_reasoning_tokens: int = Field(
        4096,
        ge=0,
        le=_MOST_TOKENS,
        description="What a quota reserves for the thoughts of a model that reasons, for each "
        "answer, besides the output cap; several times as much for a higher effort. Where the cap "
        "counts thoughts too (`/v1/responses`), it is added to that.",
    )
    grok_search_turns: int = Field(
        3,
        ge=1,
        le=20,
        description="How often Grok may search, read and think again (`--max-turns`) when nobody "
        "said. A quota reserves what that may cost.",
    )
    grok_prompt_overhead_tokens: int = Field(
        768,
        ge=0,
        le=_MOST_TOKENS,
        description="What the API reads with each question beside what is sent, such as a system "
        "text of its own: a quota reserves it (xAI has been seen to bill 161 to 679).",
    )
    grok_image_tokens: int = Field(
        1_792,
        ge=0,
        le=_MOST_TOKENS,
        description="What a quota reserves for each picture: the most that one comes to (xAI: 256 "
        "for each of six tiles, and for the whole). Other servers may count more.",
    )
    grok_file_tokens: int = Field(
        65_536,
        gt=0,
        le=_MOST_TOKENS,
        description="The most that any other file comes to, a token for each byte of its text; "
        "what is beyond is left out. A PDF reserves all of it.",
    )
    grok_prices: Annotated[str, AfterValidator(_price_list)] = Field(
        "",
        description="Prices of models that the API lists none for, in US dollars per million "
        "tokens: `model=input/output` or `model=input/cached/output`, separated by commas.",
    )
    grok_tool_prices: Annotated[str, AfterValidator(_tool_price_list)] = Field(
        "",
        description="What xAI's tools cost where that is no longer as listed, in US dollars for "
        "1,000: `web=5,posts=5,profiles=10,files=10` are searches of the web, posts and profiles "
        "of X, and searches in files. Those not named cost as listed.",
    )
    grok_max_prompt_bytes: int = Field(
        64 * 1024, gt=0, le=10_000_000, description="Longest prompt taken, in UTF-8 bytes."
    )
    grok_first_event_seconds: float = Field(
        300,
        gt=0,
        le=_DAY,
        description="How long Grok may be silent before the first event, and while it searches.",
    )
    grok_silence_seconds: float = Field(
        60, gt=0, le=_DAY, description="How long Grok may be silent after the first event."
    )
    grok_total_seconds: float = Field(
        900, gt=0, le=_DAY, description="How long one answer may take."
    )

    redis_url: SecretStr | None = Field(
        None,
        description="Redis or Valkey (`redis://`, `rediss://`, `unix://`), also behind Sentinels "
        "(`redis+sentinel://host,host/name`) or a Cluster (`redis+cluster://host,host`); unset: "
        "the bot starts its own Valkey. Several replicas need one.",
    )
    redis_wait_replicas: int = Field(
        0,
        ge=0,
        le=9,
        description="How many replicas are to have a question, an answer or a changed rule before "
        "it counts as stored, for 0.1 s at most; narrows what a failover loses.",
    )
    data_dir: str = Field(".data", description="Where the bot's own Valkey keeps its data.")

    thread_tokens: int = Field(
        16_000,
        gt=0,
        le=_MOST_TOKENS,
        description="What a question takes along of its thread, in tokens (estimated).",
    )
    thread_retention_seconds: int = Field(
        30 * _DAY,
        ge=600,
        le=_TEN_YEARS,
        description="How long a thread is remembered after its last answer.",
    )

    host: str = Field("0.0.0.0", description="Address to listen on in HTTP mode.")  # noqa: S104
    port: int = Field(3000, ge=0, le=65535, description="Port to listen on in HTTP mode.")
    ops_host: str = Field("127.0.0.1", description="Address of the operation port.")
    ops_port: int = Field(
        9464, ge=0, le=65535, description="Operation port (0: any free one, printed)."
    )

    job_lease_seconds: float = Field(
        15, gt=0, le=_DAY, description="After this long without a sign of life a job is taken over."
    )
    jobs_at_once: int = Field(
        100, gt=0, le=10_000, description="Answers one process works on at once."
    )
    job_retention_seconds: int = Field(
        7 * _DAY,
        ge=600,
        le=_TEN_YEARS,
        description="How long a finished job is remembered; its buttons work for as long.",
    )
    shutdown_grace_seconds: float = Field(
        20, ge=0, le=_DAY, description="How long running answers may take to finish on SIGTERM."
    )

    tell_after_seconds: float = Field(
        60,
        gt=0,
        le=_TEN_YEARS,
        description="Whose answer took longer than this is told when it is done.",
    )
    grok_admins: str = Field(
        "",
        description="Slack user ids of admins, separated by commas, besides Slack's own; with "
        "`SLACK_CLIENT_ID` each with its workspace: `T…:U…`.",
    )
    asking_open_to: Literal["everyone", "members"] = Field(
        "everyone",
        description="Who may ask; `members`: no guests, and nobody of other organisations.",
    )
    questions_per_minute: int = Field(
        30,
        gt=0,
        le=_MOST_CALLS,
        description="Questions that one person may ask in any minute, beyond the quotas.",
    )
    questions_at_once: int = Field(
        1000,
        gt=0,
        le=_MOST_CALLS,
        description="Questions of a workspace that may run or wait at once, over all processes; "
        "beyond that new ones are refused.",
    )
    feedback: bool = Field(
        True,
        description="Whether people may vote on answers, by thumbs below them and by reactions; "
        "admins switch it off for a channel or the workspace by `/grok feedback off`.",
    )
    answer_messages: int = Field(
        20,
        gt=0,
        le=1_000,
        description="Messages that one answer may become; what it says beyond them is in "
        "*Details*.",
    )
    asking_channels: str = Field(
        "",
        description="Ids of the channels where questions are taken, separated by commas; unset: "
        "everywhere.",
    )
    defaults_editable_by: Literal["admins", "members"] = Field(
        "admins", description="Who may change defaults; `members`: everybody but guests."
    )
    quota_timezone: Annotated[str, AfterValidator(_named_zone)] = Field(
        "UTC",
        description="Where the days and months of quotas begin and end, such as `Europe/Berlin`.",
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto",
        description="`auto`: JSON where `serve` and `work` do not write to a terminal, else text.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO",
        description="Least severe level that is logged; unset: `INFO` by `serve` and `work`, "
        "`WARNING` by `demo`, and nothing by the other commands.",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        description="Where traces go (OTLP over HTTP), such as `http://collector:4318`; unset: "
        "there are none. OpenTelemetry's other variables hold as well.",
    )
    log_prompts: bool = Field(False, description="Log prompts too (off: they never are).")


def _ours(variables: Mapping[str, str]) -> dict[str, str]:
    named = {name.lower(): value for name, value in variables.items() if value}
    return {name: named[name] for name in Settings.model_fields if name in named}


def admins_of(settings: Settings) -> frozenset[str]:
    """The Slack user ids in `GROK_ADMINS`."""
    return frozenset(filter(None, (user.strip() for user in settings.grok_admins.split(","))))


def serves_several(settings: Settings) -> bool:
    """Whether workspaces install the app, and the bot is not that of one: a bot token says whose
    it is, whatever else stands in the environment."""
    return settings.slack_client_id is not None and settings.slack_bot_token is None


def asking_channels(settings: Settings) -> tuple[str, ...]:
    """The ids in `ASKING_CHANNELS`; empty: everywhere."""
    return tuple(filter(None, (channel.strip() for channel in settings.asking_channels.split(","))))


def default_values(settings: Settings) -> Mapping[str, JsonValue]:
    """The defaults that the settings give, by the name of the parameter."""
    return {
        "model": settings.grok_model,
        "max_tokens": settings.grok_max_tokens,
        "max_turns": settings.grok_search_turns,
    }


def zone_of(settings: Settings) -> tzinfo:
    """The time zone of `QUOTA_TIMEZONE`."""
    return _zone(settings.quota_timezone)
