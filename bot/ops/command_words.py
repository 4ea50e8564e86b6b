"""What the command line says to operators: its options, the jobs, the demo, start and end."""

from __future__ import annotations

from bot.words.sentences import Sentence, counted

COMMANDS = {
    "serve": "run the bot in a real workspace",
    "work": "answer the questions that other processes take (serve --no-worker)",
    "demo": "run the bot in a sandbox workspace, in the browser, with nothing to set up",
    "check": "try out every token, key and server that the bot depends on",
    "jobs": "what waits, runs and was given up; ask again or end one of them",
    "forget": "delete what is known of a person, and say how much that was",
    "ask": "one completion in the terminal: ask [flags] prompt; ask --help says more",
    "eval": "ask a data set over a grid of models and parameters, judge and compare the answers",
    "schema": "print the JSON Schema of a request",
    "manifest": "print the manifest for a new Slack app",
}


def no_command(given: str, nearest: str = "") -> str:
    """`given` is none of the commands, and made safe to show."""
    hint = f" Did you mean {nearest}?" if nearest else ""
    known = f"There are: {', '.join(COMMANDS)}."
    return f"There is no command {given}.{hint} {known} See: python -m bot --help"


NO_OPTION = Sentence(
    "{command} does not take {given}.[ Did you mean {nearest:or}?] See: python -m bot {command} "
    "--help"
)
EMPTY_ARGUMENT = Sentence(
    "An argument is empty[, after {option}]. Write what belongs there, or leave it out. See: "
    "python -m bot [{command} ]--help"
)
NO_WORKER = "take questions and leave the work on them to work, in processes of its own"
MANIFEST_AGENT = "for Slack's surface of agents: cannot be undone, and takes a paid plan"
DEMO_AGENT = "show the app as an agent: suggested prompts, and what it does in each thread"
MANIFEST_INSTALL = "for several workspaces: where people reach the pages that install it, https://…"
MANIFEST_HTTP = "for HTTP mode: where Slack reaches the bot, such as https://bot.example.com"

JOBS_FAILED = "only those that were given up, since their workers died of them"
JOBS_RETRY = "ask the question of a job that was given up again, by the rules that hold now"
JOBS_DROP = (
    "end a job wherever it stands: what it reserved is released, its conversation goes on, and its "
    "asker reads that it was ended; one that was given up is taken from the list"
)
JOBS_JSON = "as JSON"
JOBS_COLUMNS = ("id", "state", "attempts", "age", "channel", "asker", "why")
JOBS_WORKSPACE = "workspace"
JOBS_NONE = "Nothing waits, runs or was given up."
JOBS_NONE_FAILED = "Nothing was given up."
FORGET_USER = "the Slack id of the person, such as U012AB3CD"
NOT_A_USER = Sentence(
    "{given} is no Slack id of a person: those begin with U or W, such as U012AB3CD."
)
FORGET_BUSY = Sentence(
    "{questions:count question} of {user} {questions:is|are} still waiting or being answered, so "
    "nothing was deleted: run this again once they have ended, or end them first (`python -m bot "
    "jobs`)."
)
FORGET_UNFINISHED = Sentence(
    "{user} asked something meanwhile: most is deleted, but what that question needs. Run this "
    "again once it has been answered."
)


def forgotten(user: str, deleted: int, taken_out: int) -> str:
    """What `forget` has done."""
    if not deleted + taken_out:
        return f"Nothing is known of {user}."
    return (
        f"What was known of {user} is deleted: {counted(deleted, 'record')}, and "
        f"{counted(taken_out, 'line')} of records that are shared. "
        "What stands in Slack and in logs is untouched, and so is what others asked."
    )


