"""What is said about the commands that look after Grok: `models`, `usage`, `defaults` and so on."""

from __future__ import annotations

from bot.words.sentences import Sentence

NOTHING_CHANGED = "Nothing was changed yet. Please correct this:"
NOTHING_SHOWN = "I could not read this. Please correct it:"

NOTHING_TO_ALLOW = "no model is named"
ALLOWED_MODELS = "write ids of models, such as grok-4.3, or all"
ALL_FORBIDDEN = "without any model nobody could ask"
ALLOWED_INSTEAD = "write `/grok pause` to stop questions for a while"
NOTHING_TO_SEARCH = "nothing is named"
NOT_SEARCHED = "is neither web, x, a domain such as example.com nor a handle such as @xai"
ALLOWED_SEARCHED = "write web, x, domains such as example.com, handles such as @xai, or all"
NOTHING_TO_SET = "there is nothing to set"
ALLOWED_DEFAULTS = "write flags, such as --temperature 0.2"
NO_EQUALS = "has no =VALUE"
ALLOWED_QUOTAS = "write NAME=VALUE, such as tokens-per-day=200k"
WITH_EQUALS = Sentence("write {name}={value}")
NOTHING_TO_UNSET = "nothing is named"
ALLOWED_DEFAULT_NAMES = "write names of flags, such as temperature"
ALLOWED_QUOTA_NAMES = "write names of limits, such as tokens-per-day"
PROMPT_NO_DEFAULT = "cannot be a default: everybody asks something else"
AT_THE_END = "channel, workspace or me, at the end"
AT_THE_END_OF_QUOTAS = "channel, user @name, each-user or workspace, at the end"
ALLOWED_PERSON = (
    "write @ and pick the name from the list that Slack offers, or write a member ID such as "
    "U012AB3CD, which the menu ⋮ of a profile copies"
)
ALLOWED_MONTH = "a month such as 2026-10"
OUT_OF_PLACE = Sentence("“{text}” does not belong here")


def unknown_person(name: str) -> str:
    return f"Slack did not tell me who {name or 'that'} is"


NO_MONTH = Sentence("{text} is no month")
NO_DEFAULT = Sentence("there is no such default; did you mean {nearest}?")
HELP = {
    "models": """\
Which models there are, what they cost, and which of them may be asked.
• `/grok models`: the list
• `/grok models allow grok-4.3 grok-4.5`: these may be asked in this channel. As long as none \
is named, all may
• `/grok models forbid grok-4.5 workspace`: no longer, in any channel
• `/grok models allow all`: all may be asked again
Only admins can allow and forbid.""",
    "search": """\
What may be searched, and which domains and handles on X may be read there.
• `/grok search`: what may be searched here, and what that costs
• `/grok search forbid x`: not in this channel; `/grok search allow x` takes it back
• `/grok search allow example.com docs.python.org`: of the web only these, and what is below them
• `/grok search forbid @somebody workspace`: whose posts are not read anywhere
• `/grok search allow domains`, `/grok search allow handles`: all of them again
• `/grok search allow all`, `/grok search forbid all`: everything, or nothing
How much may be searched: `/grok help quota`. Only admins can allow and forbid.""",
    "usage": """\
What was used, what is left, and when it resets.
• `/grok usage`: in this channel, and your own part
• `/grok usage me`, `/grok usage channel`, `/grok usage workspace`: one of them
• `/grok usage export 2026-10`: a month as a table (a CSV file, in your direct messages) by \
channel, person and model, for admins; this month without a date""",
    "feedback": """\
What people think of answers: the share of 👍 by model, channel, way in and parameters, with how \
sure that is, what those answers cost and how long they took.
• `/grok feedback`, `/grok usage votes`: this month; `/grok feedback 2026-10`: another
• `/grok feedback export`: each vote, as CSV and JSONL, in your direct messages
• `/grok feedback texts on`: exports hold questions and answers of this channel too, as long as \
they are remembered; `/grok feedback texts off`: no longer
• `/grok feedback off`, `/grok feedback on workspace`: whether answers have thumbs
For admins.""",
    "prompts": """\
Prompts under names, for yourself and to share.
• `/grok prompts save brief --temperature 0.2 Say it in one line: {text}`: save one, with flags \
before it if you like; what you write behind its name later stands in place of `{text}`
• `/grok prompts use brief TCP starts slowly because …`: ask it
• `/grok prompts`, `/grok prompts show brief`: what there is here, and what it says
• `/grok prompts share brief channel`, or `workspace`: let others use it, for those who may set \
defaults
• `/grok prompts delete brief`: yours; `/grok prompts delete brief channel`: that of the channel""",
    "key": """\
Which key Grok is asked with, where one bot serves several workspaces.
• `/grok key`: a form to set a key of this workspace’s own, whose account pays for what is asked \
here
• `/grok key remove`: forget it, and ask with the key of whoever runs the bot
It is kept encrypted and never shown again. For admins.""",
    "audit": """\
Who changed defaults, quotas or models, when, from what to what.
• `/grok audit`: the latest changes, for admins""",
    "defaults": """\
What Grok is asked with when you say nothing else. What you give yourself comes first, then your \
own defaults, then what the channel has, then the workspace.
• `/grok defaults`: what holds here, and where it comes from
• `/grok defaults set --model grok-4.3 --temperature 0.2`: for this channel
• `/grok defaults set --system "Answer in French" --reply thread workspace`: for all channels
• `/grok defaults set --temperature 0.2 me`: for yourself, wherever you ask; \
`/grok defaults show me`
• `/grok defaults unset temperature reply`: take some back
• `/grok defaults reset`: take all back, of this channel; `/grok defaults reset workspace`: \
those of the workspace
Every flag but `--prompt` will do; `/grok help flags` lists them.""",
    "pause": """\
No new questions for a while. Answers that are being written go on.
• `/grok pause`: in this channel
• `/grok pause workspace`: everywhere
• `/grok resume`, `/grok resume workspace`: go on
Only admins can pause and resume.""",
}

HELP_QUOTA = """\
How much may be used. Whoever reaches a limit is told at once what is left and when it resets.
• `/grok quota`: what holds here, and what is left of it
• `/grok quota set tokens-per-day=200k usd-per-month=$20`: for this channel
• `/grok quota set requests-per-day=50 each-user`: for each person
• `/grok quota set requests-per-day=200 user @ana`: for one person
• `/grok quota set usd-per-month=500 workspace`: for all together
• `/grok quota unset tokens-per-day`: no such limit any more
• `/grok quota user @ana`: one person’s limits
Only admins can set and unset. A number may be short (200k, 1.5m). The limits:"""
QUOTA_LINE = Sentence("• `{name}`: {hint}")
