"""The Grok key of a workspace, as it is kept."""

from __future__ import annotations

from pydantic import SecretStr

from bot.store.grok_keys import GrokKeys
from bot.store.keys import Keys
from bot.store.policies import Audit
from bot.store.redis.connection import Store
from bot.store.seal import Seal

TEAM, OTHER = "T0ONE", "T0TWO"
OLD, NEW = "o" * 32, "n" * 32
FIRST, SECOND = SecretStr("xai-first-0123456789"), SecretStr("xai-second-0123456789")


async def test_it_is_its_workspaces_and_lies_encrypted(store: Store) -> None:
    keys = GrokKeys(store, Seal([OLD]))
    assert await keys.save(TEAM, FIRST, by="U1") == "new"
    found, other = await keys.find(TEAM), await keys.find(OTHER)
    kept = await store.redis.hgetall(Keys(TEAM).grok_key)

    assert found is not None
    assert found.secret == FIRST
    assert other is None
    assert await keys.versions([TEAM, OTHER]) == {TEAM: found.version}
    assert FIRST.get_secret_value() not in str(kept)
    assert FIRST.get_secret_value() not in repr(found)


async def test_each_change_is_told_by_the_audit_and_the_key_is_not(store: Store) -> None:
    keys = GrokKeys(store, Seal([OLD]))
    await keys.save(TEAM, FIRST, by="U1")
    assert await keys.save(TEAM, FIRST, by="U2") == "same"
    assert await keys.save(TEAM, SECOND, by="U2") == "changed"
    assert await keys.remove(TEAM, by="U3")
    assert not await keys.remove(TEAM, by="U4")
    entries = await Audit(store, Keys(TEAM)).newest(10)

    assert await keys.find(TEAM) is None
    assert [(each.by, dict(each.before), dict(each.after)) for each in entries] == [
        ("U3", {"grok_key": "own"}, {}),
        ("U2", {"grok_key": "own"}, {"grok_key": "another"}),
        ("U1", {}, {"grok_key": "own"}),
    ]


async def test_a_newer_seal_opens_it_and_one_that_does_not_gives_an_empty_key(store: Store) -> None:
    await GrokKeys(store, Seal([OLD])).save(TEAM, FIRST, by="U1")
    both, new = GrokKeys(store, Seal([NEW, OLD])), GrokKeys(store, Seal([NEW]))
    by_both, by_new = await both.find(TEAM), await new.find(TEAM)

    assert by_both is not None
    assert by_both.secret == FIRST
    assert by_new is not None
    assert by_new.secret == SecretStr("")
    assert await new.save(TEAM, SECOND, by="U1") == "changed"
