"""Small pictures without a plotting library: rectangles, lines and text on a white page, written as PNG."""

from __future__ import annotations

import struct
import zlib

__all__ = ["Color", "Raster"]

Color = tuple[int, int, int]

_GLYPHS = {
    "0": "3E5149453E", "1": "00427F4000", "2": "4261514946", "3": "2141454B31", "4": "1814127F10", "5": "2745454539",
    "6": "3C4A494930", "7": "0171090503", "8": "3649494936", "9": "064949291E", "a": "2054545478", "b": "7F48444438",
    "c": "3844444420", "d": "384444487F", "e": "3854545418", "f": "087E090102", "g": "0C5252523E", "h": "7F08040478",
    "i": "00447D4000", "j": "2040443D00", "k": "7F10284400", "l": "00417F4000", "m": "7C04180478", "n": "7C08040478",
    "o": "3844444438", "p": "7C14141408", "q": "081414187C", "r": "7C08040408", "s": "4854545420", "t": "043F444020",
    "u": "3C4040207C", "v": "1C2040201C", "w": "3C4030403C", "x": "4428102844", "y": "0C5050503C", "z": "4464544C44",
    ".": "0060600000", "-": "0808080808", "_": "4040404040", "%": "2313086462", ":": "0036360000", ",": "0050300000",
    "(": "001C224100", ")": "0041221C00", "/": "2010080402",
}  # fmt: skip
"""The usual 5 by 7 dot-matrix letters: a byte a column from the left, the lowest bit on top."""
_WIDTH, _HEIGHT = 6, 7


class Raster:
    """A white page of `width` by `height` pixels; what is drawn outside of it is left out."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._pixels = bytearray(b"\xff" * (3 * width * height))

    def pixel(self, x: int, y: int) -> Color:
        """The colour at a place on the page."""
        at = 3 * (y * self.width + x)
        red, green, blue = self._pixels[at : at + 3]
        return red, green, blue

    def fill(self, x: int, y: int, width: int, height: int, color: Color) -> None:
        """A filled rectangle from its upper left corner."""
        left, right = max(0, x), min(self.width, x + width)
        if right > left:
            for row in range(max(0, y), min(self.height, y + height)):
                start = 3 * (row * self.width + left)
                self._pixels[start : start + 3 * (right - left)] = bytes(color) * (right - left)

    def line(self, x1: int, y1: int, x2: int, y2: int, color: Color) -> None:
        """A straight line, one pixel wide."""
        steps = max(abs(x2 - x1), abs(y2 - y1), 1)
        for step in range(steps + 1):
            self.fill(round(x1 + (x2 - x1) * step / steps), round(y1 + (y2 - y1) * step / steps), 1, 1, color)

    def text(self, x: int, y: int, text: str, color: Color = (0, 0, 0), scale: int = 2) -> None:
        """Text from its upper left corner, in lower case; letters that the page does not know stay empty."""
        for place, letter in enumerate(text.lower()):
            for column, bits in enumerate(bytes.fromhex(_GLYPHS.get(letter, ""))):
                for row in range(_HEIGHT):
                    if bits >> row & 1:
                        self.fill(x + (place * _WIDTH + column) * scale, y + row * scale, scale, scale, color)

    @staticmethod
    def text_width(text: str, scale: int = 2) -> int:
        """How many pixels wide `text` is."""
        return len(text) * _WIDTH * scale

    def png(self) -> bytes:
        """The page as a PNG file (8 bits a channel, no transparency)."""
        stride = 3 * self.width
        rows = b"".join(
            b"\x00" + self._pixels[start : start + stride] for start in range(0, stride * self.height, stride)
        )
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
