"""Fits the weights of `bot.articles.salience`: `python -m tests.training.summary FILE`.

FILE is JSON Lines with `title`, `text` and `summary`: an article and what an editor wrote above
it. The weights in use are of 474 Russian news articles with their leads, those of NEREL (MIT) and
factRuEval-2016 (published without a licence); nothing of the texts is in the numbers. Ridge
regression needs each article's sums of products only, so that a cross-validation fits its folds
in no time: `tests.bench.summaries` does that.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import razdel

from bot.articles.summary import Outline, outline
from bot.words.normaliser import Normaliser

RIDGE = 10.0

Vector = list[float]
Matrix = list[Vector]


def reference_tokens(text: str) -> list[str]:
    """A text as the Gazeta paper compares it: razdel's tokens, marks too, lower-cased."""
    return [token.text.lower() for token in razdel.tokenize(text)]


@dataclass(slots=True)
class Sums:
    """What ridge regression has to know of its data, by the kind of word."""

    products: dict[str, Matrix] = field(default_factory=dict)
    targets: dict[str, Vector] = field(default_factory=dict)
    references: float = 0.0
    articles: int = 0

    def add(self, kind: str, values: Sequence[float], target: bool) -> None:
        """Count a word and whether it is in the reference."""
        size = len(values)
        products = self.products.setdefault(kind, [[0.0] * size for _ in range(size)])
        targets = self.targets.setdefault(kind, [0.0] * size)
        for row, one in enumerate(values):
            targets[row] += one * target
            for column, other in enumerate(values):
                products[row][column] += one * other

    def include(self, other: "Sums") -> None:
        """Count another's data as well."""
        for kind, matrix in other.products.items():
            size = len(matrix)
            mine = self.products.setdefault(kind, [[0.0] * size for _ in range(size)])
            targets = self.targets.setdefault(kind, [0.0] * size)
            for row in range(size):
                targets[row] += other.targets[kind][row]
                for column in range(size):
                    mine[row][column] += matrix[row][column]
        self.references += other.references
        self.articles += other.articles


@dataclass(frozen=True, slots=True)
class Example:
    """An article, its editor's summary as tokens, and its part of the sums."""

    seen: Outline
    text: str
    reference: list[str]
    sums: Sums


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights by kind of word, and how many different tokens a reference has on the average."""

    weights: Mapping[str, Vector]
    reference: float


def example(record: Mapping[str, Any], normaliser: Normaliser) -> Example:
    """A record of the training file, read."""
    title, text = str(record["title"]), str(record["text"])
    seen = outline(title, text, language="ru", normaliser=normaliser)
    reference = reference_tokens(str(record["summary"]))
    wanted = set(reference)
    sums = Sums(references=len(wanted), articles=1)
    for word, (kind, values) in seen.words.features.items():
        sums.add(kind, values, word in wanted)
    return Example(seen, text, reference, sums)


def fit(examples: Iterable[Example]) -> Fit:
    """The weights that the examples ask for."""
    sums = Sums()
    for one in examples:
        sums.include(one.sums)
    weights = {
        kind: _solved(
            [
                [value + RIDGE * (row == column) for column, value in enumerate(values)]
                for row, values in enumerate(matrix)
            ],
            sums.targets[kind],
        )
        for kind, matrix in sums.products.items()
    }
    return Fit(weights, sums.references / sums.articles)


def _solved(matrix: Matrix, right: Vector) -> Vector:
    """The solution of a positive definite system, by elimination."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for pivot in range(size):
        for row in range(pivot + 1, size):
            factor = rows[row][pivot] / rows[pivot][pivot]
            rows[row] = [x - factor * y for x, y in zip(rows[row], rows[pivot], strict=True)]
    solution = [0.0] * size
    for row in reversed(range(size)):
        known = sum(rows[row][column] * solution[column] for column in range(row + 1, size))
        solution[row] = (rows[row][size] - known) / rows[row][row]
    return solution


def main() -> None:
    """Print the weights as `bot.articles.salience` holds them."""
    parser = argparse.ArgumentParser(description="Fit the weights of the summaries.")
    parser.add_argument("file", type=Path, help="JSON Lines: title, text, summary")
    lines = parser.parse_args().file.read_text("utf-8").splitlines()
    normaliser = Normaliser()
    found = fit([example(json.loads(line), normaliser) for line in lines])
    print(f"REFERENCE = {found.reference:.1f}")
    for kind, weights in sorted(found.weights.items()):
        print(f'    "{kind}": ({", ".join(f"{weight:.3f}" for weight in weights)},),')


if __name__ == "__main__":
    main()
