"""What is kept encrypted."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr

from bot.store.seal import Seal, SealBroken, keys_in

OLD, NEW = "o" * 32, "n" * 32


def test_what_was_closed_is_opened_by_the_same_key_alone() -> None:
    closed = Seal([OLD]).close("xoxb-secret")

    assert "secret" not in closed
    assert Seal([OLD]).open(closed) == "xoxb-secret"
    with pytest.raises(SealBroken):
        Seal([NEW]).open(closed)


def test_a_new_key_is_put_first_and_the_old_one_still_opens() -> None:
    closed = Seal([OLD]).close("text")
    both = Seal([NEW, OLD])

    assert both.open(closed) == "text"
    assert Seal([NEW]).open(both.close("text")) == "text"


@pytest.mark.parametrize("tampered", ["", "x", "gAAAA", "ü"])
def test_what_nobody_closed_is_not_opened(tampered: str) -> None:
    with pytest.raises(SealBroken):
        Seal([OLD]).open(tampered)


def test_keys_stand_one_after_the_other() -> None:
    assert keys_in(SecretStr(f" {NEW}, {OLD} ,,")) == (NEW, OLD)


def test_what_was_closed_too_long_ago_is_not_opened() -> None:
    seal = Seal(["k" * 32])
    sealed = seal._fernet._fernets[0].encrypt_at_time(b"words", int(time.time()) - 601).decode()

    assert seal.open(sealed, seconds=660) == seal.open(sealed) == "words"
    with pytest.raises(SealBroken):
        seal.open(sealed, seconds=600)
