"""The text in a PDF, read in a process of its own: `python -m bot.files.pdf_text MOST_BYTES`.

The PDF comes on standard input; what was found goes to standard output as JSON. Whoever made the
file may have meant harm: it can take all the time and memory there is, and so this process has
little of either, no token in its environment, and nothing else to do.
"""

from __future__ import annotations

import io
import json
import logging
import os
import resource
import sys
from dataclasses import asdict, dataclass
from typing import Literal

from pypdf import PdfReader
from pypdf.errors import DependencyError, LimitReachedError, PyPdfError

CPU_SECONDS = 5
MEMORY_BYTES = 1024**3

NICE = 10
"""Whoever takes and answers questions on the same cores comes first."""

Outcome = Literal["read", "locked", "intricate", "damaged"]


@dataclass(frozen=True, slots=True)
class PdfText:
    """What is in a PDF: `text` of its pages, as much as was wanted; `cut`: there is more."""

    outcome: Outcome
    pages: int = 0
    text: str = ""
    cut: bool = False


def found_in(data: bytes, most: int) -> PdfText:
    """The text of a PDF, `most` bytes of it (UTF-8) and one page more at most."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return PdfText("locked")
        return _read(reader, most)
    except DependencyError:  # a cipher that needs a library
        return PdfText("locked")
    except (LimitReachedError, MemoryError, RecursionError):
        return PdfText("intricate")
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return PdfText("damaged")
    except (OverflowError, ArithmeticError, OSError, AssertionError):
        return PdfText("damaged")


def _read(reader: PdfReader, most: int) -> PdfText:
    pages = len(reader.pages)
    parts: list[str] = []
    size = 0
    for number in range(pages):
        if size > most:
            break
        text = reader.pages[number].extract_text().strip()
        parts.append(text)
        size += len(text.encode(errors="replace")) + 2
    whole = "\n\n".join(filter(None, parts)).encode(errors="replace")
    kept = whole[:most].decode(errors="ignore")
    cut = len(whole) > most or len(parts) < pages
    return PdfText("read", pages, kept, cut) if pages else PdfText("damaged")


def main() -> None:
    """Read one PDF."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable()
    found = found_in(sys.stdin.buffer.read(), int(sys.argv[1]))
    sys.stdout.write(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
