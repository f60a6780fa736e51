"""The digest that tells equal calls from different ones."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from supervisor.learning.records import argument_digest

VALUES = st.text() | st.integers() | st.booleans() | st.none() | st.lists(st.text(), max_size=2)


@given(st.dictionaries(st.text(), VALUES | st.text(), min_size=1, max_size=4))
def test_it_is_that_of_the_sorted_json_whatever_the_order(arguments: dict[str, Any]) -> None:
    text = json.dumps(arguments, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    wanted = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
    assert argument_digest(arguments) == wanted
    assert argument_digest(dict(reversed(arguments.items()))) == wanted


def test_no_arguments_have_none() -> None:
    assert argument_digest(None) == argument_digest({}) == ""
