"""What `python -m bot eval` says in the terminal."""

from __future__ import annotations

from bot.words.sentences import Sentence, counted

NO_PROMPTS = "There is no prompt in it, so nothing was asked. Give a data set with prompts."
NO_BUDGET = "The budget is to be more than nothing: --budget 0.50 allows half a dollar."
NOT_A_NUMBER = "give a number from 1 on"
NOT_DOLLARS = "give US dollars as a number, such as 0.50"
IN_USE = Sentence(
    "Another eval writes to {path}. Wait for its end, or name another file with --out."
)
OF_ANOTHER = Sentence(
    "{path} holds the results of something else. Name another file with --out, or take this one "
    "away."
)
AS_SET = "as set"
NOT_JSON = "is no JSON"
NO_OBJECT = "is neither a text nor an object"
NO_TEXT = "is no text in UTF-8"
HALVED = "has half a character in it: an escape such as \\ud83d without its other half"
NO_PROMPT = "has no prompt"
NO_COLUMN = "names no column prompt"
MORE_CELLS = "has more cells than the first line has names"
NO_VOTE = "has a vote that is neither up nor down"
TOO_LONG = "is longer than 1,000,000 bytes"
NOTHING_GOOD = (
    "Nothing says what a good answer is: give expected answers or rules, or --judge MODEL, or "
    "--judge person."
)
STOPPED = "Stopped. The same command goes on where it stands."
NOTHING_CAME = "No answer came at all, so nothing is known of any setting."
HEAD = ("setting", "answers", "good", "cost each", "first text", "last text")
ALL_THE_SAME = (
    "The answers are the same in all settings, so there was nothing to judge. What is called best "
    "is only the cheapest, then the quickest."
)
ONE_SETTING = (
    "There is one setting alone, so none is the best. Name two values or more with --grid."
)
NONE_GOOD = "No answer of any setting is good, so none is the best."
ENDS_ALL = {
    "bad_key": (
        "Grok does not accept XAI_API_KEY. Set another one; the same command goes on where it "
        "stands."
    ),
    "no_credit": (
        "The Grok account of this key has no credit left or has reached its spending limit. Add "
        "credit at console.x.ai; the same command goes on where it stands."
    ),
    "not_permitted": (
        "The Grok account of this key is not allowed to do that. Try another model, or check the "
        "permissions of the key; the same command goes on where it stands."
    ),
}
"""What no other question would be answered after, by the kind of the failure."""
PLOT_TITLE = "Quality against cost"
PLOT_X = "US dollars for 1,000 answers (mean)"
PLOT_Y = "good answers"

DATA = (
    "a prompt on each line (.txt), CSV with a column prompt, or JSONL: as /grok feedback export "
    "sends it, or your own, an object with prompt on each line. Beside prompt may stand what a "
    "good answer is: expected, contains, regex, schema, max_chars, min_chars"
)
GRID = "a parameter and its values, such as temperature=0.2,0.8; may be repeated"
BUDGET = "the most that may be spent, in US dollars"
JUDGE = (
    "a model that compares the answers, two at a time and in both orders; or person: somebody "
    "does, in a page; may be repeated, to see how far both agree"
)
NOTHING_TO_COMPARE = "A person compares settings: name two values or more with --grid."
ONE_MODEL = "One model judges, beside a person: give --judge one model, or person, or both."
OUT = "where results are kept, to go on from; DATA.eval.jsonl by default, the plot beside it"
AT_ONCE = "how many questions are asked at once (8)"
FIRST = "only so many prompts of the data set"
TOO_LARGE = Sentence(
    "{path} is larger than {most} MB. Nothing was asked. Give a part of it at a time."
)
NO_FILE = Sentence(
    "{path} is a pipe or a device, and could not be read again when the eval goes on. Nothing was "
    "asked. Name a file."
)
UTF_16 = Sentence("{path} is text in UTF-16. Nothing was asked. Save it as UTF-8.")
UNREADABLE = Sentence("{path} cannot be read: {why}. Nothing was asked.")
NO_ROOM = Sentence("{path} cannot be written: {why}. Nothing was asked.")
UNWRITABLE = Sentence(
    "What comes can no longer be kept: {why}. The same command goes on where it stands."
)


def line(path: str, number: int, fault: str) -> str:
    """What is wrong with one line of a data set."""
    return f"{path}, line {number:,}: {fault}{'' if fault.endswith('?') else '.'}"


