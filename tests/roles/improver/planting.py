"""Plants inefficiencies of several kinds in agents that the builder wrote, each in another file and function of them.

What is planted stands in the code with the mark ``planted: kind``, as in the agents of `inefficient/`; the marks are
taken out before anybody looks. Helpers are called from functions of the agent that its requests reach.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from roles.improver.agent import PlainAgent
from tests.roles.improver.corpus import Case, Planted, function_at

__all__ = ["KINDS", "plant"]

_MARK = re.compile(r"  # planted: ([a-z-]+)$", re.MULTILINE)
_WORDS = tuple(f"{first}{last}" for first in "bcdfgklmnprstvwz" for last in ("age", "ent", "ing", "ory", "ude", "ial"))

HELPERS: Mapping[str, Sequence[str]] = {
    "regex-recompiled": (
        '''
def _plain_words(text: str) -> int:
    """How many plain words a name has."""
    pattern = re.compile(r"[a-z]+", re.IGNORECASE)  # planted: regex-recompiled
    return len(pattern.findall(text))
''',
        '''
def _is_snake_case(text: str) -> int:
    """Whether a name is written in small letters and underscores."""
    found = re.fullmatch(r"[a-z_][a-z0-9_]*", text)  # planted: regex-recompiled
    return 0 if found is None else 1
''',
    ),
    "list-membership": (
        f'''
_KNOWN_WORDS = [{", ".join(f'"{word}"' for word in _WORDS)}]


def _strange_words(text: str) -> int:
    """How many words of a name are not known."""
    return len([part for part in text.split("_") if part not in _KNOWN_WORDS])  # planted: list-membership
''',
        '''
def _different_letters(text: str) -> int:
    """How many letters a name has, each counted once."""
    seen: list[str] = []
    for letter in f"{text} abcdefghijklmnopqrstuvwxyz0123456789-+*/=()<>" * 3:
        if letter not in seen:  # planted: list-membership
            seen.append(letter)
    return len(seen)
''',
    ),
    "concatenation": (
        '''
def _collected(text: str) -> int:
    """How many letters of a name count."""
    found: list[str] = []
    for letter in text * 12:
        found = found + [letter.upper()]  # planted: concatenation
    return len(found)
''',
    ),
    "loop-invariant": (
        '''
def _weight(text: str) -> int:
    """A number that tells names apart."""
    total = 0
    for letter in text:
        total += ord(letter) * len(sorted(text.casefold()))  # planted: loop-invariant
    return total
''',
        '''
def _rank(text: str) -> int:
    """A number to sort names by."""
    best = 0
    for place, letter in enumerate(text):
        best = max(best, place * text.count(letter) + sum(map(ord, text)))  # planted: loop-invariant
    return best
''',
    ),
    "repeated-computation": (
        '''
def _checksum(text: str) -> int:  # planted: repeated-computation
    """A checksum of a name."""
    value = 17
    for letter in text * 40:
        value = (value * 31 + ord(letter)) % 65_521
    return value


def _checksums(text: str) -> int:
    """The checksums of all words of a name."""
    return sum(_checksum(word) for word in text.split("_"))
''',
    ),
    "object-per-call": (
        '''
def _written_length(text: str) -> int:
    """How long a name is as JSON."""
    encoder = json.JSONEncoder(ensure_ascii=True, sort_keys=True)  # planted: object-per-call
    return len(encoder.encode(text))
''',
        '''
def _whole_cents(text: str) -> int:
    """The letters of a name, in cents."""
    cent = decimal.Decimal("0.01")  # planted: object-per-call
    return int(len(text) / cent)
''',
    ),
    "generator-context": (
        '''
@contextlib.contextmanager
def _telling(what: str) -> Iterator[None]:  # planted: generator-context
    """Tell what could not be counted."""
    try:
        yield
    except TypeError as error:
        raise ValueError(f"{what} can't be counted") from error


def _counted(text: str) -> int:
    """How many letters a name has."""
    with _telling(text):
        return len(text)
''',
    ),
    "nested-conditions": (
        '''
def _graded(text: str) -> int:
    """How good a name is."""
    if text:  # planted: nested-conditions
        if not text.startswith("_"):
            if len(text) < 60:
                return 3
            return 2
        return 1
    return 0
''',
    ),
    "complex-condition": (
        '''
def _is_short(text: str) -> int:
    """Whether a name is one of the short ones."""
    if text == "get" or text == "set" or text == "put" or text == "del":  # planted: complex-condition
        return 1
    return 0
''',
    ),
}
IN_CLASS = ("no-slots", "table-per-instance", "unused-import")
KINDS = (*HELPERS, *IN_CLASS)
_MODULES = ("re", "json", "decimal", "contextlib")


def plant(agent: PlainAgent, kinds: Sequence[str], seed: int) -> Case:
    """The agent with one inefficiency of each of these kinds, in places that the seed draws."""
    draw = random.Random(f"{agent.name} {seed}")
    files = dict(agent.files)
    hosts = list(_hosts(files))
    draw.shuffle(hosts)
    earlier = {host: sum(host[0] == one[0] for one in hosts[:place]) for place, host in enumerate(hosts)}
    hosts.sort(key=lambda host: earlier[host])  # each in another file, as far as there are any
    for number, kind in enumerate(kinds):
        if kind in HELPERS:
            path, function = hosts[number % len(hosts)]
            files[path] = _with_helper(files[path], function, draw.choice(HELPERS[kind]))
        else:
            path = next(path for path in files if path.endswith("/agent.py"))
            files[path] = _in_class(files[path], kind)
    planted: list[Planted] = []
    for path, marked in files.items():
        files[path] = _MARK.sub("", marked)
        tree = ast.parse(files[path])
        for number, line in enumerate(marked.splitlines(), 1):
            if found := _MARK.search(line):
                planted.append(Planted(path, function_at(tree, number), number, found[1]))
    return Case(replace(agent, files=files), tuple(planted))


def _hosts(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Functions that requests reach: the entry, what answers are written by, what figures are computed by."""
    for path, text in sorted(files.items()):
        module = path.rpartition("/")[2].removesuffix(".py")
        names = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        if module == "agent":
            yield path, "call"
        elif module == "data":
            yield from ((path, name) for name in names if name.startswith("fetch_"))
        elif "calculator" in module or module in ("standard", "careful"):
            yield from ((path, name) for name in names[:2] if "custom" not in module)
        elif module.startswith("decision"):
            yield from ((path, name) for name in names if name.startswith("decide_"))
        elif module == "types":
            yield from ((path, name) for name in names[:1] if name == "to_dict")


