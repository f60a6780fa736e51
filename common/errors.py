"""The typed errors of the project: each says what happened, where, and what to do about it."""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AgentError",
    "BuildError",
    "BuilderFault",
    "ConfigurationError",
    "ConstraintViolation",
    "DeploymentError",
    "EvolutionError",
    "GuidelineError",
    "ImprovementError",
    "IntentError",
    "LearningError",
    "LimitExceeded",
    "ModelError",
    "NotFound",
    "Overloaded",
    "PlanningError",
    "RequestRejected",
    "RoutingError",
    "SandboxError",
    "StoreDamaged",
    "StoreError",
    "StoreUnavailable",
    "StreamConflict",
    "SupervisorError",
    "ToolError",
    "ValidationFailed",
]


class SupervisorError(Exception):
    """Base of all errors raised on purpose.

    `what` is one sentence that says what happened; `where` names the place (a file and line, a stream, a tool,
    a setting); `todo` tells the reader how to go on.
    """

    code: ClassVar[str] = "error"

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        text = self.what if not self.where else f"{self.what} [{self.where}]"
        return text if not self.todo else f"{text} {self.todo}"


class ConfigurationError(SupervisorError):
    """Raised when settings, environment, flags or command-line values can't be used."""

    code = "configuration"


class RequestRejected(SupervisorError):
    """Raised at the door for a request that can't be processed at all (empty, too large, not encodable)."""

    code = "request_rejected"


class NotFound(SupervisorError):
    """Raised when a trace, intent, timer or agent that the caller named does not exist for them."""

    code = "not_found"


class RoutingError(SupervisorError):
    """Raised when the router can't decide at all (for example no role is registered)."""

    code = "routing"


class PlanningError(SupervisorError):
    """Raised when no usable plan could be made: cycles, unknown roles, dangling dependencies, nonsense output."""

    code = "planning"


class ToolError(SupervisorError):
    """Raised by a tool, or by its execution (bad arguments, time-out, unknown tool)."""

    code = "tool"


class ModelError(SupervisorError):
    """Raised when a model can't be reached or its answer can't be used."""

    code = "model"


class IntentError(SupervisorError):
    """Raised when an intent can't be validated, approved, claimed or carried out."""

    code = "intent"


class GuidelineError(SupervisorError):
    """Raised when a guideline's rules can't be used, or when it may not be changed that way."""

    code = "guideline"


class ImprovementError(SupervisorError):
    """Raised when an improvement can't be used, or may not be decided on or carried out that way."""

    code = "improvement"


class LearningError(SupervisorError):
    """Raised when a cycle of learning can't run, or what was saved of learning can't be read."""

    code = "learning"


class EvolutionError(SupervisorError):
    """Raised when a cycle of evolution can't run."""

    code = "evolution"


class StoreError(SupervisorError):
    """Base of the event store's errors."""

    code = "store"


class StreamConflict(StoreError):
    """Raised by an append whose expected version is not the stream's version: somebody else was first."""

    code = "stream_conflict"


class StoreUnavailable(StoreError):
    """Raised when the database can't be opened, read or written."""

    code = "store_unavailable"


class StoreDamaged(StoreUnavailable):
    """Raised when what is read in the database's files is not what the database wrote there."""

    code = "store_damaged"


class BuildError(SupervisorError):
    """Raised when an agent can't be built."""

    code = "build"


class BuilderFault(BuildError):
    """Raised where the builder itself is at fault, and not what was asked for."""

    code = "builder_fault"


class ConstraintViolation(BuildError):
    """Raised when a built agent is over its limits; the message carries the figures."""

    code = "constraint_violation"


class DeploymentError(BuildError):
    """Raised when an agent can't be deployed, brought back or loaded: a taken name, a changed file, a lost key."""

    code = "deployment"


class AgentError(SupervisorError):
    """Raised when a built agent can't answer; `case` is the code of the specification's error case, or ``worker``."""

    code = "agent"

    def __init__(self, case: str, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what, where=where, todo=todo)
        self.case = case


class ValidationFailed(SupervisorError):
    """Raised when generated code or a specification doesn't pass validation."""

    code = "validation"


class SandboxError(SupervisorError):
    """Raised when no sandbox is available or a sandboxed run can't be trusted."""

    code = "sandbox"


class LimitExceeded(SupervisorError):
    """Raised when a request reaches one of its bounds; `limit` names it (wall_clock, turns, tokens, …)."""

    code = "limit"

    def __init__(self, limit: str, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what, where=where, todo=todo)
        self.limit = limit


class Overloaded(SupervisorError):
    """Raised at once when admission is full; nothing of the request was done."""

    code = "overloaded"