MORE_FAULTS = Sentence("… and {number:count more line} like these. Nothing was asked.")
UNKNOWN_KEY = Sentence("“{key}” means nothing here[; did you mean {near}?]")
COLUMN_TWICE = Sentence("names the column {name} twice")
NO_CSV = Sentence("is no CSV, perhaps for a quote that is never closed: {why}")
WRONG_VALUE = Sentence("“{key}” has a value that it cannot have")
NO_REGEX = Sentence("“regex” is no regular expression: {why}")
NO_SCHEMA = Sentence("“schema” is no JSON Schema: {why}")
LEADS_NOWHERE = Sentence(
    "“schema” refers to {reference}, which is not in it: put it there, under “$defs”"
)
LEFT_OUT = Sentence("{number:count vote} came without a prompt and was left out.")
NO_SUCH_AXIS = Sentence("--grid {name}: there is no such parameter here. Known: {known:list}.")


def no_judge(model: str) -> str:
    """Nothing, or what can be no name, was given as the judge."""
    said = model or '""'
    return f"--judge {said}: no model can be called that. Name one, or person."


NO_VALUES = Sentence("--grid {text}: write a parameter, = and values, such as temperature=0.2,0.8.")
TOO_MANY_SETTINGS = Sentence(
    "The grid has {number:,} settings; {most} are the most. Name fewer values."
)
UNKNOWN_PRICE = Sentence(
    "Nobody knows what {model} costs, so no budget can be kept. Set GROK_PRICES, such as "
    "{model}=2.50/10, and try again."
)
SPENT_UP = Sentence(
    "The budget has no room for the next request, which may cost up to {most}. With a larger "
    "--budget it goes on where it stands."
)
STOPPING = Sentence(
    "Stopping at the end of {requests:count request} under way. Ctrl-C again ends it at once; what "
    "is under way may then be paid for in vain."
)


def plan(prompts: int, settings: int, done: int, most: str) -> str:
    """Before anything is asked; `most`: what the rest may come to at most."""
    had = f", of which {done:,} are there already" if done else ""
    return (
        f"{counted(prompts, 'prompt')} × {counted(settings, 'setting')} = "
        f"{counted(prompts * settings, 'answer')}{had}; what is left costs at most {most}."
    )


PROGRESS = Sentence("{bar} {done:,}/{total:,} · {spent} of {budget}[ · {failed:,} failed]")
SPENT = Sentence(
    "Spent {spent}[, of which {lost} are what {requests:count request} that broke off may have "
    "come to at most]."
)
GOOD_IS_RELATIVE = Sentence(
    "good: how many answers were preferred to those of {first}; as good as that counts half. The "
    "others are measured by {first}, so its own share is 50% by definition, without a range."
)
MISSING = Sentence(" ({number:,} missing)")
PLOTTED = Sentence("Quality against cost as a picture: {path}")
NOT_PLOTTED = Sentence("The picture {path} could not be written: {why}.")
FAILED = Sentence("{number:count answer} did not come.[ The last time: {sentence}]")
NOT_ASKED = Sentence("{number:count answer} {number:is|are} still to be asked for.")
AGREEMENT = Sentence(
    "The judge {model} agrees with people on {share} of {votes:count answer} that they voted on "
    "(kappa {kappa})."
)


def judge_here(address: str, left: int, demo: str) -> str:
    """Where a person compares answers that are shown without their settings; `demo`: in the page of
    a demo too, empty where none runs."""
    pairs = f"{counted(left, 'pair')} of answers to judge."
    where = f"Open this in a browser on this machine:\n  {address}"
    if demo:
        where = f"They are in the page of the demo:\n  {demo}\nor in one of their own:\n  {address}"
    return (
        f"{pairs} {where}\n"
        "Each choice is kept at once. Ctrl-C ends it, and the same command goes on."
    )


AGREEMENT_WITH_PERSON = Sentence(
    "The judge {model} agrees with the person on {share} of {pairs:count pair} that both compared "
    "(kappa {kappa})."
)
NOT_JUDGED = Sentence("{number:count pair} not judged yet.")


UNANSWERED = Sentence("No answer came of {settings:apart}, so nothing is known of it.")
"""Those of the grid that no answer came of, while some came of others."""


JUDGE_REFUSED = Sentence("The judge {model} gave no verdict. The API says: {why}")
JUDGE_LOST = Sentence(
    "The judge {model} does not answer as it is asked to, so it was asked no further. Try another "
    "one."
)
NO_VERDICTS = Sentence("{number:count comparison} came without a verdict and counts for neither.")
BEST = Sentence("Best: {setting}\n  {command}")


UNSURE = Sentence(
    "That is not sure yet: its range overlaps that of {others:apart}. More prompts would tell."
)
SURE = "Its range overlaps that of no other setting."
