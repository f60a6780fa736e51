"""`python -m roles.scorer.fit` writes the shipped weights anew from the examples; run it after changing either
examples, phrasings or features. A test fails where it was forgotten.

With ``--encoder minilm`` (or a host's own, as module:attribute) it writes what reads the vectors of that encoder: into
the package, or to the path that is given. For a host's own that is ``head-<name>.bin`` in the folder ``cache`` of the
data folder.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from common.language.encoders import LEXICAL, Encoder, load_encoder
from roles.scorer.calibration import PrecisionCurve
from roles.scorer.dense import head_name
from roles.scorer.fitting import FitSettings, Fitted, fit
from roles.scorer.labels import NONE, examples_digest, route_of
from roles.scorer.scorer import WEIGHTS
from roles.scorer.training import corpus_digest, shipped_corpus, shipped_examples

__all__ = ["FILLINGS", "fit_shipped", "main"]

FILLINGS = 5
"""In how many ways each phrasing is filled; the model that is served is a mean over as many."""


def fit_shipped(settings: FitSettings | None = None) -> Fitted:
    """Fit the shipped roles' classifier."""
    corpus = shipped_corpus()
    facts = {
        "corpus": corpus_digest(corpus),
        "examples": {name: examples_digest(texts) for name, texts in shipped_examples().items()},
    }
    fillings = [shipped_corpus(number) for number in range(1, FILLINGS)]
    return fit(corpus, merge=route_of, open_label=NONE, settings=settings, facts=facts, fillings=fillings)


def main(arguments: list[str]) -> int:
    """Fit and write. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m roles.scorer.fit")
    parser.add_argument("path", nargs="?", type=Path, help="where to write to, if not into the package")
    parser.add_argument("--encoder", default=LEXICAL, help="minilm, or module:attribute")
    options = parser.parse_args(arguments)
    encoder = load_encoder(options.encoder)
    started = time.perf_counter()
    fitted = fit_shipped()
    if encoder is not None:
        _write_head(fitted, encoder, options.path)
        return 0
    path = options.path or Path(__file__).with_name(WEIGHTS)
    data = fitted.table.to_bytes()
    path.write_bytes(data)
    sys.stdout.write(
        f"{path}: {len(fitted.table.index)} features, {len(data) / 1e6:.2f} MB, temperature {fitted.temperature:.2f}, "
        f"none +{fitted.table.facts['open_bias']:.2f}, "
        f"{time.perf_counter() - started:.0f} s\n"
    )
    for precision in (0.9, 0.95, 0.99):
        sys.stdout.write(f"  precision {precision}: from {fitted.curve.threshold(precision):.3f}\n")
    return 0


def _write_head(fitted: Fitted, encoder: Encoder, path: Path | None) -> None:
    from roles.scorer.dense_fitting import fit_head

    corpus = shipped_corpus()
    head = fit_head(corpus, fitted, encoder, route_of, corpus_digest(corpus))
    path = path or Path(__file__).with_name(head_name(encoder.name))
    path.write_bytes(head.to_bytes())
    sys.stdout.write(f"{path}: words {head.lexical:.1f}, vectors {head.dense:.1f}\n")
    curve = PrecisionCurve.from_json(head.facts["curve"])
    for precision in (0.9, 0.95, 0.99):
        sys.stdout.write(f"  precision {precision}: from {curve.threshold(precision):.3f}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
