"""Writes the package of an agent: one module a component, and the frame that holds them together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

from common.errors import ValidationFailed
from roles.builder.writing.bodies import adjusted_at_run_time, adjusted_by, body_of, computed_source
from roles.builder.writing.formulas import FormulaPlan
from roles.builder.writing.plan import MODULES, Plan, Value
from roles.builder.writing.planning import plan_of
from roles.builder.writing.render import laid_out, render, templates_version
from roles.builder.writing.statements import Statements
from roles.engineering.formulas import helpers_of, library_source
from roles.engineering.formulas.quantities import QUANTITIES
from roles.engineering.specification import Component, Mode, Specification

__all__ = ["component_file", "component_hash", "component_of_file", "error_cases", "write_component", "write_frame"]

_CALCULATOR_NAMES = ("values", "adjustments", "library", "evaluation")
_CLASSES = {
    "invalid_input": ("InvalidInput", "An argument can't be used."),
    "not_found": ("NotFound", "There is no such entry."),
    "missing_value": ("MissingValue", "A value that is needed is not known."),
    "undefined": ("UndefinedValue", "The value is not defined."),
    "source_unavailable": ("SourceUnavailable", "The source of the data can't be reached."),
    "unsupported": ("Unsupported", "That is not supported."),
}


def component_file(spec: Specification, component: Component) -> str:
    """The path of a component's module within the folder of the agent."""
    return f"{spec.name}/{MODULES.get(component.kind, component.name)}.py"


def component_of_file(spec: Specification, path: str) -> str:
    """The component to blame for a file: its name, ``tests`` for a test, ``frame`` for what belongs to none."""
    if path.startswith("tests/"):
        return "tests"
    return next((one.name for one in spec.components if component_file(spec, one) == path), "frame")


def component_hash(spec: Specification, component: Component) -> str:
    """SHA-256, in hex, of all that a component's file is written from, the templates' version included.

    Descriptions of other components and what only tests and documents tell are left out of it.
    """
    aside = {"components", "request", "assumptions", "examples", "constraints", "version"}
    parts = spec.model_dump(mode="json", exclude=aside)
    others = [[one.name, one.kind, one.mode] for one in spec.components]
    made_from = [templates_version(), parts, others, component.model_dump(mode="json")]
    if component.kind == "errors":
        made_from = [templates_version(), spec.name, spec.class_name, parts["errors"]]
    elif component.kind == "library":
        used = [parts[name] for name in ("queries", "sources", "operations", "formulas", "modes")]
        made_from = [templates_version(), spec.name, spec.class_name, component.name, used]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def write_component(spec: Specification, component: Component) -> dict[str, str]:
    """The file of a component by its path; nothing for one that a model writes. Raises `ValidationFailed`."""
    if component.model or component.kind == "written":
        return {}
    plan = plan_of(spec)
    return laid_out({component_file(spec, component): _WRITERS[component.kind](plan, component)})


def write_frame(spec: Specification) -> dict[str, str]:
    """The files of the package that belong to no component of the specification, by path. Raises `ValidationFailed`."""
    plan = plan_of(spec)
    context = {"spec": spec, "plan": plan, "variable": _variable(spec)}
    found = {
        "__init__": render("init.py.j2", **context),
        "aio": render("aio.py.j2", **context),
    }
    if spec.queries:
        statements = Statements(spec)
        found["database"] = render(
            "database.py.j2",
            **context,
            tables=statements.tables,
            imported=statements.imported(spec),
            ranks=statements.ranks,
            has_ranks=any(statements.ranks(query) for query in spec.queries),
            has_statistics=statements.has_statistics(spec),
            has_moments=statements.has_moments(spec),
            has_days=statements.has_days(spec),
            pieces=statements.pieces,
            condition=statements.condition,
            is_date=statements.is_date,
        )
        if statements.has_statistics(spec):
            found["rank_functions"] = _text_of("rank_functions.py")
        if statements.has_moments(spec):
            found["moments"] = _text_of("moments.py")
    if plan.formulas or plan.rules:
        helpers = helpers_of([one.expression for one in (*plan.formulas, *plan.rules)])
        title = f"The arithmetic that the formulas of {spec.class_name} call."
        found["arithmetic"] = f'"""{title}"""\n\n{library_source(helpers)}'
        found["evaluation"] = render(
            "evaluation.py.j2",
            **context,
            by_row=any(one.rows for one in plan.formulas),
            gives=any(one.optional for one in plan.formulas),
        )
    for component in plan.modules.implied:
        found[MODULES.get(component.kind, component.name)] = _WRITERS[component.kind](plan, component)
    if plan.custom_mode and any(one.takes_mode for one in plan.operations):
        found["stress_words"] = _text_of("formulas", "stress_words.py")
    return laid_out({f"{spec.name}/{module}.py": text for module, text in sorted(found.items())})


