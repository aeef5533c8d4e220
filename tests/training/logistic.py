"""Logistic regression for a handful of weights: Newton's method, no dependency."""

import math
from collections.abc import Sequence

_STEPS = 30
_STILL = 1e-9


def fit(
    rows: Sequence[Sequence[float]], said: Sequence[bool], *, ridge: float = 1.0
) -> tuple[float, list[float]]:
    """(bias, weights) by which a row's log-odds are bias + Σ weight · value.

    `ridge` holds the weights down (half its square sum is added to the loss), in units of each
    column's own spread; the bias is free.
    """
    columns = list(zip(*rows, strict=True))
    means = [sum(column) / len(column) for column in columns]
    spreads = [
        math.sqrt(sum((value - mean) ** 2 for value in column) / len(column)) or 1.0
        for column, mean in zip(columns, means, strict=True)
    ]
    scaled = [
        [1.0, *((v - mean) / spread for v, mean, spread in zip(row, means, spreads, strict=True))]
        for row in rows
    ]
    size = len(scaled[0])
    weights = [0.0] * size
    for _ in range(_STEPS):
        slope = [ridge * weight if at else 0.0 for at, weight in enumerate(weights)]
        bend = [[ridge if i == j and i else 0.0 for j in range(size)] for i in range(size)]
        for row, same in zip(scaled, said, strict=True):
            odds = 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, row, strict=True))))
            for i in range(size):
                slope[i] += (odds - same) * row[i]
                for j in range(size):
                    bend[i][j] += odds * (1 - odds) * row[i] * row[j]
        step = _solved(bend, slope)
        weights = [weight - by for weight, by in zip(weights, step, strict=True)]
        if max(map(abs, step)) < _STILL:
            break
    plain = [weight / spread for weight, spread in zip(weights[1:], spreads, strict=True)]
    return weights[0] - sum(w * m for w, m in zip(plain, means, strict=True)), plain


def _solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """x of matrix · x = right, by Gauss's elimination; the matrix is positive definite."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for at in range(size):
        pivot = rows[at][at]
        rows[at] = [value / pivot for value in rows[at]]
        for other in range(size):
            if other != at:
                factor = rows[other][at]
                rows[other] = [
                    value - factor * lead for value, lead in zip(rows[other], rows[at], strict=True)
                ]
    return [row[size] for row in rows]
