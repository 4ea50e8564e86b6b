"""The Web API, a file for each family of methods. Importing a family registers its methods."""

from sandbox.workspace.web_api import (
    agents,
    apps,
    auth,
    chat,
    conversations,
    files,
    streams,
    users,
    views,
)
from sandbox.workspace.web_api.endpoint import arguments, serve_method

__all__ = [
    "agents",
    "apps",
    "arguments",
    "auth",
    "chat",
    "conversations",
    "files",
    "serve_method",
    "streams",
    "users",
    "views",
]
