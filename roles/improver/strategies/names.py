"""Names of the language: which functions and methods only compute, and which change what they are called on."""

from __future__ import annotations

__all__ = [
    "CLOCKS",
    "FRESH_BUILTINS",
    "MUTATORS",
    "OPERATORS",
    "PURE_BUILTINS",
    "PURE_CLASSES",
    "PURE_MODULES",
    "READERS",
    "SCALAR_BUILTINS",
    "STRING_METHODS",
]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PURE_BUILTINS = _names(
    """abs all any ascii bin bool bytes chr complex dict divmod enumerate filter float format frozenset hash hex int
    isinstance issubclass len list map max min oct ord pow range repr reversed round set slice sorted str sum tuple type
    zip ValueError TypeError KeyError IndexError RuntimeError ArithmeticError ZeroDivisionError LookupError Exception
    OverflowError NotImplementedError AssertionError ConnectionError TimeoutError"""
)
"""Built-in functions and classes that compute from their arguments and change nothing (iterators apart)."""

SCALAR_BUILTINS = _names("abs all any ascii bin bool chr divmod float hex int len oct ord repr round str")
"""Of these, those whose answer can't be changed by anybody, for arguments that are JSON data."""

FRESH_BUILTINS = _names("list dict set tuple frozenset sorted")
"""Built-ins that make a new container."""

PURE_MODULES = _names(
    """math cmath re statistics operator itertools string unicodedata fractions bisect json html
    textwrap colorsys base64 binascii difflib"""
)
"""Modules of which every function in use here computes (bisect.insort apart, which is a mutator by name)."""

PURE_CLASSES = _names("decimal.Decimal datetime.timedelta")
"""Classes of other modules whose objects nobody can change, and whose making changes nothing."""

CLOCKS = _names("time random datetime uuid secrets os logging")
"""Modules whose functions change none of the agent's data, and may answer differently each time."""

READERS = _names(
    """get keys values items copy count index lower upper casefold capitalize title strip lstrip rstrip split rsplit
    splitlines join replace startswith endswith find rfind format encode decode isdigit isalpha isalnum isspace isupper
    islower isnumeric partition rpartition removeprefix removesuffix zfill ljust rjust center swapcase translate
    expandtabs isdisjoint issubset issuperset union intersection difference symmetric_difference bit_length is_integer
    hex match search fullmatch findall finditer group groups sub isoformat as_integer_ratio total_seconds quantize"""
)
"""Methods of built-in values that change nothing."""

STRING_METHODS = _names(
    """lower upper casefold capitalize title strip lstrip rstrip replace join format zfill ljust rjust center swapcase
    translate expandtabs removeprefix removesuffix"""
)
"""Methods of text that give text; no other JSON data has methods of these names."""

MUTATORS = _names(
    """append extend add update pop popitem remove discard clear insert sort reverse setdefault appendleft popleft
    extendleft rotate difference_update intersection_update symmetric_difference_update insort"""
)
"""Methods that change what they are called on."""

OPERATORS = _names(
    """__add__ __radd__ __iadd__ __sub__ __mul__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __hash__ __contains__
    __getitem__ __iter__ __len__ __bool__ __getattr__ __getattribute__ __setattr__ __delattr__ __call__ __str__
    __repr__ __format__ __index__ __int__ __float__ __get__ __set__ __next__ __neg__ __setitem__ __or__
    __and__ __truediv__ __mod__ __matmul__ __instancecheck__ __class_getitem__ __missing__"""
)
"""Methods by which a class gives an operator a meaning of its own."""
