"""Context managers that are generators, and only tell errors in other words."""

from __future__ import annotations

import pytest

from roles.improver.strategies.conditions import Conditions
from roles.improver.strategies.managers import GeneratorContexts
from tests.roles.improver.transforms import change, outcome, refusal, text_of

CODE = """
from collections.abc import Iterator
from contextlib import contextmanager, suppress

class Wrong(Exception):
    pass

# told by those who compute
@contextmanager
def told(what: str, more: str = "?") -> Iterator[None]:
    \"\"\"Say what went wrong.\"\"\"
    try:
        yield
    except ZeroDivisionError as error:
        # nothing to divide by
        raise Wrong(f"{what}: {more}") from error
    except (KeyError, IndexError):
        raise

def share(part, whole):
    with told("no whole", more="none"), suppress(IndexError):
        return part[0] / whole

def f(part, whole):
    try:
        return share(part, whole)
    except Wrong as error:
        return [str(error), repr(error.__cause__), repr(error.__context__), error.__suppress_context__]
"""
CHANGED = text_of(GeneratorContexts(), CODE)


@pytest.mark.parametrize("given", [([4], 2), ([4], 0), ([], 2), ({}, 3), (None, 1), ("ab", 2)])
def test_errors_are_told_the_same(given: tuple[object, object]) -> None:
    assert outcome(CODE, "f", *given) == outcome(CHANGED, "f", *given)


def test_comments_stay_and_imports_that_nothing_needs_go() -> None:
    assert "contextmanager" not in CHANGED
    assert "Iterator" not in CHANGED
    assert "from contextlib import suppress" in CHANGED
    assert "# told by those who compute" in CHANGED
    assert "# nothing to divide by" in CHANGED
    assert '"""Say what went wrong."""' in CHANGED


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('        raise Wrong(f"{what}: {more}") from error', "        print(what)", "go on without an error"),
        ("        yield\n", "        yield what\n", "gives something"),
        ("    try:\n        yield\n", "    print(what)\n    try:\n        yield\n", "more than handle"),
        (
            "    except (KeyError, IndexError):\n        raise\n",
            "    finally:\n        print(what)\n",
            "more than handle",
        ),
        ("def share(", "kept = told('a')\ndef share(", "other ways"),
        ("def share(", "@told('a')\ndef share(", "other ways"),
        ("what: str, more", "*what: str, more", "not plain"),
        ("what", "trace", "meaning of its own"),
        ("@contextmanager\n", "@contextmanager\n@staticmethod\n", "decorated"),
        ("        # nothing to divide by\n", '        """\n        far\n        """\n', "several lines"),
    ],
)
def test_what_is_not_certain_is_left(old: str, new: str, why: str) -> None:
    assert old in CODE
    assert why in refusal(GeneratorContexts(), CODE.replace(old, new))


def test_uses_in_other_files_are_seen() -> None:
    with_it = {"other.py": "from agent import told\n\ndef g():\n    with told('x'):\n        return 1\n"}
    assert change(GeneratorContexts(), CODE, others=with_it).changed
    for text in ("import agent\nkept = agent.told('x')\n", "from agent import told as said\n"):
        assert refusal(GeneratorContexts(), CODE, others={"other.py": text})


def test_the_class_gives_no_operator_a_meaning_of_its_own() -> None:
    code = f"{CHANGED}\n\ndef short(text):\n    return text == 'a' or text == 'b' or text == 'c'\n"
    assert "text in ('a', 'b', 'c')" in text_of(Conditions(), code)
