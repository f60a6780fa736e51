"""Pictures without a plotting library: what is drawn is there, and other programs can read the file."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from common.raster import Raster

RED, WHITE = (200, 0, 0), (255, 255, 255)


def read_png(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and rows of a PNG, its checksums looked at."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, dict[bytes, bytes]()
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + size
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    return width, height, zlib.decompress(chunks[b"IDAT"])


@given(st.integers(1, 20), st.integers(1, 20), *(st.integers(-30, 30) for _ in range(4)))
def test_a_rectangle_fills_exactly_its_part_of_the_page(
    width: int, height: int, x: int, y: int, wide: int, tall: int
) -> None:
    page = Raster(width, height)
    page.fill(x, y, wide, tall, RED)
    for column in range(width):
        for row in range(height):
            inside = x <= column < x + wide and y <= row < y + tall
            assert page.pixel(column, row) == (RED if inside else WHITE)


def test_the_file_holds_the_page() -> None:
    page = Raster(7, 5)
    page.fill(2, 1, 1, 1, RED)
    width, height, rows = read_png(page.png())
    assert (width, height) == (7, 5)
    assert len(rows) == 5 * (1 + 3 * 7)
    assert tuple(rows[22 + 1 + 6 : 22 + 1 + 9]) == RED
    assert rows.count(0) == 5 + 2  # a filter byte a row, and two channels of red


def test_a_line_joins_its_ends() -> None:
    page = Raster(10, 10)
    page.line(1, 8, 8, 1, RED)
    assert [page.pixel(1 + step, 8 - step) for step in range(8)] == [RED] * 8


def test_letters_differ_and_unknown_ones_stay_empty() -> None:
    def drawn(text: str) -> bytes:
        page = Raster(40, 20)
        page.text(1, 1, text, scale=1)
        return page.png()

    pictures = {drawn(letter) for letter in "0123456789abcdefghijklmnopqrstuvwxyz.-_%:,()/"}
    assert len(pictures) == 45
    assert drawn("é") == drawn(" ") == drawn("")
    assert drawn("A") == drawn("a")
    assert Raster.text_width("abc", 2) == 36
