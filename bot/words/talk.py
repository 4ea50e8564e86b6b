"""What the bot says in threads, below answers and to one person alone."""

from __future__ import annotations

from bot.words.sentences import Sentence

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

LOOKING_AT = Sentence(
    "Whoever asks this has the channel #{channel} open beside it. That is a hint at what they may "
    "mean, and nothing more."
)
"""Read along with a question."""

PICTURE_UNREAD = Sentence("(A picture, and not looked at[: {name}])")
FORWARDED = Sentence("Forwarded[ from {author}]:")

# --- what was typed and not asked -----------------------------------------------------------

ASK_ANYWAY = "Ask it anyway"
TO_FORM = "Correct it in the form"
TYPED_FORGOTTEN = (
    "I no longer know what you typed there: it is too long ago, or you have typed much since. "
    "Please type it again."
)
TYPE_TO_ASK = "To ask it all the same, put `ask:` before it (`/grok help` says more)."
TYPE_CORRECTED = "Copy what you typed, correct it and send it again (`/grok help` says more)."
"""Where there is no button for it."""
MEANT = Sentence(
    "Grok was not asked: that looks like a command, but it is not quite one. Did you mean "
    "`{command}`?"
)
MEANT_HELP = Sentence(
    "Grok was not asked: that looks like a command, but not all of it is one[: `{odd}` means "
    "nothing there]. `{command}` says what there is."
)
TO_STOP = "To stop an answer, press *Stop* below it."
MEANT_STOP = f"Grok was not asked. {TO_STOP}"
TYPED_ELSEWHERE = Sentence(
    "Grok was not asked: that looks like a command, and commands are typed with a slash: "
    "`{command}`."
)

# --- while an answer is waited for ---------------------------------------------------------

IN_LINE = Sentence(
    "Got it. {questions:One question here is answered before yours, which is next|{questions:,} "
    "questions here are answered before yours}."
)
ANSWERS_UNSEEN = Sentence(
    "Not all of the {answers:,} answers will be seen here: I show {most:count message} at most. "
    "Press *Details* below the last one to read on."
)
QUEUED_BEHIND = Sentence(
    "_Waiting for its turn: {questions:it is next|1 question is before it|{questions:,} questions "
    "are before it}._"
)
THINKING_FOR = Sentence("_Grok is thinking… ({seconds:clock})_")
WORKING = Sentence("_{doing}_")


def status_working(doing: str) -> str:
    """Behind the bot's name, in a thread, for what `working` tells in a message."""
    return f"is {doing[:1].lower()}{doing[1:]}"


STATUS_QUEUED = Sentence(
    "{questions:answers you next|has 1 to answer before you|has {questions:,} to answer before you}"
)
"""Behind the bot's name, in a thread, for what `queued_behind` tells in a message."""

STATUS_THINKING = Sentence("is thinking…[ ({seconds:clock})]")

# --- the end of an answer ------------------------------------------------------------------

STOPPED = "_Stopped._"
STOPPED_UNWRITTEN = "_Stopped before anything was written._"
UNSHOWN = (
    "Grok has answered, but Slack did not let me show you the answer in any way. Please ask again, "
    "perhaps in a direct message to me."
)
ANSWER_READY = "Your answer from Grok is ready"
READ_ALONG = Sentence(
    "• {turns:The question before this one, and its answer|The {turns:,} questions before this "
    "one, and their answers}"
)
BEGINNING_ALONG = "• The beginning of this answer, which was cut off"
NOT_READ_ALONG = Sentence(
    "• Not the first {turns:question of the conversation: there was no room for it|{turns:,} "
    "questions of the conversation: there was no room for them}"
)
FIRST_FORGOTTEN = Sentence(
    "the first {turns:question here is|{turns:,} questions here are} forgotten"
)
READY = Sentence("{mention} your answer is ready.")

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
LABELLED = Sentence("*{label}*[\n{value}]")
TOKENS_READ = Sentence("{prompt:,}[ ({cached:,} repeated)]")
DROPPED = (
    "Whoever runs the bot has ended this question. Please ask again if you still need an answer."
)
SOMEBODY = "Somebody"
"""Whoever asked, where Slack's id of them is none."""
