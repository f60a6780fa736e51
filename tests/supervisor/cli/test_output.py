"""Text for terminals: nothing in it controls them, columns stand in line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.cli.output import clean, columns, note, one_line, write, write_json


@given(st.text())
def test_cleaned_text_holds_no_control_characters(text: str) -> None:
    shown = clean(text)
    assert len(shown) == len(text)
    shown.encode()
    assert all(character.isprintable() or character in "\n\t" or not character.isascii() for character in shown)
    assert clean(shown) == shown


def test_escape_sequences_and_reordering_characters_are_replaced() -> None:
    assert clean("a\x1b[31mred\x9b\u202egnirts\r\n\tend é") == "a�[31mred��gnirts�\n\tend é"


@given(st.text(), st.integers(1, 50))
def test_one_line_is_one_line_of_at_most_the_limit(text: str, limit: int) -> None:
    shown = one_line(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown


def test_columns_stand_in_line_whatever_the_width_of_characters() -> None:
    lines = columns(("ID", "TEXT"), [("1", "hello"), ("漢字", "two\nlines")])
    assert lines == ["ID    TEXT", "1     hello", "漢字  two lines"]


def test_columns_end_where_the_terminal_ends() -> None:
    lines = columns(("ID", "TEXT"), [("1", "a long text that does not fit")], width=12)
    assert lines == ["ID  TEXT", "1   a long …"]


def test_results_go_to_standard_output_and_notes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    write("result\x1b")
    write_json({"text": "zürich"})
    note("note\x07")
    captured = capsys.readouterr()
    first, rest = captured.out.split("\n", 1)
    assert first == "result�"
    assert json.loads(rest) == {"text": "zürich"}
    assert captured.err == "note�\n"
