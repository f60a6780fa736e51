"""Which built-in type the value of an expression has, where reading the code makes it certain."""

from __future__ import annotations

import ast

from roles.improver.strategies.facts import FileFacts, FunctionFacts, dotted, walk_own
from roles.improver.strategies.names import STRING_METHODS
from roles.improver.strategies.siblings import only_read

__all__ = ["answer_kind", "definitions", "element_of", "kind_of"]

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
_WHOLE = (
    *(ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod),
    *(ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift),
)
"""Operators that give a whole number for two of them."""
_COPIES = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed"})
_HOLDERS = frozenset({"list", "set", "frozenset", "iterable", "sequence", "collection", "iterator", "abstractset"})
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
    if (function, name) in facts.assumed:
        return facts.assumed[function, name]
    kinds = {kind_of(facts, value, function, depth + 1) for value in bindings if value and not _reads(value, name)}
    if len(kinds) > 1 or "" in kinds:
        return ""
    if kinds:
        # what it is made of itself keeps its kind, if it does so as long as it has that kind
        facts.assumed[function, name] = next(iter(kinds))
    try:
        kinds |= {kind_of(facts, value, function, depth + 1) for value in bindings if value and _reads(value, name)}
        if None in bindings:
            kinds.add(_bound_in_place(facts, name, function, depth))
    finally:
        facts.assumed.pop((function, name), None)
    return kinds.pop() if len(kinds) == 1 else ""


def _reads(value: ast.expr, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(value))


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
            kinds.add(element_of(facts, part.iter, function, depth))
    if count != sum(value is None for value in function.bindings[name]) or len(kinds) != 1:
        return ""
    return kinds.pop()


def element_of(facts: FileFacts, iterated: ast.expr, function: FunctionFacts, depth: int) -> str:
    """The built-in type of what a loop over an expression's value takes out of it, empty where it is not certain."""
    if depth > _DEPTH:
        return ""
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and facts.is_builtin(iterated.func.id):
        if iterated.func.id in _COPIES and len(iterated.args) == 1:
            return element_of(facts, iterated.args[0], function, depth + 1)
        return "int" if iterated.func.id == "range" else ""
    method = iterated.func.attr if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute) else ""
    if method in ("split", "splitlines") and "split" not in facts.method_names:
        return "str"
    if kind_of(facts, iterated, function, depth + 1) == "str":
        return "str"
    if isinstance(iterated, ast.Call):
        return _of_items(facts, annotated_answer(facts, iterated, function))
    if isinstance(iterated, ast.ListComp | ast.SetComp):
        return kind_of(facts, iterated.elt, function, depth + 1)
    if not isinstance(iterated, ast.Name) or not function.is_local(iterated.id):
        return ""
    if iterated.id in function.parameters:
        return "" if function.bindings[iterated.id] else _of_items(facts, function.annotation(iterated.id))
    return _element_of_local(facts, iterated.id, function, depth)


def _element_of_local(facts: FileFacts, name: str, function: FunctionFacts, depth: int) -> str:
    """What a local list or set holds that is only looked into after it was made."""
    bindings = function.bindings[name]
    uses = [part for part in ast.walk(function.node) if isinstance(part, ast.Name) and part.id == name]
    if not all(isinstance(part.ctx, ast.Store) or only_read(facts, part) for part in uses):
        return ""
    kinds = {"" if value is None else element_of(facts, value, function, depth + 1) for value in bindings}
    return kinds.pop() if len(kinds) == 1 else ""


def _of_items(facts: FileFacts, annotation: ast.expr | None) -> str:
    """What an annotation such as ``list[str]`` or ``Iterable[str]`` says of the items."""
    annotation = _meant(facts, annotation)
    if not isinstance(annotation, ast.Subscript):
        return ""
    holder = facts.module_of(annotation.value).rpartition(".")[2] or dotted(annotation.value)
    return _of_annotation(facts, annotation.slice) if holder.lower() in _HOLDERS else ""


def annotated_answer(facts: FileFacts, call: ast.Call, function: FunctionFacts | None) -> ast.expr | None:
    """What the one function of the agent that a call calls says that it answers with; None where that is not known."""
    found = definitions(facts, call, function)
    return found[0][1].node.returns if len(found) == 1 and found[0][0] is facts else None


def definitions(
    facts: FileFacts, call: ast.Call, function: FunctionFacts | None
) -> list[tuple[FileFacts, FunctionFacts]]:
    """The functions of the agent that a call may call, with their files: by its name, or methods of ``self``."""
    target = call.func
    if isinstance(target, ast.Name):
        if function is not None and function.is_local(target.id):
            return []
        home, name = facts, target.id
        if name in facts.imports and facts.elsewhere is not None and facts.module_of(target):
            module, _, name = facts.imports[name].rpartition(".")
            home = facts.elsewhere(module)
        own = None if home is None else home.module_functions.get(name)
        return [(home, own)] if home is not None and own is not None and home.bound[name] == 1 else []
    if not isinstance(target, ast.Attribute) or function is None or dotted(target) != f"self.{target.attr}":
        return []
    if function.owner is None or function.bindings.get("self") or "self" not in function.parameters:
        return []
    if not any(one.owner is function.owner and one.node.name == target.attr for one in facts.functions):
        return []
    # a class that is made from this one may have a method of its own under that name
    if target.attr in facts.methods_elsewhere():
        return []
    return [(facts, one) for one in facts.functions if one.owner is not None and one.node.name == target.attr]


def answer_kind(facts: FileFacts, function: FunctionFacts) -> str:
    """The kind of what a function of the agent answers with, by its annotation or by all its returns."""
    node, key = function.node, (function, "return")
    if node.decorator_list or isinstance(node, ast.AsyncFunctionDef) or key in facts.assumed:
        return ""
    returns: list[ast.expr | None] = []
    for part in walk_own(node):
        if isinstance(part, ast.Yield | ast.YieldFrom):
            return ""
        if isinstance(part, ast.Return):
            returns.append(part.value)
    if told := _of_annotation(facts, node.returns):
        return told
    if not _leaves(node.body):
        return ""
    facts.assumed[key] = ""
    try:
        kinds = {"" if value is None else kind_of(facts, value, function, 1) for value in returns}
    finally:
        del facts.assumed[key]
    return kinds.pop() if len(kinds) == 1 else ""


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether a block never ends without a return or an error."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


def _meant(facts: FileFacts, annotation: ast.expr | None) -> ast.expr | None:
    """An annotation, or what is meant by a name of the module that is bound once, such as ``Words = list[str]``."""
    for _ in range(_DEPTH):
        if not isinstance(annotation, ast.Name) or facts.bound[annotation.id] != 1:
            break
        value = facts.module_value(annotation.id)
        if not isinstance(value, ast.Name | ast.Subscript | ast.Attribute):
            break
        annotation = value
    return annotation


def _of_annotation(facts: FileFacts, annotation: ast.expr | None) -> str:
    annotation = _meant(facts, annotation)
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
    if found := definitions(facts, call, function):
        kinds = {answer_kind(home, one) for home, one in found}
        return kinds.pop() if len(kinds) == 1 else ""
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
    if numbers == {"int"} and isinstance(operator, _WHOLE):
        return "int"
    if numbers and numbers <= {"int", "float"} and isinstance(operator, ast.Add | ast.Sub | ast.Mult | ast.Div):
        return "float" if "float" in numbers or isinstance(operator, ast.Div) else "int"
    return ""