def _with_helper(text: str, function: str, helper: str) -> str:
    """With a helper behind the imports, which the first function of that name asks at its beginning."""
    tree = ast.parse(text)
    host = next(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == function)
    first = host.body[1] if ast.get_docstring(host) is not None else host.body[0]
    called = [one.name for one in ast.parse(helper).body if isinstance(one, ast.FunctionDef)][-1]
    given = "operation" if function == "call" else f'"{function}"'
    lines = text.splitlines()
    lines.insert(first.lineno - 1, f'{" " * first.col_offset}assert {called}({given}) >= 0, "counts are not negative"')
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    last = max(node.end_lineno or node.lineno for node in imports)
    lines[last:last] = ["", *helper.rstrip().splitlines(), ""]
    after = next(place for place, line in enumerate(lines) if line.startswith("from __future__")) + 1
    known = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    wanted = [f"import {name}" for name in _MODULES if f"{name}." in helper and name not in known]
    if "Iterator[" in helper and "import Iterator" not in text:
        wanted.append("from collections.abc import Iterator")
    lines[after:after] = wanted
    return "\n".join(lines) + "\n"


def _in_class(text: str, kind: str) -> str:
    """With something that each object of the agent's class costs, or an import that nothing uses."""
    slots = '    __slots__ = ("_source",)\n'
    if kind == "unused-import":
        before, future, after = text.partition("from __future__ import annotations\n")
        return f"{before}{future}import statistics  # planted: unused-import\n{after}"
    if kind == "no-slots":
        found = re.search(r"^class \w+:$", text, re.MULTILINE)
        assert found is not None
        text = text.replace('    __slots__ = ("_source", "_words")\n', slots)
        return text.replace(found[0], f"{found[0]}  # planted: no-slots", 1).replace(f"{slots}\n", "", 1)
    table = ", ".join(f'"{word}": {place}' for place, word in enumerate(_WORDS[:40]))
    made = f"        self._words = {{{table}}}  # planted: table-per-instance\n"
    text = text.replace(slots, '    __slots__ = ("_source", "_words")\n', 1)
    text = text.replace("        self._source = source\n", f"        self._source = source\n{made}", 1)
    asked = "        known = _OPERATIONS.get(operation)\n"
    return text.replace(asked, f'        assert operation not in self._words, "words are no operations"\n{asked}', 1)
