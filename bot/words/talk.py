"""What the bot says in threads, below answers and to one person alone."""

from __future__ import annotations

THREAD_UNREADABLE = (
    "(The messages of this Slack thread could not be read. If the question is about them, say so.)"
)
"""Told to the model in place of the thread that it was called into."""

GROK = "Grok"
SLACK = "Slack"
"""How the bot is called where people are called by their names."""

# --- what is said to the bot in messages ---------------------------------------------------

HOW_TO_ASK = (
    "Yes? Write your question behind my name, such as `@Grok explain TCP slow start`. "
    "`@Grok help` shows what else you can set."
)
AN_ATTACHMENT = "an attachment"
A_FILE = "a file"
"""A file whose name Slack does not say."""

ABOUT_THIS = "What does this say, and what should I know about it?"
"""Asked where somebody forwards a message and writes nothing beside it."""
FORGOTTEN = (
    "Done: I have forgotten what was said here so far. The messages stay in Slack; I go on from "
    "here as if we had just met."
)
NOT_FORGOTTEN = "I could not forget it just now. Please try again in a minute."
NOTHING_TO_FORGET = (
    "There is nothing to forget yet. Write `@Grok forget` in a thread that I answered in, or "
    "`forget` in a direct message to me."
)

NOTHING_TO_FORGET_HERE = (
    "There is nothing to forget here: each message begins a conversation of its own. Write "
    "`forget` in the thread of the one that I shall forget."
)


LEFT = "Done: I say nothing more in this thread until somebody names me here."
NOT_LEFT = "I could not leave just now. Please try again in a minute."
NOTHING_TO_LEAVE = (
    "There is nothing to leave here. Write `@Grok leave` in a thread that I answer in."
)


def looking_at(channel: str) -> str:
    """Read along with a question."""
    return (
        f"Whoever asks this has the channel #{channel} open beside it. That is a hint at what they "
        "may mean, and nothing more."
    )


def picture_unread(name: str) -> str:
    """In place of a picture in a message; `name` may be empty."""
    return f"(A picture, and not looked at: {name})" if name else "(A picture, and not looked at)"


def forwarded(author: str) -> str:
    """Above a message that somebody forwarded, which is quoted below."""
    return f"Forwarded from {author}:" if author else "Forwarded:"


# --- what was typed and not asked -----------------------------------------------------------

ASK_ANYWAY = "Ask it anyway"
TO_FORM = "Correct it in the form"
TYPED_FORGOTTEN = "I no longer know what you typed there, it is too long ago. Please type it again."


def meant(command: str) -> str:
    """To a text that begins like a command and is none; `command` is how that is typed."""
    return (
        "Grok was not asked: that looks like a command, but it is not quite one. "
        f"Did you mean `{command}`?"
    )


def typed_elsewhere(command: str) -> str:
    """To a command that was written in a message."""
    return (
        "Grok was not asked: that looks like a command, and commands are typed with a slash: "
        f"`{command}`."
    )


# --- while an answer is waited for ---------------------------------------------------------


def in_line(questions: int) -> str:
    """To the author of a question that is not begun: how many of its conversation come first."""
    if questions == 1:
        return "Got it. One question here is answered before yours, which is next."
    return f"Got it. {questions:,} questions here are answered before yours."


def queued_behind(questions: int) -> str:
    """In place of an answer that is not begun: how many are begun before it."""
    if questions == 0:
        return "_Waiting for its turn: it is next._"
    if questions == 1:
        return "_Waiting for its turn: 1 question is before it._"
    return f"_Waiting for its turn: {questions:,} questions are before it._"


def thinking_for(seconds: float) -> str:
    """In place of an answer that was asked for so long ago, and of which nothing has come."""
    return f"_Grok is thinking… ({_duration(seconds)})_"


def working(doing: str) -> str:
    """In place of an answer for which something is done first, such as a search."""
    return f"_{doing}_"


def status_working(doing: str) -> str:
    """Behind the bot's name, in a thread, for what `working` tells in a message."""
    return f"is {doing[:1].lower()}{doing[1:]}"


def status_queued(questions: int) -> str:
    """Behind the bot's name, in a thread, for what `queued_behind` tells in a message."""
    return "answers you next" if questions == 0 else f"has {questions:,} to answer before you"


def status_thinking(seconds: float) -> str:
    """Behind the bot's name, in a thread, for what `thinking_for` tells in a message."""
    return f"is thinking… ({_duration(seconds)})" if seconds else "is thinking…"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


# --- the end of an answer ------------------------------------------------------------------

STOPPED = "_Stopped._"
STOPPED_UNWRITTEN = "_Stopped before anything was written._"
UNSHOWN = (
    "Grok has answered, but Slack did not let me show you the answer in any way. Please ask again, "
    "perhaps in a direct message to me."
)
ANSWER_READY = "Your answer from Grok is ready"


def read_along(turns: int) -> str:
    """Earlier questions of the conversation that went along with this one."""
    if turns == 1:
        return "• The question before this one, and its answer"
    return f"• The {turns:,} questions before this one, and their answers"


BEGINNING_ALONG = "• The beginning of this answer, which was cut off"


def not_read_along(turns: int) -> str:
    """Earlier questions that did not go along, for want of room."""
    if turns == 1:
        return "• Not the first question of the conversation: there was no room for it"
    return f"• Not the first {turns:,} questions of the conversation: there was no room for them"


