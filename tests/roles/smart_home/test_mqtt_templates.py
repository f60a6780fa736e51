"""Templates of devices: the shapes that are read, what they make of messages, and that no other is run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.smart_home.adapters.mqtt.templates import Payload, UnsupportedTemplate, read_template

RENDERED: list[tuple[str, str, str | None]] = [
    ("{{ value }}", "ON", "ON"),
    ("{{value}}", " 21 ", "21"),
    ("{{ value_json.state }}", '{"state": "ON"}', "ON"),
    ("{{ value_json.a.b }}", '{"a": {"b": 4}}', "4"),
    ("{{ value_json['ENERGY'].Power }}", '{"ENERGY": {"Power": 12.5}}', "12.5"),
    ('{{ value_json["a b"] }}', '{"a b": true}', "True"),
    ("{{ value_json[1] }}", "[1, 2]", "2"),
    ("{{ value_json.items[0].x }}", '{"items": [{"x": null}]}', "None"),
    ("{{ value_json.temperature | round(1) }}", '{"temperature": 20.54}', "20.5"),
    ("{{ value_json.t | float | round(0) | int }}", '{"t": "20.6"}', "21"),
    ("{{ value | int }}", "42.9", "42"),
    ("{{ value | int(0) }}", "nothing", "0"),
    ("{{ value_json.state | upper }}", '{"state": "on"}', "ON"),
    ("{{ value_json.contact | lower }}", '{"contact": false}', "false"),
    ("{{ value_json.x | default('OFF') }}", "{}", "OFF"),
    ("{{ value_json.x | default(3) }}", '{"x": 5}', "5"),
    ("{{ value_json.x | default('a', true) }}", '{"x": ""}', "a"),
    ("{{ value_json.x | is_defined }}", "{}", None),
    ('{"position": {{ value }}}', "40", '{"position": 40}'),
    ("{{- value_json.x -}}", '{"x": 1}', "1"),
    ("ON", "anything", "ON"),
    ("{{ value_json.x }}", "{}", None),
    ("{{ value_json.x }}", "no JSON", None),
    ("{{ value_json.x.y }}", '{"x": 3}', None),
    ("{{ value_json.x }}", '{"x": {"y": 1}}', None),
    ("{{ value_json.x }}", '{"x": NaN}', None),
    ("{{ value_json.x }}", "[" * 5_000, None),
    ("{{ value | float }}", "inf", None),
    ("{{ value_json.x | int }}", '{"x": 1e999}', None),
]


@pytest.mark.parametrize(("template", "payload", "expected"), RENDERED)
def test_what_a_template_makes_of_a_message(template: str, payload: str, expected: str | None) -> None:
    assert read_template(template).render(Payload(payload)) == expected


REFUSED = [
    "{% if value == 'ON' %}1{% else %}0{% endif %}",
    "{{ states('light.x') }}",
    "{{ value_json.x if value_json.y else 3 }}",
    "{{ value_json.x * 2 }}",
    "{{ value.__class__ }}",
    "{{ value_json.x | map('int') | list }}",
    "{{ value_json.x == 1 }}",
    "{{ value_json[value] }}",
    "{{ value_json.x | default(",
    "{{ ''.__class__.__mro__ }}",
    "{{ range(10**9) }}",
    "{# {{ value }} #}",
    "{{ value",
    "{{ }}",
    "{{ value | int(1, 2, 3) }}",
    "x" * 1_001,
]


@pytest.mark.parametrize("template", REFUSED)
def test_other_shapes_are_refused(template: str) -> None:
    with pytest.raises(UnsupportedTemplate):
        read_template(template)


@given(
    st.text(alphabet="{}%#|()[]'\". ,_-0123456789abxvalue_json", max_size=80) | st.text(max_size=40),
    st.text(max_size=60) | st.sampled_from(['{"a": 1}', "[]", "1e400", "-0"]),
)
def test_a_template_is_refused_or_makes_a_text_or_nothing(template: str, payload: str) -> None:
    try:
        read = read_template(template)
    except UnsupportedTemplate:
        return
    made = read.render(Payload(payload))
    assert made is None or isinstance(made, str)
