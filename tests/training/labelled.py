"""Articles with the topics that people gave them, and how many of those a classifier finds.

An article is known by a hash of its address, so that no file here holds anything of it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, pstdev

from bot.articles.topics import WORDS_READ
from bot.words.normaliser import Normaliser
from storage import Topic

VERDICTS = Path(__file__).with_name("topics.json")
LABELS = Path(__file__).with_name("topic_labels.txt")

NO_TOPIC_WEIGHT, OWN_WEIGHT = 0.5, 0.1

GIVEN = {
    "society": Topic.SOCIETY,
    "economy": Topic.ECONOMY,
    "sports": Topic.SPORT,
    "technology": Topic.TECHNOLOGY,
    "science": Topic.SCIENCE,
    "entertainment": Topic.CULTURE,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article's tokens; `given` is people's topic, `topic` the product's, "" where unknown.

    `weight` is what it counts in training: less where people gave none of the six topics, least
    where all that is known of it is ours.
    """

    key: str
    language: str
    title: list[str]
    text: list[str]
    given: str
    topic: str
    weight: float


def key_of(url: str) -> str:
    """What stands for an article in the files beside this one."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def read_articles(path: Path, normaliser: Normaliser) -> list[Labelled]:
    """The articles with the topics that people and we gave them."""
    ours = dict(line.split() for line in LABELS.read_text("utf-8").splitlines())
    articles = []
    for line in path.read_text("utf-8").splitlines():
        said = json.loads(line)
        key = key_of(said["url"])
        given = GIVEN.get(said["cat"], "")
        articles.append(
            Labelled(
                key=key,
                language=said["lang"],
                title=normaliser.tokens(said["title"]),
                text=normaliser.tokens(said["text"])[:WORDS_READ],
                given=given,
                topic=ours.get(key, given),
                weight=1.0 if given else NO_TOPIC_WEIGHT if said["cat"] else OWN_WEIGHT,
            )
        )
    return articles


def right(topic: Topic, given: str) -> bool:
    """Whether a topic of the product's is what people gave, whose "society" holds four of ours."""
    if given == Topic.SOCIETY:
        return topic in (Topic.SOCIETY, Topic.POLITICS, Topic.WORLD, Topic.INCIDENTS)
    return topic == given


def accuracy(
    articles: Sequence[Labelled], verdicts: Mapping[str, Sequence[str]], language: str = ""
) -> tuple[float, float]:
    """The share found right: its mean over the repeats of a cross-validation, its deviation."""
    judged = [a for a in articles if a.given and language in ("", a.language)]
    repeats = len(verdicts[judged[0].key])
    shares = [
        mean(right(Topic(verdicts[a.key][repeat]), a.given) for a in judged)
        for repeat in range(repeats)
    ]
    return mean(shares), pstdev(shares)
