"""Small agents that were made inefficient on purpose, and what was planted where.

Each file in `inefficient/` is one agent; a comment ``planted: kind`` marks a line. The comments are taken out before
anybody looks at the code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roles.engineering.policy import CodePolicy
from roles.improver.agent import AgentSpecification, InputRule, PlainAgent, RecordedRequest, Table

_FOLDER = Path(__file__).parent / "inefficient"
_MARK = re.compile(r"  # planted: ([a-z-]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Planted:
    """What was planted: in which function, at which line."""

    file: str
    function: str
    line: int
    kind: str


@dataclass(frozen=True)
class Case:
    agent: PlainAgent
    planted: tuple[Planted, ...]


def _words(count: int, start: int = 0) -> list[str]:
    return [f"w{number * 7919 % 100003}" for number in range(start, start + count)]


def _numbers(count: int, step: int = 37, modulus: int = 1009) -> list[int]:
    return [number * step % modulus for number in range(count)]


Calls = list[tuple[str, list[Any]]]


def _calls(target: str, *args: list[Any]) -> Calls:
    return [(target, list(one)) for one in args]


_LINES = [f"call +43 {n}12 345 6{n} now" if n % 3 else f"nothing in line {n}" for n in range(200)]
_LOGS = [f"{level} something happened {n}" for n in range(60) for level in ("ERROR", "info", "trace", "Debug")]

CALLS: dict[str, Callable[[], Calls]] = {
    "customer_overlap": lambda: _calls(
        "OverlapAgent.shared", [_words(400), _words(400, 200)], [_words(30), _words(20, 5)], [[], ["a"]]
    ),
    "order_deduplicator": lambda: _calls(
        "distinct_orders", [[{"number": n} for n in _numbers(500)]], [[{"number": 1}, {"number": 1}]]
    ),
    "blocked_words": lambda: _calls("unknown_words", [" ".join(_words(300)), _words(300, 150)], ["a b a", ["b"]]),
    "ledger_export": lambda: _calls("LedgerExport.newest_first", [_words(2500)], [["a", "b"]], [[]]),
    "collected_rows": lambda: _calls("all_rows", [[_numbers(60) for _ in range(15)]], [[[1, -1], [], [3]]]),
    "report_text": lambda: _calls("report", [_words(2500), _numbers(2500)], [["a"], [1]]),
    "merged_tags": lambda: _calls(
        "TagMerger.merge", [[{"tags": [f" {w} ", w]} for w in _words(400)]], [[{"tags": []}]]
    ),
    "property_owners": lambda: _calls("OwnerAgent.owners", [0], [3000], [10**9]),
    "invoice_customers": lambda: _calls("InvoiceAgent.cities", []),
    "divisor_sums": lambda: _calls("classify", [[28, 360, 496, 28, 360, 97, 360, 496] * 4], [[6, 6]], [[]]),
    "stair_paths": lambda: _calls("StairAgent.count", [12], [13], [4]),
    "word_distances": lambda: _calls("suggest", [["invoise", "custmer", "wether", "invoise", "calender"] * 3], [["x"]]),
    "weather_and_news": lambda: _calls("BriefingAgent.brief", ["Graz", "trade"], ["Wien", "art"]),
    "three_sources": lambda: _calls("PriceAgent.price", [12], [13]),
    "phone_numbers": lambda: _calls("PhoneAgent.numbers", [_LINES], [["+1 234 567 89", ""]]),
    "log_levels": lambda: _calls("count_levels", [_LOGS], [["warning: x"]]),
    "share_of_best": lambda: _calls("shares", [[float(n + 1) for n in _numbers(250)]], [[2.0, 4.0]], [[]]),
    "above_average": lambda: _calls("ReadingAgent.above", [_numbers(250), 10], [[1, 2, 3], 0], [[], 1]),
    "ranked_places": lambda: _calls("ranks", [_numbers(120)], [[3, 1, 2]], [[]]),
    "sensor_point": lambda: _calls("Sensor.moved", [1.5, 2.0], [0.0, -1.0]),
    "loan_terms": lambda: _calls("LoanTerms.yearly", []),
    "currency_table": lambda: _calls(
        "Converter.convert", [100.0, "EUR", "USD"], [5.0, "JPY", "CHF"], [1.0, "XXX", "EUR"]
    ),
    "postal_zones": lambda: _calls("Postage.zone", [80], [1200], [99999]),
    "prime_helper": lambda: [
        ("NumberAgent.greet", []),
        ("NumberAgent.is_prime", [97]),
        ("NumberAgent.is_prime", [1998]),
    ],
    "multiplication": lambda: _calls("Multiplication.product", [3, 4], [40, 2], [30, 30]),
    "old_imports": lambda: _calls("Greeter.greet", ["Ada"], ["a person with a very long name indeed"]),
    "forgotten_table": lambda: _calls("sign", [3], [-2], [0]),
    "wasted_copy": lambda: _calls("totals", [[_numbers(20) for _ in range(20)]], [[[]]]),
    "rare_statistics": lambda: [("Rows.length", [[1, 2]]), ("Rows.spread", [_numbers(30)]), ("Rows.length", [[]])],
    "formatter_per_call": lambda: _calls("price_tag", [12], [199], [4250], [-3]),
    "template_letters": lambda: _calls("LetterAgent.letter", ["Ada", 12], ["Bo", 0]),
    "access_rules": lambda: [
        ("AccessAgent.allowed", ["engineer", 3]),
        ("AccessAgent.allowed", ["visitor", 10]),
        ("AccessAgent.allowed", ["guest", 14]),
        ("AccessAgent.is_late", [22]),
        ("AccessAgent.is_late", [9]),
    ],
    "nested_checks": lambda: _calls("book", [2, 4, "Ada"], [30, 4, "Bo"], [5, 4, "Cy"], [2, 4, ""], [0, 4, "Di"]),
    "plain_errors": lambda: [
        ("TaxAgent.rate", ["AT"]),
        ("TaxAgent.rate", ["XX"]),
        ("TaxAgent.net", [120, "DE"]),
        ("TaxAgent.net", [-1, "AT"]),
    ],
    "flaky_rates": lambda: _calls("RateAgent.convert", *[[n, "USD"] for n in range(12)]),
    "unchecked_loan": lambda: _calls("LoanAgent.payment", [1000.0, 10], [5.5, 3]),
    "mixed_pipeline": lambda: _calls(
        "AddressAgent.clean",
        [[f"{w}  road" for w in _words(300)], [f"{w} road" for w in _words(300, 150)]],
        [["a street"], []],
    ),
}

_CONSTRUCT: dict[str, tuple[Any, ...]] = {
    "merged_tags": (50,),
    "sensor_point": ("north", 1.0, 2.0),
    "loan_terms": (1000.0, 0.05),
    "prime_helper": ("Hello",),
    "mixed_pipeline": ("Ada",),
}

_SQL = CodePolicy(imports=frozenset({"sqlite3"}))
_SPECIFICATIONS = {
    "property_owners": AgentSpecification(
        policy=_SQL,
        tables={
            "owners": Table({"id": "integer", "name": "text"}, "id"),
            "properties": Table({"id": "integer", "owner_id": "integer", "rent": "integer"}, "id"),
        },
    ),
    "invoice_customers": AgentSpecification(
        policy=_SQL,
        tables={
            "customers": Table({"number": "integer", "city": "text", "active": "integer"}, "number"),
            "invoices": Table({"id": "integer", "customer": "integer", "amount": "integer"}, "id"),
        },
    ),
    "weather_and_news": AgentSpecification(policy=CodePolicy(network=True)),
    "three_sources": AgentSpecification(policy=CodePolicy(network=True)),
    "flaky_rates": AgentSpecification(transient=frozenset({"read_rate"})),
    "unchecked_loan": AgentSpecification(
        inputs={
            "unchecked_loan:LoanAgent.payment": {
                "amount": InputRule("number", minimum=0.0),
                "years": InputRule("integer", minimum=1, maximum=60),
            }
        }
    ),
}


def names() -> list[str]:
    return sorted(CALLS)


def load(name: str) -> Case:
    """The agent of that name, without the marks, and what was planted in it."""
    marked = (_FOLDER / f"{name}.py").read_text("utf-8")
    text = _MARK.sub("", marked)
    tree = ast.parse(text)
    file = f"{name}.py"
    planted = tuple(
        Planted(file, function_at(tree, number), number, found[1])
        for number, line in enumerate(marked.splitlines(), 1)
        if (found := _MARK.search(line)) is not None
    )
    requests = [
        RecordedRequest(f"{name}:{target}", tuple(args), construct=_CONSTRUCT.get(name, ()) if "." in target else ())
        for target, args in CALLS[name]()
    ]
    tests = {f"test_{name}.py": f"import {name}\n\n\ndef test_it_can_be_imported():\n    assert {name}.__doc__\n"}
    return Case(
        PlainAgent(name, {file: text}, tests, requests, _SPECIFICATIONS.get(name, AgentSpecification())), planted
    )


def function_at(tree: ast.Module, line: int) -> str:
    """The innermost function or class around a line, by its qualified name."""
    best = "<module>"

    def visit(node: ast.AST, before: str) -> None:
        nonlocal best
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{before}{child.name}"
                if child.lineno <= line <= (child.end_lineno or child.lineno):
                    best = name
                visit(child, f"{name}.")

    visit(tree, "")
    return best
