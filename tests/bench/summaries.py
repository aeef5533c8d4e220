"""Summaries against the first three sentences, on articles whose lead was taken out of the text.

The weights are fitted anew for each fold of a five-fold cross-validation, three times over, so
that no article is judged by weights that have seen it. ROUGE is counted as the Gazeta paper
counts it: F1 over sets of n-grams of razdel's lower-cased tokens, marks included; ROUGE-L by the
longest common subsequence. Beside that: what the guards of a model's summary let through.
"""

import json
import random
import re
import statistics
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import razdel

from bot.articles.model_summary import RefusedError, check
from bot.articles.openings import is_fragment, leans_back
from bot.articles.salience import probabilities
from bot.articles.sentences import sentences
from bot.articles.summary import SUMMARY_LIMIT, choose, summarise
from bot.words.normaliser import Normaliser
from tests.bench.report import Figure
from tests.training.summary import Example, example, fit, reference_tokens

_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"(?<=[а-я,] )[А-ЯЁ][а-яё]{3,}")

LEADS = Path(__file__).parents[3] / "shared" / "data" / "texts" / "leads.jsonl"
FOLDS, ROUNDS = 5, 3


class Rouge(NamedTuple):
    """A summary's worth against an editor's, 0 to 1."""

    r1: float
    r2: float
    rl: float


async def measure() -> list[Figure]:
    """ROUGE over the first three sentences, held out; CPU a summary."""
    if not LEADS.exists():
        return [Figure("summaries", "skipped: no practice data beside the repository")]
    normaliser = Normaliser()
    records = [json.loads(line) for line in LEADS.read_text("utf-8").splitlines()]
    examples = [example(record, normaliser) for record in records]
    first_three = [rouge(one.reference, _first_three(one.text)) for one in examples]
    rounds = [_held_out(examples, seed) for seed in range(ROUNDS)]
    ours = [
        Rouge(*map(statistics.mean, zip(*scores, strict=True)))
        for scores in zip(*rounds, strict=True)
    ]
    worse = statistics.mean(
        mine.r1 < theirs.r1
        for scores in rounds
        for mine, theirs in zip(scores, first_three, strict=True)
    )
    figures = [
        _over(name, at, ours, first_three, margin=margin)
        for at, (name, margin) in enumerate((("ROUGE-1", 0.5), ("ROUGE-2", 0.0), ("ROUGE-L", 0.0)))
    ]
    figures.append(Figure("articles with a lower ROUGE-1 than them", f"{worse:.0%}"))
    return [*figures, *_shipped(records, normaliser)]


def rouge(reference: Sequence[str], text: str) -> Rouge:
    """A text's ROUGE against the tokens of a reference."""
    tokens = reference_tokens(text)
    common = _longest_common(reference, tokens)
    return Rouge(
        _overlap(set(reference), set(tokens)),
        _overlap(_pairs(reference), _pairs(tokens)),
        2 * common / (len(reference) + len(tokens)) if common else 0.0,
    )


def _held_out(examples: Sequence[Example], seed: int) -> list[Rouge]:
    """Each example's ROUGE by weights that were fitted without its fold."""
    order = list(range(len(examples)))
    random.Random(seed).shuffle(order)  # noqa: S311  # folds, not secrets
    found: dict[int, Rouge] = {}
    for fold in range(FOLDS):
        held_out = set(order[fold::FOLDS])
        fitted = fit(one for at, one in enumerate(examples) if at not in held_out)
        for at in held_out:
            seen = examples[at].seen
            likely = probabilities(seen.words.features, fitted.weights)
            chosen = choose(seen, likely, reference=fitted.reference)
            found[at] = rouge(
                examples[at].reference, " ".join(seen.pieces[place] for place in chosen)
            )
    return [found[at] for at in range(len(examples))]


def _first_three(text: str) -> str:
    return " ".join([piece.text for piece in razdel.sentenize(text)][:3])


def _over(
    name: str, at: int, ours: Sequence[Rouge], theirs: Sequence[Rouge], *, margin: float
) -> Figure:
    mine = 100 * statistics.mean(score[at] for score in ours)
    base = 100 * statistics.mean(score[at] for score in theirs)
    return Figure(
        f"{name}, {FOLDS}-fold, {ROUNDS} times",
        f"{mine:.2f}; first three sentences {base:.2f}",
        f"≥ {base + margin:.2f}",
        mine >= base + margin,
    )


