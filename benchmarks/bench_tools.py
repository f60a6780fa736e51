"""Measures the selection of tools without a model: on labelled public requests, and on the project's own.

    python -m benchmarks.bench_tools [--registry ../shared/data/tools/registry.jsonl.gz] [--encoder minilm] [FILE …]

Each set of a file is judged apart, and all sets where no tool fits together with the others of the same file. Without
files only the project's own tools and requests (`own_tools.txt`, and longer requests in `own_long.txt`) are judged,
which thresholds were chosen on. Times are the processor's.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from pathlib import Path

from common.json_lines import read_models, read_objects
from common.language.encoders import LEXICAL, load_encoder
from llm_provider.tool_evaluation import RegistryRow, ToolRow, ToolsReport, evaluate_tools

_JOINED = ("{} {}", "{} Also: {}", "{} And then {}")
_OWN, _LONG = (Path(__file__).with_name(name) for name in ("own_tools.txt", "own_long.txt"))


def own() -> tuple[list[ToolRow], list[RegistryRow]]:
    """The project's own requests and tools."""
    rows: list[ToolRow] = []
    tools: list[RegistryRow] = []
    for line in _OWN.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, description, arguments, requests = line.split(" | ")
        parameters = {argument.strip(): {"type": "string"} for argument in arguments.split(",")}
        tools.append(RegistryRow(id=name, source="own", name=name, description=description, parameters=parameters))
        rows += [
            ToolRow(request=said.strip(), tools="registry:own", expected=(name,)) for said in requests.split(" ;; ")
        ]
    return rows, tools


def own_pairs(count: int = 300) -> list[ToolRow]:
    """Two of the project's own requests said in one breath, the same pairs each time."""
    rows, _ = own()
    choose = random.Random(7)
    pairs: list[ToolRow] = []
    while len(pairs) < count:
        first, second = choose.sample(rows, 2)
        if first.expected != second.expected:
            said = first.request if first.request.endswith((".", "?", "!")) else f"{first.request}."
            text = choose.choice(_JOINED).format(said, second.request)
            pairs.append(ToolRow(request=text, tools="registry:own", expected=(*first.expected, *second.expected)))
    return pairs


def own_long() -> list[ToolRow]:
    """The project's own longer requests: what somebody says who needs one or two of its tools."""
    lines = _LONG.read_text(encoding="utf-8").splitlines()
    said = (line.split(" | ") for line in lines if not line.startswith("#"))
    return [ToolRow(request=text, tools="registry:own", expected=tuple(names.split(", "))) for names, text in said]


def show(name: str, report: ToolsReport) -> None:
    """Print one report's figures."""
    figures = {
        "P@1": report.precision_at_1,
        **{f"R@{depth}": share for depth, share in report.recall_at.items()},
        "all of several": report.all_of_several,
        "exact": report.exact_set,
        "no-tool AUC": report.no_tool_auc,
        "none": report.none_recall,
    }
    shown = ", ".join(f"{figure} {value:.3f}" for figure, value in figures.items() if value is not None)
    latency = report.latency_ms
    print(f"{name}: {report.rows} rows, {shown}, p50 {latency.p50:.2f} ms, p95 {latency.p95:.2f} ms")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--registry", type=Path)
    parser.add_argument("--encoder", default=LEXICAL)
    options = parser.parse_args()
    encoder = load_encoder(options.encoder)
    show("own", evaluate_tools(*own(), encoder))
    show("own, in pairs", evaluate_tools(own_pairs(), own()[1], encoder))
    show(
        "own, long, one tool", evaluate_tools([row for row in own_long() if len(row.expected) == 1], own()[1], encoder)
    )
    show(
        "own, long, two tools", evaluate_tools([row for row in own_long() if len(row.expected) > 1], own()[1], encoder)
    )
    registry = list(read_models(options.registry, RegistryRow)) if options.registry else []
    for path in options.files:
        sets: dict[str, list[ToolRow]] = defaultdict(list)
        for _, value in read_objects(path):
            sets[str(value.get("set", ""))].append(ToolRow.model_validate(value))
        for name, rows in sets.items():
            show(f"{path.name} {name}", evaluate_tools(rows, registry, encoder))
        if len(sets) > 1:
            show(f"{path.name} all", evaluate_tools([row for rows in sets.values() for row in rows], registry, encoder))


if __name__ == "__main__":
    main()