def _text_of(*place: str) -> str:
    """A module of `roles.engineering` that goes into packages as it is."""
    from importlib.resources import files

    return files("roles.engineering").joinpath(*place).read_text(encoding="utf-8")


def _variable(spec: Specification) -> str:
    return spec.sources[0].variable if spec.sources else "DATABASE_URL"


def error_cases(spec: Specification) -> list[dict[str, str]]:
    """Every code with its class, and what it tells: as the specification says, else in general words."""
    cases: list[dict[str, str]] = []
    for code, (name, message) in _CLASSES.items():
        told = next((one for one in spec.errors if one.code == code), None)
        cases.append(
            {
                "code": code,
                "class_name": name,
                "doc": message,
                "message": told.message if told else message,
                "todo": told.todo if told else "",
            }
        )
    return cases


def _errors(plan: Plan, component: Component) -> str:
    del component
    return render("errors.py.j2", spec=plan.spec, error_cases=error_cases(plan.spec))


def _types(plan: Plan, component: Component) -> str:
    del component
    return render("types.py.j2", spec=plan.spec, plan=plan, modes=any(one.takes_mode for one in plan.operations))


def _data(plan: Plan, component: Component) -> str:
    del component
    inputs = {one.input.type for operation in plan.operations for one in operation.inputs}
    columns = {one.type for query in plan.queries for one in query.columns}
    modes = any(one.takes_mode for one in plan.operations)
    imported = ["InvalidInput"] if inputs or modes else []
    imported += ["NotFound"] if any(one.query.one for one in plan.queries) else []
    imported += ["Unsupported"] if any(one.must_be_alone for one in plan.queries) else []
    imported += ["SourceUnavailable"] if columns & {"number", "integer"} else []
    return render(
        "data.py.j2",
        spec=plan.spec,
        plan=plan,
        modes=modes,
        input_types={kind: kind in inputs for kind in ("number", "integer", "text", "date", "boolean")},
        column_types={kind: kind in columns for kind in ("number", "integer", "text", "date", "boolean")},
        imported_errors=imported,
    )


def _library(plan: Plan, component: Component) -> str:
    del component
    arguments = [kind for one in plan.formulas for _, kind in one.arguments]
    by_row = any(one.rows for one in plan.formulas)
    return render(
        "library.py.j2",
        spec=plan.spec,
        plan=plan,
        needs_sequence=by_row or any("Sequence" in kind for kind in arguments),
    )


def _calculator(plan: Plan, component: Component) -> str:
    mode = next((one for one in plan.spec.modes if one.name == component.mode), None)
    if component.mode is not None and mode is None:
        raise ValidationFailed(
            f"component {component.name!r} is of the mode {component.mode!r}, which is not specified"
        )
    fixed = mode is not None and not mode.custom and plan.modules.calculators.get(mode.name) == component.name
    adjustments = mode.adjustments if mode is not None else ()

    def changed(name: str, source: str, value: Value) -> str:
        if fixed:
            return adjusted_by(source, value, [one for one in adjustments if one.target == name])
        return adjusted_at_run_time(name, source, value, names) if plan.adjusts and value.numeric else source

    def taken(value: Value) -> str:
        return changed(value.name, f"{names['values']}.{value.name}", value)

    def computed(formula: FormulaPlan) -> str:
        return changed(formula.name, computed_source(formula, names["library"]), formula.value)

    operations = [one for one in plan.calculating if one.takes_mode or not fixed]
    taken_names = {value.name for one in operations for value in one.all_values}
    names = {name: f"the_{name}" if name in taken_names else name for name in _CALCULATOR_NAMES}
    library = plan.modules.of_kind["library"]
    return render(
        "calculator.py.j2",
        spec=plan.spec, plan=plan, mode=mode, fixed=fixed, taken=taken, computed=computed, library=library,
        operations=operations,
        names=names,
    )  # fmt: skip


