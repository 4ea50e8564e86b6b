"""The files around the code: they exist, agree with the code and with one another."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.doors.slack_app import COMMAND
from bot.ops.manifest import SCOPES
from bot.settings import Settings
from sandbox.workspace import AppConfig
from tests.house import ROOT, tracked
from tools import docs

SCHEMA = json.loads((ROOT / "tests/data/manifest.schema.json").read_text(encoding="utf-8"))
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))

TRACKED = [str(path.relative_to(ROOT)) for path in tracked(ROOT)]

Json = dict[str, Any]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# The Slack app


def test_the_manifest_keeps_slacks_limits() -> None:
    jsonschema.validate(MANIFEST, SCHEMA, cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m["display_information"].update(name="x" * 36),
        lambda m: m["display_information"].update(description="x" * 141),
        lambda m: m["display_information"].update(long_description="too short"),
        lambda m: m["display_information"].update(background_color="black"),
        lambda m: m["features"]["slash_commands"][0].update(command="grok"),
        lambda m: m["features"]["slash_commands"][0].update(usage_hint=""),
        lambda m: m["features"]["bot_user"].pop("display_name"),
        lambda m: m["oauth_config"]["scopes"]["bot"].append("chat:write"),
        lambda m: m["oauth_config"]["scopes"].update(user=["chat:write"]),
        lambda m: m["settings"]["interactivity"].pop("is_enabled"),
        lambda m: m["settings"].update(socket_mode_enabled="yes"),
        lambda m: m["_metadata"].update(major_version=1),
        lambda m: m.update(workflows={}),
    ],
)
def test_a_manifest_that_breaks_them_is_found(spoil: Callable[[Json], object]) -> None:
    spoiled = copy.deepcopy(MANIFEST)
    spoil(spoiled)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoiled, SCHEMA, cls=jsonschema.Draft7Validator)


def test_the_manifest_asks_for_what_is_needed_and_no_more() -> None:
    assert MANIFEST["oauth_config"]["scopes"] == {"bot": list(SCOPES)}


def test_every_scope_is_there_for_something_the_bot_does() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "bot").rglob("*.py")
        if path.name != "scopes.py"
    )
    methods = {
        method for need in SCOPES.values() for method in re.findall(r"\b[a-z]+\.[a-zA-Z]+\b", need)
    }
    called = set(
        re.findall(r'"((?:chat|conversations|files|views|users|reactions)\.[a-zA-Z]+)"', code)
    )

    assert methods == {method for method in called if not method.startswith("views.")}


def test_the_manifest_declares_what_the_listeners_listen_to() -> None:
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True

    app = AppConfig.from_manifest(MANIFEST)
    assert [shortcut.callback_id for shortcut in app.message_shortcuts] == ["ask_grok"]
    assert [each.callback_id for each in app.global_shortcuts] == ["new_grok", "set_up_grok"]
    assert app == replace(AppConfig(), commands=app.commands)
    assert MANIFEST["settings"]["socket_mode_enabled"] is True


# Documentation


@pytest.mark.parametrize("path", docs.generated(), ids=lambda path: path.name)
def test_generated_documentation_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == docs.generated()[path], "run `make docs`"


def test_env_example_can_be_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    uncommented = re.sub(r"^# ([A-Z_]+=)", r"\1", read(".env.example"), flags=re.MULTILINE)
    copied = tmp_path / ".env"
    copied.write_text(uncommented, encoding="utf-8")

    assert Settings(_env_file=copied) == Settings(_env_file=None)
    assert set(re.findall(r"^([A-Z_]+)=", uncommented, re.MULTILINE)) == {
        *(name.upper() for name in Settings.model_fields),
        "REDIS_PASSWORD",
    }


@pytest.mark.parametrize(
    "page",
    ["README.md", "SECURITY.md", "docs/design.md", "docs/operation.md", "docs/security.md"],
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    linked = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", read(page))
    missing = [link for link in linked if not ((ROOT / page).parent / link).exists()]

    assert missing == []


FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def test_prose_is_wrapped_at_100() -> None:
    """Tables, pictures and what is typed stay as they are."""
    long = {
        f"{page}: {line}"
        for page in TRACKED
        if page.endswith(".md") and not page.startswith("tests/")
        for line in FENCE.sub("", read(page)).splitlines()
        if len(line) > 100 and not line.startswith(("|", "![", "    "))
    }
    assert long == set()


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/design.md", "bot/app.py"])
def test_files_that_are_named_exist(page: str) -> None:
    """As a way from the root, `bot/`, or a room whose files are listed by their names alone."""
    named = re.findall(r"`([\w./-]+\.(?:py|lua|md|yml|toml))`", read(page))
    gone = [
        name
        for name in named
        if "NAME" not in name and not any(f"/{each}".endswith(f"/{name}") for each in TRACKED)
    ]
    assert len(named) > 3
    assert gone == []


def test_documentation_names_settings_that_exist() -> None:
    known = {name.upper() for name in Settings.model_fields}
    named = re.findall(
        r"`((?:SLACK|GROK|XAI|JOBS?|OPS|LOG|REDIS|SHUTDOWN)_[A-Z_]+)(?:=[^`]*)?`",
        read("README.md") + read("docs/operation.md") + read("docs/design.md"),
    )

    assert named
    assert set(named) <= known


# Deployment


def test_the_image_is_built_from_files_that_exist_and_are_sent() -> None:
    sent = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(\S+) \S+$", read("Dockerfile"), re.MULTILINE)

    assert copied
    assert set(copied) <= sent
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_the_bot_without_root_and_without_an_installer() -> None:
    stages = read("Dockerfile").split("\nFROM ")[1:]
    final = stages[-1]

    assert len(stages) == 2
    assert "--require-hashes" in stages[0]
    assert "compileall -q bot\n" in final
    assert final.index("COPY bot ./bot") < final.index("compileall") < final.index("\nUSER ")
    assert "pip install" not in final
    (user,) = re.findall(r"^USER (\S+)$", final, re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert "HEALTHCHECK" in final
    assert final.rstrip().endswith('CMD ["python", "-m", "bot", "serve"]')


def test_compose_joins_the_bot_to_a_store_that_keeps_what_it_gets() -> None:
    bot, valkey = COMPOSE["services"]["bot"], COMPOSE["services"]["valkey"]

    assert re.fullmatch(
        r"redis://:\$\{REDIS_PASSWORD:\?[^}]+\}@valkey:6379/0", bot["environment"]["REDIS_URL"]
    )
    assert valkey["environment"]["REDIS_PASSWORD"].startswith("${REDIS_PASSWORD:?")
    assert bot["depends_on"] == {"valkey": {"condition": "service_healthy"}}
    assert valkey["healthcheck"]["test"]
    assert "--appendonly yes" in " ".join(valkey["command"])
    assert "noeviction" in " ".join(valkey["command"])
    assert valkey["volumes"] == ["valkey:/data"]
    assert "valkey" in COMPOSE["volumes"]


def test_compose_gives_the_bot_its_grace_and_the_network_no_port() -> None:
    bot = COMPOSE["services"]["bot"]
    grace = Settings.model_fields["shutdown_grace_seconds"].default

    assert int(bot["stop_grace_period"].rstrip("s")) > grace
    assert all(str(port).startswith("127.0.0.1:") for port in bot["ports"])
    assert "ports" not in COMPOSE["services"]["valkey"]
    assert COMPOSE["services"]["valkey"]["networks"] == ["store"]
    assert "store" in bot["networks"]
    assert COMPOSE["networks"]["store"]["internal"] is True
    assert bot["ports"] == [f"127.0.0.1:{Settings.model_fields['ops_port'].default}:9464"]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_may_do_nothing_but_its_work(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["mem_limit"]
    assert service["pids_limit"] > 0
    assert not service.keys() & {"privileged", "network_mode", "pid", "ipc", "devices"}


def test_compose_starts_the_bot_as_the_user_whose_files_the_image_has() -> None:
    (user,) = re.findall(r"^USER (\S+)$", read("Dockerfile"), re.MULTILINE)

    assert COMPOSE["services"]["bot"]["user"] == user


def test_each_image_is_named_once_by_tag_and_by_nothing_else_than_a_digest() -> None:
    froms = re.findall(r"^FROM (\S+)", read("Dockerfile"), re.MULTILINE)
    images = [
        *re.findall(r"^ARG PYTHON=(\S+)$", read("Dockerfile"), re.MULTILINE),
        *(service["image"] for service in COMPOSE["services"].values() if "image" in service),
    ]

    assert froms == ["${PYTHON}"] * 2
    assert len(images) == 2
    for image in images:
        assert re.fullmatch(r"[a-z0-9./-]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}", image), image
        assert ":latest" not in image


# Dependencies


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9_.-]+)==([^\s;]+)", read(name), re.MULTILINE))


def test_the_locks_agree_and_cover_what_the_project_asks_for() -> None:
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    project = tomllib.loads(read("pyproject.toml"))["project"]

    traces = pins("requirements-traces.lock")
    assert run.items() <= traces.items() <= dev.items()
    assert wanted(project["optional-dependencies"]["traces"]) <= traces.keys() - run.keys()
    assert wanted(project["dependencies"]) <= run.keys()
    assert wanted(project["optional-dependencies"]["dev"]) <= dev.keys()


def wanted(requirements: list[str]) -> set[str]:
    names = (re.match(r"[A-Za-z0-9_.-]+", requirement) for requirement in requirements)
    return {match[0].lower() for match in names if match}


SERVERS = [f"tests/e2e/servers/{name}.lock" for name in ("litellm", "llama", "llama-build")]


LOCKS = [f"requirements{kind}.lock" for kind in ("", "-traces", "-dev")]


@pytest.mark.parametrize("name", [*LOCKS, *SERVERS])
def test_every_pin_has_a_hash_and_no_lock_has_an_address(name: str) -> None:
    text = read(name)
    blocks = re.split(r"\n(?=\S)", text.strip())

    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "--index" not in text


# Commands


@pytest.mark.integration
def test_make_alone_shows_every_command() -> None:
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    shown = subprocess.run(
        ["make"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True
    ).stdout

    for command in (
        "demo",
        "test",
        "quick",
        "fix",
        "coverage",
        "bench",
        "docs",
        "lock",
        "digests",
        "servers",
        "help",
    ):
        assert f"make {command} " in shown


@pytest.mark.integration
@pytest.mark.parametrize(
    "script", ["tools/venv.sh", "tools/lock.sh", "tools/digests.sh", "tools/servers.sh"]
)
def test_shell_scripts_are_plain_sh(script: str) -> None:
    subprocess.run(["sh", "-n", ROOT / script], check=True)


@pytest.mark.integration
def test_ci_runs_on_its_own() -> None:
    script = ROOT / ".ci/run"

    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")


def test_secrets_and_data_stay_out_of_the_repository() -> None:
    ignored = read(".gitignore").splitlines()

    assert {".env", ".data/", ".venv/", ".servers/"} <= set(ignored)
