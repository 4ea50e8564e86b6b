"""A request with files is the same JSON, and is made in no time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from bot.files.file import DataUrl
from bot.grok.http.api import encoded

URL = DataUrl("data:image/png;base64," + "QUJD" * 50_000)


@pytest.mark.parametrize("long", [URL, f"{URL}é", f'{URL}"'], ids=range(3))
def test_what_is_sent_is_the_same_json(long: str) -> None:
    body = {"input": [{"content": [{"text": 'ä"~'}, {"url": long}, {"url": long}]}], "n": 1.5}

    assert json.loads(encoded(body)) == body


def test_files_are_not_gone_through_letter_by_letter() -> None:
    body = {"input": [{"content": [{"url": DataUrl(URL * 100)}]}]}
    ours, usual = list[float](), list[float]()
    for _ in range(5):
        ours.append(_seconds(lambda: encoded(body)))
        usual.append(_seconds(lambda: json.dumps(body, ensure_ascii=False).encode()))

    assert min(ours) < min(usual) / 2


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
