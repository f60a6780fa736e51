"""The specifications that are shipped are right, and can be built from."""

from pathlib import Path

import pytest

from roles.builder.understanding import check_specification, from_yaml, to_yaml

SPECS = sorted((Path(__file__).parents[3] / "specs").glob("*.yaml"))


def test_there_are_five() -> None:
    assert len(SPECS) >= 5


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_shipped_specification(path: Path) -> None:
    spec = from_yaml(path.read_text(encoding="utf-8"), path.name)
    assert check_specification(spec) == []
    assert from_yaml(to_yaml(spec)) == spec
    assert all(operation.examples for operation in spec.operations)
