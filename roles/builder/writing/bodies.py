"""Statements of generated code that depend on too much for a template: how values are taken, adjusted and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from roles.builder.writing.formulas import FormulaPlan
from roles.builder.writing.plan import InputPlan, OperationPlan, OutputPlan, Plan, Value
from roles.builder.writing.render import literal
from roles.engineering.specification import Adjustment

__all__ = ["adjusted_at_run_time", "adjusted_by", "body_of", "check_of", "computed_source"]

_INDENT = " " * 8
_Written = Callable[[str], str]


def adjusted_at_run_time(name: str, source: str, value: Value, names: Mapping[str, str]) -> str:
    """A value's source with the adjustments that a caller gives; `names` are those that the module goes by."""
    call, given = f"{names['evaluation']}.adjusted", names["adjustments"]
    return _each(source, value, lambda one: f"{call}({literal(name)}, {one}, {given})")


def adjusted_by(source: str, value: Value, adjustments: Sequence[Adjustment]) -> str:
    """A value's source with adjustments that are known."""

    def written(one: str) -> str:
        for change in adjustments:
            if change.operation == "set":
                one = repr(change.amount)
            elif change.operation == "multiply":
                one = f"({one}) * {change.amount!r}" if " " in one else f"{one} * {change.amount!r}"
            else:
                one = f"{one} + {change.amount!r}"
        return one

    return _each(source, value, written) if adjustments else source


def _each(source: str, value: Value, written: _Written) -> str:
    if value.series:
        return f"tuple(None if one is None else {written('one')} for one in {source})"
    return f"None if {source} is None else {written(source)}" if value.nullable else written(source)


def computed_source(formula: FormulaPlan, library: str) -> str:
    """The call of a formula's function of the library, with variables of its arguments' names."""
    arguments = ", ".join(name for name, _ in formula.arguments)
    return f"{library}.{formula.name}{'_by_row' if formula.rows else ''}({arguments})"


def check_of(one: InputPlan) -> str:
    """The statement that checks an argument of a method."""
    name, given = one.name, one.input
    bounds = [
        f"{word}={bound!r}" for word, bound in (("minimum", given.minimum), ("maximum", given.maximum))
        if bound is not None and given.type in ("number", "integer")
    ]  # fmt: skip
    if given.choices and given.type == "text":
        bounds.append(f"choices={given.choices!r}")
    check = f"checked_{given.type}({', '.join([literal(name), name, *bounds])})"
    return f"{name} = None if {name} is None else {check}" if one.nullable else f"{name} = {check}"


def body_of(plan: Plan, operation: OperationPlan) -> str:
    """The statements of an operation's method."""
    names = _Locals(operation)
    lines = [check_of(one) for one in operation.inputs]
    if operation.takes_mode:
        detector = plan.modules.of_kind["mode_detector"]
        targets = f", {detector}.{operation.name.upper()}_TARGETS" if plan.custom_mode else ""
        lines.append(f'{names["detected"]} = {detector}.detect(checked_text("mode", mode){targets})')
    if operation.query is not None:
        inputs = {one.name for one in operation.inputs}
        given = "".join(f", {one.name}={one.name}" for one in operation.query.parameters if one.name in inputs)
        lines.append(f"{names['found']} = fetch_{operation.query.name}(self.source{given})")
    if operation.written:
        return _indented([*lines, _written_call(operation, names)])
    if operation.calculates:
        lines += _calculation(plan, operation, names)
    if operation.rules:
        lines.append(f"{names['decision']} = decide_{operation.name}({names['figures']})")
    if operation.analyses:
        adjustments = f"(*{names['detected']}.adjustments, *more)" if operation.takes_mode else "more"
        again = f"{plan.modules.general}.{operation.name}({names['values']}, {adjustments})"
        lines.append(f"{names['analysis']} = analyze_{operation.name}({names['figures']}, lambda more: {again})")
    if operation.reports:
        fields = ", ".join(
            f"{one.name}={names.of(one)}" for one in operation.outputs if not (one.special and one.name == "report")
        )
        lines.append(f"{names['report']} = report_{operation.name}({fields})")
    fields = ", ".join(f"{one.name}={names.of(one)}" for one in operation.outputs)
    return _indented([*lines, f"return {operation.camel}Result({fields})"])


def _calculation(plan: Plan, operation: OperationPlan, names: _Locals) -> list[str]:
    sources = {one.name: one.name for one in operation.inputs}
    if operation.query is not None:
        sources |= {one.name: f"{names['found']}.{one.name}" for one in operation.query.columns}
    fields = ", ".join(f"{one.name}={sources[one.name]}" for one in operation.values)
    values, figures = names["values"], names["figures"]
    lines = [f"{values} = {operation.camel}Values({fields})"]
    own = plan.modules.calculators if operation.takes_mode else dict[str, str]()
    if not own:
        adjustments = f", {names['detected']}.adjustments" if operation.takes_mode else ""
        return [*lines, f"{figures} = {plan.modules.general}.{operation.name}({values}{adjustments})"]
    cases: list[tuple[str, str]] = [
        (f"{names['detected']}.name == {literal(mode)}", f"{module}.{operation.name}({values})")
        for mode, module in own.items()
    ]
    if plan.modules.general not in own.values():
        detected = f"{names['detected']}.adjustments"
        cases.append(("", f"{plan.modules.general}.{operation.name}({values}, {detected})"))
    else:
        cases[-1] = ("", cases[-1][1])
    for at, (condition, call) in enumerate(cases):
        head = f"{'elif' if at else 'if'} {condition}:" if condition else "else:"
        lines += [head, f"    {figures} = {call}"] if len(cases) > 1 else [f"{figures} = {call}"]
    return lines


def _written_call(operation: OperationPlan, names: _Locals) -> str:
    arguments = [one.name for one in operation.inputs]
    if operation.query is not None:
        arguments.append(names["found"])
    return f"return {operation.written}.{operation.name}({', '.join(arguments)})"


class _Locals:
    """Names of a method's own variables that are none of its arguments."""

    def __init__(self, operation: OperationPlan) -> None:
        self._taken = {one.name for one in operation.inputs} | {"mode"}

    def __getitem__(self, name: str) -> str:
        return f"{name}_here" if name in self._taken else name

    def of(self, output: OutputPlan) -> str:
        """The source of an output, which begins with a variable or is an argument."""
        first, dot, rest = output.source.partition(".")
        return f"{self[first]}{dot}{rest}" if dot or output.special else output.source


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"{_INDENT}{line}" for line in lines)
