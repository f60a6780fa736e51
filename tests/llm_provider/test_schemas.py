"""What models are shown of schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field

from common.language import formats
from common.language.formats import Duration, When
from common.tool import Tool
from llm_provider.schemas import choice_notes, for_offline, for_provider, tool_schema
from tests.llm_provider.made_up_tools import answering


class Address(BaseModel):
    street: str
    format: str = "plain"


class Delivery(BaseModel):
    when: When
    lasts: Duration | None = Field(default=None, description="How long it takes")
    to: Address = Field(description="Where to")
    lamp: str = Field(default="", description="Which lamp.")


DELIVER = Tool("van.deliver", "Delivers.", Delivery, answering("ok"), utterances=("bring me the parcel",))


def keys_of(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {key for value in node.values() for key in keys_of(value)}
    if isinstance(node, list):
        return {key for value in node for key in keys_of(value)}
    return set()


def test_providers_get_plain_json_schema() -> None:
    choices = {"lamp": {"hall lamp": ["entrance light"], "desk lamp": []}}
    schema = tool_schema(DELIVER, choices, offline=False)

    assert not {key for key in keys_of(schema) if key.startswith(("x-", "$"))}
    properties = schema["properties"]
    assert "format" not in properties["when"]
    assert "an hour before it" in properties["when"]["description"]
    assert properties["lasts"]["description"] == "How long it takes"
    assert properties["lamp"]["description"] == "Which lamp. One of: hall lamp (also: entrance light); desk lamp."
    assert properties["to"]["properties"]["street"] == {"title": "Street", "type": "string"}
    assert properties["to"]["description"] == "Where to"
    assert "format" in properties["to"]["properties"]
    json.dumps(schema)


def test_the_offline_model_gets_every_keyword() -> None:
    schema = tool_schema(DELIVER, {"lamp": {"hall lamp": ["entrance light"]}}, offline=True)

    assert schema[formats.UTTERANCES] == ["bring me the parcel"]
    assert schema["properties"]["when"]["format"] == "when"
    assert schema["properties"]["lamp"][formats.CHOICES] == {"hall lamp": ["entrance light"]}
    assert schema["properties"]["to"]["properties"]["street"]["type"] == "string"


@pytest.mark.parametrize("offline", [True, False])
def test_the_tools_own_schema_is_never_changed(offline: bool) -> None:
    before = json.dumps(DELIVER.schema)
    tool_schema(DELIVER, {"lamp": {"hall lamp": ["x"]}, "nothing": {"a": []}}, offline=offline)
    assert json.dumps(DELIVER.schema) == before


class Tree(BaseModel):
    name: str
    children: list[Tree] = Field(default_factory=list["Tree"])


def test_a_recursive_schema_ends() -> None:
    schema = for_provider(Tree.model_json_schema())
    assert "$ref" not in json.dumps(schema)
    assert schema["properties"]["children"]["items"]["type"] == "object"


def test_standard_formats_and_enums_stay() -> None:
    schema = {
        "type": "object",
        "properties": {
            "day": {"type": "string", "format": "date"},
            "kind": {"type": "string", "enum": ["x-ray", "b"], "default": "x-ray"},
        },
    }
    assert for_provider(schema) == schema
    assert for_offline(schema) == schema


def test_choices_become_notes() -> None:
    schema = {
        "properties": {
            "roles": {
                "items": {
                    "enum": ["sky", "van"],
                    formats.CHOICES: {
                        "sky": {"description": "Weather.", "examples": ["is it cold", "rain?"], "prior": {"a": 1.0}},
                        "van": {"description": "Deliveries."},
                    },
                }
            },
            "lamp": {formats.CHOICES: {"hall lamp": ["entrance"]}},
        }
    }
    assert choice_notes(schema) == "- sky: Weather. (such as: is it cold; rain?)\n- van: Deliveries."