def forgotten(turns: int) -> str:
    """In the last line: how many of the oldest questions of a conversation are left behind."""
    if turns == 1:
        return "the first question here is forgotten"
    return f"the first {turns:,} questions here are forgotten"


def ready(mention: str) -> str:
    """Told once, in its thread, when an answer took long; `mention` notifies the asker."""
    return f"{mention} your answer is ready."


# --- an answer somewhere else than where it was asked for ----------------------------------

THREAD_DELETED = "Only you can see this, since the thread was deleted."
INVITE_ME_TOO = (
    "I am not a member here. Invite me (`/invite @Grok`), and I can answer here in every other way "
    "too."
)
IN_DIRECT_MESSAGE = (
    "The answer is too long to show it to you alone here. I sent it to you as a direct message."
)
_HERE = {
    "is_archived": "It is archived, so here is the answer.",
    "thread_not_found": "The thread was deleted, so here is the answer.",
    "too_long": "The answer is too long to show it to you alone there, so here it is.",
    "unshowable": "Slack did not let me show you the answer there, so here it is.",
}
_HERE_SINCE_REFUSED = (
    "I may not write there, so here is the answer. Invite me (`/invite @Grok`), and the next "
    "one can stand there."
)


def asked_in(place: str, why: str) -> str:
    """Above an answer sent as a direct message: `place` is a link to where it was asked for, or
    empty; `why` is Slack's code."""
    here = _HERE.get(why, _HERE_SINCE_REFUSED)
    return f"You asked this in {place}. {here}" if place else here


# --- the buttons of an answer --------------------------------------------------------------

BUTTONS = {
    "stop": "Stop",
    "continue": "Continue",
    "retry": "Retry",
    "edit": "Edit",
    "details": "Details",
    "share": "Share",
}

ANSWER_FORGOTTEN = (
    "I no longer remember this answer: it is too long ago, or I was installed anew since. Please "
    "ask again."
)
STOPPED_ALONE = "Stopped. What has come of the answer by now, if anything, still follows."
SHARED = "Done: everybody there can read it now."
SHARED_ALREADY = "You have shared this answer already."
SHARING = (
    "This answer is being shared just now. If it does not show there within a minute, please press "
    "*Share* again."
)
NOT_SHARED = "I could not share it just now. Please press *Share* again in a minute."
NOTHING_TO_SHARE = (
    "There is nothing to share here: only an answer that you alone were shown can be."
)
NOTHING_TO_CONTINUE = "There is nothing to continue here: only an answer that was cut off can be."
CONTINUED_ALREADY = "This answer has been continued already. Look further down for how it goes on."
TOO_LONG_TO_CONTINUE = (
    "This answer is too long by now for me to continue it. Please ask for what is missing in a "
    "question of its own."
)
NOTHING_TO_STOP = "There is nothing left to stop: this answer is complete."
TAKEN_LATER = (
    "I cannot take your question just now. I will try again within the next minutes, so there is "
    "no need to ask twice."
)
BUTTON_FAILED = "That did not work just now. Please press the button again in a minute."
RETRIED_OFTEN = (
    "You have asked this many times by now. Press *Edit* to ask it in other words, or come back "
    "in an hour."
)
DETAILS_LATE = "Slack gave up waiting for me. Please press *Details* again."


def not_yours_to_stop(asker: str) -> str:
    """Told to somebody who may not stop the answer; `asker` is the name of who may, or empty."""
    return (
        f"{asker or 'Somebody else'} asked for this answer. They can stop it, and so can an admin."
    )


# --- the details of an answer --------------------------------------------------------------

DETAILS = "Details"
DETAILS_ASKED = "What was asked"
DETAILS_ANSWERED = "What came back"
DETAILS_REST = "How the answer continues"
DETAILS_REASONING = "How Grok reasoned"
DETAILS_CHANCES = "How likely each token was"
DETAILS_PROMPT = "Prompt"
DETAILS_PROMPTS = "Prompts"
DETAILS_SYSTEM = "Instructions"
DETAILS_CONTEXT = "What was read along"
DETAILS_SHORTENED = "_The rest does not fit in here._"
DETAILS_NOT_DONE = "_The answer is not done yet. Open this again when it is._"
DETAILS_NO_TOKENS = "_Grok did not say how many tokens it took._"
DETAILS_MODEL = "Model"
DETAILS_ASKED_AT = "Asked at"
DETAILS_TOKENS_IN = "Tokens read"
DETAILS_TOKENS_OUT = "Tokens written"
DETAILS_TOKENS_REASONING = "Tokens of reasoning"
DETAILS_LOST = "Tokens charged for attempts that broke off"
DETAILS_COST = "Cost"
DETAILS_MOST_TOKENS = "Tokens, at most"
DETAILS_MOST_COST = "Cost, at most"
DETAILS_TIME = "Time"
ON = "on"
OFF = "off"


def labelled(label: str, value: str = "") -> str:
    """A value below its name, or the name alone. Slack's mrkdwn."""
    return f"*{label}*\n{value}" if value else f"*{label}*"


def tokens_read(prompt: int, cached: int) -> str:
    """`1,234 (200 repeated)`: `cached` are those that Grok had read before, which cost less."""
    return f"{prompt:,} ({cached:,} repeated)" if cached else f"{prompt:,}"


DROPPED = (
    "Whoever runs the bot has ended this question. Please ask again if you still need an answer."
)
SOMEBODY = "Somebody"
"""Whoever asked, where Slack's id of them is none."""
