"""Files on their way into the workspace: announced, then uploaded, then shared in a conversation
("files.getUploadURLExternal")."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.workspace.model import SharedFile


@dataclass(slots=True)
class Upload:
    """A file of `length` bytes that the app has announced; `content` once it is here whole."""

    id: str
    name: str
    length: int
    content: bytes | None = None

    def shared(self, title: str) -> SharedFile:
        """As it stands in a message, called `title`."""
        return SharedFile(self.name, id=self.id, title=title or self.name, content=self.content)


@dataclass(slots=True)
class Uploads:
    """The files that are announced and not shared yet, by id and by their secret addresses."""

    by_id: dict[str, Upload] = field(default_factory=dict)
    by_secret: dict[str, Upload] = field(default_factory=dict)

    def announce(self, upload: Upload, secret: str) -> None:
        self.by_id[upload.id] = self.by_secret[secret] = upload
