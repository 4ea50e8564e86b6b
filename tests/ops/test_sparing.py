from __future__ import annotations

import json
import ssl
import subprocess
import sys

import pytest

from bot.ops.sparing import spare_certificates

CONTEXTS = """
import json
from bot.ops.sparing import spare_certificates
with spare_certificates():
    import aiohttp.connector
contexts = (aiohttp.connector._SSL_CONTEXT_VERIFIED, aiohttp.connector._SSL_CONTEXT_UNVERIFIED)
print(json.dumps([each.cert_store_stats()["x509_ca"] for each in contexts]))
"""


@pytest.mark.integration
def test_aiohttp_reads_certificates_where_it_verifies_somebody() -> None:
    told = subprocess.run(
        [sys.executable, "-c", CONTEXTS], capture_output=True, text=True, check=True
    ).stdout
    verified, unverified = json.loads(told)

    assert verified == ssl.create_default_context().cert_store_stats()["x509_ca"]
    assert unverified == 0


def test_contexts_are_made_as_ever_behind_that() -> None:
    with spare_certificates():
        pass

    assert "set_default_verify_paths" not in vars(ssl.SSLContext)
