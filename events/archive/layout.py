"""How a segment file is laid out; nothing here touches a disk.

    | magic | block | block | … | index | footer |

A block is some rows of the log in the order of positions, compressed with zlib: first all their numbers, then all
streams, topics and stored bytes, since like beside like compresses best (lzma takes a quarter less room, and several
times as long to read). The index says where each block lies, which positions it holds and its CRC-32, and in which
blocks the events of a stream are. The footer says where the index is.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from events.codec import StoredRow

__all__ = ["FOOTER_SIZE", "MAGIC", "Block", "DamagedSegment", "Index", "decode_block", "encode_block", "read_footer"]

MAGIC = b"EVENTS\x00\x01"
"""How a segment file of this layout begins."""

_LEVEL = 6
_ROW = struct.Struct("<QQIII")
"""Position, version, and the lengths of stream, topic and stored bytes."""
_BLOCK = struct.Struct("<QIIIIQQ")
_FOOTER = struct.Struct("<QIIIII8s")
FOOTER_SIZE = _FOOTER.size
_WORD = 2**32


class DamagedSegment(ValueError):
    """Raised for bytes that can't be what was written."""


class Block(NamedTuple):
    """Where a block lies in its file, and what it holds."""

    offset: int
    size: int
    raw_size: int
    checksum: int
    rows: int
    first: int
    last: int


def encode_block(rows: Sequence[StoredRow], offset: int) -> tuple[bytes, Block]:
    """The bytes of a block that will lie at `offset`; rows (at least one) are in the order of positions."""
    streams = [row[1].encode() for row in rows]
    topics = [row[3].encode() for row in rows]
    numbers = [
        _ROW.pack(position, version, len(stream), len(topic), len(stored))
        for (position, _, version, _, stored), stream, topic in zip(rows, streams, topics, strict=True)
    ]
    raw = b"".join([*numbers, *streams, *topics, *(row[4] for row in rows)])
    packed = zlib.compress(raw, _LEVEL)
    return packed, Block(offset, len(packed), len(raw), zlib.crc32(packed), len(rows), rows[0][0], rows[-1][0])


def decode_block(block: Block, packed: bytes) -> list[StoredRow]:
    """The rows of a block. Raises `DamagedSegment`."""
    if len(packed) != block.size or zlib.crc32(packed) != block.checksum:
        raise DamagedSegment("a block's checksum does not match")
    try:
        raw = zlib.decompressobj().decompress(packed, block.raw_size)
        numbers = list(_ROW.iter_unpack(raw[: block.rows * _ROW.size]))
        streams = _cut(raw, block.rows * _ROW.size, [row[2] for row in numbers])
        topics = _cut(raw, streams[1], [row[3] for row in numbers])
        stored = _cut(raw, topics[1], [row[4] for row in numbers])
        rows = [
            (number[0], stream.decode(), number[1], topic.decode(), content)
            for number, stream, topic, content in zip(numbers, streams[0], topics[0], stored[0], strict=True)
        ]
    except (zlib.error, struct.error, ValueError) as error:
        raise DamagedSegment(f"a block can't be unpacked: {error}") from None
    if stored[1] != len(raw) or len(raw) != block.raw_size or len(rows) != block.rows:
        raise DamagedSegment("a block does not hold what the index says")
    return rows


def _cut(raw: bytes, start: int, sizes: Sequence[int]) -> tuple[list[bytes], int]:
    """Pieces of these sizes from `start` on, and where they end."""
    ends = list(accumulate(sizes, initial=start))
    return [raw[begin:end] for begin, end in pairwise(ends)], ends[-1]


def _hash(stream: str) -> int:
    return zlib.crc32(stream.encode())


def _checksum(content: bytes, *numbers: int) -> int:
    """Over the index and over what the footer says of it."""
    return zlib.crc32(struct.pack(f"<{len(numbers)}Q", *numbers), zlib.crc32(content))


@dataclass(frozen=True, slots=True)
class Index:
    """What a segment holds, and where. `identity` is that of the log it belongs to."""

    identity: str
    blocks: tuple[Block, ...]
    places: array[int]
    """The hash of a stream's name and the number of a block that holds events of it, in one number each; sorted."""

    @classmethod
    def of(cls, identity: str, blocks: Sequence[Block], streams: Iterable[tuple[str, int]]) -> Index:
        """The index over these blocks; `streams` are names with the numbers of blocks they have events in."""
        places = sorted({_hash(stream) * _WORD + number for stream, number in streams})
        return cls(identity, tuple(blocks), array("Q", places))

    def blocks_of(self, stream: str) -> list[int]:
        """The numbers of the blocks that hold events of a stream; now and then one more."""
        low = _hash(stream) * _WORD
        begin = bisect_left(self.places, low)
        return [place - low for place in self.places[begin : bisect_left(self.places, low + _WORD, begin)]]

    def encode(self, offset: int) -> bytes:
        """Index and footer, to lie at `offset`."""
        identity = json.dumps(self.identity).encode()
        places = array("Q", self.places)
        if sys.byteorder != "little":
            places.byteswap()
        blocks = b"".join(_BLOCK.pack(*block) for block in self.blocks)
        content = zlib.compress(identity + blocks + places.tobytes(), _LEVEL)
        numbers = (len(identity), len(self.blocks), len(places))
        checksum = _checksum(content, offset, *numbers)
        return content + _FOOTER.pack(offset, len(content), checksum, *numbers, MAGIC)

    @classmethod
    def decode(cls, footer: Footer, content: bytes) -> Index:
        """The index that a footer describes. Raises `DamagedSegment`."""
        numbers = (footer.offset, footer.identity_size, footer.blocks, footer.places)
        if len(content) != footer.size or _checksum(content, *numbers) != footer.checksum:
            raise DamagedSegment("the index's checksum does not match")
        places: array[int] = array("Q")
        begin = footer.identity_size
        end = begin + footer.blocks * _BLOCK.size
        whole = end + footer.places * places.itemsize
        try:
            raw = zlib.decompressobj().decompress(content, whole)
            identity = json.loads(raw[:begin])
            blocks = tuple(Block(*numbers) for numbers in _BLOCK.iter_unpack(raw[begin:end]))
            places.frombytes(raw[end:])
        except (zlib.error, struct.error, ValueError) as error:
            raise DamagedSegment(f"the index can't be unpacked: {error}") from None
        if len(raw) != whole or len(blocks) != footer.blocks or not isinstance(identity, str):
            raise DamagedSegment("the index does not hold what the footer says")
        if sys.byteorder != "little":
            places.byteswap()
        return cls(identity, blocks, places)


class Footer(NamedTuple):
    """Where the index lies, and how much of what it holds."""

    offset: int
    size: int
    checksum: int
    identity_size: int
    blocks: int
    places: int


def read_footer(packed: bytes) -> Footer:
    """The footer of a file, from its last bytes. Raises `DamagedSegment`."""
    if len(packed) != FOOTER_SIZE:
        raise DamagedSegment("it is cut short")
    *numbers, magic = _FOOTER.unpack(packed)
    if magic != MAGIC:
        raise DamagedSegment("it does not end as a segment file does")
    return Footer(*numbers)
