"""Reads the exceptions of every provider's library as faults, without importing any of these libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from common.errors import ConfigurationError, SupervisorError
from common.redaction import Redactor
from llm_provider.faults import AttemptFailed, Fault, FaultKind
from llm_provider.json_safe import clean_text
from llm_provider.retries import read_retry_after

__all__ = ["error_words", "read_fault", "safe_words"]

_MAX_CHARS = 400
_MAX_CHAIN = 12

_BUSY = frozenset({429, 529})
_AGAIN = frozenset({408, 409, 425})

_AWS_STATUS: Mapping[str, int] = {
    "throttlingexception": 429,
    "toomanyrequestsexception": 429,
    "servicequotaexceededexception": 429,
    "serviceunavailableexception": 503,
    "serviceunavailable": 503,
    "modelnotreadyexception": 503,
    "modeltimeoutexception": 408,
    "modelstreamerrorexception": 503,
    "modelerrorexception": 503,
    "internalserverexception": 500,
    "internalfailure": 500,
    "accessdeniedexception": 403,
    "unrecognizedclientexception": 403,
    "expiredtokenexception": 403,
    "invalidsignatureexception": 403,
    "resourcenotfoundexception": 404,
    "validationexception": 400,
}
"""What botocore's error codes mean where a stream breaks off with one, and so without a status."""

_STATUS_OF_TYPE: Mapping[str, int] = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 408,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "server_error": 500,
    "server_overloaded": 529,
}
"""Error types that are sent inside a stream whose status was 200 already."""

_TOO_LONG_NAMES = frozenset({"ContextWindowOverflowException", "ContextWindowExceededError"})
_TOO_LONG_WORDS = (
    "maximum context length",
    "context_length_exceeded",
    "context length",
    "context window",
    "context limit",
    "prompt is too long",
    "input is too long",
    "exceeds the max_model_len",
    "exceeds the available context",
)
_TIMEOUT_NAMES = frozenset(
    {"ReadTimeout", "ConnectTimeout", "WriteTimeout", "PoolTimeout", "APITimeoutError", "Timeout"}
    | {"ReadTimeoutError", "ConnectTimeoutError", "TimeoutException", "TimeoutError"}
)
_UNREACHABLE_NAMES = frozenset(
    {"ConnectError", "EndpointConnectionError", "ProxyError", "ProxyConnectionError", "SSLError", "gaierror"}
    | {"ConnectionRefusedError", "CouldNotConnect"}
)
_BROKEN_OFF_NAMES = frozenset(
    {"RemoteProtocolError", "ReadError", "WriteError", "CloseError", "IncompleteRead", "ProtocolError"}
    | {"ConnectionClosedError", "ResponseStreamingError", "ConnectionResetError", "EventStreamError"}
    | {"ChecksumMismatch", "InvalidHeadersLength", "InvalidPayloadLength"}
    | {"APIError", "ResponseError"}  # told inside a stream, by OpenAI's library and by Ollama's
)
_GARBLED_NAMES = frozenset({"JSONDecodeError", "DecodingError", "APIResponseValidationError", "UnicodeDecodeError"})
_NO_CREDENTIALS_NAMES = frozenset({"NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"})
_BUSY_NAMES = frozenset({"ModelThrottledException"})


def read_fault(error: BaseException) -> Fault:
    """What an attempt's exception means; the whole chain of its causes is looked at."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, AttemptFailed):
            return link.fault
    if isinstance(error, SupervisorError):
        kind = FaultKind.NOT_USABLE if isinstance(error, ConfigurationError) else FaultKind.FAILED
        return Fault(kind, str(error))
    names = {type(link).__name__ for link in chain}
    said = _said(chain)
    if _is_too_long(chain, names):
        return Fault(FaultKind.TOO_LONG, f"the request is too long for the model: {said}", "Ask for less at once.")
    status = next((found for link in chain if (found := _status(link)) is not None), None)
    if status is not None:
        return _by_status(status, said, next((wait for link in chain if (wait := _wait(link)) is not None), None))
    return _by_names(chain, names, said)


def error_words(error: BaseException) -> str:
    """What an attempt's exception says, as the trace keeps it."""
    return error.fault.what if isinstance(error, AttemptFailed) else _said(list(_chain(error)))


