"""From words to a specification, without a model: schema, request, design, specification, YAML, corrections."""

from roles.builder.understanding.analysis import analyze
from roles.builder.understanding.checking import check_specification
from roles.builder.understanding.correcting import correct
from roles.builder.understanding.designing import Architecture, design
from roles.builder.understanding.requirements import Question, Requirements
from roles.builder.understanding.schema import read_schema
from roles.builder.understanding.specifying import specify
from roles.builder.understanding.yaml_form import from_yaml, to_yaml

__all__ = [
    "Architecture", "Question", "Requirements", "analyze", "check_specification", "correct", "design", "from_yaml",
    "read_schema", "specify", "to_yaml",
]  # fmt: skip
