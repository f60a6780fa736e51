"""Measures the router's classifier: on labelled public rows, and out of fold on the project's own examples.

    python -m benchmarks.bench_router ../shared/data/routing/clinc150_train_val.jsonl.gz [--split val]
        [--encoder minilm] [--own] [--near]

`--split` takes one split's rows only; `--own` fits anew (a minute or two); `--near` lists the examples that are near
copies of a row (similarity above .9).
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.near_copies import near_copies
from common.json_lines import read_models
from common.language.encoders import LEXICAL, load_encoder
from roles.router import load_scorer
from roles.scorer.evaluation import LabelledRow, RoutingReport, calibration_error, coverage, evaluate, public_label
from roles.scorer.fit import FILLINGS, fit_shipped
from roles.scorer.labels import route_of
from roles.scorer.training import shipped_corpus


def read_rows(path: Path, split: str | None = None) -> list[LabelledRow]:
    """The rows of a file, one split's only where it is named."""
    return [row for row in read_models(path, LabelledRow) if split is None or row.split == split]


def show(name: str, report: RoutingReport) -> None:
    """Print one report's figures."""
    print(f"{name}: {report.rows} rows, accuracy {report.accuracy:.3f}")
    print(f"  in-role recall {report.in_role_recall:.3f}, none recall {report.none_recall:.3f}, ece {report.ece:.3f}")
    print("  " + ", ".join(f"{role} {recall:.3f}" for role, recall in report.role_recall.items()))
    print("  coverage at " + ", ".join(f"{precision}: {share:.3f}" for precision, share in report.coverage.items()))
    print(f"  shipped threshold: answers {report.shipped.coverage:.3f}, right {report.shipped.precision:.4f}")
    print(f"  latency p50 {report.latency_ms.p50:.3f} ms, p95 {report.latency_ms.p95:.3f} ms")


def public(path: Path, split: str | None, precision: float, encoder: str) -> None:
    """Judge the shipped weights on public rows."""
    started = time.perf_counter()
    scorer = load_scorer(load_encoder(encoder))
    print(f"weights loaded in {1000 * (time.perf_counter() - started):.0f} ms")
    raw = read_rows(path, split)
    report = evaluate(raw, scorer.probabilities, scorer.curve.threshold(precision))
    show(f"{path.name} {split or 'all'}", report)
    if report.ambiguous is not None:
        print(f"  ambiguous rows apart: {report.ambiguous.rows}, accuracy {report.ambiguous.accuracy:.3f}")
    beyond = [row.text for row in raw if row.source_intent == "oos"]
    if beyond:
        kept = sum(_best(scorer.probabilities(text)) == "none" for text in beyond)
        print(f"  rows the collection calls out of scope: {len(beyond)}, recall {kept / len(beyond):.3f}")


def _best(probabilities: dict[str, float]) -> str:
    merged: dict[str, float] = defaultdict(float)
    for label, probability in probabilities.items():
        merged[public_label(label)] += probability
    return max(merged, key=merged.__getitem__)


def own() -> None:
    """Fit anew and judge the predictions out of fold."""
    fitted = fit_shipped()
    corpus = shipped_corpus()
    confidences: list[float] = []
    right: list[bool] = []
    for example, row in zip(corpus, fitted.out_of_fold, strict=True):
        merged: dict[str, float] = defaultdict(float)
        for label, probability in zip(fitted.table.labels, row, strict=True):
            merged[route_of(label)] += probability
        best = max(merged, key=merged.__getitem__)
        confidences.append(merged[best])
        right.append(best == route_of(example.label))
    print(f"own examples out of fold: {len(corpus)}, accuracy {sum(right) / len(right):.3f}")
    print(f"  ece {calibration_error(confidences, right):.3f}, temperature {fitted.temperature}")
    print("  coverage at " + ", ".join(f"{p}: {coverage(confidences, right, p):.3f}" for p in (0.9, 0.95, 0.99)))
    print("  thresholds " + ", ".join(f"{p}: {fitted.curve.threshold(p):.3f}" for p in (0.9, 0.95, 0.99)))


def near(path: Path) -> None:
    """List the examples that are near copies of a row."""
    texts = {example.text for number in range(FILLINGS) for example in shipped_corpus(number)}
    found = near_copies(sorted(texts), [row.text for row in read_rows(path)])
    for example, row in found:
        print(f"  {example!r} ~ {row!r}")
    print(f"near copies: {len(found)}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--split")
    parser.add_argument("--precision", type=float, default=0.99)
    parser.add_argument("--encoder", default=LEXICAL)
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--near", action="store_true")
    options = parser.parse_args()
    public(options.rows, options.split, options.precision, options.encoder)
    if options.own:
        own()
    if options.near:
        near(options.rows)


if __name__ == "__main__":
    main()
