"""Learns a host's roles from a dozen examples each, in a fraction of a second, and keeps what was learned on disk."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import ConfigurationError
from common.logs import get_logger
from roles.scorer.features import FeatureBlocks, extract
from roles.scorer.labels import NONE, route_of
from roles.scorer.scorer import REST
from roles.scorer.table import LinearTable

if TYPE_CHECKING:
    from roles.scorer.training import Example

__all__ = ["NewRole", "cached", "learn", "store"]

logger = get_logger(__name__)

_VERSION = 5
_KEPT_FILES = 8
_SCALES = (1.0, 1.2, 1.0)
_REGULARIZATION = 5.0
_ITERATIONS = 100
_TOLERANCE = 1e-4
_DROP_BELOW = 0.005
_DESCRIPTION_WEIGHT = 0.3
_DENIAL = re.compile(r"\b(?:no|not|never|nothing|except|without)\b|n['’]t\b", re.IGNORECASE)
_BESIDE_NOBODY = 3.0
"""How common requests for one new role are, as against those that nobody covered before it came: a host adds it because
it is asked for. For several it grows with the root of their number."""
_BESIDE_ROLES = 0.1
"""The same as against requests that a shipped role covers."""
_LOOKS_COVERED = 0.3
_TOPIC_SHARE = 0.2
_TOPIC_LEAST = 5
_LENT_FROM = 0.2
_LENT_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class NewRole:
    """What the classifier learns of a role."""

    name: str
    description: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    blocks: FeatureBlocks
    label: str
    weight: float = 1.0


def learn(roles: Sequence[NewRole]) -> LinearTable:
    """A table with a label for each role and `REST` for everything else (fits with scikit-learn).

    The project's own examples are what the rest looks like. Among them are requests that no role covered, and a new
    role may well cover some: topics that look much like its examples are lent to it as further, lighter examples, and
    whatever else resembles it is left out.
    """
    from roles.scorer.training import written_by_hand

    names = [role.name for role in roles]
    wanted = [
        _Row(extract(text), role.name, weight)
        for role in roles
        for text, weight in (
            *((text, 1.0) for text in role.examples),
            *((text, _DESCRIPTION_WEIGHT) for text in _claims(role.description)),
        )
    ]
    own = [(example, extract(example.text)) for example in written_by_hand()]
    covered = [_Row(blocks, REST) for example, blocks in own if route_of(example.label) != NONE]
    open_to_all = [(_topic(example), _Row(blocks, REST)) for example, blocks in own if route_of(example.label) == NONE]
    first = _fit(names, [*wanted, *covered])
    lent, others = _divided(first, open_to_all)
    return _fit(names, [*wanted, *_lightened(lent, wanted), *covered, *others])


def _topic(example: Example) -> str:
    """The topic of a request that nobody covers: its group without the number."""
    return example.group.rpartition(" ")[0]


def _lightened(lent: Sequence[_Row], wanted: Sequence[_Row]) -> list[_Row]:
    """The lent examples, weighing no more in all than the role's own."""
    own: dict[str, float] = defaultdict(float)
    borrowed: dict[str, float] = defaultdict(float)
    for rows, total in ((wanted, own), (lent, borrowed)):
        for row in rows:
            total[row.label] += row.weight
    return [replace(row, weight=row.weight * min(1.0, own[row.label] / borrowed[row.label])) for row in lent]


def _claims(description: str) -> list[str]:
    """What a description says that the role covers, clause by clause; "It gives no advice" is no such thing."""
    sentences = re.split(r"[.;!?]+(?:\s+|$)", description)
    kept = [sentence for sentence in sentences if not _DENIAL.search(sentence)]
    clauses = [clause for sentence in kept for clause in (sentence, *re.split(r"[,:]|\band\b", sentence))]
    return list(dict.fromkeys(clause.strip() for clause in clauses if clause.strip())) or [description]


