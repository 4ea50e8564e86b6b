"""The Home tab as Slack's JSON, part by part."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.characters import excerpt
from bot.grok.catalogue import by_price
from bot.grok.known_models import Model
from bot.rules.policy import Models
from bot.slack.blocks import DIVIDER, Block, Offered, heading, lines, moment, row, section, small
from bot.slack.views import ViewJson
from bot.slack_limits import VIEW_BLOCKS
from bot.store.conversations import Recent
from bot.words import home as words
from bot.words import votes as vote_words
from bot.words.sentences import price

HomePart = Sequence[Block]

ASK_ACTION = "new_grok"
"""`action_id` of the button that opens the form."""

SETUP_ACTION = "set_up_grok"
"""`action_id` of the button that opens the forms of defaults and quotas."""

PROMPT_ACTION = "saved_prompt_"
"""What the `action_id`s of the buttons of saved prompts begin with."""

MOST_PROMPTS = 10
MOST_QUESTIONS = 10
MOST_MODELS = 60
MOST_NAMED = 10
_QUESTION_CHARS = 80
_BAR_CELLS = 10
_CHANNEL = re.compile(r"[CG][A-Z0-9]+")


def home_view(parts: Sequence[HomePart]) -> ViewJson:
    """The whole tab: `parts` from top to bottom, with a line between them."""
    blocks: list[Block] = []
    for part in parts:
        blocks += [DIVIDER, *part] if blocks else part
    return {"type": "home", "blocks": blocks[:VIEW_BLOCKS]}


def ways_to_ask(name: str, bot_user: str) -> HomePart:
    """What can be done here, and a button that does it; `name` of the viewer, or empty."""
    return (
        heading(words.GREETING(excerpt(name))),
        section(words.WAYS_TO_ASK(f"<@{bot_user}>")),
        row([Offered(ASK_ACTION, words.ASK, primary=True)]),
        small(words.MAY_ERR),
    )


def questions(recent: Sequence[Recent], workspace_url: str, tz_offset: int) -> HomePart:
    """The viewer's newest questions, with links to the answers; `tz_offset` in seconds."""
    shown = [_question(one, workspace_url, tz_offset) for one in recent[:MOST_QUESTIONS]]
    return (heading(words.YOUR_QUESTIONS), *lines(shown or [words.NO_QUESTIONS]))


def questions_away() -> HomePart:
    """In their place while they cannot be looked up."""
    return heading(words.YOUR_QUESTIONS), section(words.NOT_LOOKED_UP)


def defaults(model: str, max_tokens: int, others: Sequence[str] = ()) -> HomePart:
    """What goes for a question that says nothing else; `others` are further lines."""
    first = [words.DEFAULT_MODEL(excerpt(model)), words.default_max_tokens(max_tokens)]
    return (
        heading(words.DEFAULTS),
        *lines([*first, *others]),
        small(words.HOW_TO_CHANGE),
    )


def quotas(shown: Sequence[str]) -> HomePart:
    """What of the quotas concerns the viewer, line by line."""
    return heading(words.QUOTAS), *lines(shown)


def saved_prompts(names: Sequence[str]) -> HomePart:
    """A button for each of the viewer's prompts, which opens the form with it."""
    shown = enumerate(names[:MOST_PROMPTS])
    buttons = [Offered(f"{PROMPT_ACTION}{number}", name, name) for number, name in shown]
    return (
        heading(words.YOUR_PROMPTS),
        row(buttons),
        small(words.HOW_TO_SAVE),
    )


def votes(shown: Sequence[str]) -> HomePart:
    """What people think of answers, line by line."""
    return heading(vote_words.TITLE), *lines(shown), small(vote_words.HOW_TO_SEE)


def allowed_models(allowed: Models) -> str:
    """Which models may be asked, in a line."""
    if allowed.only is not None:
        return words.MODELS_ONLY(_codes(allowed.only)) if allowed.only else words.NO_MODEL_YET
    return words.MODELS_BUT(_codes(allowed.forbidden)) if allowed.forbidden else words.ALL_MODELS


