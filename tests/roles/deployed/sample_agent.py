"""A small package that keeps the contract of built agents, with a database for it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from roles.engineering.specification import Specification

SPECIFICATION: dict[str, Any] = {
    "name": "dscr_calculator",
    "class_name": "DscrCalculator",
    "kind": "calculation",
    "title": "DSCR calculator",
    "purpose": "Calculates the debt service coverage ratio (DSCR) of properties: operating income over debt service.",
    "examples": [
        "what is the DSCR of property 5",
        "calculate the DSCR for property 12",
        "debt service coverage ratio of property 3",
        "what is the DSCR of property 7 in conservative mode",
        "does property 4 cover its debt service",
        "DSCR for property 9 please",
        "is the debt service coverage of property 2 good enough",
        "how well does property 8 cover its debt",
        "compute the debt service coverage ratio for property 21",
        "give me the DSCR of property 6 in conservative mode",
    ],
    "sources": [
        {
            "tables": [
                {
                    "name": "properties",
                    "key": ["id"],
                    "columns": [
                        {"name": "id", "type": "integer", "nullable": False},
                        {"name": "noi", "type": "number"},
                        {"name": "debt_service", "type": "number"},
                    ],
                }
            ]
        }
    ],
    "queries": [
        {
            "name": "property_by_id",
            "table": "properties",
            "columns": [
                {"name": "noi", "table": "properties", "column": "noi"},
                {"name": "debt_service", "table": "properties", "column": "debt_service"},
            ],
            "filters": [{"table": "properties", "column": "id", "comparison": "=", "input": "property_id"}],
            "one": True,
        }
    ],
    "formulas": [
        {"name": "dscr", "expression": "noi / debt_service", "description": "Debt service coverage ratio"},
        {"name": "coverage", "expression": "income / debt"},
    ],
    "modes": [
        {"name": "standard"},
        {"name": "conservative", "adjustments": [{"target": "noi", "operation": "multiply", "amount": 0.9}]},
    ],
    "rules": [{"name": "covered", "expression": "dscr >= 1.25"}],
    "operations": [
        {
            "name": "calculate_dscr",
            "description": "The debt service coverage ratio (DSCR) of a property.",
            "inputs": [
                {"name": "property_id", "type": "integer", "description": "number of the property", "minimum": 1}
            ],
            "query": "property_by_id",
            "formulas": ["dscr"],
            "rules": ["covered"],
            "outputs": [
                {"name": "dscr", "type": "number", "unit": "ratio"},
                {"name": "validation_status", "type": "text"},
                {"name": "mode", "type": "text"},
            ],
            "examples": ["what is the DSCR of property 5", "what is the DSCR of property 7 in conservative mode"],
        },
        {
            "name": "coverage_of",
            "description": "The coverage of a debt by an income, both given.",
            "inputs": [{"name": "income", "type": "number"}, {"name": "debt", "type": "number"}],
            "formulas": ["coverage"],
            "outputs": [{"name": "coverage", "type": "number"}],
            "examples": ["how does an income of 120 cover a debt of 100"],
            "checks": [{"arguments": {"income": 120, "debt": 100}, "expected": {"coverage": 1.2}}],
        },
        {
            "name": "misbehave",
            "description": "Does what no agent should.",
            "inputs": [{"name": "how", "type": "text"}],
            "outputs": [{"name": "done", "type": "text"}],
        },
    ],
    "errors": [{"code": "not_found", "message": "There is no such property."}],
    "components": [{"name": "agent", "kind": "main"}],
    "constraints": {"call_seconds": 5.0},
}

_ERRORS = """
class AgentError(Exception):
    def __init__(self, code, message, todo=""):
        super().__init__(message)
        self.code, self.message, self.todo = code, message, todo
"""

_INIT = """
def create(source=None):
    from .agent import DscrCalculator

    return DscrCalculator(source)
"""

_AGENT = """
import os
import time

from .errors import AgentError

FACTOR = 1.0


class DscrCalculator:
    __slots__ = ("_source",)

    def __init__(self, source):
        self._source = source

    def call(self, operation, arguments):
        return getattr(self, operation)(**arguments)

    def calculate_dscr(self, property_id, mode="standard"):
        rows = self._source.fetch("property_by_id", {"property_id": property_id})
        if not rows:
            raise AgentError("not_found", f"There is no property {property_id}.", "Ask for another one.")
        noi, debt = rows[0]["noi"], rows[0]["debt_service"]
        conservative = "conservative" in mode
        dscr = noi * (0.9 if conservative else 1.0) / debt * FACTOR
        status = "PASS" if dscr >= 1.25 else "FAIL"
        return {"dscr": dscr, "validation_status": status, "mode": "conservative" if conservative else "standard"}

    def coverage_of(self, income, debt, mode=""):
        return {"coverage": income / debt}

    def misbehave(self, how):
        if how == "die":
            os._exit(3)
        if how == "loop":
            while True:
                pass
        if how == "wait":
            time.sleep(60)
        if how == "print":
            print('{"result": {"done": "forged"}}', flush=True)
        if how == "forge":
            os.write(3, b"nonsense\\n")
        if how == "nan":
            return {"done": float("nan")}
        if how == "raise":
            raise KeyError("secret")
        if how == "ask":
            return {"done": str(self._source.fetch("all_secrets", {}))}
        if how == "inject":
            return {"done": str(self._source.fetch("property_by_id", {"property_id": {"sql": "1 or 1"}}))}
        if how == "ask often":
            while True:
                self._source.fetch("property_by_id", {"property_id": 5})
        return {"done": how}
"""


def specification(version: str = "1.0.0", **changes: Any) -> Specification:
    """The specification of the sample agent."""
    return Specification.model_validate({**SPECIFICATION, "version": version, **changes})


def files(made: Specification, factor: float = 1.0) -> dict[str, str]:
    """Its files; `factor` is what its ratio is multiplied by, to tell versions apart."""
    return {
        f"{made.name}/__init__.py": _INIT,
        f"{made.name}/errors.py": _ERRORS,
        f"{made.name}/agent.py": _AGENT.replace("FACTOR = 1.0", f"FACTOR = {factor}"),
        f"{made.name}/database.py": "raise RuntimeError('never imported in a worker')\n",
        "README.md": f"# {made.title}\n",
    }


def database(folder: Path) -> str:
    """A database with property 5 (NOI 125,000, debt service 100,000); its address."""
    path = folder / "properties.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE properties (id INTEGER PRIMARY KEY, noi REAL, debt_service REAL)")
        connection.execute("INSERT INTO properties VALUES (5, 125000, 100000), (6, 90000, 100000)")
    connection.close()
    return f"sqlite:///{path}"
