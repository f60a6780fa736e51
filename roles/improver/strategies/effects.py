"""What running a piece of code can change, as far as reading it tells; where it does not tell: anything."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from roles.improver.strategies.facts import FileFacts, FunctionFacts, root_name, walk_own
from roles.improver.strategies.literals import (
    is_constant,
    is_constant_inside,
    is_empty,
    may_be_called,
)
from roles.improver.strategies.names import (
    CLOCKS,
    FRESH_BUILTINS,
    MUTATORS,
    PURE_BUILTINS,
    PURE_CLASSES,
    PURE_MODULES,
    READERS,
)
from roles.improver.strategies.siblings import Siblings, only_read

__all__ = ["Analysis", "Effects"]

_UNCHANGEABLE = frozenset({"re.compile", "decimal.Decimal", "fractions.Fraction", "datetime.timedelta"})
"""What makes objects that nobody can change."""
_FRESH = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.JoinedStr)
_USERS = (
    *(ast.For, ast.While, ast.If, ast.IfExp, ast.comprehension, ast.Compare, ast.Return, ast.BoolOp, ast.UnaryOp),
    *(ast.BinOp, ast.AugAssign, ast.FormattedValue, ast.Delete),
)
"""What uses a container without keeping it under another name."""
_STOPS = (ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.With, ast.Global, ast.Nonlocal)


@dataclass
class Effects:
    """Names bound, local containers changed, attributes of self set; `unknown` says what may do more than that."""

    bound: set[str] = field(default_factory=set[str])
    mutated: set[str] = field(default_factory=set[str])
    attributes: set[str] = field(default_factory=set[str])
    unknown: str = ""
    apart: str = ""
    clock: str = ""
    """What it calls that may answer differently each time, or that can be seen from outside, such as print."""

    def may(self, reason: str) -> None:
        """Note that something may do anything."""
        self.unknown = self.unknown or reason


class Analysis:
    """Answers questions about the effects of code of one file."""

    def __init__(self, facts: FileFacts, others: Mapping[str, str] | None = None) -> None:
        """The facts of the file, and the texts of the agent's others and its tests by path."""
        self.facts = facts
        self._siblings = Siblings(others or {})
        facts.elsewhere = self._siblings.module
        facts.methods_elsewhere = lambda: self._siblings.method_names
        self._analyses: dict[str, Analysis] = {}
        self._asked: dict[str, bool | None] = {}

    def sibling(self, name: str) -> tuple[Analysis, str] | None:
        """The analysis of the agent's file that an imported name comes from, and its name there; else None."""
        if self.facts.bound[name] != 1 or any(function.is_local(name) for function in self.facts.functions):
            return None
        module, _, own = self.facts.imports.get(name, "").rpartition(".")
        other = self._siblings.facts(self._siblings.path_of(module)) if module else None
        if other is None:
            return None
        if other.path not in self._analyses:
            self._analyses[other.path] = Analysis(other, self._siblings.beside(self.facts, other.path))
        return self._analyses[other.path], own

    def others(self) -> list[FileFacts]:
        """The facts of the agent's other files and its tests, as far as they can be parsed."""
        return self._siblings.all_facts()

    def fixed(self, name: str) -> bool:
        """Whether a name of the module stands for the same unchanged thing at all times."""
        if self.facts.is_builtin(name) or name in self.facts.module_functions:
            return True
        if name in self.facts.imports:
            if self.facts.imports[name].partition(".")[0] in sys.stdlib_module_names:
                return True
            found = self.sibling(name)
            return found is not None and (found[1] in found[0].facts.classes or found[0].fixed(found[1]))
        return self.constant(name)

    def effects(self, nodes: Sequence[ast.AST], function: FunctionFacts, apart: str = "") -> Effects:
        """The effects of nodes of one function, as if all of them ran.

        `apart`: the built-in type of what is asked about; what is certain to be of another one is not that.
        """
        told = Effects(apart=apart)
        for node in nodes:
            for part in (node, *ast.walk(node)):
                self._look(part, function, told)
        return told

    def _look(self, part: ast.AST, function: FunctionFacts, told: Effects) -> None:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            told.may(f"{part.name} is defined in it")
        elif isinstance(part, _STOPS):
            told.may(f"{type(part).__name__.lower()} lets other code run")
        elif isinstance(part, ast.Call):
            self._call(part, function, told)
        elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            told.bound.add(part.id)
        elif isinstance(part, ast.Attribute):
            self._attribute(part, told)
        elif isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            self._change(part.value, function, told)
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            self._augmented(part, part.target.id, function, told)

    def _augmented(self, part: ast.AugAssign, name: str, function: FunctionFacts, told: Effects) -> None:
        """``x += y`` binds x, and changes the object in place where it is a list, a set or a dictionary."""
        told.mutated.add(name)
        if self._only_grows(part, name, function):
            return
        if self.kind(ast.Name(name, ast.Load()), function) in ("int", "float", "str", "bool", "tuple"):
            return
        if not self.fresh(name, function) and self.kind(part.value, function) not in ("int", "float", "str"):
            told.may(f"{name} may be changed in place")

    def _only_grows(self, part: ast.AugAssign, name: str, function: FunctionFacts) -> bool:
        """Whether a name starts as a number or text: what is added to these gives a new one, or an error."""
        bindings = function.bindings.get(name, [])
        added = sum(
            isinstance(other, ast.AugAssign) and isinstance(other.target, ast.Name) and other.target.id == name
            for other in walk_own(function.node)
        )
        starts = [value for value in bindings if value is not None]
        if (
            not starts
            or len(bindings) - len(starts) != added
            or isinstance(part.op, ast.Mult)
            or self.facts.own_operators
        ):
            return False
        return all(self.kind(value, function) in ("int", "float", "str", "bool") for value in starts)

    def _attribute(self, part: ast.Attribute, told: Effects) -> None:
        if not isinstance(part.ctx, ast.Load):
            if isinstance(part.value, ast.Name) and part.value.id == "self":
                told.attributes.add(part.attr)
            else:
                told.may(f"it sets the attribute {part.attr}")
        elif part.attr in self.facts.method_names and not isinstance(self.facts.parents.get(part), ast.Call):
            told.may(f"{part.attr} is a property or a method that is handed on")

    def _change(self, target: ast.expr, function: FunctionFacts, told: Effects) -> None:
        """Something is changed in place."""
        if isinstance(target, ast.Name):
            other = told.apart and self.kind(target, function) in {"list", "dict", "set"} - {told.apart}
            if other or self.fresh(target.id, function):
                told.mutated.add(target.id)
                return
        name = root_name(target)
        if name and self.fresh(name, function) and self._holds_own(name, function):
            told.mutated.add(name)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            told.attributes.add(target.attr)
            told.may(f"self.{target.attr} is changed")
        else:
            told.may(f"{ast.unparse(target)[:40]} is changed, and may be known elsewhere")

    def _call(self, call: ast.Call, function: FunctionFacts, told: Effects) -> None:
        target = call.func
        if isinstance(target, ast.Name):
            self._named_call(call, target.id, function, told)
            return
        module = self.facts.module_of(target)
        if module:
            first = module.partition(".")[0]
            if first in CLOCKS:
                told.clock = told.clock or module
            elif not self._computes(module) or module.rpartition(".")[2] in MUTATORS:
                told.may(f"{module} is called")
            self._functions_in(call, function, told)
            return
        if not isinstance(target, ast.Attribute):
            told.may("something computed is called")
            return
        self._method_call(call, target, function, told)

    def _computes(self, module: str) -> bool:
        """Whether a function or class of this full name computes; decimals do as long as nobody asks their context."""
        plain = module in PURE_CLASSES and not self.facts.all_names & {"getcontext", "setcontext", "localcontext"}
        return plain or module.partition(".")[0] in PURE_MODULES

    def _method_call(self, call: ast.Call, target: ast.Attribute, function: FunctionFacts, told: Effects) -> None:
        own = isinstance(target.value, ast.Name) and target.value.id == "self" and function.owner is not None
        if target.attr in self.facts.method_names:
            if not (own and self.pure_method(function, target.attr)):
                told.may(f"the method {target.attr} is called")
        elif target.attr in self._siblings.method_names:
            told.may(f"the method {target.attr} is called, which another file defines")
        elif target.attr in MUTATORS:
            self._change(target.value, function, told)
        elif target.attr not in READERS:
            told.may(f"the method {target.attr} is called")
        self._functions_in(call, function, told)

    def _named_call(self, call: ast.Call, name: str, function: FunctionFacts, told: Effects) -> None:
        if function.is_local(name):
            told.may(f"{name} is called, which may be anything")
        elif name == "print" and self.facts.is_builtin(name):
            told.clock = told.clock or name
        elif self.facts.is_builtin(name):
            if name not in PURE_BUILTINS:
                told.may(f"{name} is called")
            self._functions_in(call, function, told)
        elif self._computes(self.facts.module_of(call.func)):
            self._functions_in(call, function, told)
        else:
            if not self.pure_function(name):
                told.may(f"{name} is called")
            self._functions_in(call, function, told)

    def _functions_in(self, call: ast.Call, function: FunctionFacts, told: Effects) -> None:
        """A function that is handed over is called; lambdas are read where they stand."""
        for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if isinstance(value, ast.Name) and not function.is_local(value.id):
                known = self.facts.is_builtin(value.id) or value.id not in self.facts.module_functions
                if not known and not self.pure_function(value.id):
                    told.may(f"{value.id} is handed over to be called")
            elif isinstance(value, ast.Name) and may_be_called(call, value):
                told.may(f"{value.id} may be called")

    def pure_function(self, name: str) -> bool:
        """Whether a function of the module computes from its arguments and constants only, and changes nothing."""
        own = self.facts.module_functions.get(name)
        if own is None and (found := self.sibling(name)) is not None:
            return found[0].pure_function(found[1])
        if own is None or self.facts.bound[name] != 1 or own.node.decorator_list:
            return False
        return self._pure(name, own)

    def pure_method(self, function: FunctionFacts, name: str) -> bool:
        """Whether a method of the same class changes nothing; it may read attributes."""
        found = [f for f in self.facts.functions if f.owner is function.owner and f.node.name == name]
        return len(found) == 1 and not found[0].node.decorator_list and self._pure(found[0].qualified, found[0])

    def _pure(self, key: str, function: FunctionFacts) -> bool:
        if key in self._asked:
            # a function that is being looked at calls itself: the rest of it decides
            return self._asked[key] is not False
        self._asked[key] = None
        self._asked[key] = self.why_impure(function) == ""
        return bool(self._asked[key])

    def why_impure(self, function: FunctionFacts) -> str:
        """Why a function is not certain to be pure; empty where it is."""
        node = function.node
        if isinstance(node, ast.AsyncFunctionDef):
            return "it is asynchronous"
        told = self.effects(node.body, function)
        if told.unknown or told.clock:
            return told.unknown or f"{told.clock} is called"
        if told.attributes:
            return "it sets attributes"
        return self.why_not_fixed(function)

    def why_not_fixed(self, function: FunctionFacts) -> str:
        """Which name of the module that a function reads may change; empty where none does."""
        for part in walk_own(function.node):
            if not isinstance(part, ast.Name) or not isinstance(part.ctx, ast.Load) or function.is_local(part.id):
                continue
            name = part.id
            if name not in self.facts.classes and not self.fixed(name):
                return f"it reads {name}, which may change"
        return ""

    def constant(self, name: str) -> bool:
        """Whether a name of the module is bound once, to something that nobody changes."""
        if self.facts.bound[name] != 1:
            return False
        value = self.facts.module_value(name)
        settled = value is not None and (is_constant(value) or self._unchangeable(value))
        if value is None or not self._siblings.leave_alone(name, unchangeable=settled):
            return False
        if settled:
            return True
        return isinstance(value, ast.List | ast.Dict | ast.Set) and all(
            self._read_only(part)
            for part in ast.walk(self.facts.tree)
            if isinstance(part, ast.Name) and part.id == name
        )

    def _unchangeable(self, value: ast.expr) -> bool:
        """Whether a call makes something of constants that nobody can change: a pattern, a set that stays as it is."""
        if not isinstance(value, ast.Call) or value.keywords:
            return False
        if self.facts.module_of(value.func) in _UNCHANGEABLE:
            return all(is_constant(argument) for argument in value.args)
        if getattr(value.func, "id", "") != "frozenset" or not self.facts.is_builtin("frozenset"):
            return False
        return len(value.args) == 1 and not any(
            isinstance(part, ast.Name) and not self.facts.is_builtin(part.id) and not self.constant_list(part.id)
            for part in ast.walk(value.args[0])
        )

    def constant_list(self, name: str) -> ast.List | None:
        """The list that a name of the module stands for, where nobody changes it."""
        value = self.facts.module_value(name)
        return value if isinstance(value, ast.List) and self.constant(name) else None

    def _read_only(self, name: ast.Name) -> bool:
        """Whether this use of a container only looks into it, at values that can't be changed themselves."""
        if isinstance(name.ctx, ast.Store):
            value = getattr(self.facts.parents[name], "value", None)
            return value is not None and is_constant_inside(value)
        return self.only_read(name)

    def only_read(self, node: ast.expr) -> bool:
        """See `only_read` of the module `siblings`."""
        return only_read(self.facts, node)

    def fresh(self, name: str, function: FunctionFacts) -> bool:
        """Whether a local name is only ever bound to containers made here, and known under no other name."""
        bindings = function.bindings.get(name)
        if not bindings or name in function.parameters or name in function.inner_loads:
            return False
        if not all(value is not None and self.makes_new(value) for value in bindings):
            return False
        return all(
            self._no_alias(part)
            for part in walk_own(function.node)
            if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load)
        )

    def makes_new(self, value: ast.expr) -> bool:
        """Whether an expression makes a container that nobody else knows."""
        if isinstance(value, (_FRESH, ast.Constant)):
            return True
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            return value.func.id in FRESH_BUILTINS and self.facts.is_builtin(value.func.id)
        if isinstance(value, ast.Call):
            return self.facts.module_of(value.func) in (
                "collections.defaultdict",
                "collections.deque",
                "collections.Counter",
            )
        return isinstance(value, ast.BinOp) and (isinstance(value.left, _FRESH) or isinstance(value.right, _FRESH))

    def _no_alias(self, name: ast.Name) -> bool:
        user = self.facts.parents[name]
        if isinstance(user, ast.Subscript | ast.Attribute):
            return user.value is name
        if isinstance(user, ast.Tuple):
            return isinstance(self.facts.parents[user], ast.Return)
        if isinstance(user, ast.Call):
            known = isinstance(user.func, ast.Name) and user.func.id in PURE_BUILTINS | {"print"}
            joins = isinstance(user.func, ast.Attribute) and user.func.attr in READERS | {"extend", "update"}
            return known or joins or bool(self.facts.module_of(user.func))
        return isinstance(user, _USERS)

    def _holds_own(self, name: str, function: FunctionFacts) -> bool:
        """Whether all that a fresh container holds was put in as something new or something unchangeable."""
        if not all(is_empty(value) for value in function.bindings[name]):
            return False
        for part in walk_own(function.node):
            value: ast.expr | None = None
            if isinstance(part, ast.Assign) and any(
                isinstance(t, ast.Subscript) and root_name(t) == name for t in part.targets
            ):
                value = part.value
            elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "setdefault":
                value = part.args[1] if root_name(part.func) == name and len(part.args) == 2 else None
            elif (
                (
                    isinstance(part, ast.Call)
                    and isinstance(part.func, ast.Attribute)
                    and part.func.attr in ("update", "extend")
                )
                and isinstance(part.func.value, ast.Name)
                and part.func.value.id == name
            ):
                return False
            if value is not None and not (self.makes_new(value) or self.kind(value, function)):
                return False
        return True

    def kind(self, value: ast.expr, function: FunctionFacts | None, depth: int = 0) -> str:
        """The built-in type of an expression's value, where it is certain; empty where not."""
        from roles.improver.strategies.kinds import kind_of

        return kind_of(self.facts, value, function, depth)
