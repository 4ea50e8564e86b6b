"""What people read in their browser who install the app."""

from __future__ import annotations

from bot.words.sentences import Sentence

ADD = "Add to Slack"
TITLE = "Ask Grok in Slack"
INVITE = (
    "Type /grok and a question in any channel, and Grok answers there. Slack asks you next which "
    "workspace it is for, and what the app may do."
)
INSTALLED = "Grok is installed"
OPEN = "Open Slack"
TRY_IT = Sentence("Go back to Slack, and type /grok followed by a question[ in {workspace}].")
NOT_INSTALLED = "Grok was not installed"

_WHY = {
    "access_denied": "It was not allowed. Begin again if that was a slip, or ask an admin.",
    "invalid_browser": "This was begun in another browser, or too long ago. Begin again here.",
    "invalid_state": "This link was used before, or is too old. Begin again.",
    "missing_code": "Slack sent no code along. Begin again.",
    "invalid_code": "Slack did not take the code of this link. Begin again.",
    "not_welcome": "Only certain workspaces may use this app, and yours is none of them. Ask "
    "whoever runs it.",
    "slack": "Slack did not answer as it should. Begin again in a minute.",
    "crowded": "Too many want to install it at this moment. Begin again in a minute.",
    "store": "The app’s store does not answer right now. Try again in a minute.",
}
_ELSE = "Slack did not allow it. Begin again, or ask an admin of your workspace."


def why_not(reason: str) -> str:
    """Why it was not installed, and what to do; `reason` is a short name."""
    return _WHY.get(reason, _ELSE)


NOT_HERE = (
    "Grok is not installed in this workspace any more. Ask an admin to install it again, then "
    "repeat what you did."
)

LAPSED = (
    "Slack lets me do nothing in this workspace any more, because my access could not be renewed. "
    "Ask whoever installed me to do that again; all that is set here stays."
)
LOST_REMEDY = "Have the app installed there again; what is set there stays."

LOST = Sentence(
    "Slack did not renew my access to this workspace, so I can answer here for {minutes} more "
    "minutes and then no more. Please install me again, by {address}: all that is set here stays."
)
"""To whoever installed the app, whose token lasts so much longer and cannot be renewed."""
