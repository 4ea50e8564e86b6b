"""The sandbox Grok looks at pictures and files as strictly as the API, and bills them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from sandbox.grok import GrokServer
from sandbox.grok.models import Model
from tests.files.samples import in_base64, jpeg, pdf, png
from tests.sandbox.grok_caller import Caller

SEES, BLIND = "grok-4.20-non-reasoning", "blind"
ASKED = "What is this?"
CHAT = "/chat/completions"


def url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{in_base64(data)}"


def chat(image: str, **more: Any) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": image, **more}}
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": ASKED}, part]}]}


def responses(*parts: dict[str, Any]) -> dict[str, Any]:
    content = [{"type": "input_text", "text": ASKED}, *parts]
    return {"input": [{"role": "user", "content": content}]}


def image(data: str) -> dict[str, Any]:
    return responses({"type": "input_image", "image_url": data})


def file(name: str, data: str) -> dict[str, Any]:
    return responses({"type": "input_file", "filename": name, "file_data": data})


async def test_a_picture_is_billed_by_its_tiles_at_both_endpoints(call: Caller) -> None:
    _, plain = await call(
        "/chat/completions", model=SEES, messages=[{"role": "user", "content": ASKED}]
    )
    _, small = await call(CHAT, model=SEES, **chat(url(png(400, 400)), detail="low"))
    _, large = await call("/responses", model=SEES, **image(url(jpeg(9_000, 9_000), "image/jpeg")))

    asked = plain["usage"]["prompt_tokens"]
    assert small["usage"]["prompt_tokens"] - asked == 2 * 256
    assert large["usage"]["input_tokens"] - asked == 7 * 256
    assert "a picture of 400 × 400 pixels" in small["choices"][0]["message"]["content"]


async def test_a_pdf_is_billed_by_what_is_written_in_it(call: Caller) -> None:
    _, plain = await call("/responses", model=SEES, input=ASKED)
    data = url(pdf("Ship it on Monday, then."), "application/pdf")
    _, reply = await call("/responses", model=SEES, **file("plan.pdf", data))

    assert reply["usage"]["input_tokens"] - plain["usage"]["input_tokens"] == 6


@pytest.mark.parametrize(
    "body",
    [
        image("https://example.com/a.png"),
        image(url(png()[:-4])),
        image(url(jpeg())),
        image(url(b"RIFF", "image/webp")),
        image(in_base64(png())),
        file("plan.pdf", url(b"no pdf", "application/pdf")),
        file("plan.pdf", in_base64(pdf("x"))),
        file("a.txt", url(b"", "text/plain")),
        file("a.txt", url(b"\xff\xfe\0", "text/plain")),
        responses({"type": "input_file", "file_id": "file-1"}),
    ],
    ids=range(10),
)
async def test_what_is_no_picture_or_file_is_refused(body: dict[str, Any], call: Caller) -> None:
    status, _ = await call("/responses", model=SEES, **body)

    assert status in (400, 422)


async def test_a_chat_takes_no_files_and_nobody_else_shows_pictures(call: Caller) -> None:
    part = {"type": "image_url", "image_url": {"url": url(png())}}
    file_part = {"type": "input_file", "filename": "a.pdf", "file_data": url(pdf("x"))}

    for role, content in (("system", [part]), ("user", [file_part]), ("user", [])):
        status, _ = await call(
            "/chat/completions", model=SEES, messages=[{"role": role, "content": content}]
        )
        assert status == 422


async def test_a_model_without_eyes_says_so(http: aiohttp.ClientSession) -> None:
    blind = Model(BLIND, False, 1, 1, 1, sees=False)
    async with GrokServer(models=[blind], speed=None, first_delay=0) as server:
        call = Caller(http, server)
        status, reply = await call(CHAT, model=BLIND, **chat(url(png())))
        headers = {"Authorization": f"Bearer {call.key}"}
        async with http.get(f"{server.base_url}/language-models", headers=headers) as listed:
            (model,) = (await listed.json())["models"]

    assert (status, "not supported by this model" in reply["error"]) == (400, True)
    assert model["input_modalities"] == ["text"]
