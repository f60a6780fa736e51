from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import ValidationFailed
from roles.builder.writing import (
    component_file,
    component_hash,
    component_of_file,
    write_component,
    write_documentation,
    write_frame,
    write_tests,
)  # fmt: skip
from roles.builder.writing.expected import expected_answer
from roles.builder.writing.render import doc, laid_out, literal
from roles.engineering.specification import Adjustment, Specification
from tests.roles.builder import odd_specifications as odd
from tests.roles.builder.example_specifications import property_lookup, simple_dscr, three_modes

ALL: list[Callable[[], Specification]] = [
    simple_dscr, three_modes, property_lookup, *(getattr(odd, name) for name in odd.__all__),
]  # fmt: skip


def all_files(spec: Specification) -> dict[str, str]:
    files: dict[str, str] = {}
    for component in spec.components:
        files |= write_component(spec, component)
    return files | write_frame(spec) | write_tests(spec) | write_documentation(spec)


@pytest.mark.parametrize("make", ALL)
def test_the_same_files_for_the_same_specification_laid_out_and_documented(make: Callable[[], Specification]) -> None:
    files = all_files(make())
    assert files == all_files(make())
    code = {path: text for path, text in files.items() if path.endswith(".py")}
    assert laid_out(code) == code
    for path, text in code.items():
        tree = ast.parse(text, path)
        assert ast.get_docstring(tree), path
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node) or node.name in ("key", "passes", "to_dict"), (path, node.name)


def test_every_component_is_a_module_and_the_frame_has_the_rest() -> None:
    spec = three_modes()
    modules = {component_file(spec, one) for one in spec.components}
    assert {path for one in spec.components for path in write_component(spec, one)} == modules
    assert {path.removeprefix("calc_agent/") for path in write_frame(spec)} == {
        "__init__.py", "aio.py", "arithmetic.py", "database.py", "evaluation.py", "stress_words.py",
    }  # fmt: skip
    assert component_of_file(spec, "calc_agent/decision_engine.py") == "decision_engine"
    assert component_of_file(spec, "calc_agent/types.py") == "types"
    assert component_of_file(spec, "calc_agent/database.py") == "frame"
    assert component_of_file(spec, "tests/test_operations.py") == "tests"


def test_what_a_specification_leaves_out_belongs_to_the_frame() -> None:
    written = write_frame(odd.hidden_names())
    assert {"hidden_names/library.py", "hidden_names/calculator.py", "hidden_names/decision.py"} <= set(written)
    assert "hidden_names/agent.py" not in written


def test_what_a_model_writes_is_left_to_it() -> None:
    spec = odd.written_by_a_model()
    assert write_component(spec, spec.components[1]) == {}
    assert "from . import haiku" in write_component(spec, spec.components[0])["written_by_a_model/agent.py"]


def test_a_component_has_another_hash_when_what_it_is_written_from_changes() -> None:
    spec = simple_dscr()
    by_name = {one.name: one for one in spec.components}
    formula = spec.formulas[0].model_copy(update={"expression": "noi / annual_debt_service * 1"})
    other = spec.model_copy(update={"formulas": (formula,)})
    assert component_hash(spec, by_name["library"]) != component_hash(other, by_name["library"])
    assert component_hash(spec, by_name["errors"]) == component_hash(other, by_name["errors"])
    told = spec.model_copy(update={"examples": ("something else",), "request": "another"})
    for component in spec.components:
        assert component_hash(spec, component) == component_hash(told, component)
        assert write_component(spec, component) == write_component(told, component)


def test_text_of_a_specification_can_not_leave_its_place() -> None:
    evil = '"""\nimport os\nos.system("x")\n"""\\'
    spec = simple_dscr()
    formula = spec.formulas[0].model_copy(update={"description": evil, "on_zero": evil, "source": evil, "unit": evil})
    rule = spec.rules[0].model_copy(update={"description": evil})
    output = spec.operations[0].outputs[2].model_copy(update={"description": evil, "unit": evil})
    operation = spec.operations[0].model_copy(
        update={
            "description": evil,
            "outputs": (*spec.operations[0].outputs, output.model_copy(update={"name": "dscr"})),
        }
    )
    operation = operation.model_copy(update={"outputs": (*spec.operations[0].outputs[:2], output)})
    changed = spec.model_copy(
        update={
            "title": evil, "purpose": evil, "formulas": (formula,), "rules": (rule,), "operations": (operation,),
            "errors": (spec.errors[0].model_copy(update={"message": evil, "todo": evil}),),
        }
    )  # fmt: skip
    for path, text in all_files(changed).items():
        if path.endswith(".py"):
            imported = {
                one.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for one in node.names
            }
            assert "os" not in imported or path.endswith("database.py"), path


