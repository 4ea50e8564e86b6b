"""Prometheus metrics: base units, `_total` for counters, no user or channel in a label.

Each label has a closed set of values: what comes from outside and is not in it is `other`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from prometheus_client import Counter, Gauge, Histogram

from bot.labels import OUTCOMES, REFUSALS, SLACK_ERRORS, SLACK_METHODS, SURFACES

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
