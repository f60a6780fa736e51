"""Readers: from a file's bytes to a title and passages. One class a kind of file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "DocumentReader",
    "MarkdownReader",
    "Passage",
    "ReadDocument",
    "ReaderUnavailable",
    "TextReader",
    "UnreadableDocument",
    "passages_under",
    "title_from",
]

_PASSAGE_CHARS = 800
_MAX_TITLE = 200
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)


class UnreadableDocument(Exception):
    """The bytes are not what the file's name promises; the message is a clause for people."""


class ReaderUnavailable(Exception):
    """Files of this kind can't be read here and now, whatever is in them; the message is a clause for people."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document under its heading (`A › B` for nested ones)."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document as it is indexed; `note` is a clause for people on what of it is not, or empty."""

    title: str
    passages: tuple[Passage, ...]
    note: str = ""


class DocumentReader(Protocol):
    """Reads files whose names end in one of `suffixes` (lower case, with the dot)."""

    @property
    def suffixes(self) -> frozenset[str]:
        """The endings it takes."""
        ...

    def require(self) -> None:
        """Raises `ReaderUnavailable` where what reading takes is not installed; cheap to ask again."""
        ...

    def read(self, name: str, data: bytes) -> ReadDocument:
        """The document; `name` is the file's name without its ending.

        Raises `UnreadableDocument` for these bytes, and `ReaderUnavailable`.
        """
        ...


def passages_under(path: Sequence[str], text: str, title: str) -> list[Passage]:
    """The text below nested headings (outermost first) in passages; an outermost heading that is the title is left."""
    shown = path[1:] if path and path[0] == title else path
    return [Passage(" › ".join(shown)[:_MAX_TITLE], part) for part in _paragraphs(text)]


def title_from(name: str) -> str:
    """A title made of a file's name."""
    return re.sub(r"[-_\s]+", " ", name).strip()[:_MAX_TITLE] or "untitled"


class TextReader:
    """Plain text: the title is the file's name, passages are paragraphs."""

    suffixes = frozenset({".txt"})

    def require(self) -> None:
        """See the protocol: nothing is needed."""

    def read(self, name: str, data: bytes) -> ReadDocument:
        """See the protocol."""
        text = _decode(data)
        return ReadDocument(title_from(name), tuple(Passage("", part) for part in _paragraphs(text)))


class MarkdownReader:
    """Markdown: the title is the first heading, passages are the paragraphs under each heading."""

    suffixes = frozenset({".md"})

    def require(self) -> None:
        """See the protocol: nothing is needed."""

    def read(self, name: str, data: bytes) -> ReadDocument:
        """See the protocol."""
        front, text = _front_matter(_decode(data))
        title = ""
        passages: list[Passage] = []
        for path, body in _sections(text):
            if not title and path:
                title = path[0]
            passages += passages_under(path, body, title)
        declared = _FRONT_TITLE.search(front)
        title = declared.group(1) if declared else title
        return ReadDocument(title[:_MAX_TITLE] or title_from(name), tuple(passages))


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableDocument("it is no UTF-8 text") from None
    if "\x00" in text:
        raise UnreadableDocument("it holds binary data")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _front_matter(text: str) -> tuple[str, str]:
    if text.startswith("---\n") and (end := text.find("\n---\n", 3)) >= 0:
        return text[4:end], text[end + 5 :]
    return "", text


def _sections(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """(headings from the outermost to the innermost, text below); a heading alone has an empty text."""
    path: dict[int, str] = {}
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        if mark := _FENCE.match(line):
            fence = "" if fence == mark.group(1) else fence or mark.group(1)
        heading = None if fence else _HEADING.match(line)
        if heading is None:
            lines.append(line)
            continue
        yield tuple(path.values()), "\n".join(lines)
        lines = []
        level = len(heading.group(1))
        path = {depth: name for depth, name in path.items() if depth < level}
        path[level] = heading.group(2).strip()
    yield tuple(path.values()), "\n".join(lines)


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs, short neighbours joined and long ones cut, each at most about `_PASSAGE_CHARS`."""
    pending = ""
    for block in re.split(r"\n\s*\n", text):
        for piece in _cut(block.strip()):
            if pending and len(pending) + len(piece) + 2 > _PASSAGE_CHARS:
                yield pending
                pending = ""
            pending = f"{pending}\n\n{piece}" if pending else piece
    if pending:
        yield pending


def _cut(text: str) -> Sequence[str]:
    """A block in pieces of at most `_PASSAGE_CHARS`, cut after a sentence or at a blank where there is one."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > _PASSAGE_CHARS:
        window = text[start : start + _PASSAGE_CHARS]
        at = max(window.rfind(". "), window.rfind("\n")) + 1 or window.rfind(" ") + 1 or _PASSAGE_CHARS
        pieces.append(window[:at].strip())
        start += at
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]
