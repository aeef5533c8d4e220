"""Topics of labelled articles: the trained table against the keywords that it replaced.

`tests.training.topics` cross-validates with libraries that the product does without, and keeps
its verdicts by the articles' hashes; here they are judged anew, as long as they are those of the
table that ships. Articles that took no part in the training are judged by the shipped table.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from bot.articles.topics import Topics
from bot.words.normaliser import Normaliser
from storage import Topic
from tests.bench.keywords import Keywords
from tests.bench.report import Figure
from tests.training.labelled import VERDICTS, Labelled, accuracy, key_of, read_articles, right

DATA = Path(__file__).parents[3] / "shared/data/texts/topics.jsonl"
GOAL = 0.88


async def measure() -> list[Figure]:
    """Accuracy over all and by language, the baseline's, the cost of a verdict."""
    if not DATA.exists():
        return [Figure("topics", "skipped: the practice data is not beside the repository")]
    articles = read_articles(DATA, Normaliser())
    judged = [article for article in articles if article.given]
    told = json.loads(VERDICTS.read_text("utf-8"))
    packed = files("bot.articles").joinpath("weights/topics.bin").read_bytes()
    if hashlib.sha256(packed).hexdigest() != told["table"]:
        return [Figure("verdicts", "of another table: train it anew", "the table's own", met=False)]
    topics = Topics()

    def shipped(article: Labelled) -> Topic:
        return topics.topic_of([], "", " ".join(article.title), " ".join(article.text))

    verdicts: dict[str, Sequence[str]] = told["verdicts"]
    figures = []
    seen = [article for article in judged if article.key in verdicts]
    if seen:
        for name, language in (("all", ""), ("Russian", "ru"), ("English", "en")):
            mean, spread = accuracy(seen, verdicts, language)
            goal = "" if language else f"≥ {GOAL}"
            met = bool(language) or mean >= GOAL
            value = f"{mean:.3f} ± {spread:.3f}"
            figures.append(Figure(f"cross-validated, {name}", value, goal, met))
    unseen = [article for article in judged if article.key not in verdicts]
    if unseen:
        share = _share(unseen, shipped)
        figures.append(Figure("unseen articles", f"{share:.3f}", f"≥ {GOAL}", share >= GOAL))
    keywords, written = Keywords(), {}
    for line in DATA.read_text("utf-8").splitlines():
        said = json.loads(line)
        written[key_of(said["url"])] = (said["title"], said["text"])
    baseline = _share(judged, lambda article: keywords.topic_of(*written[article.key]))
    figures.append(Figure("keywords (baseline)", f"{baseline:.3f}"))
    begun = time.perf_counter()
    for article in judged:
        shipped(article)
    taken = (time.perf_counter() - begun) / len(judged)
    figures.append(Figure("a verdict, words already normalised", f"{1000 * taken:.2f} ms"))
    figures.append(Figure("the table", f"{len(packed) / 1000:.0f} kB", "< 1000 kB"))
    return figures


def _share(articles: Sequence[Labelled], classify: Callable[[Labelled], Topic]) -> float:
    return sum(right(classify(article), article.given) for article in articles) / len(articles)
