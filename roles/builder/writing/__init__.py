"""From a specification to files: code, tests and documentation, the same ones for the same specification."""

from roles.builder.writing.documents import write_documentation
from roles.builder.writing.package import (
    component_file,
    component_hash,
    component_of_file,
    write_component,
    write_frame,
)  # fmt: skip
from roles.builder.writing.tests import write_tests

__all__ = [
    "component_file", "component_hash", "component_of_file", "write_component", "write_documentation", "write_frame",
    "write_tests",
]  # fmt: skip
