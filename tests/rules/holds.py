"""Holds to try quotas with."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bot.rules.hold import Hold, Share
from bot.rules.quota import WORKSPACE, QuotaName, Scope, Windows

Limits = Mapping[QuotaName, int]

NOTHING: Limits = {}


def make_windows(day: str = "2026-11-22", ends_in: int = 86_400) -> Windows:
    """A day that ends in so many seconds from now, with its month."""
    ends = int(time.time()) + ends_in
    return Windows(day, day[:7], ends, ends + 20 * 86_400)


def make_hold(
    tokens: int = 100,
    micro_dollars: int | None = 1_000,
    *,
    channel: str = "C1",
    user: str = "U1",
    workspace: Limits = NOTHING,
    limits: Limits = NOTHING,
    person: Limits = NOTHING,
    **fields: object,
) -> Hold:
    """What a question of `user` in `channel` reserves; `limits` are those of the channel."""
    usual = Hold(
        policy_version=0,
        windows=make_windows(),
        shares=(
            Share(scope=WORKSPACE, limits=dict(workspace)),
            Share(scope=Scope("channel", channel), limits=dict(limits)),
            Share(scope=Scope("user", user), limits=dict(person)),
        ),
        tokens=tokens,
        micro_dollars=micro_dollars,
        prompt=10,
    )
    return usual.model_copy(update=fields)
