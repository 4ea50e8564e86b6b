"""Prometheus metrics: base units, `_total` for counters, no user or channel in a label.

Each label has a closed set of values, which stand here: whatever else comes from outside is
`other`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from prometheus_client import Counter, Gauge, Histogram

SURFACES = ("command", "form", "shortcut", "thread", "mention", "direct", "retry", "continue")
OUTCOMES = ("answered", "failed", "stopped", "refused", "denied", "not_taken")
SLACK_METHODS = (
    "file",
    "files.info",
    "agents.sessions.setStatus",
    "apps.connections.open",
    "assistant.threads.setStatus",
    "assistant.threads.setSuggestedPrompts",
    "auth.test",
    "chat.appendStream",
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.startStream",
    "chat.stopStream",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.members",
    "conversations.open",
    "conversations.replies",
    "response_url",
    "users.info",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
)
SLACK_ERRORS = (
    "none",
    "unknown",
    "access_denied",
    "account_inactive",
    "action_prohibited",
    "already_in_channel",
    "as_user_not_supported",
    "block_mismatch",
    "cannot_dm_bot",
    "cannot_reply_to_message",
    "cant_delete_message",
    "cant_update_message",
    "channel_is_archived",
    "channel_not_found",
    "channel_type_not_supported",
    "duplicate_channel_not_found",
    "edit_window_closed",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "exchanged_trigger_id",
    "expired_trigger_id",
    "expired_url",
    "fatal_error",
    "foreign_url",
    "free_teams_not_allowed",
    "hash_conflict",
    "internal_error",
    "invalid_arguments",
    "invalid_auth",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_channel_type",
    "invalid_metadata_format",
    "invalid_payload",
    "invalid_thread_ts",
    "invalid_trigger_id",
    "is_archived",
    "is_inactive",
    "limit_reached",
    "limit_required",
    "markdown_text_conflict",
    "message_deleted",
    "message_limit_exceeded",
    "message_not_found",
    "message_not_in_streaming_state",
    "message_not_owned_by_app",
    "messages_tab_disabled",
    "metadata_too_large",
    "method_deprecated",
    "method_not_supported_for_channel_type",
    "missing_recipient_team_id",
    "missing_recipient_user_id",
    "missing_scope",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_permission",
    "no_text",
    "not_allowed_token_type",
    "not_authed",
    "not_authorized",
    "not_found",
    "not_in_channel",
    "operation_timeout",
    "org_login_required",
    "posting_to_general_channel_denied",
    "push_limit_reached",
    "ratelimited",
    "redirected",
    "request_timeout",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "service_unavailable",
    "slack_connect_file_link_sharing_blocked",
    "stopped_by_user",
    "streaming_mode_mismatch",
    "streaming_state_conflict",
    "team_access_not_granted",
    "team_added_to_org",
    "team_not_found",
    "thread_locked",
    "thread_not_found",
    "token_expired",
    "token_revoked",
    "too_many_attachments",
    "too_many_members",
    "two_factor_setup_required",
    "used_url",
    "user_disabled",
    "user_not_found",
    "user_not_in_channel",
    "user_not_visible",
    "view_not_found",
    "view_too_large",
    "http_400",
    "http_401",
    "http_403",
    "http_404",
    "http_405",
    "http_410",
    "http_413",
    "http_415",
)
"""Slack's own names (docs.slack.dev, "Errors" of each method), and ours."""
REFUSALS = (
    "crowded",
    "encoded",
    "expect",
    "malformed",
    "method",
    "no_room",
    "not_found",
    "signature",
    "slow",
    "too_large",
)
"""Why a port did not serve somebody."""


OTHER = "other"
MOST_MODELS = 100

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900)


class ClosedCounter(Counter):
    """A counter whose labels take no value that is not in their set (`_closed` makes it)."""

    closed: tuple[frozenset[str], ...] = ()

    def labels(self, *values: str) -> Counter:  # type: ignore[override]
        """The counter for these values, each `other` where it is unknown."""
        known = zip(values, self.closed, strict=True)
        return super().labels(*(value if value in among else OTHER for value, among in known))


