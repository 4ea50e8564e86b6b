"""files.*: a file is announced, uploaded, and then shared."""

from __future__ import annotations

from typing import Any

from sandbox.workspace.delivering.wire import file_json
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Json
from sandbox.workspace.serving.file_url import seen_by_bot
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.timeline import Content
from sandbox.workspace.uploads import Upload
from sandbox.workspace.web_api.method import Args, method
from sandbox.workspace.web_api.places import visible

READ = "files:read"
WRITE = "files:write"
ALT_TEXT_CHARS = 1_000


@method("files.info", "4", READ)
async def info(team: Team, args: Args) -> Json:
    file = team.state.files.get(args.required("file"))
    if file is None or not (shares := seen_by_bot(team, file.id)):
        raise ApiError("file_not_found")
    if file.id in team.state.deleted_files:
        raise ApiError("file_deleted")
    return {
        "file": {
            **file_json(team.state, file, shares[0].user),
            "channels": list(dict.fromkeys(message.channel for message in shares)),
        },
        "comments": [],
    }


@method("files.getUploadURLExternal", "4", WRITE)
async def get_upload_url(team: Team, args: Args) -> Json:
    name = args.required("filename")
    length = args.text("length")
    if not length.isascii() or not length.isdigit():
        raise ApiError("invalid_arguments", messages=["[ERROR] length must be a number"])
    if int(length) == 0:
        raise ApiError("missing_argument")
    if int(length) > team.limits.file_bytes:
        raise ApiError("file_upload_size_restricted")
    alt = args.text("alt_txt")
    if len(alt) > ALT_TEXT_CHARS:
        raise ApiError("alt_txt_too_large")
    upload, secret = Upload(team.ids.new("F"), name, int(length), alt), team.ids.secret()
    team.uploads.announce(upload, secret)
    return {"upload_url": f"{team.origin}/upload/v1/{secret}", "file_id": upload.id}


@method("files.completeUploadExternal", "4", WRITE)
async def complete_upload(team: Team, args: Args) -> Json:
    """Without a channel the files stay private to the bot."""
    titles = _titles(args.json("files", "invalid_arguments"))
    uploads = [team.uploads.by_id.get(file_id) for file_id in titles]
    whole = [upload for upload in uploads if upload is not None and upload.content is not None]
    if len(whole) != len(titles):
        raise ApiError("file_not_found")
    channel_id = args.optional("channel_id")
    shared = [upload.shared(titles[upload.id]) for upload in whole]
    if channel_id is not None:
        channel = visible(team, channel_id)
        if BOT_USER not in channel.members:
            raise ApiError("not_in_channel")
        if channel.is_archived:
            raise ApiError("is_archived")
        if channel.user is not None and not team.app.messages_tab:
            raise ApiError("messages_tab_disabled")
        said = Content(args.text("initial_comment"))
        team.timeline.post(channel.id, BOT_USER, said, files=shared)
    for upload in whole:
        del team.uploads.by_id[upload.id]
    return {"files": [{"id": file.id, "title": file.title} for file in shared]}


def _titles(files: Any) -> dict[str, str]:
    """The title of each file, by id."""
    if not isinstance(files, list) or not files:
        raise ApiError("invalid_arguments", messages=["[ERROR] files must be an array"])
    titles: dict[str, str] = {}
    for each in files:
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            raise ApiError("invalid_arguments", messages=["[ERROR] a file must have an id"])
        if each.keys() - {"id", "title"} or not isinstance(each.get("title", ""), str):
            raise ApiError("invalid_arguments", messages=["[ERROR] a file has an id and a title"])
        titles[each["id"]] = each.get("title", "")
    if len(titles) != len(files):
        raise ApiError("invalid_arguments", messages=["[ERROR] a file is named twice"])
    return titles
