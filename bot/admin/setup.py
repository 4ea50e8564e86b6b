"""The forms by which admins set defaults and quotas: opened from Home and from the shortcuts."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

import structlog
from attrs import frozen

from bot.acks import Reaction
from bot.admin.changing import Caller, Changing, CommandReply, not_changed
from bot.asking.admission import Permission, Presence
from bot.asking.rules_text import whose
from bot.errors import StoreUnavailable, what_it_says
from bot.patience import soon
from bot.rules.commands import Matter
from bot.rules.policy import Fields, Policy, default_fields, limit_fields
from bot.rules.quota import Scope
from bot.slack import plain_blocks
from bot.slack.inbound.interactions import Click, GlobalShortcut, Submission
from bot.slack.inbound.payloads import mentioned
from bot.slack.side import SlackSide
from bot.slack.views import ViewJson
from bot.store.side import StoreSide
from bot.views.form_fields import loading_view, sentence_view
from bot.views.form_view import errors_of, fault_in_labels
from bot.views.setup_view import (
    FORMS,
    PLACE_FORM,
    Settable,
    SetupMetadata,
    is_stale,
    limit_errors,
    place_view,
    read_defaults,
    read_limits,
    read_place,
    rules_view,
)
from bot.words import admin as words
from bot.words import form as form_words
from bot.words import setup as setup_words

log = structlog.get_logger(__name__)

NAME_SECONDS = 0.3
"""What finding out how admins are called may take of them."""

SAVE_SECONDS = 1.5
"""What saving may take of the 3 s of an ack, of which looking up who it is may take 1."""

_MATTERS: Mapping[Settable, Matter] = {"defaults": "defaults", "limits": "quota"}
_Errors = Mapping[str, str]

Changed = Callable[[str], Awaitable[None]]


async def _nobody(user: str) -> None:
    """Default callback: does nothing."""


@frozen
class Setup:
    """Opens the forms for whoever may use them, and saves what is sent with them."""

    _changing: Changing
    _permission: Permission
    _presence: Presence
    _slack: SlackSide
    _store: StoreSide
    _changed: Changed = _nobody
    """Called with whoever saved something, once Slack has the ack."""

    async def on_wanted(self, payload: GlobalShortcut | Click) -> Reaction:
        """From the shortcuts menu, or from the Home tab."""
        return Reaction(then=partial(self._open, payload.trigger_id, payload.user))

    async def on_submit(self, submission: Submission) -> Reaction:
        """What was chosen in the first form is shown in the second; that one is saved."""
        reading = self._store.policies.current()
        policy = await soon(reading, SAVE_SECONDS, None, "policy not known")
        if policy is None:
            return _refused(submission, words.NOT_CHANGED)
        callback = submission.view.callback_id
        if callback == PLACE_FORM:
            return await self._fill(submission, policy)
        what = next(what for what, name in FORMS.items() if name == callback)
        return await self._save(what, submission, policy)

    async def _open(self, trigger_id: str, user: str) -> None:
        loading, first = loading_view(setup_words.TITLE), partial(self._first, user)
        if not await self._slack.views.fill(trigger_id, loading, first, user=user):
            await self._slack.ephemeral.tell(form_words.NOT_OPENED, user=user)

    async def _first(self, user: str) -> ViewJson:
        person = await self._slack.people.find(user)
        refusals = {w: self._permission.refusal(_MATTERS[w], person) for w in FORMS}
        if all(refusals.values()):
            return sentence_view(refusals["defaults"], setup_words.TITLE)
        return place_view([what for what, refusal in refusals.items() if not refusal])

    async def _fill(self, submission: Submission, policy: Policy) -> Reaction:
        chosen = read_place(submission.view.values)
        if chosen.scope is None:
            return Reaction.marks(chosen.errors)
        if refusal := await self._refusal(chosen.what, submission.user):
            return Reaction.marks({"what": await self._plain(refusal, submission.user)})
        if refusal := await self._unseen(chosen.scope, submission.user):
            return Reaction.marks({"channel": refusal})
        owner, rules = whose(chosen.scope, ""), policy.of(chosen.scope)
        return Reaction.shows(rules_view(chosen.what, chosen.scope, owner, rules))

    async def _save(self, what: Settable, submission: Submission, policy: Policy) -> Reaction:
        view = submission.view
        metadata = SetupMetadata.read(view.private_metadata)
        scope = metadata.scope_of(what) if metadata else None
        if metadata is None or scope is None:
            return _refused(submission, form_words.OPEN_TOO_LONG)
        refusal = await self._refusal(what, submission.user)
        if refusal := refusal or await self._unseen(scope, submission.user):
            return _refused(submission, await self._plain(refusal, submission.user))
        if is_stale(metadata, what, policy.of(scope)):
            return _refused(submission, setup_words.CHANGED_MEANWHILE)
        fields, errors = self._read(what, submission, scope, policy)
        if errors:
            return Reaction.marks(errors)
        return await self._change(scope, fields, submission)

    async def _refusal(self, what: Settable, user: str) -> str:
        return self._permission.refusal(_MATTERS[what], await self._slack.people.find(user))

    async def _plain(self, refusal: str, user: str) -> str:
        """Below a field Slack shows no markup: people in it by their names."""
        names = await self._slack.people.names(mentioned(refusal), asker=user, within=NAME_SECONDS)
        return plain_blocks.plain_words(refusal, names)

    async def _unseen(self, scope: Scope, user: str) -> str:
        """Why `user` may not look into a channel from here: what is chosen in a form, or stands
        behind it, anybody can make up. Who looks after Grok sees no channel by that."""
        if scope.kind != "channel":
            return ""
        return await self._presence.refusal(user, scope.id)

    def _read(
        self, what: Settable, submission: Submission, scope: Scope, policy: Policy
    ) -> tuple[Fields, _Errors]:
        """What is to be changed, and what is wrong with it by block_id."""
        values, rules = submission.view.values, policy.of(scope)
        if what == "limits":
            limits, faults = read_limits(values, rules)
            return limit_fields(limits), limit_errors(faults)
        defaults, faults = read_defaults(values, rules)
        found = {
            fault.parameter: fault for fault in self._changing.faults_of(defaults, scope, policy)
        }
        found |= {fault.parameter: fault for fault in faults}
        errors, rest = errors_of(tuple(found.values()), values.keys())
        elsewhere = _at_first(submission, fault_in_labels(rest[0])) if rest else {}
        return default_fields(defaults), {**elsewhere, **errors}

    async def _change(self, scope: Scope, fields: Fields, submission: Submission) -> Reaction:
        if not fields:
            return Reaction.shows(sentence_view(words.UNCHANGED, setup_words.TITLE))
        person = await self._slack.people.find(submission.user)
        caller = Caller(person, channel="", operation=_operation(submission, fields))
        try:
            async with asyncio.timeout(SAVE_SECONDS):
                said = await self._changing.change(scope, fields, caller)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("form not saved", error=what_it_says(error))
            return _refused(submission, not_changed(error))
        shown = Reaction.shows(sentence_view("\n".join(said.lines), setup_words.TITLE))
        return replace(shown, then=partial(self._after, said, submission.user))

    async def _after(self, said: CommandReply, user: str) -> None:
        if said.announcement:
            await self._slack.announcing.announce(said.channel, said.announcement)
        await self._changed(user)


def _operation(submission: Submission, fields: Fields) -> str:
    """The same when a form is sent again as it stands, and another when it was changed."""
    content = json.dumps(fields, sort_keys=True)
    return f"setup:{submission.view.id}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _refused(submission: Submission, sentence: str) -> Reaction:
    """`sentence` in the form; in its place, where it has no fields, as only one has that somebody
    made up."""
    if submission.view.values:
        return Reaction.marks(_at_first(submission, sentence))
    return Reaction.shows(sentence_view(sentence, setup_words.TITLE))


def _at_first(submission: Submission, sentence: str) -> _Errors:
    """`sentence` at the first field, where there is no better place."""
    return dict.fromkeys(list(submission.view.values)[:1], sentence)
