"""Gets titles and text out of .html and .pdf files; run as a process of its own, one document each.

Both kinds can be made so that reading them takes for ever or all memory (a parser that is caught in deep nesting holds
the interpreter's lock meanwhile). So the process that serves people starts this file by its path, hands the document
over on standard input and gets one JSON object on standard output: ``{"title", "sections", "note"}``, a section being
``[[heading, …], text]``, or ``{"problem"}``. It imports nothing of the project, so that it starts in milliseconds.

    python -I -S extraction.py {html|pdf} FOLDER_OF_PACKAGES CPU_SECONDS MAX_PAGES MAX_CHARS < document
"""

from __future__ import annotations

import codecs
import json
import re
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

_MEMORY = 1_500_000_000
_MAX_TITLE = 200
_SOFT_SHARE = 0.8
"""Of the CPU time: what a document with many pages may use before the rest of it is left out."""

_BLOCKS = frozenset(
    [
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir"),
        *("div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html"),
        *("legend", "li", "main", "menu", "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "tfoot"),
        *("thead", "tr", "ul"),
    ]
)
_LEFT_OUT = frozenset(
    [
        *(
            "script",
            "style",
            "noscript",
            "template",
            "nav",
            "head",
            "svg",
            "math",
            "iframe",
            "object",
            "embed",
            "canvas",
        ),
        *("audio", "video", "select", "datalist", "button", "textarea"),
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_TEXT_ENCODINGS = re.compile(r"utf-8|iso8859-|cp\d|koi8|gb|big5|shift_jis|euc_|mac-|tis-620|johab|hz$|iso2022_jp")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u00ad]\n(?=[^\W\d_A-Z])")
_NO_TITLE = re.compile(r"(?i)untitled|title|document\d*|microsoft word\b.*|slide 1|.*\.(?:docx?|dvi|pdf|tex|indd|odt)")

_Section = tuple[list[str], str]


class Unreadable(Exception):
    """The document can't be read; the message is a clause for people."""


def read_html(data: bytes, max_chars: int) -> dict[str, Any]:
    """Title and sections of a page: what a reader sees of it, without its navigation."""
    parser_class: Any = import_module("selectolax.lexbor").LexborHTMLParser
    text = decode_html(data)
    if "\x00" in text:
        raise Unreadable("it holds binary data")
    parser = parser_class(text)
    head = parser.head
    declared = head.css_first("title") if head is not None else None
    title = _one_line(declared.text() if declared is not None else "")
    walk = _Walk(max_chars)
    if parser.body is not None:
        walk.through(parser.body)
    note = "" if not walk.full else f"only its first {max_chars} characters are searched"
    return {"title": title or walk.first_heading, "sections": walk.sections, "note": note}


def decode_html(data: bytes) -> str:
    """The page's text: by its byte order mark, else by what it says of itself, else UTF-8 or Windows-1252."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    beginning = data[:4096]
    said = _XML_ENCODING.search(beginning) or _META_CHARSET.search(beginning)
    encoding = _encoding(said.group(1).decode("ascii")) if said else None
    for attempt in (encoding, "utf-8"):
        if attempt is not None:
            try:
                return data.decode(attempt)
            except UnicodeDecodeError:
                continue
    return data.decode("cp1252", "replace")


def _encoding(label: str) -> str | None:
    """Python's name of an encoding of text, as browsers take the label; None for one that is not known."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    if name.startswith("utf-16"):  # it was readable as ASCII so far
        return "utf-8"
    if name in ("ascii", "iso8859-1"):
        return "cp1252"
    return name if _TEXT_ENCODINGS.match(name) else None


class _Walk:
    """Walks a tree from element to element, without recursion, and gathers its text under its headings."""

    def __init__(self, max_chars: int) -> None:
        self.sections: list[_Section] = []
        self.first_heading = ""
        self.full = False
        self._room = max_chars
        self._path: dict[int, str] = {}
        self._blocks: list[str] = []
        self._pieces: list[str] = []
        self._kept_blanks = 0

    def through(self, root: Any) -> None:
        """Gather what is below `root`."""
        node, end = root, root.mem_id
        while not self.full:
            if self._enter(node):
                if (child := node.child) is not None:
                    node = child
                    continue
                self._leave(node.tag)
            while node.mem_id != end and node.next is None:
                node = node.parent
                self._leave(node.tag)
            if node.mem_id == end:
                break
            node = node.next
        self._end_section()

    def _enter(self, node: Any) -> bool:
        """Take the beginning of a node; whether its children are to be seen."""
        tag: str = node.tag
        if tag == "-text":
            self._take(node.text_content or "")
            return False
        if not tag or tag.startswith(("-", "!")) or tag in _LEFT_OUT or _is_hidden(tag, node.attributes):
            return False
        if tag in _HEADINGS:
            self._end_section()
        elif tag in _BLOCKS:
            self._end_block()
            if tag == "li":
                self._pieces.append("- ")
            self._kept_blanks += tag == "pre"
        elif tag == "br":
            self._pieces.append("\n")
        elif tag in ("td", "th"):
            self._pieces.append("  ")
        return True

    def _leave(self, tag: str) -> None:
        """Take the end of a node that was entered."""
        if tag in _HEADINGS:
            level, heading = _HEADINGS[tag], _one_line("".join(self._pieces))
            self._pieces = []
            if heading:
                self.first_heading = self.first_heading or heading
                self._path = {depth: name for depth, name in self._path.items() if depth < level} | {level: heading}
        elif tag in _BLOCKS:
            self._end_block()
            self._kept_blanks -= tag == "pre"

    def _take(self, text: str) -> None:
        if len(text) >= self._room:
            text, self.full = text[: self._room], True
        self._room -= len(text)
        if not self._kept_blanks:
            text = re.sub(r"\s+", " ", text)
        self._pieces.append(text)

    def _end_block(self) -> None:
        lines = "".join(self._pieces).replace("\xad", "").split("\n")
        if not self._kept_blanks:
            lines = [re.sub(r"[ \t]+", " ", line).strip() for line in lines]
        block = "\n".join(lines).strip("\n")
        if block.strip(" -"):
            self._blocks.append(block)
        self._pieces = []

    def _end_section(self) -> None:
        self._end_block()
        if self._blocks:
            self.sections.append((list(self._path.values()), "\n\n".join(self._blocks)))
        self._blocks = []


def _is_hidden(tag: str, attributes: dict[str, str | None]) -> bool:
    if not attributes:
        return tag == "dialog"
    if "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
        return True
    style = attributes.get("style")
    return bool(style) and _HIDING.search(style or "") is not None


def read_pdf(data: bytes, max_pages: int, max_chars: int, seconds: float) -> dict[str, Any]:
    """Title and text of a PDF, a section for each page."""
    pypdf: Any = import_module("pypdf")
    from io import BytesIO

    if b"%PDF-" not in data[:1024]:
        raise Unreadable("it is no PDF")
    try:
        reader: Any = pypdf.PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("it is protected by a password")
        pages = len(reader.pages)
        title = _pdf_title(reader)
    except pypdf.errors.DependencyError:
        raise Unreadable("it is encrypted in a way that needs the package cryptography") from None
    sections: list[_Section] = []
    failed, room, seen = 0, max_chars, 0
    deadline = time.process_time() + seconds
    for number, text in _pages(reader, min(pages, max_pages)):
        seen = number
        failed += text is None
        if text:
            sections.append(([f"page {number}"], text[:room]))
            room -= len(text)
        if room <= 0 or time.process_time() > deadline:
            break
    if not sections:
        reason = "its pages can't be read" if failed else "it holds no text, perhaps only pictures of it"
        raise Unreadable(reason)
    notes = [f"only its first {seen} of {pages} pages are searched"] if seen < pages else []
    notes += [f"{failed} of its pages can't be read"] if failed else []
    return {"title": title or _first_line(sections[0][1]), "sections": sections, "note": "; ".join(notes)}


def _pages(reader: Any, count: int) -> Iterator[tuple[int, str | None]]:
    """(number, text) of each page; None for one that is broken."""
    for index in range(count):
        try:
            text = str(reader.pages[index].extract_text())
        except (MemoryError, RecursionError):
            raise
        except Exception:  # whatever a broken page makes the library do, the others are still worth reading
            yield index + 1, None
            continue
        yield index + 1, _HYPHENATED.sub("", text.replace("\r\n", "\n").replace("\x00", "")).replace("\xad", "").strip()


def _pdf_title(reader: Any) -> str:
    try:
        title = _one_line(str(reader.metadata.title or "")) if reader.metadata else ""
    except Exception:  # the title is not worth more than the document
        return ""
    return "" if _NO_TITLE.fullmatch(title) else title


def _first_line(text: str) -> str:
    for line in text.split("\n")[:10]:
        if sum(char.isalpha() for char in line) >= 3:
            return _one_line(line)
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MAX_TITLE]


def _limit(cpu_seconds: int) -> None:
    """Bound what this process may use, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the parent's clock is the bound
        return
    for what, most in ((resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # a system without this bound, or with a lower one
            continue


def main(arguments: list[str]) -> None:
    """Read a document from standard input; write what came of it to standard output."""
    kind, packages, cpu_seconds, max_pages, max_chars = arguments
    sys.path.append(packages)
    _limit(int(cpu_seconds))
    data = sys.stdin.buffer.read()
    try:
        if kind == "html":
            found = read_html(data, int(max_chars))
        else:
            found = read_pdf(data, int(max_pages), int(max_chars), int(cpu_seconds) * _SOFT_SHARE)
    except Unreadable as error:
        found = {"problem": str(error)}
    except MemoryError:
        found = {"problem": "it takes too much memory to read"}
    except RecursionError:
        found = {"problem": "it is nested too deeply"}
    except Exception as error:  # the libraries' own errors are many, and none of them may stop a search
        found = {"problem": f"it is damaged ({type(error).__name__})"}
    sys.stdout.buffer.write(json.dumps(found).encode("ascii"))


if __name__ == "__main__":
    main(sys.argv[1:])
