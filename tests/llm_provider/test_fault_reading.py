"""Errors of every provider's library, told by their shape alone: none of these libraries is imported."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigurationError
from llm_provider.fault_reading import error_words, read_fault, safe_words
from llm_provider.faults import AttemptFailed, FaultKind, broke_off


class Response:
    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def error(name: str, text: str = "it failed", base: type[Exception] = Exception, **attributes: Any) -> Exception:
    made = type(name, (base,), {})(text)
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


def raised_from(outer: Exception, inner: BaseException) -> Exception:
    outer.__cause__ = inner
    return outer


def aws(code: str, status: int | None = None, **headers: str) -> Exception:
    metadata: dict[str, Any] = {"HTTPHeaders": {name.replace("_", "-"): value for name, value in headers.items()}}
    if status is not None:
        metadata["HTTPStatusCode"] = status
    return error("ClientError", response={"Error": {"Code": code, "Message": "x"}, "ResponseMetadata": metadata})


FAULTS: list[tuple[Exception, FaultKind]] = [
    (error("RateLimitError", status_code=429), FaultKind.BUSY),
    (error("OverloadedError", status_code=529), FaultKind.BUSY),
    (error("ModelThrottledException"), FaultKind.BUSY),
    (raised_from(error("ModelThrottledException"), error("RateLimitError", status_code=429)), FaultKind.BUSY),
    (aws("ThrottlingException", 400), FaultKind.BUSY),
    (aws("throttlingException"), FaultKind.BUSY),
    (error("InternalServerError", status_code=500), FaultKind.UNAVAILABLE),
    (error("APIStatusError", status_code=408), FaultKind.UNAVAILABLE),
    (aws("ModelStreamErrorException"), FaultKind.UNAVAILABLE),
    (error("APIError", body={"type": "server_error", "message": "x"}), FaultKind.UNAVAILABLE),
    (error("APIError", body={"error": {"type": "overloaded_error"}}), FaultKind.BUSY),
    (error("APIError", body={"code": 502, "message": "bad gateway"}), FaultKind.UNAVAILABLE),
    (error("APIError", body={"message": "the model crashed"}), FaultKind.BROKEN_OFF),
    (error("ResponseError", status_code=-1), FaultKind.BROKEN_OFF),
    (error("ResponseError", status_code=404), FaultKind.REFUSED),
    (raised_from(error("APIConnectionError", "Connection error."), error("ConnectError")), FaultKind.UNREACHABLE),
    (error("APIConnectionError", "Connection error."), FaultKind.UNREACHABLE),
    (error("EndpointConnectionError"), FaultKind.UNREACHABLE),
    (ConnectionRefusedError("refused"), FaultKind.UNREACHABLE),
    (raised_from(error("APITimeoutError"), error("ReadTimeout")), FaultKind.TIMEOUT),
    (error("Timeout"), FaultKind.TIMEOUT),
    (error("ReadTimeoutError"), FaultKind.TIMEOUT),
    (TimeoutError(), FaultKind.TIMEOUT),
    (error("RemoteProtocolError"), FaultKind.BROKEN_OFF),
    (ConnectionResetError("reset"), FaultKind.BROKEN_OFF),
    (error("ResponseStreamingError"), FaultKind.BROKEN_OFF),
    (error("JSONDecodeError", base=ValueError), FaultKind.GARBLED),
    (error("AuthenticationError", status_code=401), FaultKind.UNAUTHORIZED),
    (aws("AccessDeniedException", 403), FaultKind.UNAUTHORIZED),
    (error("NoCredentialsError"), FaultKind.UNAUTHORIZED),
    (error("NotFoundError", status_code=404), FaultKind.REFUSED),
    (error("BadRequestError", status_code=400), FaultKind.REFUSED),
    (aws("ValidationException", 400), FaultKind.REFUSED),
    (error("ContextWindowOverflowException"), FaultKind.TOO_LONG),
    (error("BadRequestError", "This model's maximum context length is 8", status_code=400), FaultKind.TOO_LONG),
    (error("APIStatusError", "prompt is too long: 9 tokens", status_code=413), FaultKind.TOO_LONG),
    (error("RateLimitError", "context length", status_code=429), FaultKind.BUSY),
    (AttemptFailed(broke_off()), FaultKind.BROKEN_OFF),
    (raised_from(error("APIConnectionError"), AttemptFailed(broke_off())), FaultKind.BROKEN_OFF),
    (ConfigurationError("no key"), FaultKind.NOT_USABLE),
    (ValueError("odd"), FaultKind.FAILED),
    (KeyError("stopReason"), FaultKind.FAILED),
]

PASSING = {
    FaultKind.BUSY,
    FaultKind.UNAVAILABLE,
    FaultKind.UNREACHABLE,
    FaultKind.TIMEOUT,
    FaultKind.BROKEN_OFF,
    FaultKind.GARBLED,
}


@pytest.mark.parametrize(("failed", "kind"), FAULTS, ids=[f"{type(one).__name__}-{kind}" for one, kind in FAULTS])
def test_each_error_has_its_kind(failed: Exception, kind: FaultKind) -> None:
    fault = read_fault(failed)
    assert fault.kind is kind
    assert fault.passing == fault.counts == (kind in PASSING)
    assert fault.what


@pytest.mark.parametrize(
    "failed",
    [
        raised_from(
            error("ModelThrottledException"),
            error("RateLimitError", status_code=429, response=Response(retry_after="7")),
        ),
        aws("ThrottlingException", 429, retry_after="7"),
        error("RateLimitError", status_code=429, litellm_response_headers={"Retry-After": "7"}),
        error("RateLimitError", status_code=503, response=Response(retry_after_ms="7000")),
    ],
)
def test_what_the_provider_asks_for_is_found(failed: Exception) -> None:
    assert read_fault(failed).retry_after == 7.0


def test_a_bare_connection_error_is_told_by_what_lies_below_it() -> None:
    failed = raised_from(error("APIConnectionError", "Connection error."), error("ConnectError", "refused"))
    assert read_fault(failed).what == "the model failed: ConnectError: refused"
    assert error_words(failed) == "ConnectError: refused"


def test_words_are_fit_to_be_shown() -> None:
    said = safe_words("key sk-proj-abcdefghij0123456789\x1b[2J\n\n and more" + "x" * 5_000)
    assert "abcdefghij" not in said
    assert said.isprintable()
    assert len(said) == 400


def test_causes_that_go_round_in_a_circle_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert read_fault(first).kind is FaultKind.FAILED


ODD = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["Error", "error", "type", "code", "ResponseMetadata", "Code"]), st.integers()),
    st.lists(st.integers(), max_size=2),
)


@given(st.text(max_size=300), st.dictionaries(st.sampled_from(["response", "body", "status_code", "headers"]), ODD))
def test_no_error_is_too_odd(text: str, attributes: dict[str, Any]) -> None:
    fault = read_fault(error("Odd", text, **attributes))
    fault.what.encode()
    assert len(fault.what) < 1_000
