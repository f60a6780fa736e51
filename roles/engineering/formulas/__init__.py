"""Formulas: a small safe language, its evaluation, and the Python that is written from it.

``parse(text)`` reads one, ``evaluate(expression, values)`` computes it, ``to_python``, ``to_function`` and
``library_source`` write it as code.
"""

from roles.engineering.formulas.evaluate import Scalar, Undefined, Value, evaluate, evaluate_rows
from roles.engineering.formulas.parser import parse
from roles.engineering.formulas.python_source import helpers_of, library_source, to_function, to_python
from roles.engineering.formulas.tree import Expression

__all__ = [
    "Expression", "Scalar", "Undefined", "Value", "evaluate", "evaluate_rows", "helpers_of", "library_source", "parse",
    "to_function", "to_python",
]  # fmt: skip
