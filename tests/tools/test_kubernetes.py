"""deploy/kubernetes: by the official schemas, by what the bot is, and by the metrics there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from bot.cli import _COMMANDS
from bot.metrics import ClosedCounter
from bot.settings import Settings
from tests.house import ROOT
from tests.test_metrics import METRICS

BASE = ROOT / "deploy" / "kubernetes"
MONITORING = BASE / "monitoring"
OFFICIAL = re.compile(r"^(v1|(apps|policy|autoscaling|networking\.k8s\.io)/v\d+)$")
_METRIC = re.compile(r"\bgrokbot_[a-z_]+")
_SELECTED = re.compile(r"(grokbot_[a-z_]+)\{([^}]*)\}")
_BY = re.compile(r"by \(([a-z_, ]+)\)")
ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
OF_PROMETHEUS = {"le", "pod"}
"""Labels that Prometheus adds."""


def documents(directory: Path) -> Iterator[dict[str, Any]]:
    """All that the kustomization in `directory` names."""
    named = yaml.safe_load((directory / "kustomization.yaml").read_text(encoding="utf-8"))
    for name in named["resources"]:
        yield from yaml.safe_load_all((directory / name).read_text(encoding="utf-8"))


MANIFESTS = [*documents(BASE), *documents(MONITORING)]
DEPLOYMENTS = {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] == "Deployment"}


def one(kind: str, name: str = "grokbot") -> dict[str, Any]:
    (found,) = (
        each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name)
    )
    return found


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = DEPLOYMENTS[name]["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    return dict(only)


def test_every_file_is_named_and_there() -> None:
    for directory in (BASE, MONITORING):
        text = (directory / "kustomization.yaml").read_text(encoding="utf-8")
        for path in directory.iterdir():
            assert path.name == "kustomization.yaml" or path.name in text


def test_all_of_it_is_what_the_official_schemas_say() -> None:
    checked = [each for each in MANIFESTS if OFFICIAL.match(each["apiVersion"])]
    for manifest in checked:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    assert {each["kind"] for each in checked} >= {
        *("Deployment", "PodDisruptionBudget", "NetworkPolicy", "Service", "ConfigMap"),
        "HorizontalPodAutoscaler",
    }
    broken = json.loads(json.dumps(DEPLOYMENTS["work"]))
    broken["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.integration
@pytest.mark.parametrize("monitoring", [False, True])
def test_it_renders_and_what_selects_finds(tmp_path: Path, monitoring: bool) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("There is no kubectl here to render them with.")
    shutil.copytree(BASE, tmp_path / "base")
    if monitoring:
        path = tmp_path / "base" / "kustomization.yaml"
        text = path.read_text().replace("# components:\n#   - ", "components:\n  - ")
        path.write_text(text)
    command = ["kubectl", "kustomize", str(tmp_path / "base")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rendered = list(yaml.safe_load_all(done.stdout))
    kinds = {each["kind"] for each in rendered}
    assert {
        "ServiceMonitor",
        "PrometheusRule",
        "HorizontalPodAutoscaler",
    } <= kinds or not monitoring
    pods = [
        each["spec"]["template"]["metadata"]["labels"].items()
        for each in rendered
        if each["kind"] == "Deployment"
    ]
    services = [
        each["metadata"]["labels"].items() for each in rendered if each["kind"] == "Service"
    ]
    for each in rendered:
        labels = services if each["kind"] == "ServiceMonitor" else pods
        selector = each.get("spec", {}).get("selector", {})
        wanted = selector.get("matchLabels", selector).items()
        assert not wanted or any(wanted <= had for had in labels), each["metadata"]["name"]


def test_the_commands_probes_and_settings_are_those_of_the_bot() -> None:
    for name in DEPLOYMENTS:
        bot = container(name)
        assert bot["command"][:3] == ["python", "-m", "bot"]
        assert bot["command"][3] in _COMMANDS
        ports = {each["name"]: each["containerPort"] for each in bot["ports"]}
        assert ports["ops"] == Settings.model_fields["ops_port"].default
        assert bot["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "ops"}
        assert bot["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "ops"}
        assert bot["image"] == "grokbot"
    settings = one("ConfigMap")["data"]
    assert {each.lower() for each in settings} <= Settings.model_fields.keys()
    Settings(_env_file=None, **{name.lower(): value for name, value in settings.items()})
    assert all(pod(name)["terminationGracePeriodSeconds"] > 20 for name in DEPLOYMENTS)
    work = pod("work")["terminationGracePeriodSeconds"]
    assert work > float(settings["SHUTDOWN_GRACE_SECONDS"]) + 15


def test_nothing_of_it_may_do_more_than_the_bot_needs() -> None:
    for name in DEPLOYMENTS:
        safe = container(name)["securityContext"]
        assert (safe["allowPrivilegeEscalation"], safe["readOnlyRootFilesystem"]) == (False, True)
        assert safe["capabilities"] == {"drop": ["ALL"]}
        assert pod(name)["securityContext"]["runAsNonRoot"]
        assert not pod(name)["automountServiceAccountToken"]
        assert container(name)["resources"]["limits"]["memory"]
        assert one("PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1
    policy = one("NetworkPolicy")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert all("from" in each for each in policy["ingress"])
    assert all(each["ports"] for each in (*policy["ingress"], *policy["egress"]))
    secrets = re.compile(r"xox[abp]-|xapp-|xai-\w|password\s*:", re.IGNORECASE)
    texts = [path.read_text(encoding="utf-8") for path in BASE.rglob("*") if path.is_file()]
    assert not any(secrets.search(text) for text in texts)


def expressions() -> list[str]:
    board = json.loads((MONITORING / "board.json").read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    groups = one("PrometheusRule")["spec"]["groups"]
    scaled = [
        each[each["type"].lower()]["metric"]["name"]
        for each in one("HorizontalPodAutoscaler", "work")["spec"]["metrics"]
    ]
    return [*shown, *(rule["expr"] for group in groups for rule in group["rules"]), *scaled]


def exposed() -> dict[str, dict[str, frozenset[str]]]:
    """Every name that is exposed, with the values of its labels."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for metric in METRICS.values():
        closed = metric.closed if isinstance(metric, ClosedCounter) else ()
        labels = dict(zip(metric._labelnames, closed, strict=True))
        found |= {metric._name + end: labels for end in ENDS[str(metric._type)]}
    return found


