"""Files on their way into the workspace: announced, then uploaded, then shared in a conversation
("files.getUploadURLExternal")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.workspace.clock import Ids
from sandbox.workspace.model import FileMode, SharedFile

_UNSAID = b"0123456789abcdef" * 64
"""What is in a file of which a test says the name alone."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that somebody drops into the composer; the fields are those of `SharedFile`."""

    name: str
    content: bytes = _UNSAID
    mimetype: str = ""
    mode: FileMode = "hosted"
    url: str = ""
    is_foreign: bool = False
    size: int | None = None
    pause: float = 0.0
    moved_to: str = ""

    def shared(self, file_id: str) -> SharedFile:
        """As it stands in a message."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "name"}
        return SharedFile(self.name, id=file_id, **fields)


def dropped(files: Iterable[str | NewFile], ids: Ids) -> list[SharedFile]:
    """Files as they are sent with a message; a name alone stands for a file of that name."""
    given = [NewFile(each) if isinstance(each, str) else each for each in files]
    return [each.shared(ids.new("F")) for each in given]


@dataclass(slots=True)
class Upload:
    """A file of `length` bytes that the app has announced; `content` once it is here whole."""

    id: str
    name: str
    length: int
    alt: str = ""
    content: bytes | None = None

    def shared(self, title: str) -> SharedFile:
        """As it stands in a message, called `title`."""
        return SharedFile(
            self.name, id=self.id, title=title or self.name, content=self.content, alt=self.alt
        )


@dataclass(slots=True)
class Uploads:
    """The files that are announced and not shared yet, by id and by their secret addresses."""

    by_id: dict[str, Upload] = field(default_factory=dict)
    by_secret: dict[str, Upload] = field(default_factory=dict)

    def announce(self, upload: Upload, secret: str) -> None:
        self.by_id[upload.id] = self.by_secret[secret] = upload
