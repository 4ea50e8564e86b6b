"""What a walk counts."""

from __future__ import annotations

import pytest

from tools.walk import quota


@pytest.mark.integration
async def test_a_walk_passes_through_what_it_calls_and_nothing_else() -> None:
    files = list((await quota()).files())

    assert {"admin/commands.py", "rules/quota.py", "asking/denied.py"} <= set(files)
    assert not {"doors/buttons.py", "words/usage.py", "settings.py"} & set(files)
