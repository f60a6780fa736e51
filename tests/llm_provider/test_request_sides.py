"""The second tool of a request cut in two: by what is said on each side, and by vectors of which sides are sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_provider.request_sides import Heard, second_of

_VALUES = st.lists(st.floats(0, 10), min_size=4, max_size=4)


def _said(*values: float) -> Heard:
    return Heard(values, [0.0] * len(values), None)


@pytest.mark.parametrize(
    ("pieces", "second"),
    [
        ([_said(5, 4, 1), _said(0, 1, 2)], 2),
        ([_said(0, 1, 2), _said(5, 4, 1)], 2),
        ([_said(3, 0, 2), _said(3, 0, 2), _said(0, 3, 0)], 1),
        ([_said(0, 3, 0), _said(3, 0, 2), _said(3, 0, 2)], 1),
    ],
)
def test_the_side_that_the_first_tool_leaves_picks_the_second(pieces: list[Heard], second: int) -> None:
    assert second_of(pieces) == second


def test_the_likeness_of_a_side_is_that_of_its_sum() -> None:
    """Two pieces that point the same way say no more than one of them; two that differ are both heard."""
    tools = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=np.float32)

    def piece(*vector: float) -> Heard:
        pointing = np.array(vector, dtype=np.float32) / np.linalg.norm(vector)
        return Heard([0.0, 0.0, 0.0], (tools @ pointing).tolist(), pointing)

    assert second_of([piece(1, 0, 0), piece(1, 0, 0), piece(0, 1, 0.5), piece(0, 1, 0.6)]) == 1
    assert second_of([piece(1, 0, 0), piece(0, 0.1, 1), piece(0, 0.1, 1)]) == 2


@given(st.lists(_VALUES, min_size=2, max_size=6))
def test_the_second_is_never_the_first_and_no_worse_than_another(values: list[list[float]]) -> None:
    pieces = [_said(*each) for each in values]
    second = second_of(pieces)
    assert second in {1, 2, 3}

    def made(tool: int) -> float:
        cuts = [
            (sum(own[0] for own in one), sum(own[tool] for own in other))
            for cut in range(1, len(values))
            for one, other in ((values[:cut], values[cut:]), (values[cut:], values[:cut]))
        ]
        return max(own + other for own, other in cuts)

    assert made(second) >= max(made(tool) for tool in (1, 2, 3)) - 1e-9
