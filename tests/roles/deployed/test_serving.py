"""Which requests an improved version is drawn for."""

from __future__ import annotations

from roles.deployed.serving import lot

NAME = "one"


def test_the_lot_is_the_share_and_stays() -> None:
    drawn = {str(key): lot(NAME, "1.0.1", str(key)) for key in range(20_000)}
    assert 0.19 < sum(place < 20 for place in drawn.values()) / len(drawn) < 0.21
    assert drawn == {key: lot(NAME, "1.0.1", key) for key in drawn}
    both = [lot(NAME, "1.0.2", key) < 20 for key, place in drawn.items() if place < 20]
    assert 0.15 < sum(both) / len(both) < 0.25  # another trial has others
