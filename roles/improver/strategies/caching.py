"""Pure functions that compute the same again: their answers are remembered for arguments that are plain values."""

from __future__ import annotations

import ast

from roles.improver.sites import Family
from roles.improver.strategies.base import Refuse, Strategy, View
from roles.improver.strategies.facts import FunctionFacts, walk_own

__all__ = ["Caching"]

_LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
_CONTAINERS = frozenset({"list", "dict", "set"})
_COLLECTIONS = frozenset(
    {"Collection", "Iterable", "Iterator", "Mapping", "MutableMapping", "MutableSequence", "Sequence"}
)
_SPLITS = frozenset({"split", "splitlines"})
_KEEP = "_remember"
_COPY = "_remember_copy"
_MOST, _MOST_COPIES, _MOST_ITEMS = 4096, 256, 2048
_TYPES, _KEPT = "_REMEMBERED_TYPES", "_KEPT_TYPES"
_HELPERS = {
    _TYPES: f"{_TYPES} = frozenset((int, str, bool, type(None)))\n",
    _KEPT: f"{_KEPT} = frozenset((int, str, bool, float))\n",
    _KEEP: f'''def {_KEEP}(answers, key, answer):
    """Keep an answer that nobody can change, as long as there is room; returns it."""
    if key is not None and type(answer) in {_KEPT} and len(answers) < {_MOST}:
        answers[key] = answer
    return answer
''',
    _COPY: f'''def {_COPY}(answers, key, answer):
    """Keep a copy of a short new container of values that nobody can change, as long as there is room; returns it."""
    if key is None or type(answer) not in (list, dict, set) or len(answers) >= {_MOST_COPIES}:
        return answer
    kept = frozenset((str,)) if type(answer) is set else {_KEPT}
    parts = answer.values() if type(answer) is dict else answer
    if len(answer) <= {_MOST_ITEMS} and kept.issuperset(map(type, parts)):
        answers[key] = answer.copy()
    return answer
''',
}


class Caching(Strategy):
    """Functions of the module that read nothing but parameters and constants, called in loops or by themselves.

    Remembered are answers to integers, text, bool and None alone, and numbers and text as answers: of these nobody can
    tell a remembered one from a new one. Lists and floats as arguments go the old way (0.0 and -0.0 are equal). Of
    lists and dictionaries that the function makes, and that hold such answers, a copy is kept, and each caller is given
    one of its own; of sets, those of text, whose order is another one in each process anyway.
    """

    kind = "repeated-computation"
    family = Family.SPEED
    aims = frozenset({"first_pass"})

    def look(self, view: View) -> None:
        """Note functions that are called in loops, and those that call themselves."""
        for name, function in view.facts.module_functions.items():
            if not self._worth(view, name, function) or _calls(function.node, _KEEP) or _calls(function.node, _COPY):
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
        # what a loop calls calls others in turn
        return recursive or name in _called_in_loops(view)

    def _check(self, view: View, name: str, function: FunctionFacts) -> None:
        """Raise `Refuse` where an answer may depend on more than arguments that are plain values."""
        node = function.node
        if node.name.startswith("test"):
            raise Refuse("it is a test")
        if node.decorator_list:
            raise Refuse("it is decorated")
        if view.facts.bound[name] != 1:
            raise Refuse("its name is bound more than once")
        if view.facts.own_operators and self._meets_classes(view, name, set()):
            raise Refuse("a class here defines operators of its own")
        args = node.args
        if args.vararg or args.kwarg:
            raise Refuse("it takes any number of arguments")
        for parameter in function.parameters:
            known = view.analysis.kind(ast.Name(parameter, ast.Load()), function)
            if known in _CONTAINERS | {"tuple", "frozenset"} or _declared(function, parameter) in _COLLECTIONS:
                raise Refuse(f"{parameter} is a container, for which nothing can be remembered")
        if reason := view.analysis.why_impure(function):
            raise Refuse(reason)
        read = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - set(function.bindings)
        if patched := sorted(read & view.patched_elsewhere):
            raise Refuse(f"another file or a test may set {patched[0]}")
        self._check_iterators(view, function)

    def _change(self, view: View, name: str, function: FunctionFacts) -> None:
        self._check(view, name, function)
        node = function.node
        returns = [part for part in walk_own(node) if isinstance(part, ast.Return) and part.value is not None]
        if not returns:
            raise Refuse("it gives no answer")
        values = [part.value for part in returns if part.value is not None]
        kinds = {view.analysis.kind(value, function) for value in values}
        keep = _COPY if kinds & _CONTAINERS else _KEEP
        if keep == _COPY and not all(_is_own(view, value, function) for value in values):
            raise Refuse("its answers are containers that may be known elsewhere")
        key = view.facts.fresh_name("key")
        given = _key(view, function)
        self._helpers(view, _KEPT, keep, *((_TYPES,) if _TYPES in given else ()))
        answers = view.facts.fresh_name(f"_answers_of_{name.lstrip('_')}")
        view.edits.at_top(f"{answers} = {{}}", _top(view))
        first, hit = _first_statement(node), f"{answers}[{key}]{'.copy()' if keep == _COPY else ''}"
        view.edits.before(first, f"{key} = {given}\nif {key} in {answers}:\n    return {hit}")
        for part in returns:
            if part.value is not None:
                text = view.edits.operand(part.value)
                view.edits.replace(part.value, f"{keep}({answers}, {key}, {text})")

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

    def _helpers(self, view: View, *names: str) -> None:
        """Put those of the helpers into the module that it does not have yet."""
        for name in names:
            own = view.facts.module_functions.get(name)
            there = _written(_HELPERS[name])
            if f"helper {name}" in view.put or there in (own and ast.unparse(own.node), _assigned(view, name)):
                continue
            if name in view.facts.all_names:
                raise Refuse("the names of the helpers are taken")
            view.edits.at_top(_HELPERS[name], _top(view))
            view.put[f"helper {name}"] = ""