def _decision(plan: Plan, component: Component) -> str:
    del component
    sources = [one.source for one in plan.rules if "arithmetic." in one.source]
    missing = bool(sources) or any(one.optional and not one.rows for one in plan.rules)
    return render(
        "decision.py.j2",
        spec=plan.spec,
        plan=plan,
        needs_arithmetic=bool(sources),
        needs_sequence=any("Sequence" in kind for one in plan.rules for _, kind in one.arguments),
        needs_errors=(["MissingValue"] if missing else []) + (["UndefinedValue"] if sources else []),
    )


def _analysis(plan: Plan, component: Component) -> str:
    del component
    return render("analysis.py.j2", spec=plan.spec, plan=plan, decision=plan.modules.of_kind.get("decision", ""))


def _report(plan: Plan, component: Component) -> str:
    del component
    return render("report.py.j2", spec=plan.spec, plan=plan)


def _mode_detector(plan: Plan, component: Component) -> str:
    del component
    targets = [one for operation in plan.operations if operation.takes_mode for one in operation.targets]
    return render(
        "mode_detector.py.j2",
        spec=plan.spec,
        plan=plan,
        modes=plan.spec.modes,
        custom=plan.custom_mode,
        has_adjustments=any(one.adjustments for one in plan.spec.modes if not one.custom),
        phrases_of=_phrases,
        words_of=_words,
        example_target=targets[0].label if targets else "a value",
    )


def _phrases(mode: Mode) -> list[str]:
    return list(dict.fromkeys([mode.name.replace("_", " "), mode.name, *(one.lower() for one in mode.phrases)]))


_KNOWN_AS = {"noi": "net operating income", "net_operating_income": "noi", "opex": "operating expenses"}


def _words(value: Value) -> list[str]:
    """The words by which people name a value: its name's, its description's where that is short, its last word."""
    described = " ".join(value.description.lower().split())
    words = [value.label, *([described] if described and len(described.split()) <= 4 else [])]
    words += [known] if (known := _KNOWN_AS.get(value.name)) else []
    words += QUANTITIES[value.name].phrases[1:6] if value.name in QUANTITIES else ()
    last = value.name.split("_")[-1]
    words += [last] if last in ("rate", "rent", "income", "revenue", "expenses", "vacancy", "price", "cost") else []
    return list(dict.fromkeys(words))


def _main(plan: Plan, component: Component) -> str:
    del component
    modules, calculating = plan.modules, plan.calculating
    taking_mode = any(one.takes_mode for one in plan.operations)
    imported = {modules.of_kind["mode_detector"]} if taking_mode else set[str]()
    imported |= set(modules.calculators.values()) if taking_mode else set()
    imported |= {modules.general} if calculating and modules.general else set()
    imported |= {one.written for one in plan.operations if one.written}
    checked = {f"checked_{one.input.type}" for operation in plan.operations for one in operation.inputs}
    checked |= {"checked_text"} if taking_mode else set()
    asked = {f"fetch_{one.query.name}" for one in plan.operations if one.query is not None}
    functions = [
        (modules.of_kind[kind], sorted(f"{verb}_{one.name}" for one in operations))
        for kind, verb, operations in (
            ("decision", "decide", plan.deciding), ("analysis", "analyze", plan.analysing),
            ("report", "report", plan.reporting),
        )
        if operations
    ]  # fmt: skip
    return render(
        "agent.py.j2",
        spec=plan.spec,
        plan=plan,
        variable=_variable(plan.spec),
        imported_modules=sorted(imported),
        imported_functions=functions,
        data_names=sorted(checked | asked),
        type_names=sorted(
            [f"{one.camel}Result" for one in plan.operations] + [f"{one.camel}Values" for one in calculating]
        ),
        body_of=lambda operation: body_of(plan, operation),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    )


_WRITERS: Mapping[str, Callable[[Plan, Component], str]] = {
    "errors": _errors,
    "types": _types,
    "data": _data,
    "library": _library,
    "mode_detector": _mode_detector,
    "calculator": _calculator,
    "analysis": _analysis,
    "decision": _decision,
    "report": _report,
    "main": _main,
}
