"""Prometheus metrics: base units, `_total` for counters, no user or channel in a label."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900)

REQUESTS = Counter(
    "grokbot_requests_total", "Questions by way in and outcome", ["surface", "outcome"]
)
TOKENS = Counter("grokbot_tokens_total", "Tokens by type and model", ["type", "model"])
TIME_TO_FIRST_TOKEN = Histogram(
    "grokbot_time_to_first_token_seconds", "From accepting to Grok's first token", buckets=SECONDS
)
REQUEST_DURATION = Histogram(
    "grokbot_request_duration_seconds", "From accepting to the end", buckets=SECONDS
)
QUEUE_DEPTH = Gauge("grokbot_queue_depth", "Jobs in the queue, waiting or running")
QUEUE_OLDEST = Gauge("grokbot_queue_oldest_seconds", "Age of the oldest job in the queue")
JOBS_WAITING = Gauge(
    "grokbot_jobs_waiting", "Jobs that this process holds until it has a place for them"
)
JOBS_RECLAIMED = Counter("grokbot_jobs_reclaimed_total", "Jobs taken over from a lost worker")
JOBS_GIVEN_UP = Counter(
    "grokbot_jobs_given_up_total", "Jobs that crashed their workers too often, by state", ["state"]
)
FENCED_WRITES = Counter(
    "grokbot_fenced_writes_total", "Writes to Slack given up because the lease was lost"
)
UNDELIVERED = Counter(
    "grokbot_undelivered_total", "Answers that Slack refused for good, by error", ["error"]
)
SLACK_API = Counter(
    "grokbot_slack_api_total", "Slack calls by method and error", ["method", "error"]
)
HTTP_REFUSED = Counter(
    "grokbot_http_refused_total", "Requests and connections not served at a port, by why", ["why"]
)
LOOP_LAG = Histogram(
    "grokbot_event_loop_lag_seconds",
    "How late the event loop comes round, measured ten times a second",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REDIS_ERRORS = Counter("grokbot_redis_errors_total", "Calls to Redis that failed")
QUOTA_DENIED = Counter(
    "grokbot_quota_denied_total",
    "Limits that questions did not fit in, by whose they are and what they count over",
    ["scope", "window"],
)
QUOTA_RESERVED_TOKENS = Gauge(
    "grokbot_quota_reserved_tokens", "Tokens reserved by questions that are under way"
)
