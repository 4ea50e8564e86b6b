"""The servers, each started once by each process that runs tests, where they are installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import yaml

from sandbox.grok import GrokServer
from sandbox.workspace import Workspace
from tests.e2e.servers.running import HERE, KEY, Running, process, python_of
from tests.e2e.stage import installed_app
from tests.ports import free_port

GROK_KEY = "behind-the-proxy"
PLAIN = "grok-4.20-0309-non-reasoning"


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """llama-cpp-python's server, with a model of random weights."""
    python = python_of("llama", "llama-cpp-python")
    directory, port = tmp_path_factory.mktemp("llama"), free_port()
    model = directory / "tiny.gguf"
    subprocess.run([python, HERE / "tiny_model.py", model], check=True)
    at = f"http://127.0.0.1:{port}/v1"
    options = {
        "--model": str(model),
        "--model_alias": "tiny",
        "--host": "127.0.0.1",
        "--port": str(port),
        "--api_key": KEY,
        "--n_ctx": "256",
    }
    command = [str(python), "-m", "llama_cpp.server", *sum(options.items(), ())]
    with process(command, directory / "log", f"{at}/models", dict(os.environ)):
        yield Running(at, "tiny")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running LiteLLM, and the port on which it looks for a Grok."""

    running: Running
    behind: int


@pytest.fixture(scope="session")
def litellm_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """LiteLLM's proxy: a Grok behind it, one by way of completions, and models that are mocked."""
    python = python_of("litellm", "LiteLLM's proxy")
    directory, port, behind = tmp_path_factory.mktemp("litellm"), free_port(), free_port()
    grok = {"api_base": f"http://127.0.0.1:{behind}/v1", "api_key": GROK_KEY}
    models = {
        "grok": {"model": "openai/grok-4.3", **grok},
        "plain": {"model": f"text-completion-openai/{PLAIN}", **grok},
        "mock": {"model": "openai/mock", "mock_response": "A river of words, to its end."},
        "busy": {"model": "openai/mock", "mock_response": "litellm.RateLimitError"},
    }
    config = {
        "model_list": [
            {"model_name": name, "litellm_params": {"api_key": "none", **given}}
            for name, given in models.items()
        ],
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"num_retries": 0, "telemetry": False},
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        str(python.with_name("litellm")),
        *("--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)),
    ]
    env = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_COLOR": "1"}
    at = f"http://127.0.0.1:{port}"
    with process(command, directory / "log", f"{at}/health/liveliness", env):
        yield Proxy(Running(f"{at}/v1", "mock"), behind)


@pytest.fixture
def litellm(litellm_proxy: Proxy) -> Running:
    """The proxy, whose mocked model is asked when nobody says another."""
    return litellm_proxy.running


@pytest.fixture
async def grok_behind(litellm_proxy: Proxy) -> AsyncIterator[GrokServer]:
    """The Grok behind the proxy, which answers at once."""
    async with GrokServer(
        dialect="openai",
        api_key=GROK_KEY,
        speed=None,
        first_delay=0,
        port=litellm_proxy.behind,
    ) as server:
        yield server


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    """A workspace that the checks of a deployment look at."""
    async with Workspace(app=installed_app()) as workspace:
        yield workspace
