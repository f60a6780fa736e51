"""Pure functions that compute the same again: their answers are remembered for arguments that are plain values."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, walk_own

__all__ = ["Caching"]

_KEY = "_key_of"
_KEEP = "_remember"
_MOST = 4096
_HELPERS = {
    _KEY: f'''def {_KEY}(*values):
    """The values with their types, which 1 and True share else; None where they are not all plain."""
    types = tuple(map(type, values))
    return (types, values) if _REMEMBERED_TYPES.issuperset(types) else None
''',
    _KEEP: f'''def {_KEEP}(answers, key, answer):
    """Keep an answer that nobody can change, as long as there is room; returns it."""
    if key is not None and type(answer) in _KEPT_TYPES and len(answers) < {_MOST}:
        answers[key] = answer
    return answer
''',
    "_TYPES": """_REMEMBERED_TYPES = frozenset((int, str, bool, type(None)))
_KEPT_TYPES = frozenset((int, str, bool, float))
""",
}


class Caching(Strategy):
    """Functions of the module that read nothing but parameters and constants, called in loops or by themselves.

    Remembered are answers to integers, text, bool and None alone, and numbers and text as answers: of these nobody can
    tell a remembered one from a new one. Lists and floats as arguments go the old way (0.0 and -0.0 are equal).
    """

    kind = "repeated-computation"
    family = Family.SPEED
    aims = frozenset({"first_pass"})

    def look(self, view: View) -> None:
        """Note functions that are called in loops, and those that call themselves."""
        for name, function in view.facts.module_functions.items():
            if _KEY in view.facts.module_functions and name in (_KEY, _KEEP):
                continue
            if not self._worth(view, name, function) or _calls(function.node, _KEY):
                continue
            with view.site(function.node, f"{name} computes the same answers again"):
                self._change(view, name, function)

    def _worth(self, view: View, name: str, function: FunctionFacts) -> bool:
        if not function.parameters or isinstance(function.node, ast.AsyncFunctionDef):
            return False
        # what neither loops nor calls itself is done sooner than its answer is looked up
        loops = any(isinstance(part, ast.For | ast.While | ast.comprehension) for part in walk_own(function.node))
        recursive = _calls(function.node, name)
        if not (loops or recursive):
            return False
        called = [
            part
            for part in ast.walk(view.facts.tree)
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == name
        ]
        return (
            recursive
            or any(
                view.facts.within(call, (ast.For, ast.While, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp))
                for call in called
            )
            or any(_called_in_loop(tree, name) for tree in view.other_trees)
        )

    def _change(self, view: View, name: str, function: FunctionFacts) -> None:
        node = function.node
        if node.decorator_list:
            raise Refuse("it is decorated")
        if view.facts.bound[name] != 1:
            raise Refuse("its name is bound more than once")
        if view.facts.own_operators and self._meets_classes(view, name, set()):
            raise Refuse("a class here defines operators of its own")
        args = node.args
        if args.vararg or args.kwarg:
            raise Refuse("it takes any number of arguments")
        if reason := view.analysis.why_impure(function):
            raise Refuse(reason)
        read = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - set(function.bindings)
        if patched := sorted(read & view.patched_elsewhere):
            raise Refuse(f"another file or a test may set {patched[0]}")
        self._check_iterators(view, function)
        returns = [part for part in walk_own(node) if isinstance(part, ast.Return) and part.value is not None]
        if not returns:
            raise Refuse("it gives no answer")
        if node.name.startswith("test") or any(
            isinstance(r.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
            for r in returns
        ):
            raise Refuse("its answers are containers, which whoever gets them may change")
        self._helpers(view)
        answers = view.facts.fresh_name(f"_answers_of_{name.lstrip('_')}")
        view.edits.at_top(f"{answers} = {{}}", _top(view))
        first = _first_statement(node)
        key = view.facts.fresh_name("key")
        parameters = ", ".join(function.parameters)
        view.edits.before(first, f"{key} = {_KEY}({parameters})\nif {key} in {answers}:\n    return {answers}[{key}]")
        for part in returns:
            if part.value is not None:
                text = view.edits.operand(part.value)
                view.edits.replace(part.value, f"{_KEEP}({answers}, {key}, {text})")

    def _meets_classes(self, view: View, name: str, seen: set[str]) -> bool:
        """Whether a function that is given plain values may come to have an object of the file's classes."""
        seen.add(name)
        named = {part.id for part in ast.walk(view.facts.module_functions[name].node) if isinstance(part, ast.Name)}
        if named & set(view.facts.classes) or any(view.analysis.sibling(one) is not None for one in named):
            return True
        return any(self._meets_classes(view, one, seen) for one in named & set(view.facts.module_functions) - seen)

    def _check_iterators(self, view: View, function: FunctionFacts) -> None:
        """A function that answers with an iterator is no matter here: only numbers and text are remembered."""
        if any(
            isinstance(part, ast.Return) and isinstance(part.value, ast.GeneratorExp)
            for part in walk_own(function.node)
        ):
            raise Refuse("its answers are iterators")

    def _helpers(self, view: View) -> None:
        if "helpers_put" in view.put or _KEY in view.facts.module_functions:
            return
        if {_KEY, _KEEP, "_REMEMBERED_TYPES", "_KEPT_TYPES"} & view.facts.all_names:
            raise Refuse("the names of the helpers are taken")
        view.edits.at_top("\n\n".join((_HELPERS["_TYPES"], _HELPERS[_KEY], _HELPERS[_KEEP])), _top(view))
        view.put["helpers_put"] = ""


def _called_in_loop(tree: ast.Module, name: str) -> bool:
    """Whether another file calls a function of that name in a loop."""
    return any(
        _calls(part, name)
        for part in ast.walk(tree)
        if isinstance(part, ast.For | ast.While | ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp)
    )


def _top(view: View) -> ast.stmt:
    return view.first_definition()


def _first_statement(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if documented and len(node.body) == 1:
        raise Refuse("it does nothing")
    return node.body[1] if documented else first


def _calls(node: ast.AST, name: str) -> bool:
    return any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == name
        for part in ast.walk(node)
    )
