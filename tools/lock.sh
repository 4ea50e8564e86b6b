#!/bin/sh
# Resolves pyproject.toml into the lock files, with hashes and without the address of any index.
# Say UPGRADE=1 to take newer versions where the bounds allow them.
set -eu

if command -v uv >/dev/null 2>&1; then
    uv=uv
elif [ -x .venv/bin/uv ]; then
    uv=.venv/bin/uv
else
    echo "uv is needed for this, and was not found: install it first (pipx install uv)." >&2
    exit 1
fi

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate ${UPGRADE:+--upgrade} "$@"
}

compile pyproject.toml --output-file requirements.lock
compile pyproject.toml --extra traces --constraint requirements.lock \
    --output-file requirements-traces.lock
compile pyproject.toml --extra dev --extra traces --constraint requirements.lock \
    --output-file requirements-dev.lock
for name in tests/e2e/servers/*.in; do
    compile "$name" --output-file "${name%.in}.lock"
done
