"""The text of an .ics file: its lines and components, changed in place so that nothing else of it is touched.

What this project does not understand (properties, components, comments of other programs) stays byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["BrokenIcs", "IcsText", "Line", "TextBlock", "folded", "printable", "property_name", "value_start"]

_MAX_DEPTH = 20
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, and those that turn the direction of what is written around them."""


def printable(text: str, limit: int) -> str:
    """Foreign text in one line, as it may be shown to people: without control characters, of at most `limit`."""
    line = " ".join(_CONTROL.sub(" ", text[: 4 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


class BrokenIcs(Exception):
    """The text is no calendar; `line` is where that shows, counted from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = printable(reason, 300)


@dataclass(frozen=True, slots=True)
class Line:
    """A content line: the physical lines `first` to `last` (exclusive), and its text unfolded."""

    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A component directly inside a VCALENDAR: its content lines, from BEGIN to END."""

    name: str
    lines: tuple[Line, ...]

    @property
    def first(self) -> int:
        """The physical line of BEGIN."""
        return self.lines[0].first

    @property
    def last(self) -> int:
        """The physical line behind END."""
        return self.lines[-1].last

    def own(self) -> Iterator[Line]:
        """Its property lines, those of components inside it left out."""
        depth = 0
        for line in self.lines[1:-1]:
            name = property_name(line.text)
            if name == "BEGIN":
                depth += 1
            elif name == "END":
                depth -= 1
            elif depth == 0:
                yield line

    def find(self, name: str) -> Line | None:
        """The first own property of a name."""
        return next((line for line in self.own() if property_name(line.text) == name), None)

    def value(self, name: str) -> str:
        """The raw value of an own property, "" where there is none."""
        line = self.find(name)
        return line.text[value_start(line.text) :] if line is not None else ""


def value_start(text: str) -> int:
    """Where the value of a content line begins: behind the first colon outside quotes."""
    quoted = False
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return index + 1
    return -1


def property_name(text: str) -> str:
    """The name of a content line's property, in upper case."""
    for index, char in enumerate(text):
        if char in ";:":
            return text[:index].strip().upper()
    return ""


class IcsText:
    """An .ics text cut into components; changes give a new text.

    Raises `BrokenIcs` for anything whose structure is not that of a calendar.
    """

    def __init__(self, text: str) -> None:
        self._return = "" if "\n" in text and "\r\n" not in text else "\r"
        self._physical = text.split("\n")
        """As they are, a carriage return at the end included: no other character ends a line."""
        self.lines = list(self._unfolded())
        self.blocks: list[TextBlock] = []
        self._calendar_end = -1
        self._scan(self.lines)

    def _unfolded(self) -> Iterator[Line]:
        first, parts = 0, list[str]()
        for number, raw in enumerate(self._physical):
            line = raw.removesuffix("\r")
            if number == 0:
                line = line.removeprefix("\ufeff")
            if line[:1] in (" ", "\t") and parts:
                parts.append(line[1:])
                continue
            if parts:
                yield Line(first, number, "".join(parts))
            first, parts = number, [line]
        if parts:
            yield Line(first, len(self._physical), "".join(parts))

    def _scan(self, lines: Sequence[Line]) -> None:
        open_names: list[str] = []
        inside: list[Line] = []
        for line in lines:
            if not line.text.strip():
                continue
            name, value = _split(line)
            _check_place(line, name, value, open_names)
            if name == "BEGIN":
                open_names.append(value)
                inside = [] if len(open_names) == 2 else inside
            inside.append(line)
            if name == "END":
                open_names.pop()
                if len(open_names) == 1:
                    self.blocks.append(TextBlock(value, tuple(inside)))
                elif not open_names and self._calendar_end < 0:
                    self._calendar_end = line.first
        if open_names:
            raise BrokenIcs(len(self._physical), f"BEGIN:{open_names[-1][:40]} is never ended")
        if self._calendar_end < 0:
            raise BrokenIcs(1, "it holds no BEGIN:VCALENDAR")

    def has_zone(self, tzid: str) -> bool:
        """Whether the calendar defines a time zone."""
        return any(block.name == "VTIMEZONE" and block.value("TZID").strip() == tzid for block in self.blocks)

    def with_added(self, lines: Sequence[str]) -> str:
        """The text with a component at the end of the (first) calendar."""
        return self._with(self._calendar_end, self._calendar_end, self._new(lines))

    def with_first(self, lines: Sequence[str]) -> str:
        """The text with a component before all others."""
        at = min((block.first for block in self.blocks), default=self._calendar_end)
        return self._with(at, at, self._new(lines))

    def with_behind(self, block: TextBlock, lines: Sequence[str]) -> str:
        """The text with a component, made by `edited`, behind another one."""
        return self._with(block.last, block.last, lines)

    def with_replaced(self, block: TextBlock, lines: Sequence[str]) -> str:
        """The text with lines, made by `edited`, in place of a component."""
        return self._with(block.first, block.last, lines)

    def without(self, blocks: Collection[TextBlock]) -> str:
        """The text without these components."""
        gone = {number for block in blocks for number in range(block.first, block.last)}
        return "\n".join(line for number, line in enumerate(self._physical) if number not in gone)

    def edited(
        self,
        block: TextBlock,
        replace: Mapping[str, str | None],
        *,
        drop: Collection[str] = (),
        add: Sequence[str] = (),
    ) -> list[str]:
        """The lines of a component with properties set (None: removed), `drop` removed, the rest as it is.

        A property that was there keeps its place; new ones, and those to `add`, come right behind BEGIN.
        """
        left = dict(replace)
        kept: list[str] = []
        own = {line.first: line for line in block.own()}
        number = block.first
        while number < block.last:
            line = own.get(number)
            name = property_name(line.text) if line is not None else ""
            after = line.last if line is not None else number + 1
            if line is None or (name not in replace and name not in drop):
                kept.extend(self._physical[number:after])
            elif (text := left.pop(name, None)) is not None:
                kept.extend(self._new(folded(text)))
            number = after
        new = [*(text for text in left.values() if text is not None), *add]
        added = [physical for text in new for physical in self._new(folded(text))]
        return [*kept[:1], *added, *kept[1:]]

    def _new(self, lines: Sequence[str]) -> list[str]:
        return [line + self._return for line in lines]

    def _with(self, first: int, last: int, lines: Sequence[str]) -> str:
        return "\n".join([*self._physical[:first], *lines, *self._physical[last:]])


def _check_place(line: Line, name: str, value: str, open_names: Sequence[str]) -> None:
    """Raise `BrokenIcs` where a line can't stand, given the components that are open."""
    if name == "BEGIN" and not open_names and value != "VCALENDAR":
        raise BrokenIcs(line.first + 1, f"a calendar begins with BEGIN:VCALENDAR, not with BEGIN:{value[:40]}")
    if name == "BEGIN" and len(open_names) >= _MAX_DEPTH:
        raise BrokenIcs(line.first + 1, "components are nested too deeply")
    if name != "BEGIN" and not open_names:
        raise BrokenIcs(line.first + 1, "it stands outside BEGIN:VCALENDAR … END:VCALENDAR")
    if name == "END" and open_names[-1] != value:
        raise BrokenIcs(line.first + 1, f"END:{value[:40]} does not end BEGIN:{open_names[-1][:40]}")


def _split(line: Line) -> tuple[str, str]:
    start = value_start(line.text)
    if start < 0:
        raise BrokenIcs(line.first + 1, f"“{line.text[:40]}” is no property: it has no colon")
    name = property_name(line.text)
    if not name:
        raise BrokenIcs(line.first + 1, "a property has no name")
    return name, line.text[start:].strip().upper() if name in ("BEGIN", "END") else line.text[start:]


def folded(text: str) -> list[str]:
    """A content line as physical lines of at most 75 bytes."""
    lines: list[str] = []
    current, size = "", 0
    for char in text:
        width = len(char.encode("utf-8"))
        if size + width > 75:
            lines.append(current)
            current, size = " ", 1
        current += char
        size += width
    return [*lines, current]