_TOLD = """
import dscr_agent.library as library
from dscr_agent.errors import AgentError

for values in ((None, 2.0), (1.0, None), (1.0, 0.0), (1e300, 1e-300)):
    try:
        print(library.dscr(*values))
    except AgentError as error:
        print(error.code, error.message)
"""


def test_what_is_missing_is_named_and_too_large_is_not_zero(tmp_path: Path) -> None:
    spec = simple_dscr()
    formula = spec.formulas[0].model_copy(update={"on_null": "No DSCR: {missing}.", "on_zero": "There is no debt."})
    for path, text in all_files(spec.model_copy(update={"formulas": (formula,)})).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-c", _TOLD], cwd=tmp_path, env={}, capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.splitlines() == [
        "missing_value No DSCR: the value of noi is not known.",
        "missing_value No DSCR: the value of annual debt service is not known.",
        "undefined There is no debt.",
        "undefined The value can't be computed: a number is too large.",
    ]


def test_literals_and_docstrings_hold_any_text() -> None:
    for text in ("plain", "it's", 'say "so"', "both ' and \"", "back\\slash", "line\nbreak", "{braces}", "ü €"):
        assert ast.literal_eval(literal(text)) == text
        assert ast.get_docstring(ast.parse(f'"""{doc(text)}"""')) == doc(text)


def changed(spec: Specification, **update: Any) -> Specification:
    operation = spec.operations[0].model_copy(update=update)
    return spec.model_copy(update={"operations": (operation, *spec.operations[1:])})


def with_formula(expression: str) -> Specification:
    spec = property_lookup()
    formula = spec.formulas[0].model_copy(update={"expression": expression})
    return spec.model_copy(update={"formulas": (formula, *spec.formulas[1:])})


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        (changed(simple_dscr(), outputs=(simple_dscr().operations[0].outputs[0].model_copy(update={"name": "xyz"}),)),
         "no value for its output 'xyz'"),
        (changed(simple_dscr(), rules=()), "it has no rules"),
        (changed(simple_dscr(), query=None).model_copy(update={"queries": ()}),
         "uses what its operation does not know"),
        (changed(simple_dscr(), inputs=()), "filters by inputs that no operation has"),
        (with_formula("noi / mean(price)"), "mixes values of single rows"),
        (with_formula("mean(noi"), "the formula can't be used"),
    ],
)  # fmt: skip
def test_what_can_not_be_written_is_told(spec: Specification, what: str) -> None:
    with pytest.raises(ValidationFailed, match=what):
        write_frame(spec)


def test_a_rule_has_to_be_true_or_false() -> None:
    spec = simple_dscr()
    rule = spec.rules[0].model_copy(update={"expression": "dscr + 1"})
    with pytest.raises(ValidationFailed, match="neither true nor false"):
        write_frame(spec.model_copy(update={"rules": (rule,)}))


ROW = {"noi": 100_000.0, "loan_amount": 1_000_000.0, "interest_rate": 0.06, "term_years": 30, "property_name": "A"}


class TestExpectedAnswers:
    """The computation that generated code is held against, checked by hand."""

    def answer(self, mode: str = "", adjustments: tuple[Adjustment, ...] = (), **row: Any) -> Any:
        spec = three_modes()
        operation = spec.operations[0]
        rows = [{**ROW, **row}]
        found = expected_answer(spec, operation, {"property_id": 5}, rows, mode=mode, adjustments=adjustments)
        return found.error or found.outputs

    def test_in_the_first_mode_nothing_is_adjusted(self) -> None:
        found = self.answer()
        assert found["annual_debt_service"] == pytest.approx(71_946.063)
        assert found["dscr"] == pytest.approx(1.389930)
        assert (found["mode"], found["validation_status"], found["failed_rules"]) == ("standard", "PASS", [])

    def test_a_mode_adjusts_before_anything_is_computed(self) -> None:
        found = self.answer("conservative", noi=99_000.0)
        assert found["noi"] == pytest.approx(89_100)
        assert found["dscr"] == pytest.approx(1.2384277)
        assert (found["validation_status"], found["failed_rules"]) == ("FAIL", ["The DSCR is at least 1.25"])

    def test_a_custom_mode_takes_its_adjustments_from_the_request(self) -> None:
        stress = (
            Adjustment(target="noi", operation="multiply", amount=0.85),
            Adjustment(target="interest_rate", operation="add", amount=0.02),
        )
        found = self.answer("custom", stress)
        assert found["dscr"] == pytest.approx(85_000 / 88_051.75, rel=1e-5)

    def test_what_is_missing_or_not_defined_is_an_error(self) -> None:
        assert self.answer(noi=None) == "missing_value"
        assert self.answer(term_years=0) == "undefined"
        spec = three_modes()
        assert expected_answer(spec, spec.operations[0], {"property_id": 5}, []).error == "not_found"
