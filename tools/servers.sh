#!/bin/sh
# Usage: tools/servers.sh
#
# Installs LiteLLM's proxy and llama-cpp-python's server into environments of their own below
# .servers, for tests/e2e/servers, unless that has been done before.
set -eu

locks=tests/e2e/servers

sh tools/venv.sh $locks/litellm.lock .servers/litellm --no-compile
if [ ! -f .servers/litellm/imported ]; then  # which takes long the first time
    LITELLM_LOCAL_MODEL_COST_MAP=True .servers/litellm/bin/python -c "import litellm.proxy.proxy_server"
    touch .servers/litellm/imported
fi

# There is no wheel of llama-cpp-python, and a compiler for C++ is needed. A wheel that pip has built
# before is taken instead.
sh tools/venv.sh $locks/llama-build.lock .servers/llama --no-compile
CMAKE_ARGS="-DCMAKE_PROJECT_INCLUDE=$PWD/$locks/llama.cmake" PATH="$PWD/.servers/llama/bin:$PATH" \
    sh tools/venv.sh $locks/llama.lock .servers/llama --no-compile --no-build-isolation
