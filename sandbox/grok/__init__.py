"""The sandbox Grok API."""

from __future__ import annotations

from sandbox.grok.models import Model
from sandbox.grok.script import Recorded, Script, ToolCall
from sandbox.grok.server import GrokServer

__all__ = ["GrokServer", "Model", "Recorded", "Script", "ToolCall"]
