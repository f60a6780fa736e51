"""The classifier: the served table equals the fitted model, the shipped one is up to date, and no text upsets it."""

from __future__ import annotations

import gzip
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bench_router import read_rows
from benchmarks.near_copies import near_copies
from common.errors import ConfigurationError
from roles.none_examples import none_examples
from roles.scorer.calibration import PRECISIONS, PrecisionCurve
from roles.scorer.evaluation import LabelledRow, calibration_error, coverage, evaluate, public_label
from roles.scorer.features import MAX_CHARS, MAX_TOKENS, extract
from roles.scorer.fitting import FitSettings, Fitted, fit
from roles.scorer.labels import route_of
from roles.scorer.phrasings import expand, phrasings_of, slots
from roles.scorer.scorer import Scorer
from roles.scorer.table import LinearTable
from roles.scorer.training import LABELS, Example, corpus_digest, shipped_corpus, shipped_examples, written_by_hand
from tests.roles.unseen_requests import UNSEEN

PUBLIC = Path(__file__).resolve().parents[3] / "shared/data/routing/clinc150_train_val.jsonl.gz"
ODD = st.text(st.characters(codec=None, categories=None), max_size=1_000)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """A small classifier, fitted here."""
    corpus = [example for number, example in enumerate(written_by_hand()) if number % 60 < 8]
    return fit(corpus, merge=route_of, settings=FitSettings(folds=3, drop_below=0.05))


def test_the_table_equals_the_fitted_model(fitted: Fitted) -> None:
    texts = [text for role in UNSEEN.values() for text in role]
    texts += ["", "???", "zzz qqq", "Ünïcödé £5 at 7:15", "a " * 500]
    expected = fitted.model.predict_proba(fitted.design(texts))
    for text, row in zip(texts, expected, strict=True):
        served = fitted.table.probabilities(extract(text))
        assert served == pytest.approx(row.tolist(), abs=1e-9)


def test_a_table_comes_back_from_its_file_as_it_was(fitted: Fitted) -> None:
    table = fitted.table
    again = LinearTable.from_bytes(table.to_bytes(), where="here")
    assert again == table
    assert again.to_bytes() == table.to_bytes()


def _without_last_weight(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data)[:-2])


def _without_step(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b'"step"', b'"stop"'))


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _another_file(data: bytes) -> bytes:
    return gzip.compress(b"something else")


def _not_gzip(data: bytes) -> bytes:
    return b"PK" + data


@pytest.mark.parametrize("damage", [bytes.upper, _cut, _not_gzip, _another_file, _without_last_weight, _without_step])
def test_a_damaged_file_is_named(fitted: Fitted, damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ConfigurationError, match=r"can't be read.*\[weights of mine\]"):
        LinearTable.from_bytes(damage(fitted.table.to_bytes()), where="weights of mine")


def test_the_precision_asked_for_is_kept_out_of_fold(fitted: Fitted) -> None:
    corpus = [example for number, example in enumerate(written_by_hand()) if number % 60 < 8]
    labels = fitted.table.labels
    judged: list[tuple[float, bool]] = []
    for example, row in zip(corpus, fitted.out_of_fold, strict=True):
        merged = dict.fromkeys(map(route_of, labels), 0.0)
        for label, probability in zip(labels, row, strict=True):
            merged[route_of(label)] += probability
        best = max(merged, key=merged.__getitem__)
        judged.append((merged[best], best == route_of(example.label)))
    assert fitted.curve.threshold(0.8) < 1
    for precision in fitted.curve.precisions:
        answered = [right for confidence, right in judged if confidence >= fitted.curve.threshold(precision) - 1e-9]
        assert len(answered) >= 100
        assert sum(answered) >= precision * len(answered)


@given(st.lists(st.tuples(st.sampled_from([0.2, 0.4, 0.6, 0.8, 0.9, 1.0]), st.booleans()), min_size=100, max_size=400))
def test_what_passes_a_measured_threshold_has_its_precision(judged: list[tuple[float, bool]]) -> None:
    curve = PrecisionCurve.measure([confidence for confidence, _ in judged], [right for _, right in judged])
    assert list(curve.thresholds) == sorted(curve.thresholds)
    for precision in PRECISIONS:
        answered = [right for confidence, right in judged if confidence >= curve.threshold(precision)]
        assert sum(answered) >= precision * len(answered)
    assert PrecisionCurve.from_json(curve.to_json()) == curve


def test_a_precision_nobody_reaches_lets_nothing_pass() -> None:
    curve = PrecisionCurve.measure([0.9] * 200, [index % 10 != 0 for index in range(200)])
    assert curve.threshold(0.9) == 0.9
    assert curve.threshold(0.95) > 1


