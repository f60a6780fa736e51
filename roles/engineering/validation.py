"""Reads code without running it: syntax, size, and whether it keeps to its policy.

This is the first of two walls. What passes still runs in a sandbox only: a policy on text can't know what every
expression becomes, and does not claim to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from roles.engineering.findings import Finding
from roles.engineering.policy import CODE_NAMES, INTERNALS, MODULES_OF_ALL, NEVER, CodePolicy

__all__ = ["validate_code", "validate_project"]

_COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = frozenset({"utf-8", "utf8", "utf_8", "u8"})
_MAX_FINDINGS = 50
_BY_NAME = frozenset({"getattr", "setattr", "delattr", "hasattr"})
_TAKES_CLASS = frozenset({"isinstance", "issubclass", "__new__"})
_GETTERS = frozenset({"attrgetter", "methodcaller"})
_HIDDEN = re.compile("|".join(sorted(name for name in INTERNALS if name.startswith("__") and name != "__main__")))
_DUNDER_IN_FORMAT = re.compile(r"\{[^{}]*[.\[]_")
_INSTEAD = "Compute it with plain functions and values."
_DECLARE = "Declare it in the specification, or do without."


def validate_project(files: Mapping[str, str], policy: CodePolicy) -> list[Finding]:
    """The findings in all Python files of a project (by relative path), whose modules may import each other."""
    local = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in files}
    own = CodePolicy(
        imports=policy.imports,
        local=policy.local | local,
        files=policy.files,
        network=policy.network,
        processes=policy.processes,
        bytes=policy.bytes,
        nodes=policy.nodes,
        depth=policy.depth,
    )
    return [
        found
        for path, text in sorted(files.items())
        if path.endswith(".py")
        for found in validate_code(text, own, path)
    ]


def validate_code(text: str, policy: CodePolicy, file: str = "main.py") -> list[Finding]:
    """What is wrong with one file, by line, at most some dozens of findings; empty: it keeps to its policy.

    Pure: nothing is imported, run or read. Text that can't be parsed has one finding of the rule ``syntax``.
    """
    if len(text) > policy.bytes or len(text.encode("utf-8", "replace")) > policy.bytes:
        return [Finding(file, 0, "size", f"the file has more than {policy.bytes} bytes.", "Split it.")]
    for number, line in enumerate(text.split("\n", 2)[:2], 1):
        if (cookie := _COOKIE.match(line)) and cookie[1].lower() not in _UTF8:
            return [
                Finding(file, number, "encoding", "it declares an encoding other than UTF-8.", "Leave that line out.")
            ]
    try:
        tree = ast.parse(text, file)
    except SyntaxError as error:
        return [Finding(file, error.lineno or 0, "syntax", f"{error.msg}.", "Correct the syntax.")]
    except (ValueError, RecursionError, MemoryError) as error:
        return [Finding(file, 0, "syntax", f"it can't be parsed: {type(error).__name__}.", "Write it plainly.")]
    reader = _Reader(policy, file)
    reader.read(tree)
    if not reader.findings:
        try:
            # finds what is no syntax error for the parser, such as a return outside of a function
            compile(tree, file, "exec", dont_inherit=True)
        except SyntaxError as error:
            reader.add(error.lineno or 0, "syntax", f"{error.msg}.", "Correct the syntax.")
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            reader.add(0, "syntax", f"it can't be compiled: {type(error).__name__}.", "Write it plainly.")
    return sorted(set(reader.findings))


class _Reader:
    """Walks one syntax tree without recursion, so that no nesting can exhaust the stack."""

    def __init__(self, policy: CodePolicy, file: str) -> None:
        self.policy = policy
        self.file = file
        self.findings: list[Finding] = []
        self._modules: dict[str, str] = {}
        self._fine: set[int] = set()
        self._checks: dict[type[ast.AST], Callable[[Any], None]] = {
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.Constant: self._constant,
            ast.Compare: self._compare,
            ast.MatchClass: self._match,
            ast.Global: self._declared,
            ast.Nonlocal: self._declared,
        }

    def add(self, line: int, rule: str, what: str, todo: str = "") -> None:
        """Note a finding."""
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(Finding(self.file, line, rule, what, todo))

    def read(self, tree: ast.Module) -> None:
        """Check all nodes; a tree that is too large or too deep is one finding, and is not read further."""
        order: list[ast.AST] = []
        level: list[ast.AST] = [tree]
        depth = 0
        while level:
            depth += 1
            order += level
            if depth > self.policy.depth or len(order) > self.policy.nodes:
                line = getattr(level[0], "lineno", 0)
                what = "nested too deep" if depth > self.policy.depth else "too large"
                self.add(line, "size", f"the code is {what}.", "Split it into smaller functions.")
                return
            level = [child for node in level for child in ast.iter_child_nodes(node)]
        # imports first: a name stands for a module wherever in the file it was imported
        for node in order:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._checks[type(node)](node)
            elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                self._docstring(node)
        for node in order:
            check = self._checks.get(type(node))
            if check is not None and not isinstance(node, ast.Import | ast.ImportFrom):
                check(node)

    def _docstring(self, node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.body and isinstance(first := node.body[0], ast.Expr) and isinstance(first.value, ast.Constant):
            self._fine.add(id(first.value))

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if not self.policy.allows_module(alias.name):
                self._refuse_module(node.lineno, alias.name)
            self._modules[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            if not self.policy.local:
                self.add(node.lineno, "import", "a relative import in a file without a project.", _DECLARE)
        elif not self.policy.allows_module(module):
            self._refuse_module(node.lineno, module)
            return
        for alias in node.names:
            if alias.name == "*" and self.policy.allows_all_members(module):
                continue
            if alias.name == "*":
                self.add(node.lineno, "import", f"from {module} import * hides what is used.", "Name what is needed.")
            elif not node.level:
                self._member(node.lineno, module, alias.name)
                if alias.name in self._submodules(module):
                    self._modules[alias.asname or alias.name] = f"{module}.{alias.name}"
            self._attribute_name(node.lineno, alias.name)

    def _refuse_module(self, line: int, module: str) -> None:
        if module.partition(".")[0] in NEVER:
            self.add(line, "import", f"the module {module} is never allowed.", _INSTEAD)
        else:
            self.add(line, "import", f"the module {module} is not declared.", _DECLARE)

    def _member(self, line: int, module: str, name: str) -> None:
        if not self.policy.allows_member(module, name):
            self.add(line, "member", f"{module}.{name} is not allowed.", _INSTEAD)

    def _name(self, node: ast.Name) -> None:
        name = node.id
        if name in CODE_NAMES and isinstance(node.ctx, ast.Load):
            self.add(node.lineno, "dynamic-code", f"{name} is not allowed.", _INSTEAD)
        elif name in CODE_NAMES and name.startswith("__"):
            self.add(node.lineno, "dynamic-code", f"{name} may not be set.", "Give it another name.")
        elif name == "open" and isinstance(node.ctx, ast.Load) and not self.policy.files:
            self.add(node.lineno, "files", f"{name} is not allowed.", _DECLARE)
        elif name in _BY_NAME and id(node) not in self._fine and isinstance(node.ctx, ast.Load):
            self.add(node.lineno, "dynamic-attribute", f"{name} may only be called.", "Call it with a written name.")
        elif isinstance(node.ctx, ast.Load) and id(node) not in self._fine:
            module = self._modules.get(name)
            if module is not None and self.policy.is_only_for_members(module):
                self.add(node.lineno, "member", f"the module {module} may not be handed around.", _INSTEAD)

    def _attribute(self, node: ast.Attribute) -> None:
        if id(node) not in self._fine:
            self._attribute_name(node.lineno, node.attr)
        base = node.value
        if isinstance(base, ast.Attribute) and base.attr == "__class__" and node.attr in ("__name__", "__qualname__"):
            self._fine.add(id(base))
        module = self._module_of(base)
        if module is not None:
            self._fine.add(id(base))
            if not self.policy.allows_module(f"{module}.{node.attr}") or node.attr not in self._submodules(module):
                self._member(node.lineno, module, node.attr)
        elif isinstance(base, ast.Attribute):
            root = self._root_of(base)
            # of modules whose members are listed, what a listed member holds is no module
            if root is not None and not self.policy.is_only_for_members(root):
                self._member(node.lineno, root, node.attr)

    def _root_of(self, node: ast.expr) -> str | None:
        while isinstance(node, ast.Attribute):
            node = node.value
        return self._module_of(node)

    def _submodules(self, module: str) -> set[str]:
        start = f"{module}."
        return {name.removeprefix(start) for name in self.policy.modules | self.policy.local if name.startswith(start)}

    def _module_of(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self._modules.get(node.id)
        if isinstance(node, ast.Attribute) and (outer := self._module_of(node.value)) is not None:
            inner = f"{outer}.{node.attr}"
            return inner if node.attr in self._submodules(outer) else None
        return None

    def _attribute_name(self, line: int, name: str) -> None:
        if name in INTERNALS and not (name == "__file__" and self.policy.files):
            self.add(line, "internals", f"the attribute {name} leads into the interpreter.", _INSTEAD)
        elif name in MODULES_OF_ALL:
            self.add(line, "member", f"the module {name} may not be had through another one.", _DECLARE)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if isinstance(function, ast.Name) and name in _BY_NAME:
            self._fine.add(id(function))
            self._by_name(node, node.args[1:2])
        elif name in _GETTERS:
            self._by_name(node, node.args)
        elif isinstance(function, ast.Attribute) and name == "__class__":
            self._fine.add(id(function))
        elif name in _TAKES_CLASS:
            self._classes(node.args)

    def _by_name(self, node: ast.Call, names: list[ast.expr]) -> None:
        if not names or any(isinstance(name, ast.Starred) for name in node.args):
            self.add(node.lineno, "dynamic-attribute", "an attribute's name is not written out.", _INSTEAD)
        for name in names:
            if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                self.add(node.lineno, "dynamic-attribute", "an attribute's name is computed.", "Write the name out.")
            else:
                for part in name.value.split("."):
                    self._attribute_name(node.lineno, part)

    def _constant(self, node: ast.Constant) -> None:
        if not isinstance(node.value, str) or "_" not in node.value or id(node) in self._fine:
            return
        if (found := _HIDDEN.search(node.value)) is not None:
            self.add(node.lineno, "internals", f"the text names {found[0]}.", _INSTEAD)
        elif _DUNDER_IN_FORMAT.search(node.value):
            self.add(node.lineno, "internals", "the text formats a private attribute.", _INSTEAD)

    def _compare(self, node: ast.Compare) -> None:
        self._classes([node.left, *node.comparators])

    def _classes(self, nodes: list[ast.expr]) -> None:
        """A class may be called, named and compared: none of these leads on from it."""
        for side in nodes:
            if isinstance(side, ast.Attribute) and side.attr == "__class__":
                self._fine.add(id(side))

    def _match(self, node: ast.MatchClass) -> None:
        for name in node.kwd_attrs:
            self._attribute_name(node.lineno, name)

    def _declared(self, node: ast.Global | ast.Nonlocal) -> None:
        for name in node.names:
            if name in CODE_NAMES:
                self.add(node.lineno, "dynamic-code", f"{name} may not be set.", "Give it another name.")
