"""Slack's limits, each with the page of docs.slack.dev (or the report) that states it."""

from __future__ import annotations

ACK_SECONDS = 3.0
"""A command, an interaction and a socket envelope must be acked within this ("Responding")."""

UPDATE_TEXT_BYTES = 4_000
"""chat.update refuses a longer `text`, counted in UTF-8 bytes ("chat.update", live reports)."""

MESSAGE_TEXT_CHARS = 40_000
"""chat.postMessage cuts a longer `text` ("chat.postMessage")."""

MARKDOWN_CHARS = 12_000
"""All `markdown` blocks of one message together ("Markdown block")."""

BLOCKS_PER_MESSAGE = 50
"""Blocks of one message, after Slack has turned markdown into its own ("Blocks")."""

SECTION_TEXT_CHARS = 3_000
"""`text` of a section block ("Section block")."""

SECTION_FIELDS = 10
"""`fields` of a section block ("Section block")."""

ALT_TEXT_CHARS = 1_000
"""`alt_txt` of a picture ("files.getUploadURLExternal", `alt_txt_too_large`)."""

VIEW_BLOCKS = 100
"""Blocks of a modal or a Home tab ("Views")."""

VIEW_BYTES = 250_000
"""JSON of a modal or a Home tab; a larger one is `view_too_large` ("views.open")."""

INPUT_CHARS = 3_000
"""What a text field of a view holds ("Plain-text input element")."""

OPTION_TEXT_CHARS = 75
OPTION_VALUE_CHARS = 150
"""`text` and `value` of an option, `label` of a group of them ("Option object")."""

OPTIONS_IN_LIST = 100
"""Options of a select, or of one group ("Select menu element")."""

VIEW_TITLE_CHARS = 24
"""`title`, `submit` and `close` of a modal ("Views")."""

POST_BURST = 4
POST_BURST_SECONDS = 5.2
"""chat.postMessage takes 1 a second in each channel and tolerates a burst ("Rate limits"); a
little less than that, since calls do not always take the same time to arrive."""

TIER_3_PER_MINUTE = 50
"""chat.update, chat.delete and reading messages: each so often in a workspace ("Rate limits")."""

SESSION_TITLE_CHARS = 200
"""`title` of a session of an agent ("agents.sessions.setStatus")."""

SUGGESTED_PROMPTS = 4
"""Of a Messages tab ("assistant.threads.setSuggestedPrompts")."""

SUGGESTED_TITLE_CHARS = 75
SUGGESTED_CHARS = 2_000
"""Of one of them; Slack says nothing of it, so as of a button ("Button element")."""

TIER_4_PER_MINUTE = 100
"""users.info, chat.postEphemeral, views.publish: each so often in a workspace ("Rate limits")."""

STREAM_SECONDS = 5 * 60
"""A streamed message ends by itself after this; appending to it does not help (measured live,
"python-slack-sdk" issue 1859; others saw 5.2 minutes). "vercel/chat" 4.41 goes on in another after
four of them."""

STREAM_STARTS_PER_MINUTE = 20
STREAM_APPENDS_PER_MINUTE = 100
STREAM_STOPS_PER_MINUTE = 20
"""chat.startStream and chat.stopStream are of tier 2, chat.appendStream of tier 4."""

RESPONSE_URL_USES = 5
"""A response_url may be used this often, for half an hour ("Handling user interaction")."""

SIGNATURE_AGE_SECONDS = 300
"""A signed request older (or newer) than this is refused ("Verifying requests from Slack")."""

EVENT_RETRIES = 3
"""So often is an event delivered again that was not acked ("The Events API", "Retries")."""

EVENT_RETRY_SECONDS = 600
"""Slack redelivers an event for about six minutes; ids are remembered for this long."""

MEMBERS_PAGE = 999
"""Members that conversations.members gives at once: under 1,000 ("conversations.members")."""
