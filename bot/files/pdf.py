"""Has a PDF read in a process of its own, which is ended when it takes too long."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

from bot.files.material import Pdf, Unread, in_base64
from bot.words import files as words

SECONDS = 20.0
"""How long one may take, waiting for its turn apart."""

TOKENS_OF_A_PAGE = 256
"""What a page adds to the text on it: marks, and what a server may say of it."""

_HERE = str(Path(__file__).resolve().parents[2])


async def read_pdf(name: str, data: bytes, most: int) -> Pdf | Unread:
    """What is in a PDF, of its text `most` bytes at most (UTF-8)."""
    try:
        found = await _found(data, most)
    except TimeoutError:
        return Unread(name, words.INTRICATE)
    match found:
        case {"outcome": "read", "pages": int(pages), "text": str(text), "cut": bool(cut)}:
            tokens = len(text.encode()) + TOKENS_OF_A_PAGE * pages
            whole = not cut and tokens <= most
            encoded = await in_base64(data) if whole else ""
            return Pdf(name, encoded, text, tokens if whole else None, cut)
        case {"outcome": "locked"}:
            return Unread(name, words.LOCKED)
        case {"outcome": "intricate"}:
            return Unread(name, words.INTRICATE)
        case _:
            return Unread(name, words.DAMAGED)


async def _found(data: bytes, most: int) -> Any:
    """What the process says; None when it says nothing. Raises `TimeoutError` when it takes more
    time than it may, or more of the processor."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.files.pdf_text",
        str(most),
        cwd=_HERE,
        env={},
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await child.communicate(data)
        if (child.returncode or 0) < 0:
            raise TimeoutError  # the system has ended it: it took more than its share
        return json.loads(said)
    except ValueError:
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
