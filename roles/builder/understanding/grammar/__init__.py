"""Reads whole requests by a grammar: words are linked to tables and columns, and parsed to a logical form."""

from roles.builder.understanding.grammar.reading import read_by_grammar

__all__ = ["read_by_grammar"]
