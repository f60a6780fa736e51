"""Blocks and indexes come back as they were, or are refused."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.archive.layout import FOOTER_SIZE, DamagedSegment, Index, decode_block, encode_block, read_footer
from events.codec import StoredRow

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
contents = st.tuples(texts, st.integers(1, 2**63), texts, st.binary(max_size=300))


def rows_of(positions: set[int], made: list[tuple[str, int, str, bytes]]) -> list[StoredRow]:
    return [(place, *rest) for place, rest in zip(sorted(positions), made, strict=False)]


some_rows = st.builds(
    rows_of, st.sets(st.integers(1, 2**63), min_size=1, max_size=12), st.lists(contents, min_size=12, max_size=12)
)


@given(some_rows, st.integers(0, 2**40))
def test_a_block_gives_its_rows_back(rows: list[StoredRow], offset: int) -> None:
    packed, block = encode_block(rows, offset)
    assert decode_block(block, packed) == rows
    assert (block.offset, block.size, block.rows) == (offset, len(packed), len(rows))
    assert (block.first, block.last) == (rows[0][0], rows[-1][0])


@given(some_rows, st.integers(min_value=0), st.integers(1, 255))
def test_any_flipped_byte_of_a_block_is_found(rows: list[StoredRow], place: int, change: int) -> None:
    packed, block = encode_block(rows, 8)
    changed = bytearray(packed)
    changed[place % len(changed)] ^= change
    with pytest.raises(DamagedSegment):
        decode_block(block, bytes(changed))
    with pytest.raises(DamagedSegment):
        decode_block(block, packed[:-1])


@given(st.lists(some_rows, min_size=1, max_size=5), texts)
def test_an_index_gives_itself_back_and_finds_every_stream(groups: list[list[StoredRow]], identity: str) -> None:
    blocks = [encode_block(rows, number * 1_000)[1] for number, rows in enumerate(groups)]
    streams = [(row[1], number) for number, rows in enumerate(groups) for row in rows]
    packed = Index.of(identity, blocks, streams).encode(5_000)
    footer = read_footer(packed[-FOOTER_SIZE:])
    index = Index.decode(footer, packed[:-FOOTER_SIZE])
    assert (index.identity, index.blocks, footer.offset) == (identity, tuple(blocks), 5_000)
    for stream, number in streams:
        assert number in index.blocks_of(stream)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_any_flipped_byte_of_an_index_is_found(place: int, change: int) -> None:
    rows: list[StoredRow] = [(number, f"s{number}", 1, "t", os.urandom(4)) for number in range(1, 9)]
    packed = Index.of("log", [encode_block(rows, 8)[1]], [(row[1], 0) for row in rows]).encode(100)
    changed = bytearray(packed)
    changed[place % len(changed)] ^= change
    with pytest.raises(DamagedSegment):
        Index.decode(read_footer(bytes(changed[-FOOTER_SIZE:])), bytes(changed[:-FOOTER_SIZE]))
