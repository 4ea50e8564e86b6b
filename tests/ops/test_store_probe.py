"""Servers that answer and yet cannot keep a job, and one that only keeps its version to itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis
from redis.crc import key_slot

from bot.errors import Trouble
from bot.ops.store_probe import ServerInfo, store_info
from bot.settings import Settings
from tests.store.cluster import (
    bus_port,
    cluster_node,
    give_slots,
    join_cluster,
    until,
    valkey_server,
)

pytestmark = pytest.mark.integration

TEAM = "T0HOME"
SLOT_OF_TEAM = key_slot(TEAM.encode())


async def found(url: str, team: str = TEAM) -> ServerInfo | Trouble:
    return await store_info(Settings(_env_file=None, redis_url=SecretStr(url)), team)


async def test_a_server_that_keeps_jobs_says_what_it_is(valkey: str) -> None:
    info = await found(valkey)

    assert isinstance(info, ServerInfo)
    assert info.name.startswith("Valkey ")
    assert info.role == "master"


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with valkey_server(tmp_path) as port:
        assert isinstance(await found(f"redis://127.0.0.1:{port}"), ServerInfo)
        with Redis(host="127.0.0.1", port=port) as redis:
            assert redis.keys() == []


async def test_a_read_only_replica_is_a_fault(tmp_path: Path) -> None:
    with (
        valkey_server(tmp_path / "primary") as primary,
        valkey_server(tmp_path / "replica", "--replicaof", "127.0.0.1", str(primary)) as replica,
        Redis(host="127.0.0.1", port=replica, decode_responses=True) as redis,
    ):
        until(lambda: redis.info("replication")["master_link_status"] == "up")
        trouble = await found(f"redis://127.0.0.1:{replica}")

    assert isinstance(trouble, Trouble)
    assert "read-only replica" in trouble.sentence
    assert "REDIS_URL" in trouble.remedy


async def test_a_full_store_is_a_fault(tmp_path: Path) -> None:
    with valkey_server(tmp_path, maxmemory="100kb") as port:
        trouble = await found(f"redis://127.0.0.1:{port}")

    assert isinstance(trouble, Trouble)
    assert "memory is full" in trouble.text


async def test_the_node_of_a_cluster_that_has_other_keys_is_a_fault(tmp_path: Path) -> None:
    with (
        cluster_node(tmp_path / "one") as one,
        cluster_node(tmp_path / "other") as other,
        Redis(host="127.0.0.1", port=one, decode_responses=True) as first,
        Redis(host="127.0.0.1", port=other, decode_responses=True) as second,
    ):
        give_slots(first, 0, SLOT_OF_TEAM - 1)
        give_slots(second, SLOT_OF_TEAM, 16383)
        join_cluster(first, other, bus_port(second))
        until(lambda: second.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        trouble = await found(f"redis://127.0.0.1:{one}")
        fine = await found(f"redis://127.0.0.1:{other}")

    assert isinstance(trouble, Trouble)
    assert f"127.0.0.1:{other}" in trouble.text
    assert isinstance(fine, ServerInfo)


async def test_a_node_without_the_slot_is_a_fault(tmp_path: Path) -> None:
    with cluster_node(tmp_path) as port:
        trouble = await found(f"redis://127.0.0.1:{port}")

    assert isinstance(trouble, Trouble)
    assert "Cluster" in trouble.text


@pytest.mark.parametrize(
    ("rights", "fault"),
    [
        ("+@all -info", ""),
        ("+@all -info -@scripting", "does not let the bot"),
        ("+@all -xadd", "xadd"),
        ("+@read +info +ping +@scripting +client", "does not let the bot"),
    ],
)
async def test_a_user_needs_what_the_bot_does_and_no_more(
    tmp_path: Path, rights: str, fault: str
) -> None:
    with (
        valkey_server(tmp_path) as port,
        Redis(host="127.0.0.1", port=port) as redis,
    ):
        redis.execute_command("ACL SETUSER", "grok", "on", ">secret", "~grokbot:*", *rights.split())
        told = await found(f"redis://grok:secret@127.0.0.1:{port}")

    if fault:
        assert isinstance(told, Trouble)
        assert fault in told.sentence
        assert "secret" not in told.sentence
    else:
        assert isinstance(told, ServerInfo)
        assert "does not tell" in told.name


async def test_a_wrong_password_is_told_as_that(tmp_path: Path) -> None:
    with valkey_server(tmp_path, requirepass="right") as port:
        trouble = await found(f"redis://:wrong@127.0.0.1:{port}")
        none = await found(f"redis://127.0.0.1:{port}")

    assert isinstance(trouble, Trouble)
    assert "password" in trouble.sentence
    assert "wrong" not in trouble.sentence.replace("wrong password", "")
    assert ".)" not in trouble.sentence
    assert isinstance(none, Trouble)
    assert "password" in none.sentence


async def test_no_name_of_the_code_is_told() -> None:
    trouble = await found("redis://127.0.0.1:9/0")

    assert isinstance(trouble, Trouble)
    assert "ConnectionError" in trouble.text
    assert ".)" not in trouble.text
    assert "_" not in trouble.text
