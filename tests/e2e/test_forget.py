"""`python -m bot forget`: after a day's use nothing is left of who was forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis

from bot.cli import main
from bot.errors import UserError
from bot.ops import command_words
from bot.settings import Settings
from bot.store.keys import Keys
from bot.store.lifetimes import MINUTE, Forgetting, lifetime_of
from bot.store.redis.connection import Store
from bot.terminal.jobs import forget
from bot.words.admin import SOMEBODY
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, ENGINEERING, GENERAL, TEAM_ID, dm_of
from tests.e2e.stage import Stage, on_stage, thumb
from tests.e2e.test_admin import told
from tests.e2e.test_jobs_command import question, the_queue
from tests.jobs.asks import make_answer
from tests.jobs.steps import take_next
from tests.rules.holds import make_hold

PICTURE = "otter.png"
HERS, HIS = "violet-otter", "amber-heron"


FOR_LONG = {
    *("job:*", "thread:*", "recent:*", "used:*", "ledger:*", "votes:*", "saved:*"),
    *("audit", "policy"),
}
"""Where most of her lies."""


def contents(url: str) -> dict[str, str]:
    """Every key with all that it holds, as text."""
    with Redis.from_url(url, decode_responses=True) as redis:
        return {str(key): _content(redis, str(key)) for key in redis.scan_iter()}


def _content(redis: Any, key: str) -> str:
    read = {
        "string": redis.get,
        "hash": redis.hgetall,
        "set": redis.smembers,
        "list": lambda key: redis.lrange(key, 0, -1),
        "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        "stream": redis.xrange,
    }
    return str(read[redis.type(key)](key))


def naming(url: str, *words: str) -> list[str]:
    """The keys that say any of `words`."""
    found = contents(url)
    return [key for key, held in found.items() if any(word in key + held for word in words)]


def _goes_by_itself(key: str) -> bool:
    known = lifetime_of(key)
    return known is not None and known.seconds is not None and known.seconds <= 10 * MINUTE


async def a_day(stage: Stage) -> None:
    """Ana, an admin, uses every way in and sets rules, also for herself; Ben asks beside her."""
    stage.grok.script(Script(text="Yes.", times=None))
    await told(stage, "quota set tokens-per-day=900k channel")
    await told(stage, f"quota set tokens-per-day=500k user <@{ANA}>")
    await told(stage, "pause channel", channel=ENGINEERING)
    await told(stage, "defaults set --seed 5 me")
    announced = len(stage.workspace.messages(GENERAL))
    await stage.ask(f"--max-tokens 50 What is a {HERS}?")
    (root,) = await stage.answer(announced)
    await stage.workspace.say(BEN, GENERAL, f"And a {HIS}?", root.ts)
    await stage.reply(0, root.ts)
    await stage.workspace.say(ANA, GENERAL, f"Is a {HERS} real?", root.ts)
    await stage.reply(1, root.ts)
    await stage.workspace.say(ANA, dm_of(ANA), f"Tell me of the {HERS}")
    (direct,) = await stage.answer(1, channel=dm_of(ANA))
    for user, message in ((ANA, root), (BEN, root), (ANA, direct)):
        await stage.workspace.click(user, message.channel, message.ts, "feedback", thumb(message))
    await stage.quiet()
    await stage.ask("")
    view = await stage.form()
    await stage.workspace.submit(ANA, view.id, {"prompt": f"One {HERS}", "reply": "private"})
    await stage.ask(f"--max-tokns 50 What is a {HERS}?")
    await stage.ask(f"What is a {HIS}?", user=BEN)
    await stage.workspace.say(ANA, GENERAL, "And this?", root.ts, files=(PICTURE,))
    await stage.reply(2, root.ts)
    await stage.workspace.react(ANA, GENERAL, root.ts, "+1")
    await stage.workspace.react(BEN, GENERAL, root.ts, "thumbsdown")
    await told(stage, f"prompts save otter Tell of the {HERS}: {{text}}")
    await told(stage, "prompts save birds Tell of birds: {text}")
    await told(stage, "prompts share birds channel")
    await told(stage, "defaults set --temperature 0.2 me")
    await stage.workspace.open_home(ANA)
    await told(stage, "usage workspace")
    await stage.quiet()


async def test_nothing_is_left_of_who_was_forgotten_and_all_of_the_others(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(_env_file=None, redis_url=SecretStr(redis_url))
    async with on_stage(redis_url) as stage:
        await a_day(stage)
    before = contents(redis_url)
    found = {known.names for key in naming(redis_url, ANA, HERS) if (known := lifetime_of(key))}
    assert found >= FOR_LONG
    assert "'files'" in "".join(before.values())
    assert naming(redis_url, dm_of(ANA))

    assert await forget(settings, ANA) == 0

    assert naming(redis_url, ANA, HERS, dm_of(ANA), "'files'") == []
    his = {key for key, held in before.items() if BEN in key or HIS in held}
    assert {key for key in his if not _goes_by_itself(key)} <= set(contents(redis_url))
    async with Store(redis_url) as store:
        assert SOMEBODY in str(await store.redis.xrange(Keys(TEAM_ID).audit))
    assert "is deleted" in capsys.readouterr().out

    async with on_stage(redis_url) as stage:
        await stage.ask("Name a river")
        await stage.answer()
        await told(stage, "audit")
        await stage.quiet()
    assert await forget(settings, ANA) == 0
    assert naming(redis_url, ANA) == []
    assert await forget(settings, ANA) == 0
    assert capsys.readouterr().out.endswith(f"Nothing is known of {ANA}.\n")


async def test_while_a_question_is_under_way_nothing_that_it_needs_is_deleted(
    redis_url: str, store: Store
) -> None:
    settings = Settings(_env_file=None, redis_url=SecretStr(redis_url))
    queue, hold = the_queue(store), make_hold(70, user=ANA)
    await queue.accept("job-1", question(), hold)
    lease, job = await take_next(queue)
    before = contents(redis_url)

    with pytest.raises(UserError) as refused:
        await forget(settings, ANA)
    assert refused.value.sentence == command_words.FORGET_BUSY(user=ANA, questions=1)
    assert (await Forgetting(store, Keys(TEAM_ID)).forget(ANA)).busy
    assert set(contents(redis_url)) == set(before)

    await queue.deliver(lease, make_answer(), hold)
    await queue.finish(lease, 0, job)
    assert (await queue.load()).reserved == 0
    assert await forget(settings, ANA) == 0
    assert naming(redis_url, ANA) == []


@pytest.mark.parametrize("given", ["me", "@ana", "C012AB3CD", "U1*", "U012AB3CD U1"])
def test_who_is_no_person_is_told_so(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "--user", given]) == 1
    assert capsys.readouterr().err == command_words.NOT_A_USER(given) + "\n"
