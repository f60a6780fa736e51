"""What a loop computes anew in each round though nothing it depends on changes: it is computed once."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.attributes import attribute_kind
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.effects import Effects
from roles.improver.strategies.facts import FunctionFacts, dotted, walk_own
from roles.improver.strategies.names import PURE_BUILTINS

__all__ = ["Invariants"]

_LOOPS = (ast.For, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCALAR_CALLS = frozenset(
    {
        "sum",
        "max",
        "min",
        "len",
        "abs",
        "round",
        "sorted",
        "set",
        "frozenset",
        "any",
        "all",
        "pow",
        "divmod",
        "list",
        "tuple",
        "dict",
    }
)
_COSTLY = frozenset({"sum", "max", "min", "sorted", "set", "frozenset", "any", "all", "list", "tuple", "dict"})
_SAME = (ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript, ast.Attribute, ast.Tuple, ast.Slice)
_PARTS = (ast.expr_context, ast.operator, ast.unaryop, ast.keyword, ast.comprehension, ast.boolop, ast.cmpop)
_CONTAINERS = frozenset({"list", "tuple", "dict", "set", "str", "frozenset"})


class Invariants(Strategy):
    """``max(values)`` and its like in a loop that does not change `values`.

    The value is kept at its first use, where it stands: in a loop without rounds nothing is computed, and an error
    comes when it came before.
    """

    kind = "loop-invariant"
    family = Family.SPEED
    aims = frozenset({"latency"})

    def look(self, view: View) -> None:
        """Note invariant calls within loops."""
        taken: list[ast.AST] = []
        used: set[str] = set()
        for node in ast.walk(view.facts.tree):
            if not isinstance(node, ast.Call | ast.BinOp) or any(_inside(node, outer) for outer in taken):
                continue
            function = view.facts.function_at(node)
            loop = _loop_around(view, node)
            if function is None or loop is None or not self._is_costly(view, node):
                continue
            names = _names_of(node)
            if not names or _bound_names(loop) & names or _kept_already(view, node):
                continue
            taken.append(node)
            with view.site(node, f"{ast.unparse(node)[:60]} is the same in each round of the loop"):
                self._change(view, node, loop, function, names, used)

    def _is_costly(self, view: View, node: ast.expr) -> bool:
        if isinstance(node, ast.Call) and not _computes(view, node):
            return False
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                name = part.func.id
                if name in _COSTLY and view.facts.is_builtin(name):
                    return True
                if name in view.facts.module_functions or _sibling_function(view, name) is not None:
                    return True
            elif isinstance(part, ast.Call) and (
                view.facts.module_of(part.func).startswith(("math.", "statistics.")) or _own_method(view, part)
            ):
                return True
        return False

    def _change(
        self, view: View, node: ast.expr, loop: ast.stmt, function: FunctionFacts, names: set[str], used: set[str]
    ) -> None:
        if view.facts.own_operators:
            raise Refuse("a class here defines operators of its own")
        told = view.analysis.effects([loop], function)
        own = view.analysis.effects([node], function)
        if own.unknown or own.clock or own.mutated:
            raise Refuse(own.unknown or f"{own.clock or 'it'} is not the same each time")
        self._check_self(view, node, function, told)
        for name in sorted(names - {"self"}):
            self._check(view, name, function, told, loop)
        if not self._scalar(view, node, function):
            raise Refuse("its value could be changed after it was computed")
        kept = view.facts.fresh_name(_wish(node))
        while kept in used:
            kept += "_"
        used.add(kept)
        view.edits.before(loop, f"{kept} = None")
        text = view.edits.text_of(node)
        view.edits.replace(node, f"({kept} if {kept} is not None else ({kept} := {text}))")

    def _check_self(self, view: View, node: ast.expr, function: FunctionFacts, told: Effects) -> None:
        """Raise `Refuse` where an attribute that is read, or one that a method may read, may change in the loop."""
        read = [part for part in ast.walk(node) if isinstance(part, ast.Name) and part.id == "self"]
        if not read:
            return
        if function.owner is None or function.bindings.get("self"):
            raise Refuse("self is not certain to be the object itself")
        if told.unknown or told.attributes:
            raise Refuse(told.unknown or f"the loop sets {min(told.attributes)}")
        for name in read:
            attribute = view.facts.parents[name]
            if not isinstance(attribute, ast.Attribute):
                raise Refuse("self is handed on")
            called = view.facts.parents[attribute]
            if isinstance(called, ast.Call) and called.func is attribute:
                continue  # of methods the effects were looked at
            if attribute.attr in view.facts.method_names or attribute.attr in view.methods_elsewhere:
                raise Refuse(f"{attribute.attr} may be a property")
            if not attribute_kind(view.facts, function.owner, attribute.attr):
                raise Refuse(f"it is not certain that {attribute.attr} can be gone through more than once")

    def _check(self, view: View, name: str, function: FunctionFacts, told: Effects, loop: ast.stmt) -> None:
        """Raise `Refuse` where a name's value may change in the loop."""
        if name in function.inner_loads:
            raise Refuse(f"{name} is used by a function defined within")
        if not function.is_local(name):
            if not view.analysis.fixed(name):
                raise Refuse(f"{name} may be changed elsewhere")
            return
        if name in told.mutated:
            raise Refuse(f"{name} is changed in the loop")
        kind = view.analysis.kind(ast.Name(name, ast.Load()), function)
        if kind in ("int", "str", "bool", "float"):
            return
        if not kind and not self._number(function, name) and not _given_from_outside(view, function, name):
            raise Refuse(f"it is not certain that {name} can be gone through more than once")
        if told.unknown:
            raise Refuse(f"{name} may change in the loop: {told.unknown}")

    def _number(self, function: FunctionFacts, name: str) -> bool:
        """Whether a parameter is declared as a number."""
        annotation = function.annotation(name)
        return isinstance(annotation, ast.Name) and annotation.id == "float" and not function.bindings.get(name)

    def _scalar(self, view: View, node: ast.expr, function: FunctionFacts) -> bool:
        """Whether the value can't be changed by anybody who is given it."""
        if isinstance(node, ast.BinOp):
            return self._scalar(view, node.left, function) and self._scalar(view, node.right, function)
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            return view.analysis.kind(node, function) in ("int", "float", "str", "bool") or self._number(
                function, node.id
            )
        if not isinstance(node, ast.Call):
            return False
        if view.facts.module_of(node.func).startswith(("math.", "statistics.")):
            return True
        if (method := _own_method(view, node)) is not None:
            return self._answers_scalars(view, method)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("sum", "max", "min", "len", "abs", "round", "any", "all", "frozenset", "pow"):
            # of max and min the value is one of the items: nothing here changes items, which was looked at before
            return self._plain_items(view, node, function) or name in ("len", "any", "all", "frozenset")
        if name in ("sorted", "set", "list", "tuple", "dict"):
            return view.analysis.only_read(node)
        if name in view.facts.module_functions:
            return self._answers_scalars(view, view.facts.module_functions[name])
        other = _sibling_function(view, name)
        return other is not None and self._answers_scalars(*other)

    def _plain_items(self, view: View, node: ast.Call, function: FunctionFacts) -> bool:
        user = view.facts.parents[node]
        return isinstance(user, ast.BinOp | ast.Compare | ast.FormattedValue) or all(
            isinstance(argument, ast.GeneratorExp | ast.ListComp | ast.Constant) or _numbers(argument, function)
            for argument in node.args
        )

    def _answers_scalars(self, view: View, own: FunctionFacts) -> bool:
        returns = [part.value for part in walk_own(own.node) if isinstance(part, ast.Return)]
        return all(
            value is None
            or view.analysis.kind(value, own) in ("int", "float", "str", "bool")
            or (isinstance(value, ast.BinOp) and _arithmetic(value))
            or _number_call(view, value)
            for value in returns
        )


