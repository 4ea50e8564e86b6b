"""The store on a Cluster, behind a Sentinel, over TLS: what its clients promise there."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from redis.crc import key_slot
from redis.exceptions import MovedError

from bot.errors import StoreUnavailable, Trouble
from bot.jobs.job import Entry
from bot.jobs.queue import Queue
from bot.ops.store_probe import ServerInfo, store_info
from bot.rules.hold import Denied
from bot.rules.quota import WORKSPACE
from bot.settings import Settings
from bot.store.keys import Keys
from bot.store.quotas import Quotas
from bot.store.redis.connection import Store, redis_errors
from tests.jobs.asks import make_ask
from tests.rules.holds import make_hold
from tests.store.cluster import until
from tests.store.several import Server, cluster_member, cluster_of_three, guarded_server

pytestmark = pytest.mark.integration

KEYS = Keys("T0TEST")


def queue_of(store: Store) -> Queue:
    return Queue(store, KEYS, lease_seconds=60, retention_seconds=3600)


async def test_more_questions_at_once_than_a_quota_has_room_for_on_a_cluster(
    tmp_path: Path,
) -> None:
    hold = make_hold(100, workspace={"tokens-per-day": 2_500})
    with cluster_of_three(tmp_path / "cluster") as cluster:
        async with Store(cluster.url) as store, Store(cluster.url) as another:
            queues = [queue_of(store), queue_of(another)]
            outcomes = await asyncio.gather(
                *(
                    queues[number % 2].accept(f"job-{number}", make_ask(), hold)
                    for number in range(200)
                ),
                return_exceptions=True,
            )
            assert {repr(each) for each in outcomes if isinstance(each, StoreUnavailable)} == set()
            assert sum(isinstance(each, str) for each in outcomes) == 25
            assert sum(isinstance(each, Denied) for each in outcomes) == 175
            (use,) = await Quotas(store, KEYS).usage([WORKSPACE], hold.windows)
            assert (use.day.tokens.held, use.running) == (2_500, 25)


def unreplicated() -> float:
    return REGISTRY.get_sample_value("grokbot_redis_unreplicated_total") or 0.0


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
async def test_what_is_waited_for_is_on_the_replica(tmp_path: Path, kind: str) -> None:
    counted = unreplicated()
    if kind == "sentinel":
        with guarded_server(tmp_path / "guarded", down_after_ms=60_000) as guarded:
            await _waited_for(guarded.url, guarded.replica)
    else:
        with cluster_of_three(tmp_path / "cluster", replicas=True) as cluster:
            ours = cluster.primaries.index(cluster.of(KEYS.queue))
            await _waited_for(cluster.url, cluster.replicas[ours])
    assert unreplicated() - counted == 2


async def _waited_for(url: str, replica: Server) -> None:
    async with Store(url, replicas=1) as store:
        queue = queue_of(store)
        await queue.accept("first", make_ask())  # whose script is not known there yet
        for number in range(20):
            await queue.accept(f"job-{number}", make_ask())
            with replica.client() as redis:
                assert int(redis.info("keyspace")["db0"]["keys"]) >= number
        replica.signal(signal.SIGSTOP)
        assert await queue.accept("lonely", make_ask()) == "lonely"
        replica.signal(signal.SIGCONT)


async def accepted(queue: Queue, job_id: str) -> None:
    """Accept a job, again where nobody knows whether it was, as doors do."""
    while True:
        with suppress(StoreUnavailable):
            await queue.accept(job_id, make_ask())
            return
        await asyncio.sleep(0.01)


async def test_a_primary_that_became_a_replica_is_left_for_the_new_one(tmp_path: Path) -> None:
    """It lives on, and answers READONLY."""
    with guarded_server(tmp_path / "guarded") as guarded:
        async with Store(guarded.url) as store:
            queue = queue_of(store)
            await queue.accept("before", make_ask())
            await asyncio.to_thread(guarded.change_places)
            number = 0
            async with asyncio.timeout(30):
                while not guarded.changed_places():
                    with suppress(StoreUnavailable):
                        await queue.accept(f"job-{number}", make_ask())
                    number += 1
                    await asyncio.sleep(0.01)
                await accepted(queue, "after")  # the old one may cut connections until now
            with guarded.replica.client() as redis:
                assert redis.info()["role"] == "master"
                assert redis.exists(KEYS.job("before"), KEYS.job("after")) == 2


async def test_what_moves_to_a_node_that_nobody_knew_is_followed_there(tmp_path: Path) -> None:
    """ASK while it moves, and MOVED after that, also of a slot that nobody held meanwhile."""
    with (
        cluster_of_three(tmp_path / "cluster") as cluster,
        cluster_member(tmp_path / "new") as new,
    ):
        async with Store(cluster.url) as store:
            queue = queue_of(store)
            await queue.accept("before", make_ask())
            await asyncio.to_thread(cluster.meet, new)
            await asyncio.to_thread(cluster.begin_move, KEYS.queue, new)
            await store.redis.set(KEYS.probe, "asked there")
            await asyncio.to_thread(cluster.move, KEYS.queue, new)
            nodes = store.redis.nodes_manager  # type: ignore[attr-defined]
            slot = key_slot(KEYS.queue.encode())
            held = nodes.slots_cache.pop(slot)[0]
            await nodes.move_slot(MovedError(f"{slot} {held.host}:{new.port}"))
            await queue.accept("after", make_ask())
            with new.client() as redis:
                assert redis.get(KEYS.probe) == "asked there"
                assert redis.exists(KEYS.job("before"), KEYS.job("after")) == 2


async def test_a_connection_that_is_closed_while_it_is_used_is_no_reply(tmp_path: Path) -> None:
    """redis-py closes those to a node when a command to it has failed."""
    with cluster_of_three(tmp_path / "cluster") as cluster:
        async with Store(cluster.url) as store:
            await store.redis.set(KEYS.probe, "x")
            node = store.redis.get_node_from_key(KEYS.probe)  # type: ignore[attr-defined]
            connection = node.acquire_connection()
            send = connection._send_packed_command

            async def closed_first(command: object) -> None:
                connection._send_packed_command = send
                await connection.disconnect(nowait=True)
                await send(command)

            connection._send_packed_command = closed_first
            node.release(connection)
            with pytest.raises(StoreUnavailable, match="closed by another"), redis_errors():
                await store.redis.set(KEYS.probe, "y")
            with redis_errors():
                await store.redis.set(KEYS.probe, "z")


async def test_a_cluster_that_lacks_a_node_says_so_and_takes_nothing_until_it_is_back(
    tmp_path: Path,
) -> None:
    with cluster_of_three(tmp_path / "cluster", whole=True) as cluster:
        other = next(each for each in cluster.primaries if each is not cluster.of(KEYS.queue))
        async with Store(cluster.url) as store:
            queue = queue_of(store)
            await queue.accept("before", make_ask())
            other.kill()
            trouble: object = None
            async with asyncio.timeout(20):
                while not isinstance(trouble, Trouble):
                    trouble = await store_info(settings(cluster.url), KEYS.team)
            with pytest.raises(StoreUnavailable, match="ClusterDown") as unavailable:
                await queue.accept("meanwhile", make_ask())
            assert not unavailable.value.maybe_applied
            await asyncio.to_thread(other.start)
            async with asyncio.timeout(20):
                while isinstance(trouble, Trouble):
                    trouble = await store_info(settings(cluster.url), KEYS.team)
            await queue.accept("after", make_ask())
            assert [entry.job_id for entry in await read_all(queue, 2)] == ["before", "after"]


async def read_all(queue: Queue, count: int) -> list[Entry]:
    found: list[Entry] = []
    while len(found) < count:
        found += await queue.read(count)
    return found


async def test_a_cluster_that_is_not_there_and_what_is_no_cluster_are_told(tmp_path: Path) -> None:
    server = Server(tmp_path / "server", ('save ""',))
    address = f"redis+cluster://127.0.0.1:{server.port}"
    async with Store(address) as store:
        with pytest.raises(StoreUnavailable, match="cannot be connected") as unavailable:
            await queue_of(store).accept("job-1", make_ask())
        assert not unavailable.value.maybe_applied
    server.start()
    try:
        trouble = await store_info(settings(address), KEYS.team)
    finally:
        server.kill()
    assert isinstance(trouble, Trouble)
    assert "Cluster mode is not enabled" in trouble.text


def settings(url: str) -> Settings:
    return Settings(_env_file=None, redis_url=SecretStr(url))


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A CA of one's own, and what it has signed for a server on this machine."""
    if shutil.which("openssl") is None:
        pytest.skip("There is no openssl here to make certificates with.")
    commands = [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ours -keyout ca.key -out ca.crt",
        "req -newkey rsa:2048 -nodes -subj /CN=store -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -days 2 -extfile names -out server.crt",
    ]
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


