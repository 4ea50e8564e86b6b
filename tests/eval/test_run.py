"""`python -m bot eval`, against the sandbox's Grok: which settings serve best, what that costs,
and what becomes of it when it is stopped, killed, or out of money."""

from __future__ import annotations

import asyncio
import errno
import io
import itertools
import json
import random
import signal
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.completion.result import TICKS_PER_DOLLAR
from bot.errors import StartupError
from bot.eval.judge import LEAST_TRIED
from bot.eval.record import EvalRecord
from bot.eval.run import EvalArguments, run_eval
from bot.words import grok as grok_words
from bot.words.terminal import eval as words
from bot.words.terminal.ask import spelled
from sandbox.grok import GrokServer, Script
from sandbox.grok.script import Recorded
from tests.chaos.processes import forks
from tests.fixtures.grok import grok_settings

pytestmark = pytest.mark.integration

TEMPERATURES = ("temperature=0.2,0.8",)


def sums(where: Path, count: int = 12) -> Path:
    path = where / "sums.jsonl"
    entries = [
        {"prompt": f"What is {number} + {number + 7}?", "expected": f"= {2 * number + 7}"}
        for number in range(10, 10 + count)
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in entries))
    return path


def wanted(data: Path, **values: Any) -> EvalArguments:
    usual: dict[str, Any] = {"data": data, "grid": TEMPERATURES, "budget": 5.0}
    return EvalArguments(**(usual | values))


async def evaluated(
    grok: GrokServer, what: EvalArguments, stop: asyncio.Event | None = None, **settings: Any
) -> tuple[int, str, str]:
    """The exit code, and what was written to either side."""
    out, err = io.StringIO(), io.StringIO()
    ours = grok_settings(grok, grok_max_tokens=100, **settings)
    code = await run_eval(ours, what, stop or asyncio.Event(), out, err)
    return code, out.getvalue(), err.getvalue()


def asked(grok: GrokServer) -> Counter[str]:
    """How often each prompt was asked at each temperature."""
    bodies = [each.body for each in grok.requests if each.method == "POST"]
    return Counter(f"{body.get('temperature')} {_said(body)[-1]}" for body in bodies)


def _said(body: dict[str, Any]) -> list[str]:
    return [str(each["content"]) for each in body.get("messages") or body["input"]]


def says(mark: str, request: Recorded) -> bool:
    """Whether `mark` stands in a request."""
    return mark in str(request.body)


async def test_the_better_temperature_wins_and_nothing_is_asked_twice(
    tmp_path: Path, grok: GrokServer
) -> None:
    what = wanted(sums(tmp_path, 16))

    code, out, err = await evaluated(grok, what)
    again = await evaluated(grok, what)

    assert code == 0
    assert "32 answers" in err
    assert "32/32" in err
    assert "temperature=0.2  16       100% (81–100%)" in out
    assert words.GOOD_IS_RELATIVE("temperature=0.2") not in out  # by rules
    assert (
        words.BEST(setting="temperature=0.2", command="/grok defaults set --temperature 0.2") in out
    )
    assert again[:2] == (0, out)
    assert set(asked(grok).values()) == {1}
    assert (tmp_path / "sums.jsonl.eval.svg").read_text().startswith("<svg")