def _given_from_outside(view: View, function: FunctionFacts, name: str) -> bool:
    """Whether requests alone give a parameter its value, which is JSON data then: nothing of the agent calls this."""
    if name not in function.parameters or function.bindings[name] or function.nested or function.node.decorator_list:
        return False
    own = function.node.name
    files = [
        view.facts,
        *(one for one in view.analysis.others() if not one.path.rpartition("/")[2].startswith("test_")),
    ]
    return not own.startswith("__") and not any(
        own in (getattr(part, "id", ""), getattr(part, "attr", ""), getattr(part, "value", ""))
        for facts in files
        for part in ast.walk(facts.tree)
        if isinstance(part, ast.Name | ast.Attribute | ast.Constant)
    )


def _computes(view: View, node: ast.Call) -> bool:
    """Whether a call is one of a known function; what is called with such a value is another matter."""
    if isinstance(node.func, ast.Name):
        known = node.func.id in PURE_BUILTINS and view.facts.is_builtin(node.func.id)
        own = node.func.id in view.facts.module_functions
        return known or own or _sibling_function(view, node.func.id) is not None
    if _own_method(view, node) is not None:
        return True
    return view.facts.module_of(node.func).startswith(("math.", "statistics."))


def _sibling_function(view: View, name: str) -> tuple[View, FunctionFacts] | None:
    """The pure function of another file of the agent that a name stands for, with a view of that file."""
    found = view.analysis.sibling(name)
    if found is None or not found[0].pure_function(found[1]):
        return None
    other = found[0].facts
    own = other.module_functions.get(found[1])
    return None if own is None else (View(other, {}, view.specification, view.kind), own)


