#!/bin/sh
# Usage: tools/venv.sh LOCKFILE [VENV [PIP_OPTION …]]
#
# Makes VENV (.venv) and installs LOCKFILE into it, unless that has been done to the end before.
# PYTHON names the interpreter to use; without it the first fitting one is found.
set -eu

lock=$1
venv=${2:-.venv}
[ $# -lt 2 ] || shift
shift
stamp=$venv/installed-${lock##*/}
wanted=$(cksum <"$lock")

fail() {
    echo "$1" >&2
    exit 1
}

recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

find_python() {
    without_venv=
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        if recent "$candidate"; then
            if can_make_venv "$candidate"; then
                python=$candidate
                return
            fi
            without_venv=$candidate
        fi
    done
    if [ -n "$without_venv" ]; then
        fail "$without_venv has no venv module: install it first (Debian, Ubuntu: sudo apt install python3-venv)."
    fi
    fail "Python 3.11 or newer is needed, and none was found: install it, or say PYTHON=/path/to/python3."
}

works() {
    recent "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && recent "$venv/bin/python"; then
    exit 0
fi

if ! works; then
    find_python
    echo "Making $venv with $("$python" --version) …"
    "$python" -m venv --clear "$venv"
fi

rm -f "$stamp"
echo "Installing $lock into $venv …"
"$venv/bin/python" -m pip install \
    --disable-pip-version-check --no-input --require-hashes -r "$lock" "$@"
printf '%s\n' "$wanted" >"$stamp"
