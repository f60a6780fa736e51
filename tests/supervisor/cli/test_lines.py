"""Lines of a conversation: from pipes, files, and a terminal's prompt."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from supervisor.cli.lines import LineReader, PipeReader, TerminalReader


async def all_lines(reader: LineReader) -> list[str]:
    lines: list[str] = []
    while True:
        try:
            lines.append(await reader.read())
        except EOFError:
            return lines


async def test_lines_of_a_pipe_come_one_by_one() -> None:
    read, write = os.pipe()
    reader = PipeReader(read)
    os.write(write, "first\nzweite Zeile ü\n".encode())
    assert await reader.read() == "first"
    assert await reader.read() == "zweite Zeile ü"
    os.write(write, b"\n\xff\nlast")
    os.close(write)
    assert await all_lines(reader) == ["", "\udcff", "last"]
    os.close(read)


async def test_waiting_for_a_line_can_be_cancelled() -> None:
    read, write = os.pipe()
    with anyio.move_on_after(0.01) as scope:
        await PipeReader(read).read()
    assert scope.cancelled_caught
    os.close(read)
    os.close(write)


async def test_a_regular_file_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("a\nb\n")
    descriptor = os.open(tmp_path / "lines", os.O_RDONLY)
    assert await all_lines(PipeReader(descriptor)) == ["a", "b"]
    os.close(descriptor)


async def test_the_prompt_reads_lines_and_remembers_earlier_ones() -> None:
    up, enter, control_d = "\x1b[A", "\r", "\x04"
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        reader = TerminalReader(["older", "newest"])
        keys.send_text(f"hello{enter}")
        assert await reader.read() == "hello"
        keys.send_text(f"{up}{up}{enter}")
        assert await reader.read() == "newest"
        keys.send_text(control_d)
        with pytest.raises(EOFError):
            await reader.read()


async def test_control_c_at_the_prompt_is_told() -> None:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        reader = TerminalReader()
        keys.send_text("half a line\x03")
        with pytest.raises(KeyboardInterrupt):
            await reader.read()
