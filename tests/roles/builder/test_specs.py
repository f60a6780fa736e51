"""The specifications that are shipped are right, and can be built from."""

from pathlib import Path

import pytest

from common.errors import ValidationFailed
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


@pytest.mark.parametrize(
    ("name", "taken"),
    [("class_name", "None"), ("name", "json"), ("- name", "call")],
    ids=["a keyword", "a module of Python", "a method of every agent"],
)
def test_a_name_that_the_code_could_not_have_is_refused(name: str, taken: str) -> None:
    lines = SPECS[0].read_text(encoding="utf-8").splitlines()
    start = lines.index("operations:") if name == "- name" else 0
    place = next(at for at in range(start, len(lines)) if lines[at].startswith(f"{name}: "))
    lines[place] = f"{name}: {taken}"
    with pytest.raises(ValidationFailed, match=taken):
        from_yaml("\n".join(lines))
