"""`python -m roles.scorer.fit` writes the shipped weights anew from the examples; run it after changing either
examples, phrasings or features. A test fails where it was forgotten."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from roles.scorer.fitting import FitSettings, Fitted, fit
from roles.scorer.labels import examples_digest, route_of
from roles.scorer.scorer import WEIGHTS
from roles.scorer.training import corpus_digest, shipped_corpus, shipped_examples

__all__ = ["fit_shipped", "main"]


def fit_shipped(settings: FitSettings | None = None) -> Fitted:
    """Fit the shipped roles' classifier."""
    corpus = shipped_corpus()
    facts = {
        "corpus": corpus_digest(corpus),
        "examples": {name: examples_digest(texts) for name, texts in shipped_examples().items()},
    }
    return fit(corpus, merge=route_of, settings=settings, facts=facts)


def main(arguments: list[str]) -> int:
    """Fit and write; the first argument is where to, if not into the package. Returns the exit code."""
    path = Path(arguments[0]) if arguments else Path(__file__).with_name(WEIGHTS)
    started = time.perf_counter()
    fitted = fit_shipped()
    data = fitted.table.to_bytes()
    path.write_bytes(data)
    sys.stdout.write(
        f"{path}: {len(fitted.table.index)} features, {len(data) / 1e6:.2f} MB, temperature {fitted.temperature:.2f}, "
        f"{time.perf_counter() - started:.0f} s\n"
    )
    for precision in (0.9, 0.95, 0.99):
        sys.stdout.write(f"  precision {precision}: from {fitted.curve.threshold(precision):.3f}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
