"""A set of flag definitions in flagd's JSON format, checked as a whole before it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from common.errors import ConfigurationError
from common.flags.declarations import Declarations, FlagDeclaration
from common.flags.strict_json import read_json
from common.flags.targeting import TargetingProblem, check_targeting, resolve_references

if TYPE_CHECKING:
    from openfeature.contrib.tools.flagd.core import FlagdCore

__all__ = ["FlagSet", "check_document", "is_remark"]

_PARTS = ("state", "variants", "defaultVariant", "targeting", "metadata")
_TOP = ("flags", "metadata", "$evaluators", "$schema")
_REMARKS = frozenset({"description", "comment", "source", "selector"})
_KINDS: Mapping[type, str] = {bool: "boolean", str: "string", int: "number", float: "number", dict: "object"}


@dataclass(frozen=True, slots=True)
class FlagSet:
    """A set that can be evaluated: `definitions` as they stand in the file, and flagd's evaluator over them."""

    definitions: Mapping[str, dict[str, JsonValue]]
    evaluator: FlagdCore
    digest: str

    @classmethod
    def read(cls, content: bytes, name: str, declared: Declarations) -> FlagSet:
        """The set in the file `name`.

        Raises `ConfigurationError` that names the place of the first thing that is wrong: then nothing of it holds.
        """
        document = read_json(content, name)
        definitions, plain = check_document(document, name, declared)
        return cls(definitions, _evaluator(plain, name), digest_of(content))


def digest_of(content: bytes) -> str:
    """What tells one content of a file from another."""
    return hashlib.sha256(content).hexdigest()


def is_remark(key: str) -> bool:
    """Whether a key says nothing to the evaluator; JSON has no comments, so people write such keys."""
    return key.startswith(("$", "_", "//")) or key in _REMARKS


def check_document(
    document: JsonValue, name: str, declared: Declarations
) -> tuple[dict[str, dict[str, JsonValue]], dict[str, Any]]:
    """The definitions in a document, as written and as the evaluator takes them. Raises `ConfigurationError`."""
    if not isinstance(document, dict):
        raise ConfigurationError("the file must hold one JSON object", where=name)
    flags = document.get("flags")
    if not isinstance(flags, dict):
        raise ConfigurationError('there is no object "flags"', where=name, todo='A set without flags is {"flags": {}}.')
    _refuse_unknown(document, _TOP, name)
    evaluators = document.get("$evaluators", {})
    if not isinstance(evaluators, dict):
        raise ConfigurationError("$evaluators must be an object", where=f"{name}: $evaluators")
    _check_metadata(document.get("metadata", {}), f"{name}: metadata")
    plain: dict[str, Any] = {}
    definitions: dict[str, dict[str, JsonValue]] = {}
    for key, definition in flags.items():
        if is_remark(key):
            continue
        where = f"{name}: flags.{key}"
        if not key or not isinstance(definition, dict):
            raise ConfigurationError("a flag's definition must be an object under its key", where=where)
        definitions[key] = definition
        plain[key] = _checked(definition, where, declared.find(key), evaluators)
    return definitions, {"flags": plain, "metadata": document.get("metadata", {})}


def _checked(
    definition: dict[str, JsonValue],
    where: str,
    declaration: FlagDeclaration | None,
    evaluators: Mapping[str, JsonValue],
) -> dict[str, JsonValue]:
    """The definition as the evaluator takes it: without remarks, references resolved."""
    _refuse_unknown(definition, _PARTS, where)
    if definition.get("state") not in ("ENABLED", "DISABLED"):
        raise ConfigurationError(
            f"state is {definition.get('state')!r}", where=f"{where}.state", todo='It is "ENABLED" or "DISABLED".'
        )
    variants = _variants(definition.get("variants"), where, declaration)
    default = definition.get("defaultVariant")
    if default is not None and (not isinstance(default, str) or default not in variants):
        raise ConfigurationError(
            f"defaultVariant is {default!r}, which is none of the variants {', '.join(variants)}",
            where=f"{where}.defaultVariant",
        )
    _check_metadata(definition.get("metadata", {}), f"{where}.metadata")
    plain: dict[str, JsonValue] = {
        key: value for key, value in definition.items() if key in _PARTS and value is not None
    }
    targeting = definition.get("targeting")
    if targeting:
        place = f"{where}.targeting"
        try:
            targeting = resolve_references(targeting, evaluators, place)
            check_targeting(targeting, variants, place)
        except TargetingProblem as problem:
            raise ConfigurationError(str(problem), where=problem.place) from None
        plain["targeting"] = targeting
    elif targeting not in (None, {}):
        raise ConfigurationError("targeting must be an object", where=f"{where}.targeting")
    return plain


def _variants(variants: JsonValue, where: str, declaration: FlagDeclaration | None) -> dict[str, JsonValue]:
    if not isinstance(variants, dict) or not variants:
        raise ConfigurationError("variants must be an object with at least one variant", where=f"{where}.variants")
    kinds: set[str] = set()
    for variant, value in variants.items():
        kind = _KINDS.get(type(value))
        if kind is None or not variant:
            raise ConfigurationError(
                f"the variant {variant!r} has the value {value!r}", where=f"{where}.variants",
                todo="Variants are named, and are booleans, strings, numbers or objects.",
            )  # fmt: skip
        kinds.add(kind)
        problem = declaration.problem_with(value) if declaration is not None else ""
        if problem:
            raise ConfigurationError(problem, where=f"{where}.variants.{variant}")
    if len(kinds) > 1:
        raise ConfigurationError(f"variants of different types: {', '.join(sorted(kinds))}", where=f"{where}.variants")
    return variants


def _check_metadata(metadata: JsonValue, where: str) -> None:
    if not isinstance(metadata, dict) or not all(
        key and isinstance(value, (str, bool, int, float)) for key, value in metadata.items()
    ):
        raise ConfigurationError("metadata must be an object of texts, numbers and booleans", where=where)


def _refuse_unknown(given: Mapping[str, JsonValue], known: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in known and not is_remark(key):
            near = get_close_matches(key, known, n=1, cutoff=0.5)
            raise ConfigurationError(
                f"unknown key {key!r}{f'; did you mean {near[0]!r}?' if near else ''}",
                where=where,
                todo='A remark may stand under "$comment", "description", or a key that begins with "_".',
            )


def _evaluator(plain: dict[str, Any], name: str) -> FlagdCore:
    from openfeature.contrib.tools.flagd.core import FlagdCore

    evaluator = FlagdCore()
    try:
        evaluator.set_flags(plain)
    except Exception as error:  # whatever else the evaluator does not take
        raise ConfigurationError(f"flagd's evaluator refuses the set: {error}", where=name) from None
    return evaluator
