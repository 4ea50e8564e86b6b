"""The agent surface: a session for each thread, the line below it, what its Messages tab suggests,
and what people look at beside it ("Agent sessions", "Migrating to the Agent messaging experience").

A session does not end `processing` by a message of the bot's: the app says so, a stream ends, or
an hour passes. The line of `assistant.threads.setStatus` goes with the next message of the bot's in
that thread, or after two minutes.
"""

from __future__ import annotations

import time

from sandbox.workspace.acting.people import NotAllowedError, must_see
from sandbox.workspace.model import Json, Message, Session, StatusLine
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team

STOPPED = "agent_session_stopped"
TITLE_CHARS = 200
STATUSES: tuple[str, ...] = ("active", "processing", "suspended", "closed")


def session_of(team: Team, channel: str, root: str) -> Session | None:
    """The session of a thread, as it stands now."""
    session = team.state.sessions.get((channel, root))
    if session is not None and session.status == "processing" and _over(team, session):
        session.status = "active"
    return session


def _over(team: Team, session: Session) -> bool:
    stream = session.stream
    if stream is not None and stream.streaming_since is not None:
        return not stream.is_streaming(team.limits.stream)
    return time.monotonic() - session.since > team.limits.session


def set_session(
    team: Team,
    channel: str,
    root: str,
    status: str,
    *,
    title: str = "",
    initiator: str = "",
    stream: Message | None = None,
) -> Session:
    """Say what becomes of a session, which begins with it where there was none: title and initiator
    are for that alone."""
    known = session_of(team, channel, root)
    session = known or Session(channel, root, initiator=initiator, title=title)
    session.status, session.since, session.stream = status, time.monotonic(), stream
    session.history.append(status)
    team.state.sessions[channel, root] = session
    show(team, channel, root)
    return session


def line_of(team: Team, channel: str, root: str) -> StatusLine | None:
    """What stands below a thread now, if anything does."""
    line = team.state.lines.get((channel, root))
    if line is None or time.monotonic() - line.since > team.limits.status:
        return None
    return line


def say(team: Team, channel: str, root: str, text: str, loading: tuple[str, ...]) -> None:
    """Show a line below a thread; empty: none any more."""
    team.state.lines.pop((channel, root), None)
    if text:
        team.state.lines[channel, root] = StatusLine(text, loading, time.monotonic())
    team.state.said.append((channel, root, text, loading))
    if team.app.agent:
        set_session(team, channel, root, "processing" if text else "active")
    show(team, channel, root)


def written(team: Team, message: Message) -> None:
    """The bot has posted something: the line of its thread goes."""
    if message.thread_ts and team.state.lines.pop((message.channel, message.thread_ts), None):
        show(team, message.channel, message.thread_ts)


def show(team: Team, channel: str, root: str) -> None:
    """Show the open pages how a thread stands."""
    team.feed.publish({"type": "session", "channel": channel, **thread_json(team, channel, root)})


def thread_json(team: Team, channel: str, root: str) -> Json:
    """How a thread stands, for the page."""
    session, line = session_of(team, channel, root), line_of(team, channel, root)
    status = session.status if session else ""
    return {
        "thread_ts": root,
        "status": status,
        "title": session.title if session else "",
        "line": line.text if line else "",
        "loading": list(line.loading) if line else [],
        "stops": status == "processing" and STOPPED in team.app.events,
    }


def suggest(team: Team, channel: str, title: str, prompts: list[Json]) -> None:
    """Put prompts at the top of a Messages tab."""
    team.state.suggested[channel] = {"title": title, "prompts": prompts}
    team.feed.publish({"type": "suggested", "channel": channel, **team.state.suggested[channel]})


def suggested_in(team: Team, channel: str) -> Json:
    """What stands there: what the app has set, or what its manifest names."""
    usual = [{"title": title, "message": message} for title, message in team.app.suggested_prompts]
    return team.state.suggested.get(channel) or {"title": "", "prompts": usual}


# What people do.


def look_at(team: Team, user: str, channel_id: str | None) -> None:
    """`user` opens a conversation beside the app, or none. Of who cannot open the app it is told
    nothing."""
    if channel_id is not None:
        must_see(team, user, channel_id)
        team.state.viewing[user] = channel_id
    else:
        team.state.viewing.pop(user, None)
    person = team.state.users[user]
    if team.app.agent and not person.organisation and not person.is_guest:
        team.events.context_changed(user)


def stop(team: Team, user: str, channel_id: str, root: str) -> None:
    """Press Slack's own Stop in a thread: what streams is ended by Slack, and the app is told. What
    becomes of the session the app must say."""
    must_see(team, user, channel_id)
    session = session_of(team, channel_id, root)
    if session is None or session.status != "processing" or STOPPED not in team.app.events:
        raise NotAllowedError("nothing_to_stop")
    streams = [
        message
        for message in team.state.replies(channel_id, root)
        if message.user == BOT_USER and message.is_streaming(team.limits.stream)
    ]
    for message in streams:
        team.timeline.stop_stream(message)
    team.events.session_stopped(user, channel_id, root, [each.ts for each in streams])


def rename(team: Team, user: str, channel_id: str, root: str, title: str) -> None:
    """Give a session another title, as anybody who sees it may."""
    must_see(team, user, channel_id)
    session = session_of(team, channel_id, root)
    if session is None or not 0 < len(title) <= TITLE_CHARS:
        raise NotAllowedError("no_such_session")
    previous, session.title = session.title, title
    team.events.session_renamed(user, session, previous)
    show(team, channel_id, root)