def _closed(name: str, text: str, **labels: Iterable[str]) -> ClosedCounter:
    counter = ClosedCounter(name, text, list(labels))
    counter.closed = tuple(frozenset(values) for values in labels.values())
    return counter


def know_models(names: Iterable[str]) -> None:
    """Count the tokens of these models apart: those of the operator's choice, for a list that an
    API gives is nothing to keep counters by."""
    types, models = TOKENS.closed
    TOKENS.closed = types, frozenset(islice(dict.fromkeys((*models, *names)), MOST_MODELS))


def known_model(name: str) -> str:
    """`name` where it is counted apart, else `other`: it may be what somebody typed."""
    return name if name in TOKENS.closed[1] else OTHER


REQUESTS = _closed(
    "grokbot_requests_total",
    "Questions by way in and outcome",
    surface=SURFACES,
    outcome=OUTCOMES,
)
TOKENS = _closed(
    "grokbot_tokens_total",
    "Tokens by type and model",
    type=("prompt", "completion", "reasoning"),
    model=(),
)
SEARCHED = _closed(
    "grokbot_searched_total",
    "Calls of xAI's tools, and what they fetched from X",
    what=("web_calls", "x_calls", "posts", "profiles"),
)
TIME_TO_FIRST_TOKEN = Histogram(
    "grokbot_time_to_first_token_seconds", "From accepting to Grok's first token", buckets=SECONDS
)
REQUEST_DURATION = Histogram(
    "grokbot_request_duration_seconds", "From accepting to the end", buckets=SECONDS
)
QUEUE_DEPTH = Gauge("grokbot_queue_depth", "Jobs in the queue, waiting or running")
QUEUE_OLDEST = Gauge("grokbot_queue_oldest_seconds", "Age of the oldest job in the queue")
QUEUE_UNREAD = Gauge(
    "grokbot_queue_unread_seconds", "Age of the oldest job that no worker has room for"
)
JOBS_WAITING = Gauge(
    "grokbot_jobs_waiting", "Jobs that this process holds until it has a place for them"
)
JOBS_RECLAIMED = Counter("grokbot_jobs_reclaimed_total", "Jobs taken over from a lost worker")
JOBS_GIVEN_UP = _closed(
    "grokbot_jobs_given_up_total",
    "Jobs that crashed their workers too often, by state",
    state=("queued", "running", "delivering", "done"),
)
FENCED_WRITES = Counter(
    "grokbot_fenced_writes_total", "Writes to Slack given up because the lease was lost"
)
UNDELIVERED = _closed(
    "grokbot_undelivered_total",
    "Answers that Slack refused for good, by error",
    error=SLACK_ERRORS,
)
SLACK_API = _closed(
    "grokbot_slack_api_total",
    "Slack calls by method and error",
    method=SLACK_METHODS,
    error=SLACK_ERRORS,
)
HTTP_REFUSED = _closed(
    "grokbot_http_refused_total",
    "Requests and connections not served at a port, by why",
    why=REFUSALS,
)
LOOP_LAG = Histogram(
    "grokbot_event_loop_lag_seconds",
    "How late the event loop comes round, measured ten times a second",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ACKS_REFUSED = Counter(
    "grokbot_acks_refused_total", "Questions refused at once, since acks were seconds late"
)
REDIS_ERRORS = Counter("grokbot_redis_errors_total", "Calls to Redis that failed")
REDIS_UNREPLICATED = Counter(
    "grokbot_redis_unreplicated_total",
    "Writes that fewer replicas had in time than `REDIS_WAIT_REPLICAS`",
)
QUOTA_DENIED = _closed(
    "grokbot_quota_denied_total",
    "Limits that questions did not fit in, by whose they are and what they count over",
    scope=("user", "each-user", "channel", "workspace"),
    window=("day", "month", "now"),
)
QUOTA_RESERVED_TOKENS = Gauge(
    "grokbot_quota_reserved_tokens", "Tokens reserved by questions that are under way"
)
