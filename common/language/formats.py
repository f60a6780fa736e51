"""The schema keywords that planner, router and tools use and the offline model obeys.

They are ordinary JSON Schema annotations (`format`) and ``x-`` keywords, which real providers never see.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = [
    "CHOICES",
    "DURATION",
    "FRACTION",
    "PART",
    "PART_ID",
    "PART_ORDER",
    "PART_REFERENCE",
    "PERSON",
    "PLACE",
    "PLAN",
    "QUERY",
    "REQUEST",
    "SUBJECT",
    "UTTERANCES",
    "WHEN",
    "Duration",
    "Person",
    "Place",
    "Query",
    "Subject",
    "When",
]

WHEN = "when"
"""Words of time, as said ("on Saturday at 9", "an hour before"); the tool resolves them with the request's clock."""
DURATION = "duration"
"""Words of a length of time ("20 minutes", "an hour and a half")."""
FRACTION = "fraction"
"""On a number: a share of 1, so that "4 %" is 0.04."""
PLACE = "place"
"""The name of a place."""
SUBJECT = "subject"
"""What the thing is about or called ("dentist", "mountain trip")."""
PERSON = "person"
"""A person's name."""
QUERY = "query"
"""Words to search for."""
REQUEST = "request"
"""The whole request, as said."""
PART = "part"
"""One part of the request, made to stand by itself; an array of objects with such a property has one item a part."""
PART_ID = "part-id"
"""The id of the item's part."""
PART_REFERENCE = "part-reference"
"""The id of a part that the item's part must wait for."""
PART_ORDER = "part-order"
"""The id of a part that the item's part merely comes after."""
PLAN = "plan"
"""The numbered steps."""
CHOICES = "x-choices"
"""On a string with `enum`: {value: {"description": str, "examples": [str], "prior": {part: probability}}}."""
UTTERANCES = "x-utterances"
"""On a tool's input schema: things people say that the tool serves."""

When = Annotated[str, Field(json_schema_extra={"format": WHEN})]
Duration = Annotated[str, Field(json_schema_extra={"format": DURATION})]
Place = Annotated[str, Field(json_schema_extra={"format": PLACE})]
Subject = Annotated[str, Field(json_schema_extra={"format": SUBJECT})]
Person = Annotated[str, Field(json_schema_extra={"format": PERSON})]
Query = Annotated[str, Field(json_schema_extra={"format": QUERY})]
