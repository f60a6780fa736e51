"""PDF files made by hand, with and without faults."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any

import pypdf


def pdf(pages: Sequence[str], *, title: str | None = None) -> bytes:
    """A PDF whose pages hold these lines, in Latin-1."""
    streams = [_text_stream(text) for text in pages]
    return pdf_of_streams([(zlib.compress(stream), b"/Filter /FlateDecode") for stream in streams], title=title)


def pdf_of_streams(streams: Sequence[tuple[bytes, bytes]], *, title: str | None = None) -> bytes:
    """A PDF whose pages have these (content, entries of the stream's dictionary)."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(streams), b" ".join(b"%d 0 R" % (5 + 2 * index) for index in range(len(streams)))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (%s) >>" % (title or "").encode("latin-1"),
    ]
    for index, (content, entries) in enumerate(streams):
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R" % (6 + 2 * index)
        objects.append(page + b" /Resources << /Font << /F1 3 0 R >> >> >>")
        objects.append(b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content))
    return assembled(objects, info=title is not None)


def assembled(objects: Sequence[bytes], *, info: bool = False) -> bytes:
    """The file of these objects, numbered from 1; the first is the catalog, the fourth the information."""
    out = bytearray(b"%PDF-1.7\n")
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    described = b" /Info 4 0 R" if info else b""
    out += b"trailer\n<< /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, described, start)
    return bytes(out)


def _text_stream(text: str) -> bytes:
    shown: list[bytes] = []
    for line in text.split("\n"):
        escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("cp1252")
        shown.append(b"(%s) Tj T*" % escaped)
    return b"BT /F1 12 Tf 14 TL 50 780 Td\n" + b"\n".join(shown) + b"\nET"


def encrypted(data: bytes, password: str, algorithm: str = "RC4-128") -> bytes:
    """The same file, which opens with the password."""
    writer: Any = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb(megabytes: int) -> bytes:
    """A small file with a page that decompresses to this much of drawing."""
    content = zlib.compress(b"(a) Tj " * (megabytes * 150_000), 9)
    return pdf_of_streams([(content, b"/Filter /FlateDecode")])


def endless() -> bytes:
    """A file whose page tree leads back to itself."""
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1000000 /Kids [3 0 R 2 0 R 3 0 R] >>",
            b"<< /Type /Pages /Count 1000000 /Parent 2 0 R /Kids [2 0 R 3 0 R] >>",
        ]
    )
