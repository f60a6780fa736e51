"""Which built-in type the value of an expression has, where reading the code makes it certain."""

from __future__ import annotations

import ast

from roles.improver.strategies.facts import FileFacts, FunctionFacts
from roles.improver.strategies.names import STRING_METHODS

__all__ = ["kind_of"]

_DEPTH = 6
_CONSTRUCTORS = frozenset({"str", "int", "float", "bool", "list", "tuple", "dict", "set", "frozenset"})
_ANSWERS = {
    "len": "int",
    "ord": "int",
    "sorted": "list",
    "repr": "str",
    "chr": "str",
    "format": "str",
    "isinstance": "bool",
    "any": "bool",
    "all": "bool",
}
_DISPLAYS: dict[type[ast.expr], str] = {
    ast.JoinedStr: "str",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Tuple: "tuple",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Compare: "bool",
}
_TYPING = {"typing.List": "list", "typing.Dict": "dict", "typing.Tuple": "tuple", "typing.Set": "set"}
_MODULE_ANSWERS = {
    "math.sqrt": "float",
    "math.log": "float",
    "math.exp": "float",
    "math.floor": "int",
    "math.ceil": "int",
    "json.dumps": "str",
}


def kind_of(facts: FileFacts, value: ast.expr, function: FunctionFacts | None, depth: int = 0) -> str:
    """The name of the built-in type, empty where it is not certain."""
    if depth > _DEPTH:
        return ""
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    if (found := _DISPLAYS.get(type(value))) is not None:
        return "" if found == "bool" and facts.own_operators else found
    if isinstance(value, ast.Name):
        return _of_name(facts, value.id, function, depth)
    if isinstance(value, ast.Call):
        return _of_call(facts, value, function, depth)
    if isinstance(value, ast.BinOp):
        return _of_operation(facts, value, function, depth)
    if isinstance(value, ast.UnaryOp):
        return _of_unary(facts, value, function, depth)
    if isinstance(value, ast.IfExp):
        one, other = (kind_of(facts, part, function, depth + 1) for part in (value.body, value.orelse))
        return one if one == other else ""
    if isinstance(value, ast.BoolOp):
        kinds = {kind_of(facts, part, function, depth + 1) for part in value.values}
        return kinds.pop() if len(kinds) == 1 else ""
    return ""


def _of_unary(facts: FileFacts, value: ast.UnaryOp, function: FunctionFacts | None, depth: int) -> str:
    if isinstance(value.op, ast.Not):
        return "bool"
    inner = kind_of(facts, value.operand, function, depth + 1)
    return inner if inner in ("int", "float") else ""


def _of_name(facts: FileFacts, name: str, function: FunctionFacts | None, depth: int) -> str:
    if function is None or not function.is_local(name):
        return ""
    bindings = function.bindings[name]
    if name in function.parameters:
        return "" if bindings or name in function.foreign else _of_annotation(facts, function.annotation(name))
    kinds = {
        _bound_in_place(facts, name, function, depth) if value is None else kind_of(facts, value, function, depth + 1)
        for value in bindings
    }
    return kinds.pop() if len(kinds) == 1 else ""


def _bound_in_place(facts: FileFacts, name: str, function: FunctionFacts, depth: int) -> str:
    """The kind that augmented assignments and loops over ranges leave a name with; empty for other bindings."""
    kinds: set[str] = set()
    count = 0
    for part in ast.walk(function.node):
        if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name) and part.target.id == name:
            count += 1
            first = next((value for value in function.bindings[name] if value is not None), None)
            before = "" if first is None else kind_of(facts, first, function, depth + 2)
            kinds.add(_combined(part.op, before, kind_of(facts, part.value, function, depth + 2), facts))
        elif (
            isinstance(part, ast.For | ast.comprehension)
            and isinstance(part.target, ast.Name)
            and part.target.id == name
        ):
            count += 1
            kinds.add(_element(facts, part.iter, function, depth))
    if count != sum(value is None for value in function.bindings[name]) or len(kinds) != 1:
        return ""
    return kinds.pop()


def _element(facts: FileFacts, iterated: ast.expr, function: FunctionFacts, depth: int) -> str:
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name):
        return "int" if iterated.func.id == "range" and facts.is_builtin("range") else ""
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute):
        return "str" if iterated.func.attr in ("split", "splitlines") and "split" not in facts.method_names else ""
    if kind_of(facts, iterated, function, depth + 1) == "str":
        return "str"
    annotation = function.annotation(iterated.id) if isinstance(iterated, ast.Name) else None
    if isinstance(annotation, ast.Subscript) and not function.bindings.get(getattr(iterated, "id", "")):
        return _of_annotation(facts, annotation.slice) if _of_annotation(facts, annotation) == "list" else ""
    return ""


def _of_annotation(facts: FileFacts, annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        plain = annotation.value.isidentifier()
        return _of_annotation(facts, ast.parse(annotation.value, mode="eval").body) if plain else ""
    if isinstance(annotation, ast.Name | ast.Attribute) and (found := _TYPING.get(facts.module_of(annotation))):
        return found
    # a parameter declared as float is given integers too
    if isinstance(annotation, ast.Name) and annotation.id in _CONSTRUCTORS - {"float"}:
        return annotation.id
    return ""


def _of_call(facts: FileFacts, call: ast.Call, function: FunctionFacts | None, depth: int) -> str:
    target = call.func
    if isinstance(target, ast.Name) and facts.is_builtin(target.id):
        if target.id in _CONSTRUCTORS and not (target.id == "str" and facts.own_operators):
            return target.id
        return _ANSWERS.get(target.id, "")
    if isinstance(target, ast.Attribute):
        if (module := facts.module_of(target)) in _MODULE_ANSWERS:
            return _MODULE_ANSWERS[module]
        if target.attr in STRING_METHODS and target.attr not in facts.method_names and not module:
            # only text has methods of these names (bytes are no JSON data)
            return "str" if not _may_be_bytes(facts) else kind_of(facts, target.value, function, depth + 1)
        if target.attr in ("split", "splitlines") and target.attr not in facts.method_names and not module:
            return "list"
    return ""


def _may_be_bytes(facts: FileFacts) -> bool:
    return any(isinstance(part, ast.Constant) and isinstance(part.value, bytes) for part in ast.walk(facts.tree)) or (
        "encode" in facts.text or "bytes" in facts.text or ("replace(" in facts.text and "datetime" in facts.text)
    )


def _of_operation(facts: FileFacts, value: ast.BinOp, function: FunctionFacts | None, depth: int) -> str:
    left, right = (kind_of(facts, part, function, depth + 1) for part in (value.left, value.right))
    return _combined(value.op, left, right, facts)


def _combined(operator: ast.operator, left: str, right: str, facts: FileFacts) -> str:
    if isinstance(operator, ast.Mod) and left == "str":
        return "str"
    if isinstance(operator, ast.Add) and "str" in (left, right) and not facts.own_operators:
        # text can be added to text alone: the other side is text too, or an error is raised
        return "str"
    if isinstance(operator, ast.Add) and "list" in (left, right) and not facts.own_operators:
        return "list"
    numbers = {left, right}
    if numbers == {"int"} and isinstance(operator, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod):
        return "int"
    if numbers and numbers <= {"int", "float"} and isinstance(operator, ast.Add | ast.Sub | ast.Mult | ast.Div):
        return "float" if "float" in numbers or isinstance(operator, ast.Div) else "int"
    return ""
