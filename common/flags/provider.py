"""The embedded OpenFeature provider: what flags.json says, else the settings, else the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode, OpenFeatureError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, ProviderStatus
from openfeature.provider.metadata import Metadata

from common.flags.declarations import Declarations, variant_of
from common.flags.watched_file import FlagFile

__all__ = ["SOURCE", "EmbeddedClient", "EmbeddedProvider"]

SOURCE = "source"
"""The key in the metadata of an evaluation that tells where its value came from."""


class EmbeddedProvider(AbstractProvider):
    """Answers for every declared flag, in memory. `file` is None where no file is read."""

    def __init__(self, declared: Declarations, file: FlagFile | None) -> None:
        super().__init__()
        self._declared = declared
        self._file = file

    def get_metadata(self) -> Metadata:
        """The provider's name."""
        return Metadata("embedded" if self._file is None else self._file.path.name)

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Evaluate a boolean flag."""
        return self._resolve("resolve_boolean_value", flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Evaluate a string flag."""
        return self._resolve("resolve_string_value", flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Evaluate an integer flag."""
        return self._resolve("resolve_integer_value", flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Evaluate a float flag."""
        return self._resolve("resolve_float_value", flag_key, default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Evaluate an object flag (none of ours is one)."""
        return self._resolve("resolve_object_value", flag_key, default_value, evaluation_context)

    def _resolve(self, how: str, key: str, default: Any, context: EvaluationContext | None) -> Any:
        current = None if self._file is None else self._file.current
        if current is not None and key in current.definitions:
            try:
                details = getattr(current.evaluator, how)(key, default, context)
            except OpenFeatureError as error:
                return _failed(default, error.error_code, error.error_message)
            except Exception as error:  # a rule that fails for this context must not fail the request
                return _failed(default, ErrorCode.GENERAL, f"{type(error).__name__}: {error}")
            if details.variant is None:
                details.variant = variant_of(details.value)
            return details
        configured = key in self._declared.values
        return FlagResolutionDetails(
            default,
            reason=Reason.STATIC if configured else Reason.DEFAULT,
            variant=variant_of(default),
            flag_metadata={SOURCE: "settings" if configured else "default"},
        )


def _failed(default: Any, code: ErrorCode, message: str | None) -> FlagResolutionDetails[Any]:
    return FlagResolutionDetails(default, error_code=code, error_message=message, reason=Reason.ERROR)


class EmbeddedClient(OpenFeatureClient):
    """A client with a provider of its own: nothing is registered in the process, so supervisors share nothing."""

    def __init__(self, domain: str, provider: EmbeddedProvider) -> None:
        super().__init__(domain, None)
        self._provider = provider

    @property
    def provider(self) -> EmbeddedProvider:
        """The one provider."""
        return self._provider

    def get_provider_status(self) -> ProviderStatus:
        """It answers from memory, always."""
        return ProviderStatus.READY
