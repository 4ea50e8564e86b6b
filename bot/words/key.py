"""What stands in the form of the workspace's own Grok key, and what comes of it."""

from __future__ import annotations

TITLE = "Grok key"
LABEL = "The key to ask Grok with from now on"
HINT = (
    "From console.x.ai. It is tried once, kept encrypted and never shown again. What is asked here "
    "is paid for by its account."
)
SAVE = "Save"

OPERATORS = "This workspace asks Grok with the key of whoever runs the bot."
OWN = (
    "This workspace asks Grok with its own key, which nobody is shown. `/grok key remove` forgets "
    "it; `/grok audit` says who set it."
)

ONLY_ONE = (
    "Here the key is set by whoever runs the bot, as XAI_API_KEY. A workspace has a key of its own "
    "only where one bot serves several."
)
NOT_HERE = "a key does not belong here; `/grok key` alone opens a form for it"
NOTHING_TYPED = "write nothing behind `/grok key`, or `remove`"

SAVED = (
    "Done. Within some seconds new questions of this workspace are asked with this key; answers "
    "that are being written end with the one that they began with. `/grok key remove` forgets it."
)
SAME = "Nothing to change: this workspace has this very key already."
REMOVED = (
    "Done. Within some seconds new questions of this workspace are asked with the key of whoever "
    "runs the bot."
)
NONE_TO_REMOVE = "This workspace has no key of its own."

NO_KEY = "That is no key: one is a single word of letters, digits and signs, such as xai-…"
NOT_TRIED = (
    "Grok did not answer in time, so the key could not be tried, and nothing was changed. Please "
    "try again."
)
REFUSED = {
    "wrong": "Grok does not accept this key, so nothing was changed. Please check it.",
    "blocked": (
        "This key is blocked, or its account has no credit, so nothing was changed. Please check "
        "it at xAI."
    ),
    "disabled": "This key is disabled, so nothing was changed. Please check it at xAI.",
}
"""By what the API says of a key."""
