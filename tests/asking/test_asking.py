"""How large a question may be that is kept until it is answered."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.ask import Ask, Place, Said
from bot.completion.flags import Flags, parse_text
from bot.errors import RequestRefused
from bot.grok.client import GrokClient
from bot.rules.policy import EVERY_MODEL, Policy, Rules
from bot.rules.quota import WORKSPACE, Scope
from bot.settings import Settings
from bot.slack.inbound.payloads import LONGEST_FIELD
from bot.slack_limits import MESSAGE_TEXT_CHARS
from sandbox.workspace import ANA, GENERAL
from tests.asking.askings import making

MOST = Settings(_env_file=None).grok_max_prompt_bytes
BELL = "\x07"
"""A byte that JSON writes with six."""
LARGEST = 1_600_000
"""Bytes of the largest question as it is stored, the settings at their defaults."""


def faults(grok: GrokClient, policy: Policy, flags: Flags, **settings: Any) -> dict[str, str]:
    """What is wrong with a question, by parameter."""
    place = Place(dedupe="d", surface="form", channel=GENERAL, user=ANA)
    asking = making(grok, Settings(_env_file=None, **settings))
    with pytest.raises(RequestRefused) as refused:
        asking.asked(flags, place, policy)
    return {fault.parameter: fault.problem for fault in refused.value.faults}


CAPPED = Policy(
    version=1,
    scopes={
        Scope("channel", GENERAL): Rules(limits={"max-tokens": 100}, models={"grok-4.5": False})
    },
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        # of the schema, of the rules beyond it, of the model, and of what admins allow
        (
            "--temperature 3 --stop '' --suffix end --max-tokens 200 --seed 99999999999999999999",
            {"temperature", "stop", "suffix", "max_tokens", "seed", "prompt"},
        ),
        # of the grammar too
        (
            "--nosuch --top-p 7 --echo --model grok-4.5 -s 'be brief' --seed=x hi",
            {"", "top_p", "echo", "model", "seed"},
        ),
        # what is wrong with the model says nothing of what it can do
        ("--temperature 3 --echo --model= hi", {"temperature", "model"}),
    ],
)
def test_faults_of_every_kind_come_at_once(
    text: str, named: set[str], grok_client: GrokClient
) -> None:
    assert faults(grok_client, CAPPED, parse_text(text)).keys() == named


async def test_a_model_that_is_allowed_and_that_there_is_not_is_blamed_on_who_allowed_it(
    grok_client: GrokClient,
) -> None:
    await grok_client.catalogue.refresh()
    gone = Rules(models={EVERY_MODEL: False, "gone-1": True})
    everywhere, here = (
        Policy(version=1, scopes={scope: gone}) for scope in (WORKSPACE, Scope("channel", GENERAL))
    )

    problem = "only gone-1 may be asked, as it is set for the workspace, and Grok has no such model"
    assert faults(grok_client, everywhere, parse_text("hi")) == {"model": problem}
    assert (
        "set for this channel" in faults(grok_client, here, parse_text("-m grok-4.3 hi"))["model"]
    )


def ask(grok: GrokClient, system: str = "", **values: Any) -> Ask:
    """The largest question that could come with these."""
    place = Place(
        dedupe="command:" + "x" * LONGEST_FIELD,
        surface="shortcut",
        channel=GENERAL,
        user=ANA,
        context=(Said(author="x" * LONGEST_FIELD, text="🚀" * MESSAGE_TEXT_CHARS),),
        response_url="x" * LONGEST_FIELD,
    )
    flags = Flags({"model": "grok-4.20-non-reasoning", "system": system, **values})
    asking = making(grok, Settings(_env_file=None, grok_endpoint="completions"))
    return asking.asked(flags, place, Policy())


def test_the_largest_question_is_small(grok_client: GrokClient) -> None:
    whole = ask(
        grok_client,
        prompt=BELL * (MOST - 1) + "?",
        suffix=BELL * MOST,
        system=BELL * MOST,
        user="u" * 15_000,
    )

    assert len(whole.model_dump_json().encode()) < LARGEST


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("prompt", {"prompt": "x" * (MOST + 1)}),
        ("prompt", {"prompt": ["x" * MOST, "y"]}),
        ("suffix", {"prompt": "x", "suffix": "x" * (MOST + 1)}),
        ("system", {"prompt": "x", "system": "x" * (MOST + 1)}),
        ("system", {"prompt": "x", "system": "€" * (MOST // 3 + 1)}),
        ("user", {"prompt": "x", "user": "x" * 17_000}),
    ],
)
def test_what_would_make_it_larger_is_refused_in_words(
    name: str, values: dict[str, Any], grok_client: GrokClient
) -> None:
    with pytest.raises(RequestRefused) as refused:
        ask(grok_client, **values)

    assert name in {fault.parameter for fault in refused.value.faults}
