"""What stands in the forms by which admins set defaults and quotas."""

from __future__ import annotations

TITLE = "Set up Grok"
NEXT = "Next"
SAVE = "Save"

# --- what, and whose ------------------------------------------------------------------------

WHAT = "What do you want to set?"
WHATS = {
    "defaults": "Defaults: what Grok does when nobody says otherwise",
    "limits": "Quotas: how much may be used",
}
WHOSE = "For whom?"
WHOSES = {
    "channel": "One channel",
    "workspace": "The whole workspace",
    "each-user": "Each person (quotas only)",
    "user": "One person (quotas only)",
}
CHANNEL = "Which channel?"
CHANNEL_HINT = "Only for one channel."
PERSON = "Which person?"
PERSON_HINT = "Only for one person."
PICK_CHANNEL = "Please pick the channel."
PICK_PERSON = "Please pick the person."
NO_DEFAULTS_OF_PEOPLE = "Defaults are those of one channel or of the whole workspace."

# --- the fields -----------------------------------------------------------------------------

EMPTY_DEFAULTS = "Where a field is empty, the workspace’s default holds, or else the bot’s own."
EMPTY_DEFAULTS_OF_ALL = "Where a field is empty, the bot’s own default holds."
EMPTY_LIMITS = "Where a field is empty, there is no such limit. 200k and 1.5m are fine, too."
REPLY_LABELS = {
    "not_set": "Not set",
    "channel": "In the channel",
    "thread": "In a thread",
    "private": "Only to whoever asks",
}

CHANGED_MEANWHILE = (
    "Somebody else has changed this while the form was open. Copy what you typed, close the form, "
    "and open it again."
)
