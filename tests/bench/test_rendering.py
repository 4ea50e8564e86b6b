from __future__ import annotations

import pytest

from bench.rendering import Round, render


@pytest.mark.parametrize("thousands", [1, 3])
def test_rendering_stops_at_each_thousand_tokens(thousands: int) -> None:
    assert len(list(render(thousands * 1_000))) == thousands


def test_the_ratio_is_that_of_all_the_time_taken() -> None:
    assert Round(long=[3.0, 5.0], short=[4.0, 1.0]).ratio == 1.6
