"""What the command line writes: results to standard output, everything else to standard error; all of it redacted.

Whatever is shown goes through here, so that no command can forget it. Where text is cut it is redacted before, or half
a secret would be left that no pattern knows.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from shutil import get_terminal_size
from typing import Any

from common.redaction import Redactor, current_redactor

__all__ = [
    "clean",
    "columns",
    "note",
    "one_line",
    "redact_known",
    "redact_with",
    "redactor",
    "ring",
    "shown",
    "terminal_width",
    "write",
    "write_json",
    "writing",
]

_GAP = "  "
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they reorder what stands beside them


_MOST = 100_000
"""Characters of a text that are looked at for one line of it."""

_command: ContextVar[list[Redactor] | None] = ContextVar("supervisor_command", default=None)
"""The redactor of the command line that runs, once its settings are read: one item."""


@contextmanager
def writing() -> Generator[None]:
    """Around one command line: what `redact_with` sets inside holds up to its end, error messages included."""
    token = _command.set([])
    try:
        yield
    finally:
        _command.reset(token)


def redact_with(redactor: Redactor) -> None:
    """Have the patterns of the settings count for what the running command shows and logs."""
    current_redactor.set(redactor)
    command = _command.get()
    if command is not None:
        command[:] = [redactor]


def redact_known(text: str) -> None:
    """Have the running command show nowhere what `text` tells to be a secret, not even without its telling word."""
    redact_with(redactor().knowing(text))


def redactor() -> Redactor:
    """The redactor of what is shown now."""
    return (_command.get() or [current_redactor.get()])[0]


def shown(text: str) -> str:
    """Text as it may be shown: redacted, and safe on a terminal."""
    return clean(redactor().text(text))


def clean(text: str) -> str:
    """Text that is safe on a terminal: line breaks and tabs stay, other control characters become ``�``."""
    if text.isprintable():
        return text
    return "".join(character if _is_harmless(character) else "�" for character in text)


def _is_harmless(character: str) -> bool:
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in _TURNING


def one_line(text: str, limit: int) -> str:
    """Text on one line, redacted, then cut to `limit` characters with an ellipsis."""
    flat = " ".join(shown(text[:_MOST]).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def write(text: str) -> None:
    """A result for a person."""
    sys.stdout.write(f"{shown(text)}\n")
    sys.stdout.flush()


def write_json(value: Any, *, indent: int | None = 2) -> None:
    """A result for a program: one JSON document."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    plain = redactor().value(json.loads(json.dumps(value, default=str)))
    sys.stdout.write(json.dumps(plain, ensure_ascii=not unicode, indent=indent) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Something a person should know that is no result."""
    sys.stderr.write(f"{shown(text)}\n")
    sys.stderr.flush()


def ring() -> None:
    """Sound a terminal's bell."""
    if sys.stdout.isatty():
        sys.stdout.write("\a")


def terminal_width() -> int | None:
    """Cells of the terminal on standard output; None where there is none, so that nothing is cut or wrapped."""
    return get_terminal_size().columns if sys.stdout.isatty() else None


def columns(header: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows as aligned lines under a header; the last column is cut where the terminal (`width` cells) ends."""
    from rich.cells import cell_len, set_cell_size

    table = [list(header), *([one_line(cell, 200) for cell in row] for row in rows)]
    sizes = [max(cell_len(row[index]) for row in table) for index in range(len(header))]
    lines: list[str] = []
    for row in table:
        padded = [set_cell_size(cell, size) for cell, size in zip(row, sizes, strict=True)]
        line = _GAP.join(padded).rstrip()
        lines.append(line if width is None or cell_len(line) <= width else set_cell_size(line, width - 1) + "…")
    return lines
