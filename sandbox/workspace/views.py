"""Modals and Home tabs: their stacks, hashes and the values of their inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.workspace.acting.choices import choosable
from sandbox.workspace.blocks.block_ids import completed, with_ids
from sandbox.workspace.blocks.view_values import Values, initial_values
from sandbox.workspace.clock import Clock, Ids
from sandbox.workspace.errors import ApiError
from sandbox.workspace.feed import Feed
from sandbox.workspace.model import Json, View
from sandbox.workspace.serving.page_json import view_json
from sandbox.workspace.state import State

STACK_MOST = 3
_TEXTS: tuple[str, ...] = ("title", "submit", "close")


@dataclass(slots=True)
class Views:
    """Opens, changes and closes views, and shows it on the page of their user."""

    state: State
    clock: Clock
    ids: Ids
    feed: Feed

    def open(
        self,
        user: str,
        content: Json,
        below: View | None = None,
        *,
        conversation: str | None = None,
    ) -> View:
        """A modal; on top of `below`, when it is pushed. `conversation` is what `user` looks
        at meanwhile."""
        if below is not None and len(self.stack(below)) >= STACK_MOST:
            raise ApiError("push_limit_reached")
        if below is None:
            self._close_all(user)
        if below is not None:
            conversation = below.conversation
        view = self._new("modal", user, content, conversation)
        if below is not None:
            view.root, view.previous = below.root, below.id
        self.state.views[view.id] = view
        kind = "view_opened" if below is None else "view_pushed"
        self.feed.publish({"type": kind, "view": view_json(view)}, user)
        return view

    def update(self, view: View, content: Json) -> None:
        """Inputs whose block_id and action_id stay keep what was typed."""
        self._check_external(content, view)
        typed = view.values
        view.content = self._with_ids(content)
        view.external_id = content.get("external_id", "")
        view.hash = self._hash()
        view.values = self._values(view.content["blocks"], view.user, view.conversation, typed)
        self.feed.publish({"type": "view_updated", "view": view_json(view)}, view.user)

    def publish(self, user: str, content: Json, expected: str | None) -> View:
        """The Home tab of `user`."""
        home = self.state.homes.get(user)
        if expected is not None and (home is None or home.hash != expected):
            raise ApiError("hash_conflict")
        view = self._new("home", user, content, None)
        if home is not None:
            view.id = view.root = home.id
        self.state.homes[user] = view
        self.state.views[view.id] = view
        self.feed.publish({"type": "home", "view": view_json(view)}, user)
        return view

    def close(self, view: View) -> None:
        view.closed = True
        self.feed.publish({"type": "view_closed", "view_id": view.id}, view.user)

    def clear(self, view: View) -> None:
        """Close the whole stack."""
        for member in self.stack(view):
            self.close(member)

    def stack(self, view: View) -> list[View]:
        """The open views of the same stack, lowest first."""
        return [v for v in self.state.views.values() if v.root == view.root and not v.closed]

    def find(self, view_id: str) -> View | None:
        view = self.state.views.get(view_id)
        return view if view is not None and not view.closed else None

    def find_external(self, external_id: str) -> View | None:
        return next(
            (v for v in self.state.views.values() if v.external_id == external_id and not v.closed),
            None,
        )

    def _new(
        self,
        kind: Literal["modal", "home"],
        user: str,
        content: Json,
        conversation: str | None,
    ) -> View:
        self._check_external(content, None)
        content = self._with_ids(content)
        view_id = self.ids.new("V")
        return View(
            id=view_id,
            type=kind,
            user=user,
            content=content,
            hash=self._hash(),
            values=self._values(content["blocks"], user, conversation, {}),
            root=view_id,
            team=self.state.team_id,
            external_id=content.get("external_id", ""),
            conversation=conversation,
        )

    def _values(
        self, blocks: list[Json], user: str, conversation: str | None, typed: Values
    ) -> Values:
        """What the inputs hold at first, `typed` where it was typed before."""

        def current(element: Json) -> str | None:
            fits = conversation and choosable(self.state, user, element, conversation)
            return conversation if fits else None

        return initial_values(blocks, keep=typed, current=current)

    def _check_external(self, content: Json, own: View | None) -> None:
        external_id = content.get("external_id", "")
        holder = self.find_external(external_id) if external_id else None
        if holder is not None and holder is not own and holder.type == "modal":
            raise ApiError("duplicate_external_id")

    def _close_all(self, user: str) -> None:
        for view in self.state.views.values():
            if view.user == user and view.type == "modal" and not view.closed:
                self.close(view)

    def _hash(self) -> str:
        return f"{self.clock.ts()}.{self.ids.new('h')}"

    def _with_ids(self, content: Json) -> Json:
        blocks = [with_ids(block, self.ids) for block in content["blocks"]]
        texts = {name: completed(content[name]) for name in _TEXTS if name in content}
        return {**content, **texts, "blocks": blocks}
