"""`python -m tests.training.rarity VECTORS`: write the table of words' rarities that ships.

    counts of a billion words of Russian news ─▶ normalised tokens ─▶ share of texts, about
    the practice texts' own counts ─▶ mixed ─▶ −ln, in quarters ─▶ weights/rarity.txt.gz

VECTORS is `natasha/data/emb/navec_news_v1_1B_250K_300d_100q.tar` out of the wheel of natasha 1.6
(MIT): of it only the list of words with their counts is read. The practice texts beside the
repository (their licences are in the data's README) add what the list lacks: English, and words
that are younger; articles of labelled pairs are left out, so that the pairs can judge the table.
The table holds counts of single words, nothing of any text. Run it again when the normaliser's
tokens change (`tests/articles/test_rarity.py` tells).
"""

import gzip
import json
import math
import struct
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from bot.articles.rarity import RAREST
from bot.words.normaliser import NORMALISER_VERSION, Normaliser
from tests.articles.practice import DATA, records

TABLE = Path(__file__).parents[2] / "bot" / "articles" / "weights" / "rarity.txt.gz"

_LONG = 150  # words of a text: from a word's share of all words to its share of texts
_UNLISTED = 60  # times that a word which the list lacks may occur in its billion
_TABLE_WEIGHS = 1500  # texts: the list, beside the Russian practice texts
_FLOOR = (100, 0.0005)  # texts, share: the same for English, which has no list
_STEP = 0.25


def listed(vectors: Path, normaliser: Normaliser) -> Counter[str]:
    """How often each token occurs in the billion words."""
    with tarfile.open(vectors) as archive:
        packed = archive.extractfile("vocab.bin")
        if packed is None:
            raise SystemExit(f"{vectors} holds no vocab.bin")
        unpacked = gzip.decompress(packed.read())
    (size,) = struct.unpack_from("<I", unpacked)
    counts = struct.unpack_from(f"<{size}I", unpacked, 4)
    words = unpacked[4 + 4 * size :].decode().splitlines()
    found: Counter[str] = Counter()
    for word, count in zip(words, counts, strict=True):
        for token in () if word.startswith("<") else normaliser.tokens(word):
            found[token] += count
    return found


def texts() -> Iterator[tuple[str, str]]:
    """(language, text) of the practice texts that are in no labelled pair."""
    paired = {
        pair[side]["url"] for pair in records("pairs/pairs.jsonl") for side in ("first", "second")
    }
    for article in records("texts/topics.jsonl"):
        if article["url"] not in paired and article["lang"] in ("ru", "en"):
            yield article["lang"], f"{article['title']} {article['text']}"
    for article in records("texts/leads.jsonl"):
        yield "ru", f"{article['title']} {article['text']}"
    pages = json.loads((DATA / "pages" / "ground-truth.json").read_text("utf-8"))
    for page in pages.values():
        yield "en", page["articleBody"]


def rarity_table(vectors: Path) -> dict[str, float]:
    """Rarity by token, of the tokens that are commoner than `RAREST`."""
    normaliser = Normaliser()
    words = listed(vectors, normaliser)
    total = sum(words.values())
    documents: dict[str, int] = defaultdict(int)
    counts: dict[str, Counter[str]] = {"ru": Counter(), "en": Counter()}
    for language, text in texts():
        documents[language] += 1
        counts[language].update(set(normaliser.tokens(text)))
    shares: dict[str, float] = {}
    for token in words.keys() | counts["ru"].keys():
        expected = 1 - math.exp(-_LONG * words.get(token, _UNLISTED) / total)
        shares[token] = (expected * _TABLE_WEIGHS + counts["ru"][token]) / (
            _TABLE_WEIGHS + documents["ru"]
        )
    floor, least = _FLOOR
    for token, count in counts["en"].items():
        if token.isascii():
            share = (least * floor + count) / (floor + documents["en"])
            shares[token] = max(share, shares.get(token, 0))
    rounded = {
        token: max(_STEP, round(-math.log(share) / _STEP) * _STEP)
        for token, share in shares.items()
        if not token.isdigit()
    }
    return {token: rarity for token, rarity in rounded.items() if rarity < RAREST}


def main() -> None:
    """Write the table; the same input makes the same file."""
    rows: dict[float, list[str]] = defaultdict(list)
    for token, rarity in rarity_table(Path(sys.argv[1])).items():
        rows[rarity].append(token)
    lines = [f"{rarity:g} {' '.join(sorted(tokens))}" for rarity, tokens in sorted(rows.items())]
    text = "\n".join((str(NORMALISER_VERSION), *lines))
    TABLE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{sum(map(len, rows.values()))} tokens, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