def only_in(channels: Sequence[str]) -> str:
    """Where questions are taken, in a line."""
    named = [f"<#{each}>" if is_channel(each) else words.IN_DIRECT_MESSAGE for each in channels]
    return words.ONLY_IN(_some(named))


def _codes(names: Sequence[str]) -> str:
    return _some([f"`{excerpt(name)}`" for name in names])


def _some(named: Sequence[str]) -> str:
    more = [words.MORE_MODELS(len(named) - MOST_NAMED)] if len(named) > MOST_NAMED else []
    return ", ".join([*dict.fromkeys(named[:MOST_NAMED]), *more])


def set_up() -> HomePart:
    """A button that opens the forms of defaults and quotas."""
    return (row([Offered(SETUP_ACTION, words.SET_UP)]),)


def models(
    known: Sequence[Model], default: Model | None, allowed: Models | None = None
) -> HomePart:
    """Every model with its prices: the default first, then the cheapest; last those that are not
    `allowed` (None: nobody says which are)."""
    if not known:
        return heading(words.MODELS), section(words.NO_MODELS)
    forbidden = set((allowed or Models()).part(model.id for model in known)[1])
    ordered = sorted(
        known, key=lambda model: (model.id in forbidden, model != default, *by_price(model))
    )
    shown = [
        _model(model, is_default=model == default, forbidden=model.id in forbidden)
        for model in ordered[:MOST_MODELS]
    ]
    if len(known) > MOST_MODELS:
        shown.append(words.MORE_MODELS(len(known) - MOST_MODELS))
    return heading(words.MODELS), small(words.PRICES), *lines(shown)


def is_channel(channel: str) -> bool:
    """Whether it can be named to people: a direct message has no name."""
    return _CHANNEL.fullmatch(channel) is not None


def bar(used: float, limit: float) -> str:
    """How much of `limit` is used, as blocks and a percentage.

    It looks empty only when nothing is used, and full only when everything is.
    """
    if used <= 0 < limit:
        return words.USED(bar="░" * _BAR_CELLS, percent=0)
    if limit <= 0:
        return words.USED(bar="█" * _BAR_CELLS, percent=100)
    cells, percent = _share(used, limit, _BAR_CELLS), _share(used, limit, 100)
    return words.USED(
        bar="█" * min(cells, _BAR_CELLS) + "░" * (_BAR_CELLS - cells),
        percent=percent,
    )


def _share(used: float, limit: float, whole: int) -> int:
    """`used` in parts of `limit`, of which there are `whole`."""
    parts = max(1, int(round(used / limit * whole, 6)))
    return min(parts, whole - 1) if used < limit else parts


def _question(recent: Recent, workspace_url: str, tz_offset: int) -> str:
    shown = excerpt(recent.prompt, _QUESTION_CHARS) or "…"
    link = _permalink(recent, workspace_url)
    facts = f"{_place(recent)} · {moment(recent.at, tz_offset)}"
    return words.QUESTION(shown=f"<{link}|{shown}>" if link else shown, facts=facts)


def _permalink(recent: Recent, workspace_url: str) -> str:
    """Where the answer stands; empty when there is no message to go to."""
    if recent.private or not recent.ts or not workspace_url:
        return ""
    digits = recent.ts.replace(".", "")
    return f"{workspace_url.rstrip('/')}/archives/{recent.channel}/p{digits}"


def _place(recent: Recent) -> str:
    if recent.private:
        return words.ONLY_YOU
    return f"<#{recent.channel}>" if is_channel(recent.channel) else words.IN_DIRECT_MESSAGE


def _model(model: Model, *, is_default: bool, forbidden: bool) -> str:
    facts = [price(model.input_price, model.output_price, model.cached_price) or words.NO_PRICE]
    facts += [words.THE_DEFAULT] if is_default else []
    facts += [words.NOT_ALLOWED] if forbidden else []
    return words.MODEL_LINE(model=excerpt(model.id), facts=" · ".join(facts))