def _own_method(view: View, node: ast.Call) -> FunctionFacts | None:
    """The method of the same class that ``self.method(…)`` calls."""
    function = view.facts.function_at(node)
    if function is None or function.owner is None or not isinstance(node.func, ast.Attribute):
        return None
    if dotted(node.func) != f"self.{node.func.attr}":
        return None
    found = [one for one in view.facts.functions if one.owner is function.owner and one.node.name == node.func.attr]
    return found[0] if len(found) == 1 else None


def _number_call(view: View, value: ast.expr) -> bool:
    """Whether an answer is that of a built-in function which gives numbers."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return view.facts.module_of(value.func).startswith("math.") if isinstance(value, ast.Call) else False
    single = len(value.args) == 1 and not value.keywords
    name = value.func.id
    return view.facts.is_builtin(name) and (name in ("round", "abs", "len") or (name == "sum" and single))


def _arithmetic(value: ast.expr) -> bool:
    """Whether an operation gives a number (or text), never a list: it divides, takes powers, or has a number in it."""
    if isinstance(value, ast.BinOp):
        if isinstance(value.op, ast.Div | ast.Pow | ast.Sub | ast.FloorDiv):
            return True
        return _arithmetic(value.left) or _arithmetic(value.right)
    return isinstance(value, ast.Constant) and isinstance(value.value, float)


def _numbers(argument: ast.expr, function: FunctionFacts) -> bool:
    """Whether an argument is declared as a list of numbers or of text."""
    annotation = function.annotation(argument.id) if isinstance(argument, ast.Name) else None
    if not isinstance(annotation, ast.Subscript):
        return False
    return isinstance(annotation.slice, ast.Name) and annotation.slice.id in ("int", "float", "str", "bool")


def _loop_around(view: View, node: ast.AST) -> ast.stmt | None:
    """The outermost loop in whose rounds a node is evaluated, as far as nothing it names is bound there."""
    names = _names_of(node) or set()
    found: ast.stmt | None = None
    at: ast.AST = node
    while (outer := view.facts.parents.get(at)) is not None:
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            break
        in_test = isinstance(outer, ast.comprehension) and at in outer.ifs
        if in_test or (isinstance(outer, _COMPREHENSIONS) and at is not outer.generators[0]):
            if _bound_names(view.facts.parents[outer] if in_test else outer) & names:
                break
            statement = view.facts.statement_of(outer)
            if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr):
                found = statement
        elif isinstance(outer, _LOOPS) and not (isinstance(outer, ast.For) and at is outer.iter):
            if _bound_names(outer) & names:
                break
            found = outer
        at = outer
    return found


def _names_of(node: ast.AST) -> set[str] | None:
    """The names that an expression reads from outside of itself; None where it holds something else than reading."""
    known = (*_SAME, *_PARTS, *_COMPREHENSIONS, ast.Lambda, ast.arguments, ast.arg, ast.Compare, ast.BoolOp, ast.IfExp)
    return _free(node) if all(isinstance(part, known) for part in ast.walk(node)) else None


def _free(node: ast.AST) -> set[str]:
    """The names that a node reads, without those that comprehensions and lambdas within it bind for themselves."""
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    free = {name for child in ast.iter_child_nodes(node) for name in _free(child)}
    if isinstance(node, ast.Lambda):
        return free - {arg.arg for arg in node.args.args}
    if not isinstance(node, _COMPREHENSIONS):
        return free
    own = {part.id for one in node.generators for part in ast.walk(one.target) if isinstance(part, ast.Name)}
    # what is gone through first is evaluated outside
    return (free - own) | _free(node.generators[0].iter)


def _bound_names(loop: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(loop) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}


def _kept_already(view: View, node: ast.AST) -> bool:
    """Whether the value is kept by an assignment within an expression, as this strategy writes it."""
    return view.facts.within(node, (ast.NamedExpr,)) is not None


def _inside(node: ast.AST, outer: ast.AST) -> bool:
    return any(part is node for part in ast.walk(outer))


def _wish(node: ast.expr) -> str:
    call = next(part for part in ast.walk(node) if isinstance(part, ast.Call))
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "value")
    of = next((part.id for argument in call.args for part in ast.walk(argument) if isinstance(part, ast.Name)), "value")
    return f"{name}_of_{of}" if of != "value" else f"{name}_value"
