"""Grok by way of a proxy, as a large company has one."""

from __future__ import annotations

import asyncio
import base64
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import GrokFailed, StartupError
from bot.grok.client import open_grok
from bot.settings import Settings
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT, answer, request, text

ELSEWHERE = "grok.example"
"""A host that nobody knows but the proxy."""


@dataclass
class Proxy:
    """Takes every request to one place, whatever it asks for, or refuses to with `status`."""

    to: int
    status: str = "200 OK"
    tls: ssl.SSLContext | None = None
    """For what comes through a tunnel: it ends here."""
    heads: list[str] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            begun = b"" if head.startswith(b"CONNECT ") else head
            if not begun:
                writer.write(f"HTTP/1.1 {self.status}\r\n\r\n".encode())
                if self.status == "200 OK" and self.tls:
                    await writer.start_tls(self.tls)
            if self.status == "200 OK":
                onward, back = await asyncio.open_connection("127.0.0.1", self.to)
                back.write(begun)
                await asyncio.gather(_pass(reader, back), _pass(onward, writer))
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()


def port_of(grok: GrokServer) -> int:
    return int(grok.base_url.rpartition(":")[2].partition("/")[0])


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One that says it is `ELSEWHERE`, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("There is no openssl here to make certificates with.")
    path = tmp_path / "grok.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += ["-nodes", "-days", "1", "-subj", f"/CN={ELSEWHERE}"]
    made += [
        "-addext",
        f"subjectAltName=DNS:{ELSEWHERE}",
        "-keyout",
        str(path),
        "-out",
        f"{path}.crt",
    ]
    subprocess.run(made, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


async def test_grok_is_asked_by_way_of_a_proxy_that_knows_who_asks(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(text="Hello"))
    async with Proxy(port_of(grok)).running() as proxy:
        client = await open_grok_client(
            grok,
            xai_base_url=f"http://{ELSEWHERE}/v1",
            grok_proxy=SecretStr(f"http://ana:s3cret@127.0.0.1:{proxy.port}"),
        )
        assert text(await answer(client, request(model=CHAT))) == "Hello"

    who = base64.b64encode(b"ana:s3cret").decode()
    assert all(f"POST http://{ELSEWHERE}/v1/" in head for head in proxy.heads if "POST" in head)
    assert proxy.heads
    assert all(f"proxy-authorization: basic {who}".lower() in head.lower() for head in proxy.heads)
    assert grok.requests


async def test_what_is_encrypted_goes_through_a_tunnel(
    grok: GrokServer,
    open_grok_client: OpenGrokClient,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    grok.script(Script(text="Hello"))
    async with Proxy(port_of(grok), tls=tls).running() as proxy:
        client = await open_grok_client(
            grok,
            xai_base_url=f"https://{ELSEWHERE}/v1",
            grok_proxy=SecretStr(f"http://ana:s3cret@127.0.0.1:{proxy.port}"),
        )
        assert text(await answer(client, request(model=CHAT))) == "Hello"

    assert {head.split("\r\n")[0] for head in proxy.heads} == {f"CONNECT {ELSEWHERE}:443 HTTP/1.1"}
    assert all("proxy-authorization: basic" in head.lower() for head in proxy.heads)
    assert not any("proxy-authorization" in each.headers for each in grok.requests)


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "502 Bad Gateway"])
async def test_a_proxy_that_does_not_want_to_is_a_grok_that_is_away(
    status: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    async with Proxy(0, status=status).running() as proxy:
        client = await open_grok_client(
            grok,
            xai_base_url=f"https://{ELSEWHERE}/v1",
            grok_proxy=SecretStr(f"http://ana:s3cret@127.0.0.1:{proxy.port}"),
        )
        with pytest.raises(GrokFailed) as failed:
            await answer(client, request(model=CHAT))

    assert failed.value.kind == "unavailable"
    assert "s3cret" not in str(failed.value)


async def test_without_one_the_environment_is_not_asked(
    grok: GrokServer, open_grok_client: OpenGrokClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    grok.script(Script(text="Hello"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client = await open_grok_client(grok)

    assert text(await answer(client, request(model=CHAT))) == "Hello"


async def test_what_is_no_proxy_is_said_before_anything_is_asked() -> None:
    settings = Settings(_env_file=None, grok_proxy=SecretStr("s3cret@proxy:3128"))
    with pytest.raises(StartupError) as told:
        async with open_grok(settings):
            pass

    (fault,) = told.value.faults
    assert fault.startswith("GROK_PROXY is not an address that the bot can use.")
    assert "s3cret" not in fault
