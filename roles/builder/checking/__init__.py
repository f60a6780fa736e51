"""The checks that written files go through: reading them first, then running them in a sandbox."""

from roles.builder.checking.reading import check_security, check_syntax, types_key
from roles.builder.checking.report import CheckReport, Failure
from roles.builder.checking.running import run_checks
from roles.builder.checking.version import checker_version

__all__ = [
    "CheckReport", "Failure", "check_security", "check_syntax", "checker_version", "run_checks", "types_key",
]  # fmt: skip
