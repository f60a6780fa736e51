"""Redaction: what vanishes, what stays, and that doing it twice changes nothing."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import JsonValue

from common.redaction import CARD, REDACTED, Redactor, is_secret_key

redactor = Redactor()

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2, port=5", "password=[redacted], port=5"),
        ("my api key: abc-def next", "my api key: [redacted] next"),
        ("DB_PASSWORD='two words' x", "DB_PASSWORD='[redacted]' x"),
        ('{"access_token": "a b", "n": 1}', '{"access_token": "[redacted]", "n": 1}'),
        (r"{\"password\": \"x y\", \"n\": 1}", r"{\"password\": \"[redacted]\", \"n\": 1}"),
        ("https://example.com/?token=abc&x=1", "https://example.com/?token=[redacted]&x=1"),
        ("Authorization: Bearer abc", "Authorization: Bearer [redacted]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
        ("sent bearer abcdef123456", "sent bearer [redacted]"),
        (f"the token {JWT}.", f"the token {REDACTED}."),
        ("postgresql://me:p@ss@host:5432/db", "postgresql://me:[redacted]@host:5432/db"),
        ("redis://:secretword@host", "redis://:[redacted]@host"),
        ("key sk-proj-abcdEFGH1234567890abcd!", "key [redacted]!"),
        ("sk-ant-api03-abcdEFGH_1234567890abcd", "[redacted]"),
        ("remember that my wifi password is hunter2.", "remember that my wifi password is [redacted]."),
        (
            "the password for the guest network is now s3cret!pass, ok?",
            "the password for the guest network is now [redacted], ok?",
        ),
        ("My API key is abcd1234", "My API key is [redacted]"),
        ("noted: “my password is hunter2”.", "noted: “my password is [redacted]”."),
        ("noted: “password=hunter2”", "noted: “password=[redacted]”"),
        ('the passphrase was "correct horse"', 'the passphrase was "[redacted]"'),
        ("the PIN of my card is 4711", "the PIN of my card is [redacted]"),
        ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted]"),
        ("xoxb-123456789012-abcdefghijkl", "[redacted]"),
        ("AIzaSyA-abcdefghijklmnopqrstuvwxyz12345", "[redacted]"),
        (f"before {PEM} after", "before [redacted] after"),
        (f"{PEM}{PEM}", "[redacted][redacted]"),
        ("cut inside: -----BEGIN PRIVATE KEY-----\nMIIEow", "cut inside: [redacted]"),
        ("card 4111 1111 1111 1111.", "card [card number]."),
        ("12 4111-1111-1111-1111 99", "12 [card number] 99"),
        ("378282246310005 and 5555555555554444", "[card number] and [card number]"),
    ],
)
def test_secrets_in_text_vanish(text: str, shown: str) -> None:
    assert redactor.text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Turn on the kitchen light at 7:30, please",
        "input_tokens: 500, output_tokens=7, max_tokens: 9",
        "The secretary has a token of thanks and a passwordless login",
        "2026-11-28 09:00:00 to 2026-11-29 10:00:00",
        "from 2026-11-28 2026-11-29 2026-11-30",
        "trace 4f0c8f6e4d9d4a8f9b6d4111111111111111",
        "550e8400-e29b-41d4-a716-446655440000",
        "0.4111111111111111",
        "order 4111 1111 1111 1112",
        "task sk-learn-something-very-long-indeed",
        "a bearer instruments contract",
        "https://example.com:8080/a@b",
        "call +41 44 668 18 00 or 0800 123 456",
        "eyJust a word",
        "the password is wrong, the pin is bent and the api key is 40 characters long",
        "the token is valid until 2026-11-28",
        "a password for the account is needed by 2026-11-28",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redactor.text(text) == text


def test_values_are_redacted_by_key_and_by_pattern() -> None:
    value: JsonValue = {
        "apiKey": "x",
        "db_password": {"old": "a", "new": "b"},
        "Authorization": ["a"],
        "token": None,
        "secret": False,
        "input_tokens": 5,
        "key": "kept",
        "note": "password=hunter2",
        "numbers": [4111111111111111, 4111111111111112, 1.5, True],
    }
    assert redactor.value(value) == {
        "apiKey": REDACTED,
        "db_password": REDACTED,
        "Authorization": REDACTED,
        "token": None,
        "secret": False,
        "input_tokens": 5,
        "key": "kept",
        "note": "password=[redacted]",
        "numbers": [CARD, 4111111111111112, 1.5, True],
    }


def test_keys_are_redacted_without_losing_a_value() -> None:
    shown = redactor.value({"4111111111111111": 1, "5555555555554444": 2, "[card number] (2)": 3})
    assert shown == {"[card number]": 1, "[card number] (2)": 2, "[card number] (2) (2)": 3}


@pytest.mark.parametrize(
    "name", ["password", "userPassword", "api_key", "X-Api-Key", "clientSecret", "refresh_token", "secret_key"]
)
def test_keys_that_tell_a_secret(name: str) -> None:
    assert is_secret_key(name)


@pytest.mark.parametrize(
    "name", ["tokens", "max_tokens", "key", "keyboard", "", "--", "tokenizer", "author", "text_hash"]
)
def test_keys_that_tell_none(name: str) -> None:
    assert not is_secret_key(name)


pieces = st.sampled_from(
    [
        "password=", "password: ", "password is ", "pin of ", " is ",
        "token", "=", ": ", '"', "'", "\\", " ", "\n", ",", "-", ".", "@", "://", "a://b:",
        "Bearer ", "abcdef123456", "sk-", "AKIAIOSFODNN7EXAMPLE", "eyJ", JWT, PEM, "-----BEGIN PRIVATE KEY-----",
        "4111", "1111 1111 1111", "4111111111111111", "7", "[redacted]", "[card number]", "[", "]", "(2)",
        "\u00a0", "é",
    ]
)  # fmt: skip
texts = st.lists(pieces | st.text(max_size=5), max_size=20).map("".join)


@pytest.mark.parametrize(
    "text",
    [
        "my password is Hunter2x and that",
        "password=Hunter2x",
        'the passphrase is "Hunter2x"',
        r"{\"secret\": \"Hunter2x\"}",
        "Authorization: Bearer Hunter2x",
        "postgresql://me:Hunter2x@host/db",
    ],
)
def test_what_was_told_to_be_a_secret_is_known_wherever_it_stands(text: str) -> None:
    own = Redactor(["CUST-[0-9]+"]).knowing(text)
    assert (
        own.text("HUNTER2X, xhunter2xx; CUST-1 password=abc")
        == "[redacted], x[redacted]x; [redacted] password=[redacted]"
    )
    assert own.value({"query": ["Hunter2x"]}) == {"query": [REDACTED]}
    assert own.knowing("token=other1").text("other1 hunter2x") == "[redacted] [redacted]"
    assert own.knowing(text) is own
    assert "unter2" not in own.text(text)


def test_the_parts_of_a_token_are_known() -> None:
    own = Redactor(["CUST-[0-9]+-[a-z]+"]).knowing("it is xoxb-12345abcde67890 of CUST-1234567-ab")
    assert own.text("xoxb 12345abcde67890, 1234567") == "xoxb [redacted], [redacted]"


@pytest.mark.parametrize("text", ["nothing", "password=short", "password: required", "token=ab12", "sk-abc"])
def test_words_that_may_be_anything_are_not_remembered(text: str) -> None:
    assert redactor.knowing(text) is redactor


@given(texts, texts)
@example("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE4111111111111111")
def test_redacting_twice_with_what_is_known_changes_nothing(told: str, text: str) -> None:
    own = redactor.knowing(told)
    once = own.text(text)
    assert own.text(once) == once


def test_a_host_adds_patterns_of_its_own() -> None:
    own = Redactor([r"CUST-[0-9]{6}", re.compile("(?i)project x")])
    assert own.text("CUST-123456 in Project X, password=a") == "[redacted] in [redacted], password=[redacted]"


def _with_check_digit(body: str) -> str:
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (1 if position % 2 else 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


numbers = st.builds(
    lambda prefix, rest, length: _with_check_digit((prefix + rest)[: length - 1]),
    st.sampled_from(["4", "51", "55", "34", "37", "36", "6011", "65", "35", "2221", "2720"]),
    st.text("0123456789", min_size=18, max_size=18),
    st.integers(13, 19),
)


@st.composite
def written_cards(draw: st.DrawFn) -> tuple[str, str]:
    """A card number, and one of the ways to write it: whole, or in groups with one kind of separator."""
    number = draw(numbers)
    separator = draw(st.sampled_from(["", " ", "-", "\u00a0"]))
    written, rest = "", number
    while rest:
        size = draw(st.integers(2, 6))
        written += (separator if written else "") + rest[:size]
        rest = rest[size:]
    return number, written


@given(written_cards(), st.text(max_size=20), st.text(max_size=20))
def test_card_numbers_vanish(card: tuple[str, str], before: str, after: str) -> None:
    number, written = card
    shown = redactor.text(f"{before} : {written} ; {after}")
    assert written not in shown
    assert number not in shown
    value = redactor.value({"note": [written], "number": int(number)})
    assert number not in json.dumps(value)
    assert written not in json.dumps(value, ensure_ascii=False)


@given(numbers, st.text("0123456789", min_size=1, max_size=6), st.text("0123456789", min_size=1, max_size=6))
def test_card_numbers_vanish_between_other_numbers(number: str, before: str, after: str) -> None:
    assert number not in redactor.text(f"{before} {number} {after}")


@given(texts)
def test_redacting_text_twice_changes_nothing(text: str) -> None:
    once = redactor.text(text)
    assert redactor.text(once) == once


keys = texts | st.sampled_from(["token", "api_key"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)


@given(json_values)
def test_redacting_values_twice_changes_nothing(value: JsonValue) -> None:
    once = redactor.value(value)
    assert redactor.value(once) == once
    if isinstance(value, (list, dict)):
        assert isinstance(once, (list, dict))
        assert len(once) == len(value)


@pytest.mark.parametrize(
    "unit",
    ["password is ", "pin of ", "password for ",
     "eyJ", "eyJaaaaaa.", "sk-", "4", "4 ", "4-", "password=", 'password="', "a://b:", "x://u:p@", "bearer ", "token ",
     "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "A", " ", "a.b+c-", "\\"],
)  # fmt: skip
def test_long_hostile_text_is_read_to_its_end(unit: str) -> None:
    """Quadratic work on 300,000 characters would take minutes: the run's own time limit is the bound."""
    text = unit * (300_000 // len(unit))
    assert "hunter2" not in redactor.text(f"{text} password=hunter2 end")