def _shipped(records: Sequence[dict[str, str]], normaliser: Normaliser) -> list[Figure]:
    """What the product's own summaries look like and cost."""
    summaries: list[str] = []
    taken: list[float] = []
    for _warm in range(2):
        summaries.clear()
        taken.clear()
        for record in records:
            begun = time.process_time()
            summary = summarise(
                record["title"], record["text"], language="ru", normaliser=normaliser
            )
            taken.append(time.process_time() - begun)
            summaries.append(summary)
    whole = sum(
        is_of_sentences(summary, record["text"])
        for summary, record in zip(summaries, records, strict=True)
    )
    first = [sentences(summary)[0] if summary else "" for summary in summaries]
    dangling = sum(not text or leans_back(text) or is_fragment(text) for text in first)
    length = [len(summary) for summary in summaries]
    return [
        *_guards(records, summaries, normaliser),
        Figure("summaries of the texts' own whole sentences", f"{whole} of {len(records)}",
               "all", whole == len(records)),
        Figure("summaries that are empty or begin in mid-air",
               str(dangling), "0", not dangling),
        Figure("their length in characters: mean, longest",
               f"{statistics.mean(length):.0f}, {max(length)}",
               f"≤ {SUMMARY_LIMIT}", max(length) <= SUMMARY_LIMIT),
        Figure("CPU a summary", f"{statistics.mean(taken) * 1000:.1f} ms"),
    ]  # fmt: skip


def _guards(
    records: Sequence[dict[str, str]], summaries: Sequence[str], normaliser: Normaliser
) -> list[Figure]:
    """What the guards of a model's summary make of true ones and of ones with one thing changed."""
    dice = random.Random(0)  # noqa: S311  # changes to try, not secrets
    names = [name for summary in summaries for name in _NAME.findall(summary)]
    alarms = 0
    numbers: list[bool] = []
    elsewhere: list[bool] = []
    swapped: list[bool] = []
    for record, summary in zip(records, summaries, strict=True):
        source = f"{record['title']} {record['text']}"
        alarms += _refused(summary, record, normaliser)
        for match in _NUMBER.finditer(summary):
            number = str(int(match[0]) + dice.choice((1, 2, 7, 10, 100)))
            known = re.search(rf"(?<!\d){number}(?!\d)", source) is not None
            wrong = f"{summary[: match.start()]}{number}{summary[match.end() :]}"
            (elsewhere if known else numbers).append(_refused(wrong, record, normaliser))
        for match in _NAME.finditer(summary):
            name = dice.choice(names)
            if name[:4].lower() not in source.lower():
                wrong = f"{summary[: match.start()]}{name}{summary[match.end() :]}"
                swapped.append(_refused(wrong, record, normaliser))
    return [
        Figure("guards of a model's summary: false alarms", f"{alarms} of {len(records)}",
               "0", not alarms),
        Figure("wrong numbers caught", f"{sum(numbers)} of {len(numbers)}",
               "≥ 99 %", sum(numbers) >= 0.99 * len(numbers)),
        Figure("the same where the number stands elsewhere in the article",
               f"{sum(elsewhere)} of {len(elsewhere)}"),
        Figure("wrong names caught", f"{sum(swapped)} of {len(swapped)}",
               "≥ 99 %", sum(swapped) >= 0.99 * len(swapped)),
    ]  # fmt: skip


def _refused(summary: str, record: dict[str, str], normaliser: Normaliser) -> bool:
    try:
        check(
            summary,
            title=record["title"],
            text=record["text"],
            language="ru",
            normaliser=normaliser,
        )
    except RefusedError:
        return True
    return False


def is_of_sentences(summary: str, text: str) -> bool:
    """Whether a summary is some of a text's sentences, in order, and nothing else."""
    left = summary
    for piece in sentences(text):
        left = left.removeprefix(piece).lstrip()
    return bool(summary) and not left


def _overlap(one: set[Any], other: set[Any]) -> float:
    common = len(one & other)
    return 2 * common / (len(one) + len(other)) if common else 0.0


def _pairs(tokens: Sequence[str]) -> set[tuple[str, str]]:
    return set(pairwise(tokens))


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence (bit-parallel: Crochemore et al., 2001)."""
    places: dict[str, int] = {}
    for at, token in enumerate(one):
        places[token] = places.get(token, 0) | 1 << at
    mask = (1 << len(one)) - 1
    row = mask
    for token in other:
        matched = row & places.get(token, 0)
        row = ((row + matched) | (row - matched)) & mask
    return len(one) - row.bit_count()
