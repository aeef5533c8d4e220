"""The weights of `bot.articles.likeness` are those that the labelled pairs teach."""

import pytest

from bot.articles.likeness import WEIGHTS
from bot.words.normaliser import Normaliser
from tests.training.stories import Pair, folds, learned, pairs


@pytest.fixture(scope="module")
def labelled() -> list[Pair]:
    return pairs(Normaliser())


def test_the_shipped_weights_are_the_learned_ones(labelled: list[Pair]) -> None:
    """Where this fails, run `python -m tests.training.stories` and the bench of stories."""
    weights = learned(labelled)
    assert weights.bias == pytest.approx(WEIGHTS.bias, abs=0.02)
    assert weights.evidence == pytest.approx(WEIGHTS.evidence, abs=0.02)


def test_no_article_is_learned_from_and_judged(labelled: list[Pair]) -> None:
    judged_once: list[int] = []
    for others, judged in folds(labelled, 5, seed=1):
        seen = {url for at in others for url in labelled[at].urls}
        assert not any(url in seen for at in judged for url in labelled[at].urls)
        assert len(judged) >= len(labelled) // 8
        judged_once += judged
    assert sorted(judged_once) == list(range(len(labelled)))
