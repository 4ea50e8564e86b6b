"""`python -m bench [name…]`: run the benchmarks, all of them or the ones named.

A benchmark is a module of this package with a `main()`, which measures and prints; the first
line of its docstring says what it measures.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Sequence
from types import ModuleType

import bench


def find(package: ModuleType = bench) -> dict[str, ModuleType]:
    """Every benchmark of `package`, by name."""
    names = [found.name for found in pkgutil.iter_modules(package.__path__)]
    modules = {
        name: importlib.import_module(f"{package.__name__}.{name}")
        for name in names
        if not name.startswith("_")
    }
    return {name: module for name, module in modules.items() if hasattr(module, "main")}


def main(argv: Sequence[str] | None = None, package: ModuleType = bench) -> int:
    """Run what `argv` names; returns the exit code."""
    found = find(package)
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run benchmarks.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of: {', '.join(found)}")
    names = parser.parse_args(argv).names
    unknown = [name for name in names if name not in found]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(found)}")
    if not found:
        print("There are no benchmarks yet.")
    for name in names or found:
        title, _, _ = (found[name].__doc__ or "").strip().partition("\n")
        print(f"{name}: {title}", flush=True)
        found[name].main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
