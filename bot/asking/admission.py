"""Who may ask at all, and where, by the settings."""

from __future__ import annotations

from bot.settings import Settings
from bot.slack.people import People
from bot.words import admin as words


class Admission:
    """Tells people who may not ask so."""

    def __init__(self, people: People, settings: Settings) -> None:
        self._people = people
        self._members_only = settings.asking_open_to == "members"
        self._channels = frozenset(
            filter(None, (channel.strip() for channel in settings.asking_channels.split(",")))
        )

    async def refusal(self, user: str, channel: str) -> str:
        """Why `user` may not ask in `channel`; empty when they may.

        Where only members may ask, somebody whom Slack does not describe may not.
        """
        if self._channels and channel not in self._channels:
            return words.NOT_IN_THIS_CHANNEL
        if not self._members_only:
            return ""
        person = await self._people.find(user)
        if not person.known:
            return words.WHO_ARE_YOU
        return "" if person.member else words.MEMBERS_ONLY
