"""Articles' texts against trafilatura's, on the public benchmark's practice pages; and ten pages of
the model publisher's shape.

The benchmark's own measure (scrapinghub/article-extraction-benchmark): a page's text is a bag of
four-word shingles; precision and recall are averaged over the pages, F1 is theirs. Bare
trafilatura runs beside us in every setting, on the same pages.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import trafilatura

from bot.articles.blocks import block_text, plain_text
from bot.articles.extractor import extract
from tests.articles.model_pages import LEAKS, URL, model_pages
from tests.articles.practice import PracticePage, practice_pages, precision_recall
from tests.bench.report import Figure

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "fast": {"fast": True},
    "favor_precision": {"favor_precision": True},
    "favor_recall": {"favor_recall": True},
}
FLOOR = 0.980


async def measure() -> list[Figure]:
    """F1, precision and recall of ours and of each of trafilatura's settings; leaks."""
    pages = practice_pages()
    figures = (
        _against_trafilatura(pages)
        if pages
        else [Figure("practice pages", "skipped: no practice data beside the repository")]
    )
    return [*figures, *_model_pages()]


def _against_trafilatura(pages: Sequence[PracticePage]) -> list[Figure]:
    theirs = []
    best = 0.0
    for name, options in SETTINGS.items():

        def bare(page: PracticePage, options: dict[str, Any] = options) -> str:
            return trafilatura.extract(page.html, include_comments=False, **options) or ""

        f1, said = _scored(pages, bare)
        best = max(best, f1)
        theirs.append(Figure(f"trafilatura, {name}", said))
    f1, said = _scored(pages, lambda page: plain_text(extract(page.html, url=page.url).body))
    goal = max(FLOOR, best)
    ours = Figure(f"ours, {len(pages)} pages", said, f"≥ {goal:.4f}", f1 >= goal and f1 > best)
    return [ours, *theirs]


def _scored(
    pages: Sequence[PracticePage], text_of: Callable[[PracticePage], str]
) -> tuple[float, str]:
    begun = time.process_time()
    texts = [text_of(page) for page in pages]
    taken = (time.process_time() - begun) / len(pages)
    scores = [precision_recall(page.text, text) for page, text in zip(pages, texts, strict=True)]
    precision = sum(score[0] for score in scores) / len(scores)
    recall = sum(score[1] for score in scores) / len(scores)
    f1 = 2 * precision * recall / (precision + recall)
    said = f"F1 {f1:.4f}, precision {precision:.4f}, recall {recall:.4f}, {taken * 1000:.0f} ms CPU"
    return f1, said


def _model_pages() -> list[Figure]:
    pages = model_pages()
    found = [extract(page.html, url=URL, content_type=page.content_type) for page in pages]
    whole = sum(
        (got.title, got.subheadline, got.standfirst, *map(block_text, got.body))
        == (page.title, page.subheadline, page.standfirst, *(text for _, text in page.body))
        for page, got in zip(pages, found, strict=True)
    )
    said = ["\n".join((got.title, got.standfirst, plain_text(got.body))) for got in found]
    leaked = sum(leak in text for text in said for leak in LEAKS)
    return [
        Figure("model publisher's shape: pages whole", f"{whole} of {len(pages)}", "all",
               whole == len(pages)),
        Figure("other headlines and furniture leaked", str(leaked), "0", not leaked),
    ]  # fmt: skip