@pytest.mark.parametrize("kind", ["server", "cluster", "sentinel"])
async def test_tls_with_a_ca_of_ones_own_and_passwords(certificates: Path, kind: str) -> None:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("There is no redis-server here, and the bot's own Valkey has no TLS.")
    tls = (
        f"tls-cert-file {certificates / 'server.crt'}",
        f"tls-key-file {certificates / 'server.key'}",
        f"tls-ca-cert-file {certificates / 'ca.crt'}",
        *("tls-auth-clients no", "tls-replication yes"),
    )
    server = Server(certificates / "server", binary=binary)
    server.lines = (*tls, f"tls-port {server.port}", 'save ""', "requirepass se@same")
    if kind == "cluster":
        server.lines += ("cluster-enabled yes", "tls-cluster yes")
    servers = [server]
    if kind == "sentinel":
        sentinel = Server(certificates / "sentinel", binary=binary, mode=("--sentinel",))
        sentinel.lines = (
            *(*tls, f"tls-port {sentinel.port}", "requirepass open"),
            f"sentinel monitor grok 127.0.0.1 {server.port} 1",
            "sentinel auth-pass grok se@same",
        )
        servers.append(sentinel)
    for each in servers:
        each.tls = certificates / "ca.crt"
        each.password = "open" if each is not server else "se@same"
    place = {
        "server": f"rediss://:se%40same@127.0.0.1:{server.port}",
        "cluster": f"rediss+cluster://:se%40same@127.0.0.1:{server.port}",
        "sentinel": f"rediss+sentinel://:se%40same@127.0.0.1:{servers[-1].port}/grok",
    }[kind]
    password = "&sentinel_password=open" if kind == "sentinel" else ""
    try:
        for each in servers:
            each.start()
        if kind == "cluster":
            with server.client() as redis:
                redis.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
                until(lambda: redis.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        known = f"{place}?ssl_ca_certs={certificates / 'ca.crt'}{password}"
        if kind == "sentinel":
            with servers[-1].client() as redis:
                until(lambda: "master" in redis.sentinel_masters()["grok"]["flags"])
        assert isinstance(await store_info(settings(known), KEYS.team), ServerInfo)
        unknown = await store_info(settings(f"{place}?db=0{password}"), KEYS.team)
    finally:
        for each in servers:
            each.kill()
    assert isinstance(unknown, Trouble)
    assert "se@same" not in unknown.text
