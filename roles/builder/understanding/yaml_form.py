"""Specifications as YAML, as people read and write them."""

from __future__ import annotations

from typing import Any, cast

from pydantic import ValidationError

from common.errors import ConfigurationError, ValidationFailed
from common.yaml_document import YamlDocument, read_yaml
from roles.engineering.specification import Specification

__all__ = ["from_yaml", "to_yaml"]


def to_yaml(specification: Specification) -> str:
    """The specification, without what is as it is by default; `from_yaml` gives the same specification again."""
    import yaml

    data = specification.model_dump(mode="json", exclude_defaults=True)
    data = {"schema_version": specification.schema_version, **data}
    text: str = yaml.dump(data, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=110)
    return text


def _dumper() -> Any:
    """Texts that another reader would take for something else are quoted; long lists stand line by line."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        from common.yaml_document import scalar

        plain = scalar(value) == value and value.lower() not in ("y", "n")
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')

    Dumper.add_representer(str, text)
    return Dumper


def from_yaml(text: str, name: str = "specification.yaml") -> Specification:
    """A specification from YAML. Raises `ValidationFailed` that names the line and what is wrong there."""
    try:
        document = read_yaml(text, name)
    except ConfigurationError as error:
        raise ValidationFailed(error.what, where=error.where, todo=error.todo) from None
    if document.problems:
        first = document.problems[0]
        raise ValidationFailed(first.what, where=first.where, todo=first.todo)
    if not isinstance(document.data, dict):
        raise ValidationFailed("a specification is a mapping", where=name, todo="See specs/ for examples.")
    try:
        return Specification.model_validate(cast("dict[str, object]", document.data))
    except ValidationError as error:
        first_error = error.errors()[0]
        loc = tuple(first_error["loc"])
        what = first_error["msg"].removeprefix("Value error, ")
        raise ValidationFailed(what, where=_place(document, loc, name), todo="Correct it there.") from None


def _place(document: YamlDocument, loc: tuple[int | str, ...], name: str) -> str:
    for end in range(len(loc), 0, -1):
        if (line := document.lines.get(loc[:end])) is not None:
            return f"{name}:{line} {'.'.join(map(str, loc))}"
    return f"{name} {'.'.join(map(str, loc))}".rstrip()
