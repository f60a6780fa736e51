"""Fills templates, and lays out the code that comes of them."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import BuildError
from common.extras import import_extra
from roles.builder.writing.plan import label_of
from roles.engineering.tools import find_tool

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["doc", "laid_out", "literal", "render", "templates_version"]

_FORMAT = ("format", "--isolated", "--no-cache", "--line-length", "100", "--target-version", "py311")
_SORT = (
    "check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--fix", "--select", "I", "--line-length", "100",
    "--target-version", "py311",
)  # fmt: skip
_SECONDS = 20.0


def literal(value: object) -> str:
    """A value as Python source."""
    if isinstance(value, str):
        plain = repr(value)
        return plain if '"' in value or not plain.startswith("'") else '"' + plain[1:-1].replace("\\'", "'") + '"'
    return repr(value)


def doc(text: str) -> str:
    """Text as it may stand within a docstring: one line, nothing that ends it."""
    return " ".join(text.split()).replace("\\", "/").replace('"', "'").rstrip(".")


def _sentence(text: str) -> str:
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    jinja2: Any = import_extra("jinja2", extra="builder", where="builder")
    made: Environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    filters: dict[str, Callable[[Any], str]] = {
        "literal": literal,
        "doc": doc,
        "sentence": _sentence,
        "label": label_of,
        "as_tuple": lambda values: repr(tuple(values)),
        "cell": lambda text: " ".join(str(text).split()).replace("|", "\\|"),
        "toml": json.dumps,
        "braces": lambda text: doc(text).replace("{", "{{").replace("}", "}}"),
    }
    made.filters.update(filters)
    return made


def _source(name: str) -> str:
    return files("roles.builder").joinpath("templates", name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def templates_version() -> str:
    """A hash of all templates and of what fills them: other text, other version."""
    import hashlib

    found = hashlib.sha256()
    for folder, end in (("templates", ".j2"), ("writing", ".py")):
        place = files("roles.builder").joinpath(folder)
        for one in sorted(place.iterdir(), key=lambda entry: entry.name):
            if one.name.endswith(end):
                found.update(one.name.encode() + b"\0" + one.read_bytes() + b"\0")
    used = ("formulas/arithmetic.py", "formulas/python_source.py", "formulas/stress_words.py", "rank_functions.py")
    for module in (*used, "sql_formulas.py", "groups_around.py", "moments.py"):
        found.update(files("roles.engineering").joinpath(module).read_bytes())
    return found.hexdigest()


def render(template: str, **context: Any) -> str:
    """The text of a template, not laid out yet."""
    return _environment().get_template(template).render(**context)


def laid_out(files: Mapping[str, str]) -> dict[str, str]:
    """Python files with their imports sorted and in ruff's format; as they are where ruff is not installed.

    Raises `BuildError` for what is no Python.
    """
    program = find_tool("ruff")
    if program is None:
        return dict(files)
    with tempfile.TemporaryDirectory(prefix="agent-supervisor-") as folder:
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        for arguments in (_SORT, _FORMAT):
            _run([program, *arguments, "."], folder)
        return {path: Path(folder, path).read_text(encoding="utf-8") for path in files}


def _run(command: Sequence[str], folder: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a tool of this environment, given no more than files to read
            command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"ruff could not be run: {type(error).__name__}", where="ruff") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[:300]
        raise BuildError(f"what was written is no Python: {said}", where="ruff")
