"""What Redis keeps of one workspace, as those who take questions and settings use it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store.allowances import Allowances
from bot.store.conversations import Conversations, Recents
from bot.store.keys import Keys
from bot.store.memory import Drafts, Once
from bot.store.policies import Audit, Policies, Saved
from bot.store.quotas import Quotas
from bot.store.redis.connection import Store
from bot.store.votes import Votes


@dataclass(frozen=True, slots=True)
class StoreSide:
    """Each record once, since some remember what they read."""

    policies: Policies
    quotas: Quotas
    audit: Audit
    once: Once
    drafts: Drafts
    allowances: Allowances
    conversations: Conversations
    recents: Recents
    votes: Votes
    saved: Saved

    @classmethod
    def of(cls, store: Store, keys: Keys) -> StoreSide:
        """The records of the workspace of `keys` in `store`."""
        return cls(
            policies=Policies(store, keys),
            quotas=Quotas(store, keys),
            audit=Audit(store, keys),
            once=Once(store, keys),
            drafts=Drafts(store, keys),
            allowances=Allowances(store, keys),
            conversations=Conversations(store, keys),
            recents=Recents(store, keys),
            votes=Votes(store, keys),
            saved=Saved(store, keys),
        )