def test_each_metric_that_is_shown_or_watched_exists_with_its_labels() -> None:
    known = exposed()
    used = {name for each in expressions() for name in _METRIC.findall(each)}
    assert used <= known.keys()
    assert {name.removesuffix("_bucket") for name in used} >= {
        name for name in known if not name.endswith(("_bucket", "_sum", "_count"))
    }
    for each in expressions():
        for name, selected in _SELECTED.findall(each):
            for label, value in re.findall(r'(\w+)!?="(\w+)"', selected):
                assert value in known[name][label], each
        labels = {label for name in _METRIC.findall(each) for label in known[name]}
        for by in _BY.findall(each):
            assert {label.strip() for label in by.split(",")} <= labels | OF_PROMETHEUS, each


def test_what_is_worth_an_alert_by_the_documentation_has_one() -> None:
    page = (BASE.parent.parent / "docs" / "operation.md").read_text(encoding="utf-8")
    table = page.partition("Worth an alert:")[2].partition("## ")[0]
    told = set(re.findall(r"^\| `(grokbot_\w+)", table, re.MULTILINE))
    rules = [
        rule["expr"] for group in one("PrometheusRule")["spec"]["groups"] for rule in group["rules"]
    ]

    watched = {name.removesuffix("_bucket") for each in rules for name in _METRIC.findall(each)}

    assert told == watched - {"grokbot_queue_depth"}  # whether anything is measured at all


@pytest.mark.integration
def test_prometheus_reads_the_rules(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("There is no promtool here.")
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump(one("PrometheusRule")["spec"]))
    done = subprocess.run(
        ["promtool", "check", "rules", str(rules)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [
        {"record": f"shown:{number}", "expr": each.replace("$__rate_interval", "5m")}
        for number, each in enumerate(expressions())
    ]
    rules.write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": shown}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", str(rules)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
