"""`python -m tools.docs`: write the generated documentation again, from the code it describes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from prometheus_client.metrics import MetricWrapperBase
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot import metrics
from bot.ops.manifest import as_yaml, manifest
from bot.rules.commands import parameter_table
from bot.settings import Settings
from bot.store.lifetimes import LIFETIMES, Forget

ROOT = Path(__file__).resolve().parent.parent

_PARAMETERS = ("<!-- parameters: written by `make docs` -->", "<!-- end of parameters -->")
_LIFETIMES = ("<!-- keys: written by `make docs` -->", "<!-- end of keys -->")

_FORGET: dict[Forget, str] = {
    "": "nothing of a person",
    "named": "deletes theirs",
    "whole": "deletes theirs",
    "part": "takes out what is theirs",
}

_COMPOSE = "Password of the Valkey in compose.yaml; openssl rand -hex 32 makes one."
_TO_FILL_IN = ("slack_bot_token", "slack_app_token", "xai_api_key")


def generated() -> dict[Path, str]:
    """Every generated file with the text it should have."""
    readme, operation = ROOT / "README.md", ROOT / "docs" / "operation.md"
    return {
        ROOT / ".env.example": env_example(),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "metrics.md": metrics_page(),
        ROOT / "manifest.yml": as_yaml(manifest()),
        readme: between(_PARAMETERS, readme.read_text(encoding="utf-8"), parameter_table()),
        operation: between(_LIFETIMES, operation.read_text(encoding="utf-8"), lifetime_table()),
    }


def env_example() -> str:
    """A `.env` to copy: a comment for each setting; those with a default are commented out."""
    parts = [
        "# Copy this file to .env and fill in what has no # before it. `make docs` writes it.\n",
        f"# {_COMPOSE}\n# REDIS_PASSWORD=\n",
    ]
    for name, field in Settings.model_fields.items():
        comment = _plain(field.description or "")
        lines = textwrap.wrap(comment, width=96, initial_indent="# ", subsequent_indent="# ")
        hidden = "" if name in _TO_FILL_IN else "# "
        parts.append("\n".join([*lines, f"{hidden}{name.upper()}={_default(field)}"]) + "\n")
    return "\n".join(parts)


def settings_page() -> str:
    """docs/settings.md."""
    rows = [
        f"| `{name.upper()}` | {_type(field)} | {_code(_default(field))} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return (
        "# Settings\n\n"
        "Set them in the environment or in `.env`; the environment wins. An empty value counts as\n"
        "unset. The bot names every setting that is missing or wrong when it starts, and\n"
        "`python -m bot check` tries them out. `make docs` writes this page.\n\n"
        "| variable | value | default | what it does |\n| --- | --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n"
    )


def metrics_page() -> str:
    """docs/metrics.md."""
    rows = [
        f"| `{_exposed_name(metric)}` | {metric._type} | {labels or '–'} | {text} |"
        for metric, labels, text in _metrics()
    ]
    return (
        "# Metrics\n\n"
        "`GET /metrics` on the operation port, in Prometheus' format. No label holds a user, a\n"
        "channel or a text. `make docs` writes this page.\n\n"
        "| name | kind | labels | what it counts |\n| --- | --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n"
    )


def lifetime_table() -> str:
    """How long each key in Redis is kept."""
    rows = [
        f"| `{kept.names}` | {kept.holds} | {kept.until} | {_FORGET[kept.forget]} |"
        for kept in LIFETIMES
    ]
    return "| key | holds | until | `forget` |\n| --- | --- | --- | --- |\n" + "\n".join(rows)


def between(marks: tuple[str, str], page: str, table: str) -> str:
    """`page` with `table` between its `marks`. Raises `ValueError` when it lacks them."""
    before, start, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not start or not end:
        raise ValueError(f"a page lacks the marks {marks}")
    return f"{before}{start}\n\n{table.strip()}\n\n{end}{after}"


def _metrics() -> Iterator[tuple[MetricWrapperBase, str, str]]:
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            yield metric, labels, metric._documentation


def _exposed_name(metric: MetricWrapperBase) -> str:
    name: str = metric._name
    return f"{name}_total" if metric._type == "counter" else name


def _default(field: FieldInfo) -> str:
    if field.default is None:
        return ""
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return str(field.default)


def _type(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    if SecretStr in (kind, *get_args(kind)):
        return "secret"
    names: dict[object, str] = {int: "whole number", float: "number", bool: "`true` or `false`"}
    return " ".join([names.get(kind, "text"), *_bounds(field)])


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        if isinstance(bound, Ge):
            yield f"≥ {bound.ge}"
        elif isinstance(bound, Gt):
            yield f"> {bound.gt}"
        elif isinstance(bound, Le):
            yield f"≤ {bound.le}"


def _code(text: str) -> str:
    return f"`{text}`" if text else "–"


def _plain(markdown: str) -> str:
    return markdown.replace("`", "").replace("*", "")


def main() -> None:
    """Write every generated file that is out of date."""
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
