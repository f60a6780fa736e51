"""`agent-supervisor eval`: how well requests are routed and tools selected, measured on labelled rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from supervisor.cli.options import CommonOptions
from supervisor.cli.output import columns, note, write, write_json
from supervisor.cli.runtime import load

if TYPE_CHECKING:
    from llm_provider.tool_evaluation import ToolsReport
    from roles.scorer.evaluation import RoutingReport

__all__ = ["routing", "tools"]

_ROWS = "JSON lines, packed by gzip or not"


def routing(
    file: Annotated[Path, Parameter(help=f"The rows: text, role, ambiguous ({_ROWS}).")],
    /,
    *,
    split: Annotated[str | None, Parameter(help="Only the rows of this split.")] = None,
    png_prefix: Annotated[Path | None, Parameter(help="Write PREFIX-reliability.png and PREFIX-confusion.png.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Measure the router's classifier, by the shipped roles and the configured precision.

    Recalls are over the most probable answer, "none" included. Rows of other roles (memory, conversation, a host's)
    count as none. Rows that people could disagree about are reported apart.
    """
    from common.json_lines import read_models
    from common.language.encoders import load_encoder
    from roles.router import load_scorer
    from roles.scorer.evaluation import LabelledRow, evaluate

    settings = load(common)
    scorer = load_scorer(load_encoder(settings.router.encoder), settings.data_dir / "cache")
    rows = (row for row in read_models(file, LabelledRow) if split is None or row.split == split)
    report = evaluate(rows, scorer.probabilities, scorer.curve.threshold(settings.router.precision))
    if json:
        write_json(report.model_dump())
    else:
        write("\n".join(_routing_lines(report, settings.router.precision)))
    if png_prefix is not None:
        from supervisor.cli.eval_plots import write_plots

        for path in write_plots(report, png_prefix):
            note(f"written: {path}")
    return 0


def tools(
    file: Annotated[Path, Parameter(help=f"The requests: request, tools, expected, expect_none ({_ROWS}).")],
    /,
    *,
    registry: Annotated[Path, Parameter(help=f"The tools: id, name, source, description, parameters ({_ROWS}).")],
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Measure the selection of tools without a model, each request among the tools that its row names by id."""
    from common.json_lines import read_models
    from common.language.encoders import load_encoder
    from llm_provider.tool_evaluation import RegistryRow, ToolRow, evaluate_tools

    encoder = load_encoder(load(common).router.encoder)
    report = evaluate_tools(read_models(file, ToolRow), read_models(registry, RegistryRow), encoder)
    if json:
        write_json(report.model_dump())
    else:
        write("\n".join(_tool_lines(report)))
    return 0


def _routing_lines(report: RoutingReport, precision: float) -> list[str]:
    lines = [
        f"rows               {report.rows}",
        f"accuracy           {report.accuracy:.3f}",
        f"in-role recall     {report.in_role_recall:.3f}",
        *(f"  {role:<16} {recall:.3f}" for role, recall in report.role_recall.items()),
        f"none recall        {report.none_recall:.3f}",
        f"calibration error  {report.ece:.3f}",
        *(f"coverage at {wanted}   {share:.3f}" for wanted, share in report.coverage.items()),
        f"shipped threshold  answers {report.shipped.coverage:.3f}, right {report.shipped.precision:.4f} "
        f"(precision {precision:g})",
        f"latency            p50 {report.latency_ms.p50:.2f} ms, p95 {report.latency_ms.p95:.2f} ms",
    ]
    names = sorted({*report.confusion, *(name for row in report.confusion.values() for name in row)})
    cells = [(name, *(str(report.confusion.get(name, {}).get(other, 0)) for other in names)) for name in names]
    lines += ["", *columns(("WANTED", *names), cells)]
    if report.ambiguous is not None:
        apart = report.ambiguous
        lines += ["", f"ambiguous, apart   {apart.rows} rows, accuracy {apart.accuracy:.3f}"]
    return lines


def _tool_lines(report: ToolsReport) -> list[str]:
    lines = [
        f"rows             {report.rows}, {report.with_tools} with a right tool",
        f"precision at 1   {_figure(report.precision_at_1)}",
        *(f"recall at {depth}      {_figure(share)}" for depth, share in report.recall_at.items()),
        f"all of several   {_figure(report.all_of_several)}",
        f"exact set        {report.exact_set:.3f}",
        f"no-tool AUC      {_figure(report.no_tool_auc)}",
        f"none recall      {_figure(report.none_recall)}",
        f"latency          p50 {report.latency_ms.p50:.2f} ms, p95 {report.latency_ms.p95:.2f} ms",
    ]
    if report.ambiguous is not None:
        apart = report.ambiguous
        lines.append(f"ambiguous, apart {apart.rows} rows, precision at 1 {_figure(apart.precision_at_1)}")
    return lines


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
