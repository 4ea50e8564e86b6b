"""Slack's limits, each with the page of docs.slack.dev (or the report) that states it."""

from __future__ import annotations

ACK_SECONDS = 3.0
"""A command, an interaction and a socket envelope must be acked within this ("Responding")."""

UPDATE_TEXT_BYTES = 4_000
"""chat.update refuses a longer `text`, counted in UTF-8 bytes ("chat.update", live reports)."""

MARKDOWN_CHARS = 12_000
"""All `markdown` blocks of one message together ("Markdown block")."""

MESSAGE_COUNTED_CHARS = 13_200
"""What a message may hold once `&` counts 5 and `<`, `>` count 4 (measured live)."""

BLOCKS_PER_MESSAGE = 50
"""Blocks of one message, after Slack has turned markdown into its own ("Blocks")."""

SECTION_TEXT_CHARS = 3_000
"""`text` of a section block ("Section block")."""

CONTEXT_ELEMENTS = 10
"""Elements of a context block ("Context block")."""

RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60
"""A response_url may be used this often, for this long ("Handling user interaction")."""

SIGNATURE_AGE_SECONDS = 300
"""A signed request older (or newer) than this is refused ("Verifying requests from Slack")."""

EVENT_RETRY_SECONDS = 600
"""Slack redelivers an event for about six minutes; ids are remembered for this long."""