def safe_words(text: str) -> str:
    """What a provider said, fit to be shown: no secrets, no control characters, no more than a line or two."""
    plain = "".join(char if char.isprintable() else " " for char in clean_text(text[: _MAX_CHARS * 4]))
    words = Redactor().text(" ".join(plain.split()))
    return words if len(words) <= _MAX_CHARS else f"{words[: _MAX_CHARS - 1]}…"


def _by_status(status: int, said: str, retry_after: float | None) -> Fault:
    if status in _BUSY:
        what, kind = "the model's provider refuses more calls for now", FaultKind.BUSY
        return Fault(kind, f"{what}: {said}", "Try again later.", status, retry_after)
    if status in _AGAIN or status >= 500:
        what = f"the model's provider failed with status {status}"
        return Fault(FaultKind.UNAVAILABLE, f"{what}: {said}", "Try again later.", status, retry_after)
    if status in (401, 403):
        todo = "Look at the tier's api_key, or at the credentials the provider's library finds."
        return Fault(FaultKind.UNAUTHORIZED, f"the model's provider does not let us in: {said}", todo, status)
    if status == 404:
        todo = "Look at the tier's model and base_url."
        return Fault(FaultKind.REFUSED, f"the model's provider does not know what was asked for: {said}", todo, status)
    return Fault(FaultKind.REFUSED, f"the model's provider refused the call with status {status}: {said}", "", status)


def _by_names(chain: list[BaseException], names: set[str], said: str) -> Fault:
    if names & _BUSY_NAMES:
        return Fault(FaultKind.BUSY, f"the model's provider refuses more calls for now: {said}", "Try again later.")
    if names & _NO_CREDENTIALS_NAMES:
        return Fault(
            FaultKind.UNAUTHORIZED, f"there are no credentials for the model: {said}", "Set the tier's api_key."
        )
    failed = f"the model failed: {said}"
    if names & _TIMEOUT_NAMES or any(isinstance(link, TimeoutError) for link in chain):
        return Fault(FaultKind.TIMEOUT, failed, "Look whether the server is overloaded, or raise the tier's timeouts.")
    if names & _UNREACHABLE_NAMES:
        return Fault(FaultKind.UNREACHABLE, failed, "Look whether the server runs, and at the tier's base_url.")
    if names & _BROKEN_OFF_NAMES:
        return Fault(FaultKind.BROKEN_OFF, failed)
    if names & _GARBLED_NAMES:
        return Fault(FaultKind.GARBLED, failed)
    if any(isinstance(link, ConnectionError) for link in chain) or "APIConnectionError" in names:
        return Fault(FaultKind.UNREACHABLE, failed, "Look whether the server runs, and at the tier's base_url.")
    return Fault(FaultKind.FAILED, failed)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and so on; each once."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _MAX_CHAIN:
        seen.add(id(current))
        yield current
        inner = getattr(current, "original_exception", None)
        current = inner if isinstance(inner, BaseException) else current.__cause__ or current.__context__


def _said(chain: list[BaseException]) -> str:
    """The outermost error that says something; a bare connection error is told by what lies below it."""
    for link in chain:
        text = str(link).strip()
        if text and text not in ("Connection error.", "Connection error"):
            return safe_words(f"{type(link).__name__}: {text}")
    return type(chain[0]).__name__


def _is_too_long(chain: list[BaseException], names: set[str]) -> bool:
    if names & _TOO_LONG_NAMES:
        return True
    for link in chain:
        status, text = _status(link), str(link)[:2_000].lower()
        if status in (400, 413) and any(words in text for words in _TOO_LONG_WORDS):
            return True
    return False


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error of any provider's library carries, or that its error code stands for."""
    aws = _mapping(getattr(error, "response", None))
    if aws:
        status = _mapping(aws.get("ResponseMetadata")).get("HTTPStatusCode")
        code = str(_mapping(aws.get("Error")).get("Code", "")).lower()
        return _AWS_STATUS.get(code, status if isinstance(status, int) and status >= 400 else None)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= 400:
        return status
    body = _mapping(getattr(error, "body", None))
    told = _mapping(body.get("error")) or body
    code = told.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return _STATUS_OF_TYPE.get(str(told.get("type")))


def _wait(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    aws = _mapping(response)
    headers = _mapping(aws.get("ResponseMetadata")).get("HTTPHeaders") if aws else getattr(response, "headers", None)
    if headers is None:
        headers = getattr(error, "litellm_response_headers", None)
    try:
        return read_retry_after({str(name).lower(): str(value) for name, value in dict(headers or {}).items()})
    except (TypeError, ValueError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