JOBS_NO_STORE = Sentence(
    "There is no store in DATA_DIR ({path}): set REDIS_URL, or DATA_DIR to that of the bot."
)
JOB_UNKNOWN = Sentence("There is no job {job_id}, or it is forgotten by now.")
JOB_NOT_FAILED = Sentence("Job {job_id} was not given up, so there is nothing to ask again.")
JOB_STILL_ENDING = Sentence(
    "The asker of job {job_id} is still being told that it was given up: try again soon."
)
JOB_UNREADABLE = Sentence("The question of job {job_id} cannot be read by this version of the bot.")
JOB_ELSEWHERE = Sentence("Job {job_id} is of another workspace than SLACK_BOT_TOKEN.")
JOB_OVER = Sentence("Job {job_id} has ended already.")
JOB_RETRIED = Sentence("The question of job {job_id} is asked again, as job {new}.")
JOB_ENDED = Sentence("Job {job_id} is ended; its asker is told as soon as a bot is running.")
JOB_OFF_THE_LIST = Sentence("Job {job_id} is no longer among those that were given up.")


def job_given_up(state: str, attempts: int, *, unsaid: bool) -> str:
    """Why a job failed."""
    at = "shown" if state == "delivering" else "answered"
    told = "; nor could its asker be told" if unsaid else ""
    return f"its worker died {_times(attempts)} while it was being {at}{told}"


JOB_RESTS = Sentence(
    "its worker died {attempts:once|{attempts} times}; it is tried again in {seconds:.0f} s"
)
JOB_SET_ASIDE = Sentence(
    "it is of another version of the bot; a worker of that is sought in {seconds:.0f} s"
)


def _times(attempts: int) -> str:
    return "once" if attempts == 1 else f"{attempts} times"


JOB_BEHIND = "another question of its conversation comes first"
JOB_DROPPED = "an operator has ended it; its asker is to be told"
JOB_STOPPED = Sentence("stopped ({by})")
JOB_OF_REMOVED = Sentence("[{standing}; ]Slack says that its workspace has removed the app")


def serving(
    host: str, ops_port: int, http_port: int | None, install_address: str | None = None
) -> str:
    """The bot takes questions; `install_address`: where workspaces get the app."""
    way_in = "in Socket Mode" if http_port is None else f"over HTTP on port {http_port}"
    said = f"The bot is ready, {way_in}; health and metrics at http://{host}:{ops_port}"
    return f"{said}\nWorkspaces install it at {install_address}" if install_address else said


TEAM_WITHOUT_APP = Sentence("The app is not installed in {team}: its jobs cannot be asked again.")
WORKING = Sentence("The worker is ready; health and metrics at http://{host}:{ops_port}")
FINISHING = Sentence(
    "Finishing {answers:count answer}, for {seconds:g} s at most; Ctrl-C again ends at once."
)


def demo_ready(page: str, grok: str, *, agent: bool = False) -> str:
    """The demo runs; `grok` says which Grok answers."""
    first = DEMO_ASK_AGENT if agent else DEMO_ASK
    return f"\n  The demo is ready: {page}\n\n  {first}\n  {grok} Ctrl-C ends everything.\n"


DEMO_SEVERAL_READY = Sentence(
    "\n"
    "  The demo is ready: {page}\n"
    "\n"
    "  Install the app from there, in one workspace or more, and open their pages.\n"
    "  {grok} Ctrl-C ends everything.\n"
)
DEMO_ASK = "Open it and type /grok Explain TCP slow start"
DEMO_ASK_AGENT = (
    "Open it, and there the direct messages with Grok: click a prompt that it suggests, or write "
    "to it"
)
DEMO_STOPPED = "The demo has stopped; nothing of it is left."
DEMO_WORKSPACES = "so many workspaces, each of which can install the app"
DEMO_WORKSPACES_RANGE = "give a number from 1 to 8"
DEMO_GROK = Sentence(
    "  To ask the same Grok elsewhere, as python -m bot eval does:\n"
    "  XAI_BASE_URL={address} XAI_API_KEY={key} GROK_DIALECT=xai\n"
)
DEMO_SECOND_KEY = Sentence(
    "  A Grok key for one workspace alone: /grok key, as Ana, and {key} in the form.\n"
)
DEMO_SANDBOX_GROK = "Answers come from a sandbox Grok; set XAI_API_KEY to ask the real one."
DEMO_REAL_GROK = "Answers come from the real Grok, with your XAI_API_KEY."
DEMO_STARTING = (
    "Starting a sandbox workspace, a Valkey and the bot; what they keep is gone at the end, and no "
    "DATA_DIR or REDIS_URL is used…"
)
