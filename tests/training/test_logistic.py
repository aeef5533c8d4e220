"""The fit that made the shipped weights finds what is there to be found."""

import math
from random import Random

import pytest

from tests.training.logistic import fit


def _drawn(
    bias: float, weights: tuple[float, ...], count: int
) -> tuple[list[list[float]], list[bool]]:
    lots = Random(7)  # noqa: S311 (a draw of lots, no secret)
    rows = [[lots.gauss(0, 1 + at) for at in range(len(weights))] for _ in range(count)]
    odds = [bias + sum(w * v for w, v in zip(weights, row, strict=True)) for row in rows]
    return rows, [lots.random() < 1 / (1 + math.exp(-value)) for value in odds]


def test_the_weights_that_the_answers_were_drawn_by() -> None:
    rows, said = _drawn(-0.5, (2.0, -1.0), 4000)
    bias, weights = fit(rows, said, ridge=0.1)
    assert bias == pytest.approx(-0.5, abs=0.15)
    assert weights == pytest.approx([2.0, -1.0], abs=0.15)


def test_a_ridge_holds_weights_down_and_a_constant_column_harms_nothing() -> None:
    rows, said = _drawn(0.0, (3.0,), 200)
    _, (free,) = fit(rows, said, ridge=0.01)
    _, (held,) = fit(rows, said, ridge=100.0)
    assert 0 < held < free / 2
    _, (same, nothing) = fit([[*row, 1.0] for row in rows], said, ridge=0.01)
    assert same == pytest.approx(free, abs=1e-6)
    assert nothing == pytest.approx(0, abs=1e-6)
