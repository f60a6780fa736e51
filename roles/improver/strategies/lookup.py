"""The functions that strategies put beside lists, so that looking for a value takes no longer in a long one."""

from __future__ import annotations

__all__ = ["HELPERS", "LOOKUP", "NAMES", "NOTED", "PLAIN", "TYPES"]

PLAIN = "_PLAIN_TYPES"
LOOKUP = "_lookup_of"
NOTED = "_noted_in"
NAMES = frozenset({PLAIN, LOOKUP, NOTED})

TYPES = f"{PLAIN} = frozenset((int, str, bool, type(None)))\n"
HELPERS = {
    LOOKUP: f'''def {LOOKUP}(values):
    """A set of what a list holds, where all of that is plain, to be asked in its place; else what was given."""
    known = type(values) in (list, tuple) and {PLAIN}.issuperset(map(type, values))
    return set(values) if known else values
''',
    NOTED: f'''def {NOTED}(lookup, values, value):
    """What is to be asked from now on, after a value was appended to the list."""
    if type(lookup) is set and type(value) in {PLAIN}:
        lookup.add(value)
        return lookup
    return values
''',
}
"""Only plain values are asked for there: a set says of them what the list says, and needs no hash of anything else."""