def _fit(names: Sequence[str], rows: Sequence[_Row]) -> LinearTable:
    """Every role weighs the same, however few examples it has, so that what is learned is a ratio of likelihoods.

    The rest weighs as much as the root of their number: with no more than one of them, sixty roles draw every text
    that says nothing ("ok"), and with as much as all of them, hardly a request of their own is sure.
    """
    from roles.scorer.fitting import design_matrix, logistic_regression, to_table, vocabulary_of

    labels = sorted((REST, *names))
    total: dict[str, float] = defaultdict(float)
    for row in rows:
        total[row.label] += row.weight
    share = math.sqrt(len(names))
    total[REST] /= share
    mean = (len(names) + share) / len(rows)
    vocabulary = vocabulary_of([row.blocks for row in rows if row.label != REST])
    model = logistic_regression(_REGULARIZATION, _ITERATIONS).set_params(tol=_TOLERANCE)
    model.fit(
        design_matrix([row.blocks for row in rows], vocabulary, _SCALES),
        [labels.index(row.label) for row in rows],
        sample_weight=[row.weight / total[row.label] / mean for row in rows],
    )
    coefficients, bias = model.coef_, model.intercept_
    if len(labels) == 2:
        coefficients, bias = [-coefficients[0], coefficients[0]], [-bias[0], bias[0]]
        coefficients, bias = _halved(coefficients), _halved(bias)
    facts = {"beside_nobody": _BESIDE_NOBODY, "beside_roles": _BESIDE_ROLES}
    return to_table(labels, vocabulary, coefficients, bias, _SCALES, _DROP_BELOW, facts)


def _halved(rows: Sequence[Any]) -> Any:
    numpy: Any = import_module("numpy")
    return numpy.array(rows) / 2


def _divided(first: LinearTable, open_to_all: Sequence[tuple[str, _Row]]) -> tuple[list[_Row], list[_Row]]:
    """Which requests that nobody covered are lent to a new role, and which remain examples of the rest."""
    found = [
        (topic, row, dict(zip(first.labels, first.probabilities(row.blocks), strict=True)))
        for topic, row in open_to_all
    ]
    alike: dict[str, list[bool]] = defaultdict(list)
    for topic, _, shares in found:
        alike[topic].append(1 - shares[REST] > _LOOKS_COVERED)
    covered = {
        topic
        for topic, marks in alike.items()
        if len(marks) >= _TOPIC_LEAST and sum(marks) >= _TOPIC_SHARE * len(marks)
    }
    lent: list[_Row] = []
    others: list[_Row] = []
    for topic, row, shares in found:
        new = 1 - shares.pop(REST)
        if topic in covered:
            if new > _LENT_FROM:
                lent.append(_Row(row.blocks, max(shares, key=shares.__getitem__), _LENT_WEIGHT))
        elif new <= _LOOKS_COVERED:
            others.append(row)
    return lent, others


def _file(folder: Path, roles: Sequence[NewRole], corpus: str) -> Path:
    known = json.dumps([_VERSION, corpus, [[role.name, role.description, role.examples] for role in roles]])
    return folder / f"roles-{hashlib.sha256(known.encode()).hexdigest()[:32]}.bin"


def cached(folder: Path, roles: Sequence[NewRole], corpus: str) -> LinearTable | None:
    """What was learned before of exactly these roles, beside shipped weights fitted on `corpus` (a digest)."""
    path = _file(folder, roles, corpus)
    try:
        return LinearTable.from_bytes(path.read_bytes(), where=str(path))
    except FileNotFoundError:
        return None
    except (OSError, ConfigurationError) as error:
        logger.warning("what the router learned before is not readable and is learned again: %s", error)
        return None


def store(folder: Path, roles: Sequence[NewRole], corpus: str, table: LinearTable) -> None:
    """Keep a table for `cached`; a folder that can't be written to only costs time at the next start."""
    path = _file(folder, roles, corpus)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".roles-")
        with os.fdopen(handle, "wb") as file:
            file.write(table.to_bytes())
        os.replace(name, path)
        oldest_last = sorted(folder.glob("roles-*.bin"), key=lambda file: file.stat().st_mtime, reverse=True)
        for stale in oldest_last[_KEPT_FILES:]:
            stale.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("what the router learned can't be kept: %s", error)