async def test_the_budget_is_never_passed_and_a_larger_one_goes_on(
    tmp_path: Path, grok: GrokServer
) -> None:
    data, out = sums(tmp_path), tmp_path / "out.jsonl"
    budget = 0.02  # a few answers and the bound of one more
    grok.script(Script(cost_ticks=TICKS_PER_DOLLAR // 1_000, times=None))

    code, said, _ = await evaluated(grok, wanted(data, budget=budget, out=out))
    with EvalRecord(out) as record:
        spent, had = record.spent, len(record.results)
    whole, told, err = await evaluated(grok, wanted(data, out=out))

    assert (code, whole) == (1, 0)
    assert "has no room for the next request, which may cost up to $0.0" in said
    assert "Best:" not in said
    assert 0 < spent <= budget * 1_000_000
    assert 0 < had < 24
    assert f"of which {had} are there already" in err
    assert "Best:" in told
    assert set(asked(grok).values()) == {1}


async def test_what_the_api_makes_wait_for_is_no_part_of_how_long_an_answer_takes(
    tmp_path: Path, grok: GrokServer
) -> None:
    grok.script(Script(status=429, headers={"Retry-After": "1"}))
    began = time.monotonic()

    await evaluated(grok, wanted(sums(tmp_path, 1), grid=()))

    passed = time.monotonic() - began
    with EvalRecord(tmp_path / "sums.jsonl.eval.jsonl") as record:
        (result,) = record.results.values()
    assert result.first_seconds is not None
    assert 0 < result.first_seconds <= result.seconds <= passed - 1


@pytest.mark.parametrize("status", [402, 401])
async def test_without_credit_or_key_it_ends_in_a_sentence_and_goes_on_later(
    tmp_path: Path, grok: GrokServer, status: int
) -> None:
    data = sums(tmp_path)
    kind = {402: "no_credit", 401: "bad_key"}[status]
    dry = asyncio.Event()
    dry.set()
    refused = Script(
        status=status,
        body={"error": "no"},
        times=None,
        when=lambda r: dry.is_set() and says("What is 19", r),
    )
    grok.script(refused)

    code, out, _ = await evaluated(grok, wanted(data))
    before = len(grok.requests)
    dry.clear()
    whole, told, _ = await evaluated(grok, wanted(data))

    assert (code, whole) == (1, 0)
    assert out.count(words.ENDS_ALL[kind]) == 1  # for whoever runs it, and once
    assert spelled(grok_words.GROK_SENTENCES[kind]) not in out
    assert before < 40
    assert "Best:" in told
    answered = {key: times for key, times in asked(grok).items() if "is 19" not in key}
    assert set(answered.values()) == {1}


async def test_what_is_under_way_when_it_is_stopped_is_kept(
    tmp_path: Path, grok: GrokServer
) -> None:
    stop, what = asyncio.Event(), wanted(sums(tmp_path))
    go = asyncio.Event()
    grok.script(Script(text="= 0", stall_after=0, release=go, when=lambda r: "12 + 19" in str(r)))
    running = asyncio.create_task(evaluated(grok, what, stop))
    while len(asked(grok)) < 8:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.sleep(0)
    go.set()
    code, out, err = await running

    assert code == 1
    assert "Stopping at the end of " in err
    assert words.STOPPED in out
    assert (await evaluated(grok, what))[0] == 0
    assert set(asked(grok).values()) == {1}


async def test_killed_ten_times_on_the_way_it_costs_the_same(tmp_path: Path) -> None:
    """What was answered is asked for once; what a kill cut off is asked again, and counts as spent
    up to its bound."""
    data, at_once, chance = sums(tmp_path, 30), 4, random.Random(16)
    axes = ("temperature=0.2,0.8", "model=grok-4.3,grok-4.7")
    grid = [each for axis in axes for each in ("--grid", axis)]
    command = ["eval", str(data), *grid, "--budget", "9", "--at-once", str(at_once)]
    log, kills = tmp_path / "log", 0
    async with GrokServer(speed=None, first_delay=0.01) as grok, forks() as started:
        environment = {
            "XAI_API_KEY": grok.api_key or "",
            "XAI_BASE_URL": grok.base_url,
            "GROK_DIALECT": "xai",
        }
        while True:
            until = len(grok.requests) + chance.randrange(12)
            process = await started.start(environment, cwd=tmp_path, log=log, arguments=command)
            if kills == 10:
                code = await process.wait()
                break
            while len(grok.requests) < until and process.running:
                await asyncio.sleep(0.002)
            process.send(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
            kills += 1
        times = asked(grok)
        await evaluated(grok, wanted(data, grid=axes, out=tmp_path / "unharmed.jsonl"))

    assert code == 0, log.read_text()
    assert "Best: temperature=0.2" in log.read_text()
    assert sum(times.values()) <= 120 + kills * at_once
    lines = (tmp_path / "sums.jsonl.eval.jsonl").read_text().splitlines()[1:]
    answered: set[str] = set()
    for entry in map(json.loads, lines):
        assert entry["key"] not in answered  # neither asked nor answered once more
        answered |= {entry["key"]} if entry["kind"] == "answer" else set()
    assert len(answered) == 120
    with EvalRecord(tmp_path / "sums.jsonl.eval.jsonl") as record:
        assert record.cut_off == len(lines) - 2 * 120 <= kills * at_once
        assert record.cut_off >= sum(times.values()) - 120
        assert record.spent <= 9_000_000
        assert f"{record.cut_off} requests that broke off" in log.read_text()
        with EvalRecord(tmp_path / "unharmed.jsonl") as unharmed:
            assert record.settled == unharmed.settled


async def test_a_judge_compares_in_both_orders_and_is_held_against_people(
    tmp_path: Path, grok: GrokServer
) -> None:
    data = tmp_path / "votes.jsonl"
    votes = [
        {"id": f"j{number}", "prompt": f"Name river {number}", "text": "The Nile.", "vote": vote}
        for number, vote in enumerate(["up", "up", "down"])
    ]
    data.write_text("".join(json.dumps(each) + "\n" for each in votes))
    for text, mark in (
        ('{"good": true}', "You judge"),
        ('{"better": "second"}', "You compare"),
        ("The Nile.", "'temperature': 0.8"),
    ):
        grok.script(Script(text=text, when=partial(says, mark), times=None))

    code, out, _ = await evaluated(grok, wanted(data, judges=("grok-4.7",)))

    assert code == 0
    assert "agrees with people on 67%" in out
    assert "(kappa 0.00)" in out
    assert "temperature=0.8  3        50%" in out  # the order decides, so neither is better
    judge = [each for each in grok.requests if "You compare" in str(each.body)]
    assert len(judge) == 3 * 2
    assert words.GOOD_IS_RELATIVE("temperature=0.2") in out
    shapes = [each.body["response_format"]["json_schema"]["schema"] for each in judge]
    wanted_of = {"type": "string", "enum": ["first", "second", "same"]}
    assert [each["properties"] for each in shapes] == [{"better": wanted_of}] * 6


async def test_where_all_answers_are_the_same_it_says_that_nothing_was_judged(
    tmp_path: Path, grok: GrokServer
) -> None:
    data = tmp_path / "rivers.txt"
    data.write_text("Name a river\nName another river\n")
    grok.script(Script(text="The Rhine.", times=None))
    both = ("person", "grok-4.7")

    code, out, err = await evaluated(grok, wanted(data, judges=both, demos=tmp_path))
    _, ruled, _ = await evaluated(grok, wanted(sums(tmp_path), judges=("grok-4.7",)))

    assert code == 0
    assert words.ALL_THE_SAME in out
    assert "Open this" not in err
    assert "Best:" in out
    assert words.ALL_THE_SAME not in ruled  # by rules, which need no two that differ


async def test_a_judge_that_answers_nonsense_is_asked_no_further(
    tmp_path: Path, grok: GrokServer
) -> None:
    data = tmp_path / "prompts.txt"
    data.write_text("".join(f"Name river {number}\n" for number in range(12)))
    for text, mark in (("Both!", "You compare"), ("The Nile.", "'temperature': 0.8")):
        grok.script(Script(text=text, when=partial(says, mark), times=None))

    code, out, _ = await evaluated(grok, wanted(data, judges=("grok-4.7",)))

    assert code == 1
    assert words.JUDGE_LOST("grok-4.7") in out
    assert "Best:" not in out
    judge = [each for each in grok.requests if "You compare" in str(each.body)]
    assert len(judge) == LEAST_TRIED


async def test_a_model_of_unknown_price_is_refused_before_anything_is_asked(
    tmp_path: Path, openai_grok: GrokServer
) -> None:
    with pytest.raises(StartupError, match="GROK_PRICES"):
        await evaluated(openai_grok, wanted(sums(tmp_path)), grok_model="own-model")
    assert not [each for each in openai_grok.requests if each.method == "POST"]


async def test_without_room_for_what_comes_it_ends_in_a_sentence(
    tmp_path: Path, grok: GrokServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = EvalRecord._write
    full = itertools.count()

    def write(record: EvalRecord, line: str) -> None:
        if next(full) == 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        written(record, line)

    monkeypatch.setattr(EvalRecord, "_write", write)
    what = wanted(sums(tmp_path))
    (tmp_path / "sums.jsonl.eval.svg").mkdir()
    code, out, _ = await evaluated(grok, what)
    again, whole, _ = await evaluated(grok, what)

    assert (code, again) == (1, 0)
    assert words.UNWRITABLE("No space left on device") in out
    assert words.NOT_PLOTTED(path=f"{tmp_path}/sums.jsonl.eval.svg", why="Is a directory") in whole
    assert "Best: temperature=0.2" in whole


async def test_what_the_api_takes_of_no_model_is_told(tmp_path: Path, grok: GrokServer) -> None:
    what = wanted(sums(tmp_path), grid=("stop=a,b",))
    for _ in range(2):
        _, out, _ = await evaluated(grok, what)
        assert "24 answers did not come. The last time: " in out
        assert "stop" in out.partition("The last time: ")[2]
        assert "still to be asked for" not in out


async def test_a_judge_of_unknown_price_is_refused_before_anything_is_asked(
    tmp_path: Path, grok: GrokServer
) -> None:
    with pytest.raises(StartupError) as caught:
        await evaluated(grok, wanted(sums(tmp_path), judges=("no-such-model",)))

    assert caught.value.faults == (words.UNKNOWN_PRICE("no-such-model"),)
    assert not [each for each in grok.requests if each.method == "POST"]


@pytest.mark.parametrize(
    ("content", "values", "told"),
    [
        ("Name a river", {}, words.NOTHING_GOOD),
        ("Name a river", {"judges": ("",)}, words.no_judge("")),
        ("Name a river", {"judges": (" ", "person")}, words.no_judge("")),
        ("Name a river", {"judges": ("grok-4.3", "grok-4.7")}, words.ONE_MODEL),
        ("Name a river", {"judges": ("gr\udcff",)}, words.no_judge("gr")),
        ("Name a river", {"judges": ("Person",), "grid": ()}, words.NOTHING_TO_COMPARE),
        ("Name a river", {"budget": 0.0}, words.NO_BUDGET),
        ("Name a river", {"budget": float("nan")}, words.NO_BUDGET),
        ("Name a river", {"budget": float("inf")}, words.NO_BUDGET),
        ("", {}, words.NO_PROMPTS),
    ],
)
async def test_what_cannot_be_done_is_said(
    tmp_path: Path, grok: GrokServer, content: str, values: dict[str, Any], told: str
) -> None:
    data = tmp_path / "data.txt"
    data.write_text(content)
    with pytest.raises(StartupError) as caught:
        await evaluated(grok, wanted(data, **values))

    assert caught.value.faults == (told,)
    assert not [each for each in grok.requests if each.method == "POST"]


async def test_where_every_setting_is_refused_it_says_so_and_leaves_with_1(
    tmp_path: Path, grok: GrokServer
) -> None:
    what = wanted(sums(tmp_path))
    grok.script(Script(status=400, body={"error": "no"}, times=None))
    for _ in range(2):
        code, out, _ = await evaluated(grok, what)
        assert code == 1
        assert words.NOTHING_CAME in out
        assert "24 answers did not come. The last time: " in out
        assert "Best:" not in out


async def test_a_setting_that_no_answer_came_of_is_named(tmp_path: Path, grok: GrokServer) -> None:
    refused = partial(says, "'temperature': 0.8")
    grok.script(Script(status=400, body={"error": "no"}, when=refused, times=None))

    code, out, _ = await evaluated(grok, wanted(sums(tmp_path)))

    assert code == 1
    assert words.UNANSWERED(["temperature=0.8"]) in out
    assert "Best: temperature=0.2" in out


@pytest.mark.parametrize("prompts", [3, 12])
async def test_a_judge_that_is_refused_makes_no_setting_the_best(
    tmp_path: Path, grok: GrokServer, prompts: int
) -> None:
    data = tmp_path / "prompts.txt"
    data.write_text("".join(f"Name river {number}\n" for number in range(prompts)))
    grok.script(
        Script(status=400, body={"error": "no"}, when=partial(says, "You compare"), times=None)
    )
    grok.script(Script(text="The Nile.", when=partial(says, "'temperature': 0.8"), times=None))
    for _ in range(2):
        code, out, _ = await evaluated(grok, wanted(data, judges=("grok-4.7",)))
        assert code == 1
        assert "The judge grok-4.7 gave no verdict. The API says: " in out
        assert "Best:" not in out
    judge = [each for each in grok.requests if "You compare" in str(each.body)]
    assert len(judge) == min(LEAST_TRIED, 2 * prompts)


async def test_a_judge_alone_says_how_far_it_agrees_with_people(
    tmp_path: Path, grok: GrokServer
) -> None:
    data = tmp_path / "votes.jsonl"
    data.write_text('{"id": "j", "prompt": "Name a river", "text": "The Nile.", "vote": "up"}\n')
    grok.script(Script(text='{"good": true}', when=partial(says, "You judge"), times=None))

    code, out, _ = await evaluated(grok, wanted(data, grid=(), judges=("grok-4.7",)))

    assert code == 0
    assert "agrees with people on 100%" in out
    assert "Best:" not in out


async def test_a_budget_too_small_for_one_answer_is_told_as_that(
    tmp_path: Path, grok: GrokServer
) -> None:
    code, out, _ = await evaluated(grok, wanted(sums(tmp_path), budget=0.000001))

    assert code == 1
    assert "has no room for the next request" in out
    assert words.NOT_ASKED(24) in out
    assert not list(tmp_path.glob("*.svg"))  # of nothing
    assert "Best:" not in out
    assert not [each for each in grok.requests if each.method == "POST"]
