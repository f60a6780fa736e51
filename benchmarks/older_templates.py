"""Has the builder write agents as an earlier version did: some of its templates as they were then.

So agents can be had that were built before the templates got better, as there are where the product is upgraded.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from roles.builder.writing import package, render

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["older_templates"]

_FOLDER = Path(__file__).parent / "templates_of_before"


@contextmanager
def older_templates() -> Generator[None]:
    """Within it, all agents of this process are written with the templates of the folder ``templates_of_before``."""
    from jinja2 import ChoiceLoader, FileSystemLoader

    environment = render._environment()  # pyright: ignore[reportPrivateUsage]
    loader, version = environment.loader, package.templates_version
    assert loader is not None  # the environment was made with one
    package.templates_version = _version  # type: ignore[assignment]  # of what is kept of builds
    environment.loader = ChoiceLoader([FileSystemLoader(_FOLDER), loader])
    _forget(environment)
    try:
        yield
    finally:
        environment.loader, package.templates_version = loader, version
        _forget(environment)


def _version() -> str:
    return f"{render.templates_version()} before"


def _forget(environment: Environment) -> None:
    """Read templates anew."""
    if environment.cache is not None:
        environment.cache.clear()
