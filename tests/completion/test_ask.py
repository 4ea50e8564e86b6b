"""A question without what admins have set in it, and without what goes along with others."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion import CompletionRequest
from bot.completion.ask import Begun, Said
from bot.completion.search import search_in
from bot.files.file import FileRef
from tests.doors.jobs import an_ask

REQUEST = CompletionRequest(
    model="grok-4.3", prompt="Name a river", max_tokens=100, temperature=0.3, seed=7, top_p=0.9
)


def test_what_admins_have_set_is_left_out_and_the_rest_stays() -> None:
    ask = an_ask(
        request=REQUEST,
        system="Be brief",
        effort="high",
        search=search_in({"search": "x", "handles": ["xai"], "since": "2026-11-01"}),
        defaulted={
            "model": "channel",
            "max_tokens": "settings",
            "temperature": "channel",
            "seed": "workspace",
            "system": "workspace",
            "effort": "channel",
            "handles": "channel",
        },
    )

    bare = ask.without_rules()

    assert bare.request.given() == {
        "model": "grok-4.3",
        "prompt": "Name a river",
        "max_tokens": 100,
        "top_p": 0.9,
    }
    assert (bare.system, bare.effort) == ("", None)
    assert bare.search == search_in({"search": "x", "since": "2026-11-01"})
    apart = {"request", "system", "effort", "search"}
    assert bare.model_dump(exclude=apart) == ask.model_dump(exclude=apart)


def test_what_the_asker_said_stays() -> None:
    ask = an_ask(request=REQUEST, system="Be brief", effort="low")

    assert ask.without_rules() == ask


FILE = FileRef(id="F1", tokens=5)


@pytest.mark.parametrize(
    "beside",
    [
        {"conversation": "C1:1.0"},
        {"reads_thread": "1.0"},
        {"context": (Said(author="Ana", text="Hi"),)},
        {"files": (FILE,)},
        {"earlier": ((), (FILE,))},
        {"begun": Begun(job_id="job-1", text="one", turn="job-1", user="U1")},
    ],
    ids=lambda beside: next(iter(beside)),
)
def test_question_stands_alone_unless_something_may_go_along(beside: dict[str, Any]) -> None:
    ask = an_ask(request=REQUEST).model_copy(update={"conversation": None})

    assert ask.stands_alone
    assert not ask.model_copy(update=beside).stands_alone
