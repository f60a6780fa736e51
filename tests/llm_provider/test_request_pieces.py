"""Where a request has its joints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_provider.request_pieces import MOST_PIECES, pieces_of


@pytest.mark.parametrize(
    ("request_text", "pieces"),
    [
        ("Book a table at Luigi's and draw a flow chart of our invoices",
         ["Book a table at Luigi's", "draw a flow chart of our invoices"]),
        ("Where is the parcel from Bremen? The broken lamp goes back to the shop.",
         ["Where is the parcel from Bremen", "The broken lamp goes back to the shop."]),
        ("a query for monthly orders, and then a diagram of the warehouse",
         ["a query for monthly orders", "a diagram of the warehouse"]),
        ("Find us a cheap flight to Bergen, and when will it be high tide there?",
         ["Find us a cheap flight to Bergen", "when will it be high tide there?"]),
        ("Where was my grandmother born? Draw a logo with a fox.",
         ["Where was my grandmother born", "Draw a logo with a fox."]),
    ],
)  # fmt: skip
def test_a_request_is_cut_at_its_joints(request_text: str, pieces: list[str]) -> None:
    assert pieces_of(request_text) == pieces


@pytest.mark.parametrize(
    "request_text", ["", "Convert 20 dollars to francs", "salt and pepper", "tell me, please", "water the ferns. " * 60]
)
def test_what_is_of_a_piece_a_list_or_a_story_has_none(request_text: str) -> None:
    assert pieces_of(request_text) == []


@given(st.text(max_size=600))
def test_any_text_has_no_piece_or_several(request_text: str) -> None:
    assert len(pieces_of(request_text)) in {0, *range(2, MOST_PIECES + 1)}