def test_the_shipped_weights_belong_to_the_examples_and_features_of_today(scorer: Scorer) -> None:
    assert scorer.shipped.facts["corpus"] == corpus_digest(shipped_corpus()), (
        "examples, phrasings or features changed: run `python -m roles.scorer.fit`"
    )
    assert set(scorer.shipped.labels) == set(LABELS)


def test_the_shipped_threshold_keeps_its_precision_on_unseen_requests(scorer: Scorer) -> None:
    for precision in (0.9, 0.95):
        threshold = scorer.curve.threshold(precision)
        answered: list[bool] = []
        for role, texts in UNSEEN.items():
            for text in texts:
                merged = dict.fromkeys(map(route_of, scorer.shipped.labels), 0.0)
                for label, probability in scorer.probabilities(text).items():
                    merged[route_of(label)] += probability
                best = max(merged, key=merged.__getitem__)
                if merged[best] >= threshold:
                    answered.append(best == route_of(role))
        assert len(answered) >= 150
        assert sum(answered) >= precision * len(answered)


def test_every_role_has_many_different_examples_and_so_has_none() -> None:
    for role, texts in shipped_examples().items():
        assert len({text.lower() for text in texts}) == len(texts) >= 250, role
    nobody = [text for texts in none_examples().values() for text in texts]
    assert len(set(nobody)) == len(nobody) >= 600
    assert all(text.strip() == text != "" for text in nobody)


def test_no_request_has_two_labels() -> None:
    labels: dict[str, str] = {}
    for role, texts in {**shipped_examples(), **none_examples()}.items():
        for text in texts:
            assert labels.setdefault(text.lower(), role) == role, text


def test_no_unseen_request_is_an_example() -> None:
    unseen = [text for texts in UNSEEN.values() for text in texts]
    assert len(unseen) >= 60
    assert near_copies(unseen, [example.text for example in written_by_hand()]) == []


def test_no_example_is_a_near_copy_of_a_public_row() -> None:
    if not PUBLIC.exists():
        pytest.skip("the public rows are not beside the project (../shared/data)")
    rows = [row.text for row in read_rows(PUBLIC)]
    assert near_copies([example.text for example in written_by_hand()], rows) == []


def test_near_copies_are_found() -> None:
    rows = ["What's the weather like in Bern?", "call anna on monday"]
    assert near_copies(["whats the weather like in bern", "call anna", "something else"], rows) == [
        ("whats the weather like in bern", "what's the weather like in bern")
    ]
    assert near_copies(["on monday call anna"], rows) == [("on monday call anna", "call anna on monday")]


def test_phrasings_give_the_same_different_utterances_every_time() -> None:
    values = slots()
    for label in LABELS:
        assert phrasings_of(label)
        for phrasing in phrasings_of(label):
            texts = list(expand(phrasing, values))
            assert texts == list(expand(phrasing, values))
            assert len(set(texts)) == len(texts) >= 2
            assert not any(mark in text for text in texts for mark in "[]{}|")
    assert phrasings_of("a role of a host") == ()


def test_phrasings_fill_choices_and_slots() -> None:
    texts = set(expand("[wake|get] me up at {clock}[ please|]", {"clock": ("six", "seven")}, count=20))
    assert "wake me up at six" in texts
    assert "get me up at seven please" in texts
    assert len(texts) == 8
    with pytest.raises(KeyError, match="nothing"):
        list(expand("{nothing}", {}))


def test_phrasings_are_filled_in_other_ways_and_leave_out_what_is_said_word_for_word() -> None:
    values = {"day": ("monday", "tuesday", "friday"), "who": ("anna", "ben", "carla")}
    first, second = (list(expand("meet {who} and then {who} on {day}", values, 5, filling)) for filling in (0, 1))
    assert set(first) != set(second)
    assert first[0] not in set(expand("meet {who} and then {who} on {day}", values, 5, without={first[0]}))


def test_what_is_served_is_the_mean_over_the_fillings() -> None:
    words = (("apple tree", "pear", "old plum"), ("apple tree", "quince", "new fig"))
    one, other = (
        [Example(f"{label} {text}", label, f"{label} {text}") for label in ("aa", "bb", "cc") for text in texts]
        for texts in words
    )
    settings = FitSettings(folds=3, drop_below=0.0)

    def lead(fitted: Fitted) -> float:
        """By how much the first label leads the second one, before the temperature."""
        first, second, _ = fitted.table.probabilities(extract("aa pear"))
        return fitted.temperature * math.log(first / second)

    alone = [fit(corpus, merge=str, settings=settings) for corpus in (one, other)]
    together = fit(one, merge=str, settings=settings, fillings=[other])
    lower, higher = sorted(map(lead, alone))
    assert lower < lead(together) < higher


