"""`python -m tests.training.stories`: learn the weights of `bot.articles.likeness`, and print them.

    labelled pairs ─▶ fingerprints ─▶ evidence ─▶ logistic regression ─▶ WEIGHTS, to be pasted

The pairs stand beside the repository (Apache-2.0, the texts their publishers'); seven numbers of
them ship, and nothing else. `tests/bench/stories.py` cross-validates the same fit.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bot.articles.likeness import Evidence, Fingerprint, Weights, evidence, fingerprint
from bot.words.normaliser import Normaliser
from tests.articles.practice import records
from tests.training.logistic import fit

RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled pair. `group` numbers the pairs that share articles, directly or by others."""

    first: Fingerprint
    second: Fingerprint
    found: Evidence
    same: bool
    language: str
    group: int
    urls: tuple[str, str]


def pairs(normaliser: Normaliser) -> list[Pair]:
    """The labelled practice pairs; skips where they are absent."""
    labelled = records("pairs/pairs.jsonl")
    leader: dict[str, str] = {}

    def leader_of(url: str) -> str:
        while (above := leader.setdefault(url, url)) != url:
            url = above
        return url

    prints: dict[str, Fingerprint] = {}
    for pair in labelled:
        for article in (pair["first"], pair["second"]):
            prints[article["url"]] = fingerprint(article["title"], article["text"], normaliser)
        leader[leader_of(pair["first"]["url"])] = leader_of(pair["second"]["url"])
    groups: dict[str, int] = {}
    found = []
    for pair in labelled:
        urls = pair["first"]["url"], pair["second"]["url"]
        one, other = prints[urls[0]], prints[urls[1]]
        group = groups.setdefault(leader_of(urls[0]), len(groups))
        said = pair["same"] == "OK"
        found.append(Pair(one, other, evidence(one, other), said, pair["lang"], group, urls))
    return found


def learned(labelled: Sequence[Pair]) -> Weights:
    """The weights that fit these pairs best."""
    bias, weights = fit(
        [one.found for one in labelled], [one.same for one in labelled], ridge=RIDGE
    )
    return Weights(bias, Evidence(*weights))


def folds(labelled: Sequence[Pair], count: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """(learned from, judged) places of the pairs, `count` times; no article is in both.

    Each fold gets its share of either answer, as far as the groups allow.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for place, pair in enumerate(labelled):
        members[pair.group].append(place)
    groups = list(members.values())
    Random(seed).shuffle(groups)  # noqa: S311 (a draw of lots, no secret)
    groups.sort(key=len, reverse=True)
    dealt: list[list[int]] = [[] for _ in range(count)]

    def burden(fold: list[int], group: list[int]) -> tuple[int, int]:
        same = sum(labelled[place].same for place in group)
        mine = sum(labelled[place].same for place in fold)
        return (mine if 2 * same >= len(group) else len(fold) - mine), len(fold)

    for group in groups:
        min(dealt, key=lambda fold: burden(fold, group)).extend(group)
    for judged in dealt:
        held = set(judged)
        yield [place for place in range(len(labelled)) if place not in held], judged


def main() -> None:
    """Print the weights learned from all pairs."""
    weights = learned(pairs(Normaliser()))
    values = ", ".join(f"{name}={value:.2f}" for name, value in weights.evidence._asdict().items())
    print(f"WEIGHTS = Weights({weights.bias:.2f}, Evidence({values}))")


if __name__ == "__main__":
    main()
