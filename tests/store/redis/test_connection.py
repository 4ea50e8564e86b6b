"""What becomes of a command when Redis, or the way to it, fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from redis.exceptions import DataError, InvalidResponse, ResponseError

from bot.crash_points import SCRIPTS
from bot.errors import StartupError, StoreUnavailable
from bot.jobs.board import Board, workspaces
from bot.jobs.queue import Queue
from bot.rules.quota import WORKSPACE, windows_at
from bot.settings import Settings
from bot.slack.people.person import KeptPeople
from bot.store.grok_keys import GrokKeys
from bot.store.installations import Installations
from bot.store.keys import Keys
from bot.store.policies import Audit, Policies, Saved
from bot.store.quotas import Quotas
from bot.store.redis.connection import (
    ATTEMPTS,
    OF_A_QUESTION,
    Store,
    is_reply_of,
    open_store,
    redis_errors,
)
from bot.store.seal import Seal
from bot.store.votes import Votes
from tests.store.proxy import Proxy, always, every_other
from tests.store.stranger import stranger

KEYS = ("seen", "job", "queue")
ARGS = ("job-1", "{}", 600)


def errors_counted() -> float:
    return REGISTRY.get_sample_value("grokbot_redis_errors_total") or 0.0


async def test_settings_choose_the_store(valkey: str) -> None:
    settings = Settings(redis_url=SecretStr(valkey), _env_file=None)
    async with open_store(settings) as store:
        await store.ping()
        assert not store.alone


@pytest.mark.integration
async def test_without_a_url_the_bot_starts_its_own_server(tmp_path: Path) -> None:
    settings = Settings(redis_url=None, data_dir=str(tmp_path / "data"), _env_file=None)
    async with open_store(settings) as store:
        await store.ping()
        assert store.alone


@pytest.mark.parametrize("url", ["http://:secret@host", "redis://:secret@host:port", "nonsense"])
async def test_wrong_url_is_a_clear_sentence_without_its_password(url: str) -> None:
    with pytest.raises(StartupError, match="REDIS_URL") as refused:
        async with open_store(Settings(redis_url=SecretStr(url), _env_file=None)):
            pass
    assert "secret" not in str(refused.value)


async def test_lost_reply_is_asked_for_again_and_written_once(store: Store, valkey: str) -> None:
    await store.script("accept")(("seen-0", "job-0", "queue"), ("job-0", "{}", 600))
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        proxy.lose = every_other()
        assert await shaky.script("accept")(KEYS, ARGS) == ["accepted", "job-1"]
        assert (proxy.scripts, proxy.lost) == (2, 1)
    assert await store.redis.xlen("queue") == 2


async def test_replies_lost_for_good_leave_the_outcome_open(store: Store, valkey: str) -> None:
    before = errors_counted()
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        proxy.lose = always()
        with pytest.raises(StoreUnavailable) as unavailable:
            await shaky.script("accept")(KEYS, ARGS)
        assert proxy.lost == ATTEMPTS
    assert unavailable.value.maybe_applied
    assert errors_counted() - before == ATTEMPTS


async def test_a_lost_reply_stays_open_even_if_redis_is_gone_afterwards(valkey: str) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        script = shaky.script("renew")
        await script(("queue", "job"), ("group", "consumer", "lease", "0-1"))

        def last(_: bytes) -> bool:
            proxy.close()
            return True

        proxy.lose = last
        with pytest.raises(StoreUnavailable) as unavailable:
            await script(("queue", "job"), ("group", "consumer", "lease", "0-1"))
        assert unavailable.value.maybe_applied


@pytest.mark.integration
async def test_without_a_connection_nothing_was_written(tmp_path: Path) -> None:
    async with Store(f"unix://{tmp_path}/nobody.sock") as nowhere:
        with pytest.raises(StoreUnavailable) as unavailable:
            await nowhere.script("accept")(KEYS, ARGS)
        assert not unavailable.value.maybe_applied
        with pytest.raises(StoreUnavailable):
            await nowhere.ping()


async def test_refused_write_was_not_applied(store: Store) -> None:
    await store.redis.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(StoreUnavailable, match="ReadOnly") as unavailable:
            await store.script("accept")(KEYS, ARGS)
        assert not unavailable.value.maybe_applied
    finally:
        await store.redis.replicaof("NO", "ONE")
    assert await store.redis.dbsize() == 0


async def test_flushed_script_cache_is_no_fault(store: Store) -> None:
    accept = store.script("accept")
    await accept(KEYS, ARGS)
    await store.redis.script_flush()
    assert await accept(KEYS, ARGS) == ["accepted", "job-1"]


async def test_cancel_is_never_swallowed(store: Store) -> None:
    """Whatever redis-py is doing at that moment: sending, waiting, connecting."""
    script = store.script("renew")

    async def act() -> None:
        await script(("queue", "job"), ("group", "consumer", "lease", "0-1"))
        await asyncio.Event().wait()

    for connected in (True, False):
        for turns in range(40):
            if not connected:
                await store.redis.connection_pool.disconnect()
            task = asyncio.create_task(act())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()


def test_keys_of_a_workspace_share_one_hash_slot() -> None:
    keys = Keys("T1")
    names = [
        *(keys.queue, keys.job("1"), keys.seen("x"), keys.budget("m"), keys.rest("m")),
        *(
            keys.open("m"),
            keys.asked("m"),
            keys.pace("m"),
            keys.told("m"),
            keys.stops,
            keys.recent("x"),
            keys.draft("x"),
        ),
        *(each("x") for each in (keys.thread, keys.thread_facts)),
        *(each("x") for each in (keys.thread_active, keys.thread_waiting)),
    ]
    assert len(set(names)) == len(names)
    assert all(name.startswith("grokbot:{T1}:") for name in names)


async def test_many_connections_ask_once_which_version_of_the_library_they_are_of(
    valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def version(name: str) -> str:
        asked.append(name)
        return "8.1.0"

    monkeypatch.setattr(metadata, "version", version)
    async with Store(valkey) as store:
        await asyncio.gather(*(store.ping() for _ in range(10)))

    assert len(asked) <= len((store.redis, store.reads))


async def test_scripts_of_a_question_are_loaded_before_anybody_runs_them(store: Store) -> None:
    await store.redis.script_flush()
    shas = [store.script(name).registered.sha for name in OF_A_QUESTION]

    await store.load_scripts()

    assert await store.redis.script_exists(*shas) == [True] * len(shas)


@pytest.mark.integration
async def test_scripts_are_loaded_when_they_are_run_where_the_store_was_away(
    tmp_path: Path,
) -> None:
    async with Store(f"unix://{tmp_path}/nobody.sock") as store:
        await store.load_scripts()


STRANGE = (b"+OK\r\n", b"$-1\r\n", b"*-1\r\n", b":7\r\n", b"*1\r\n+OK\r\n")
NOTHING_COUNTS = frozenset({"deliver", "stop"})
"""Scripts that may return a text, or nothing."""


@pytest.mark.integration
@pytest.mark.parametrize("reply", STRANGE)
async def test_a_reply_that_no_script_gives_is_a_store_that_is_away(reply: bytes) -> None:
    """A number fits those that return one, and any list fits those whose lists have no length."""
    taken, sure = [], []
    async with stranger(reply, pongs=True) as url, Store(url) as store:
        await store.ping()
        for name in SCRIPTS:
            try:
                await store.script(name).once(["key"], [])
                taken.append(name)
            except StoreUnavailable as error:
                sure.append(not error.maybe_applied)

    assert not any(sure)
    numbers = {name for name in SCRIPTS if is_reply_of(name, 7)}
    lists = {name for name in SCRIPTS if is_reply_of(name, ["OK"])}
    texts = {name for name in SCRIPTS if is_reply_of(name, "OK")}
    fits = {b"+": texts, b":": numbers, b"$": NOTHING_COUNTS}
    fits[b"*"] = NOTHING_COUNTS if reply == b"*-1\r\n" else lists
    assert set(taken) == fits[reply[:1]]
    assert len(numbers) + len(lists) < len(SCRIPTS)


def test_a_list_of_other_things_than_a_script_returns_is_no_reply_of_it() -> None:
    assert is_reply_of("edit_slot", [0, 12])
    assert not is_reply_of("edit_slot", ["OK", "OK"])
    assert is_reply_of("load", ["1700000000000", 0, "", "", 0, 0])
    assert not is_reply_of("load", ["OK"] * 6)
    assert not is_reply_of("begin", ["OK", "OK"])


@pytest.mark.parametrize("fault", [KeyError, TypeError, ValueError, IndexError, AttributeError])
async def test_a_fault_of_the_bot_is_no_store_that_is_away(fault: type[Exception]) -> None:
    before = errors_counted()
    with pytest.raises(fault), redis_errors():
        raise fault
    assert errors_counted() == before


@pytest.mark.integration
async def test_a_command_that_is_none_is_a_fault_of_the_bot(valkey: str) -> None:
    async with Store(valkey) as store:
        with pytest.raises(DataError), redis_errors():
            await store.redis.get({"no": "key"})  # type: ignore[arg-type]


BROKEN = [
    b"ERR user_script:1: boom script: 0a1b2c, on @user_script:1.",
    b"ERR Error running script (call to f_0a1b2c): @user_script:7: user_script:7: boom",
    b"ERR Error compiling script (new function): user_script:1: '=' expected near 'is'",
    b"ERR Error running script (call to f_0a1b2c): @enable_strict_lua:15: user_script:1: no 'x'",
    b"ERR Command arguments must be strings or integers script: 0a1b2c, on @user_script:1.",
    b"ERR Wrong number of args calling command from script script: 0a1b2c, on @user_script:1.",
]
REFUSING = [
    b"LOADING Redis is loading the dataset in memory",
    b"READONLY You can't write against a read only replica. script: 0a1b2c, on @user_script:1.",
    b"OOM command not allowed when used memory > 'maxmemory'. script: 0a1b2c, on @user_script:1.",
    b"ERR Error running script (call to f_0a1b2c): @user_script:7: @user_script: 7: -OOM command",
    b"NOREPLICAS Not enough good replicas to write. script: 0a1b2c, on @user_script:1.",
    b"MISCONF Redis is configured to save RDB snapshots script: 0a1b2c, on @user_script:1.",
    b"ERR ACL failure in script: No permissions to access a key script: 0a1b2c, on @user_script:1.",
    b"ERR max daily request limit exceeded",
]


@pytest.mark.integration
@pytest.mark.parametrize("reply", BROKEN)
async def test_a_script_that_is_wrong_is_a_fault_of_the_bot(reply: bytes) -> None:
    before = errors_counted()
    async with stranger(b"-" + reply + b"\r\n", pongs=True) as url, Store(url) as store:
        with pytest.raises(ResponseError):
            await store.script("known")(["key"], [])
    assert errors_counted() == before


@pytest.mark.integration
async def test_a_script_that_raises_is_a_fault_of_the_bot(valkey: str) -> None:
    async with Store(valkey) as store:
        for text in ("error('boom')", "return nope", "return redis.call('GET', nil)", "no lua"):
            with pytest.raises(ResponseError), redis_errors():
                await store.redis.eval(text, 0)
        await store.redis.set("text", "none of a list")
        with pytest.raises(StoreUnavailable), redis_errors():
            await store.redis.eval("return redis.call('LPOP', KEYS[1])", 1, "text")


@pytest.mark.integration
@pytest.mark.parametrize("reply", REFUSING)
async def test_a_server_that_refuses_a_script_is_a_store_that_is_away(reply: bytes) -> None:
    async with stranger(b"-" + reply + b"\r\n", pongs=True) as url, Store(url) as store:
        with pytest.raises(StoreUnavailable):
            await store.script("known")(["key"], [])


@pytest.mark.integration
@pytest.mark.parametrize("reply", [b"+OK\r\n", b"*1\r\n+OK\r\n", b":7\r\n"])
async def test_a_reply_that_no_command_gives_is_a_store_that_is_away(reply: bytes) -> None:
    async with stranger(reply, pongs=True) as url, Store(url) as store:
        queue = Queue(store, Keys("T0TEST"), lease_seconds=1, retention_seconds=1)
        for ask in (partial(queue.claim, 1, "0-0", 1.0), partial(queue.read, 1, wait=False)):
            with pytest.raises(StoreUnavailable):
                await ask()


@pytest.mark.integration
@pytest.mark.parametrize("reply", [*STRANGE, b"HTTP/1.1 400\r\n"])
async def test_who_does_not_answer_a_ping_as_redis_does_is_none(reply: bytes) -> None:
    async with stranger(reply) as url, Store(url) as store:
        for _ in range(2):  # on a connection that was asked before, too
            with pytest.raises(StoreUnavailable) as told:
                await store.ping()
            assert isinstance(told.value.__cause__, InvalidResponse)
        with pytest.raises(StoreUnavailable) as told:
            await store.script("accept").once(["key"], [])
        assert told.value.maybe_applied == (reply[:1] != b"H")


def asks(store: Store) -> list[Callable[[], Awaitable[object]]]:
    keys = Keys("T0TEST")
    queue = Queue(store, keys, lease_seconds=1, retention_seconds=1)
    windows = windows_at(0, UTC)
    return [
        partial(queue.claim, 1, "0-0", 1.0),
        partial(queue.read, 1, wait=False),
        partial(queue.stops, "0-0", wait=False),
        partial(queue.active, "C1"),
        partial(Board(store, keys).failed_at, "job"),
        partial(workspaces, store),
        Policies(store, keys).current,
        partial(Audit(store, keys).newest, 1),
        partial(Saved(store, keys).prompts, WORKSPACE),
        partial(Quotas(store, keys).usage, [WORKSPACE], windows),
        partial(Quotas(store, keys).most, WORKSPACE, windows.month, 1),
        partial(Quotas(store, keys).export, windows.month),
        partial(Votes(store, keys).read, windows.month),
        partial(Installations(store).find, "T0TEST"),
        Installations(store).left,
        partial(KeptPeople(store, keys).read_all, ["U1", "U2"]),
        partial(GrokKeys(store, Seal(["k" * 32])).find, "T0TEST"),
        partial(store.info, "key"),
    ]


@pytest.mark.integration
@pytest.mark.parametrize("reply", [b":7\r\n", b":seven\r\n", b"$1\r\n\xff\r\n"])
async def test_what_is_read_of_nonsense_is_a_store_that_is_away(reply: bytes) -> None:
    async with stranger(reply, pongs=True) as url, Store(url) as store:
        for ask in asks(store):
            with pytest.raises(StoreUnavailable):
                await ask()