@settings(max_examples=300)
@given(ODD)
def test_no_text_upsets_the_classifier(text: str) -> None:
    probabilities = _shared().probabilities(text)
    assert sum(probabilities.values()) == pytest.approx(1)
    assert all(0 <= value <= 1 for value in probabilities.values())


def _shared() -> Scorer:
    if not _loaded:
        _loaded.append(Scorer.load())
    return _loaded[0]


_loaded: list[Scorer] = []


@given(ODD)
def test_features_are_bounded_and_not_repeated(text: str) -> None:
    blocks = extract(text)
    for block in blocks:
        assert len(set(block)) == len(block)
    assert len(blocks.words) <= 4 * MAX_TOKENS
    assert len(blocks.classes) <= 8 * MAX_TOKENS
    assert len(blocks.pieces) <= 3 * MAX_CHARS + 3 * MAX_TOKENS


def test_features_are_the_same_in_every_process() -> None:
    code = (
        "from roles.scorer.features import extract; print(extract('can you tell me when my train and your bus leave'))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def test_only_the_beginning_of_a_huge_text_is_read() -> None:
    text = "turn on the light " * 100
    assert extract(text + "and cancel my flight" * 10_000) == extract(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What's the weather in Bern?", "whats the weather in bern?"),
        ("Could you please turn on the lamp", "turn on the lamp"),
        ("I'd like you to wake me at 7:15", "wake me at 6:40"),
        ("timer for 12 minutes", "timer for forty minutes"),
        ("i can’t see", "I can't see"),
    ],
)
def test_politeness_case_apostrophes_and_figures_make_no_difference(one: str, other: str) -> None:
    first, second = extract(one), extract(other)
    assert first.classes == second.classes
    assert first.words == second.words


def test_serving_imports_neither_numpy_nor_scikit_learn() -> None:
    code = (
        "import sys; from roles.router import Router; from roles.scorer.scorer import Scorer; "
        "Scorer.load().probabilities('wake me at seven'); "
        "print([name for name in ('numpy', 'scipy', 'sklearn', 'strands') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def _rows(*rows: tuple[str, str, bool]) -> Sequence[LabelledRow]:
    return [LabelledRow(text=text, role=role, ambiguous=ambiguous) for text, role, ambiguous in rows]


def test_routing_is_judged_as_public_collections_label_it() -> None:
    answers = {
        "rain": {"weather": 0.9, "none": 0.1},
        "nudge": {"timer.reminder": 0.8, "none": 0.2},
        "wake": {"search": 0.6, "timer": 0.4},
        "hi": {"conversation": 0.5, "memory": 0.3, "billing": 0.2},
        "bank": {"none": 0.7, "calendar": 0.3},
        "odd": {"timer": 1.0},
    }
    report = evaluate(
        _rows(
            ("rain", "weather", False),
            ("nudge", "calendar", False),
            ("wake", "timer", False),
            ("hi", "none", False),
            ("bank", "none", False),
            ("odd", "none", True),
        ),
        answers.__getitem__,
        0.75,
    )
    assert report.rows == 5
    assert report.accuracy == pytest.approx(0.8)
    assert report.in_role_recall == pytest.approx(2 / 3)
    assert report.role_recall == {"calendar": 1.0, "timer": 0.0, "weather": 1.0}
    assert report.none_recall == 1.0
    assert report.coverage == {"0.90": pytest.approx(0.8), "0.95": pytest.approx(0.8), "0.99": pytest.approx(0.8)}
    assert report.shipped.coverage == pytest.approx(0.6)
    assert report.shipped.precision == 1.0
    assert report.confusion["timer"] == {"search": 1}
    assert report.ece == pytest.approx((0.1 + 0.2 + 0.6 + 0.0 + 0.3) / 5)
    assert report.ambiguous is not None
    assert report.ambiguous.rows == 1
    assert report.ambiguous.accuracy == 0.0


def test_nothing_to_judge_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no unambiguous rows"):
        evaluate(_rows(("odd", "none", True)), lambda text: {"none": 1.0}, 0.5)


def test_calibration_error_and_coverage() -> None:
    assert calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0)
    assert calibration_error([0.9] * 10, [True] * 4 + [False] * 6) == pytest.approx(0.5)
    assert coverage([0.9, 0.8, 0.7, 0.6], [True, True, False, True], 1.0) == 0.5
    assert coverage([0.9, 0.8, 0.7, 0.6], [True, True, False, True], 0.75) == 1.0
    assert coverage([0.9], [False], 0.5) == 0.0


@pytest.mark.parametrize(
    ("label", "public"),
    [("weather", "weather"), ("timer", "timer"), ("timer.reminder", "calendar"), ("memory", "none"),
     ("conversation", "none"), ("billing", "none"), ("none", "none")],
)  # fmt: skip
def test_what_public_collections_call_our_labels(label: str, public: str) -> None:
    assert public_label(label) == public
