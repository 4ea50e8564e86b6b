"""Choosing from a list as a person does: only what the list offers, however it is filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.workspace.acting.choices import choosable
from sandbox.workspace.acting.payloads import Place
from sandbox.workspace.acting.people import NotAllowedError
from sandbox.workspace.acting.suggestions import suggest
from sandbox.workspace.blocks.block_shapes import elements_of, options_of
from sandbox.workspace.model import Json
from sandbox.workspace.team import Team

_CONVERSATIONS = ("conversations_select", "channels_select")


@dataclass(frozen=True, slots=True)
class Hand:
    """That of `user`, over the lists of `place`.

    What a list does not offer raises `NotAllowedError`. An external select is opened and
    searched for what is wanted, which asks the app.
    """

    team: Team
    user: str
    place: Place

    async def fill(self, typed: Json) -> Json:
        """`typed`, its bare values of selects found in their lists."""
        filled = dict(typed)
        for block in self.place.blocks:
            given = typed.get(block.get("block_id", ""))
            if given is None or isinstance(given, dict) or not (elements := elements_of(block)):
                continue
            found = await self._find(block, elements[0], given)
            if isinstance(found, dict):
                found = {elements[0]["action_id"]: found}
            filled[block["block_id"]] = found
        return filled

    async def choose(self, action_id: str, wanted: Any) -> Any:
        """What is chosen in the element `action_id`, found in its list."""
        if wanted is None or isinstance(wanted, dict):
            return wanted
        block, element = self.place.find(action_id, None)
        return await self._find(block, element, wanted)

    async def _find(self, block: Json, element: Json, wanted: Any) -> Any:
        several = element["type"].startswith("multi_")
        values = wanted if several else [wanted]
        if element["type"].endswith(_CONVERSATIONS):
            self._check_conversations(self._held(block, element), element, values)
        if not element["type"].endswith("external_select"):
            return wanted
        options = [await self._search(block, element, value) for value in values]
        return {"selected_options": options} if several else {"selected_option": options[0]}

    def _held(self, block: Json, element: Json) -> list[Any]:
        """What stands in the element now."""
        entry = self.place.values.get(block["block_id"], {}).get(element["action_id"], {})
        held = [value for name, value in entry.items() if name.startswith("selected_")]
        return held[0] if held and isinstance(held[0], list) else held

    def _check_conversations(self, held: list[Any], element: Json, wanted: list[str]) -> None:
        for channel_id in wanted:
            listed = choosable(self.team.state, self.user, element, channel_id)
            if channel_id not in held and not listed:
                raise NotAllowedError(f"not among the conversations: {channel_id}")

    async def _search(self, block: Json, element: Json, value: str) -> Json:
        """The option with `value`: it stands there, or was offered, or is offered now."""
        ids = block["block_id"], element["action_id"]
        known = [*self._held(block, element), *self.place.offered(*ids)]
        if option := _with_value(value, known):
            return option
        for query in (value, ""):
            result = await suggest(self.team, self.user, self.place, ids[1], query, block_id=ids[0])
            if option := _with_value(value, options_of(result.options)):
                return option
        raise NotAllowedError(f"the app offers no option {value!r}")


def _with_value(value: str, options: Sequence[Json | None]) -> Json | None:
    return next((option for option in options if option and option["value"] == value), None)
