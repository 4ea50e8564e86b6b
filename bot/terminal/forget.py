"""`python -m bot forget`: deleting what is known of a person."""

from __future__ import annotations

import re
import sys

from bot.errors import StoreUnavailable, UserError
from bot.jobs.board import Board, workspaces
from bot.ops import command_words, words
from bot.settings import Settings
from bot.store.lifetimes import Forgetting
from bot.store.redis.connection import Store
from bot.terminal.jobs import operators_store

_PERSON = re.compile(r"[UW][A-Z0-9]+")


async def forget(settings: Settings, user: str) -> int:
    """Forget `user` in every workspace of the store, and print what came of it; returns the exit
    code. Raises `StartupError` and `UserError`."""
    if not _PERSON.fullmatch(user):
        raise UserError(command_words.NOT_A_USER(user))
    try:
        async with operators_store(settings) as store:
            print(await _forgotten(store, user))
    except StoreUnavailable as error:
        print(words.STORE_AWAY(str(error)), file=sys.stderr)
        return 1
    return 0


async def _forgotten(store: Store, user: str) -> str:
    known = await workspaces(store)
    under_way = [row for keys in known for row in await Board(store, keys).under_way()]
    if questions := sum(row.asker == user for row in under_way):
        raise UserError(command_words.FORGET_BUSY(user=user, questions=questions))
    found = [await Forgetting(store, keys).forget(user) for keys in known]
    if any(each.busy for each in found):
        raise UserError(command_words.FORGET_UNFINISHED(user))
    deleted, taken_out = sum(each.deleted for each in found), sum(each.taken_out for each in found)
    return command_words.forgotten(user, deleted, taken_out)
