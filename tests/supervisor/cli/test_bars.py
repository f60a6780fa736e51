"""Progress bars: on a terminal alone, with how far, how fast and how long."""

from __future__ import annotations

import io
import sys

import pytest

from supervisor.cli.bars import bars, count_text, rate_text


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_nothing_is_shown_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    with bars(quiet=False) as shown:
        assert shown.follow("rebuild") is None
    assert capsys.readouterr() == ("", "")


def test_nothing_is_shown_to_who_wants_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with bars(quiet=True) as shown:
        assert shown.follow("rebuild") is None
    assert terminal.getvalue() == ""


def test_a_terminal_shows_how_far_it_is_and_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with bars(quiet=False) as shown:
        follow = shown.follow("rebuild facts")
        assert follow is not None
        follow(500, 2_000)
        follow(2_000, 2_000)
    text = terminal.getvalue()
    assert "rebuild facts" in text
    assert "2,000 of 2,000" in text


def test_the_words_beside_a_bar() -> None:
    assert [count_text(0, None), count_text(1_500, 20_000)] == ["0", "1,500 of 20,000"]
    assert [rate_text(None), rate_text(12_345.6)] == ["", "12,346/s"]