def _written(text: str) -> str:
    return ast.unparse(ast.parse(text))


def _assigned(view: View, name: str) -> str:
    value = view.facts.module_value(name)
    return "" if value is None else f"{name} = {ast.unparse(value)}"


def _key(view: View, function: FunctionFacts) -> str:
    """What an answer is remembered by: the arguments, with their types (1 equals True) where these may differ."""
    tests: list[str] = []
    parts: list[str] = []
    for name in function.parameters:
        declared = _declared(function, name)
        if declared in ("int", "str") and view.facts.is_builtin(declared):
            tests.append(f"type({name}) is {declared}")
            parts.append(name)
        else:
            tests.append(f"type({name}) in {_TYPES}")
            parts.append(f"type({name}), {name}")
    whole = ", ".join(parts)
    return f"{f'({whole})' if ',' in whole else whole} if {' and '.join(tests)} else None"


def _declared(function: FunctionFacts, parameter: str) -> str:
    """The name of a parameter's type, without what that holds; empty where it has none."""
    annotation = function.annotation(parameter)
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    return annotation.id if isinstance(annotation, ast.Name) else ""


def _is_own(view: View, value: ast.expr, function: FunctionFacts) -> bool:
    """Whether an answer can't be changed, or is made by this call and known to nobody else."""
    if view.analysis.kind(value, function) in ("int", "str", "bool", "float", "NoneType"):
        return True
    if isinstance(value, ast.Name):
        return view.analysis.fresh(value.id, function)
    splits = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _SPLITS
    return (splits and view.analysis.kind(value, function) == "list") or view.analysis.makes_new(value)


def _called_in_loops(view: View) -> frozenset[str]:
    """Names of all that loops of the agent call or read, and of what is called or read there in turn."""
    trees = [view.facts.tree, *(facts.tree for facts in view.analysis.others())]
    found = {name for tree in trees for part in ast.walk(tree) if _is_loop(part) for name in _named(part)}
    bodies: dict[str, set[str]] = {}
    for tree in trees:
        for part in ast.walk(tree):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                bodies.setdefault(part.name, set()).update(_named(part))
    todo = list(found)
    while todo:
        new = bodies.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return frozenset(found)


def _is_loop(part: ast.AST) -> bool:
    """Whether a node goes through something, or hands a function to one that does."""
    name = part.func.id if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) else ""
    keyed = isinstance(part, ast.Call) and any(keyword.arg == "key" for keyword in part.keywords)
    return isinstance(part, _LOOPS) or name in ("map", "filter", "reduce") or keyed


def _named(node: ast.AST) -> set[str]:
    """All names and attributes that are read within a node."""
    return {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute) and isinstance(part.ctx, ast.Load)
    }


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
