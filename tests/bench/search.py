"""Search among 100,000 articles: are real texts found by what readers would type, and how fast?

Each needle is a practice text in a hay made of such texts' words (`tests.bench.haystack`). It is
asked for in two ways: by queries written by hand after reading it (`queries.tsv`, by the hash of
its title), and by a few words of its title and first lines put into another case or number. The
baseline is a full-text index of the words as they are, asked for all of them and, where few
articles have all, for any. A third set slips: a letter is wrong, the layout is the other one, or
the letters are Latin. Times are of the whole command, from the update fed to the request written.
"""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pymorphy3

from bot.words.slips import other_layout
from bot.words.stopwords import STOP_WORDS
from tests.bench.commands import feeder
from tests.bench.haystack import Needle, haystack, needles
from tests.bench.report import Figure, percentile

QUERIES = Path(__file__).with_name("queries.tsv")
TOP = 10
GOAL, GOAL_MS = 0.95, 150.0
_INFLECTED = 400
_SLIPPED = 200
_WORD = re.compile(r"[^\W\d_]{3,}")
_CASES = ("gent", "datv", "ablt", "loct", "nomn", "accs")
_LETTERS = "а б в г д е ж з и й к л м н о п р с т у ф х ц ч ш щ ы э ю я ё ь ъ"
_SOUNDS = "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya yo - -"

Asked = Sequence[tuple[str, str]]
"""(the needle's key, what is asked)"""


async def measure() -> list[Figure]:
    """Recall at ten and at one of each set, the baseline's, and the times."""
    texts = {one.key: one for one in needles()}
    if not texts:
        return [Figure("search", "skipped: the practice texts are not beside the repository")]
    rng = Random(3)  # noqa: S311  # repeatable
    read = {key for key, _ in _by_hand(texts)}
    others = [key for key in texts if key not in read]
    picked = read | set(rng.sample(others, len(texts) // 2 - len(read)))
    known = {key: one for key, one in texts.items() if key in picked}
    path = await haystack(
        list(known.values()), [one for key, one in texts.items() if key not in picked]
    )
    inflected = _inflected(list(known.values()), rng)
    sets = {
        "by hand": _by_hand(known),
        "inflected": inflected,
        "mistyped": _slipped([one for one in inflected if _russian(one[1])], rng),
    }
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "hay.db"
        shutil.copyfile(path, copy)
        ids = _ids(copy, known)
        raw = _raw_index(copy, Path(folder) / "raw.db")
        for name, asked in sets.items():
            places, times = await _ask(copy, asked, ids)
            figures += _figures(name, places, times)
            if name != "mistyped":
                lacking = [_raw_place(raw, what, ids[key]) for key, what in asked]
                figures.append(Figure(f"{name}, raw words (baseline)", _shares(lacking)))
    return figures


def _figures(name: str, places: Sequence[int], times: Sequence[float]) -> Iterator[Figure]:
    recall = _recall(places, TOP)
    goal = "" if name == "mistyped" else f"≥ {GOAL} at ten"
    yield Figure(
        f"{name}, {len(places)} queries", _shares(places), goal, not goal or recall >= GOAL
    )
    half, most = percentile(times, 0.5), percentile(times, 0.99)
    yield Figure(f"{name}, p50", f"{half:.1f} ms")
    yield Figure(f"{name}, p99", f"{most:.1f} ms", f"≤ {GOAL_MS:.0f} ms", most <= GOAL_MS)


def _recall(places: Sequence[int], top: int) -> float:
    return sum(place < top for place in places) / len(places)


def _shares(places: Sequence[int]) -> str:
    return f"recall@10 {_recall(places, TOP):.3f}, @1 {_recall(places, 1):.3f}"


async def _ask(path: Path, asked: Asked, ids: Mapping[str, int]) -> tuple[list[int], list[float]]:
    """The needle's place among each query's hits, and the milliseconds that each took."""
    places, times = [], []
    async with feeder(path) as (feed, _storage):
        for key, what in asked:
            times.append(await feed.time(f"/search {what}"))
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
                found = connection.execute(
                    """
                    SELECT k.key FROM query, json_each(query.found) k
                    WHERE query.text = :text AND k.value = :id
                    """,
                    {"text": what, "id": ids[key]},
                ).fetchone()
            places.append(1_000 if found is None else int(found[0]))
    return places, times


def _ids(path: Path, known: Mapping[str, Needle]) -> dict[str, int]:
    by_title = {one.title: key for key, one in known.items()}
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT id, title FROM article").fetchall()
    return {by_title[title]: article_id for article_id, title in rows if title in by_title}


# ---------------------------------------------------------------- what is asked


def _by_hand(known: Mapping[str, Needle]) -> Asked:
    lines = QUERIES.read_text("utf-8").splitlines()
    pairs = [tuple(line.split("\t")) for line in lines]
    return [(key, what) for key, what in pairs if key in known]


def _inflected(known: Sequence[Needle], rng: Random) -> Asked:
    """Two to four telling words of a title and the first lines, in another case or number."""
    morphology = pymorphy3.MorphAnalyzer()
    asked = []
    for one in rng.sample(known, len(known)):
        if one.language != "ru":
            continue
        words = _telling(one.title)
        if len(words) < 2:
            continue
        picked = rng.sample(words, min(len(words), rng.randint(2, 3)))
        more = [
            word for word in _telling(f"{one.standfirst} {one.text}"[:300]) if word not in picked
        ]
        if more and rng.random() < 0.5:
            picked.append(rng.choice(more))
        asked.append((one.key, " ".join(_other_form(word, morphology, rng) for word in picked)))
        if len(asked) == _INFLECTED:
            break
    return asked


def _telling(text: str) -> list[str]:
    words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    return [word for word in words if word not in STOP_WORDS and len(word) > 3]


def _other_form(word: str, morphology: pymorphy3.MorphAnalyzer, rng: Random) -> str:
    parse = morphology.parse(word)[0]
    if parse.tag.POS not in ("NOUN", "ADJF"):
        return word
    for _ in range(6):
        form = parse.inflect({rng.choice(_CASES), rng.choice(("sing", "plur"))})
        if form is not None and form.word != word:
            return str(form.word)
    return word


def _russian(what: str) -> bool:
    return all("а" <= char <= "я" or char in "ё " for char in what)


def _slipped(asked: Asked, rng: Random) -> Asked:
    """Each with one word mistyped, in turn by a letter, in the other layout, in Latin letters."""
    sounds = dict(zip(_LETTERS.split(), _SOUNDS.split(), strict=True))
    slipped = []
    for number, (key, what) in enumerate(asked[:_SLIPPED]):
        words = what.split()
        at = max(range(len(words)), key=lambda place: len(words[place]))
        way = number % 4
        if way < 2:
            words[at] = _mistyped(words[at], rng)
        elif way == 2:
            words = [other_layout(word)[0] for word in words]
        else:
            words = ["".join(map(sounds.__getitem__, word)).replace("-", "") for word in words]
        slipped.append((key, " ".join(words)))
    return slipped


def _mistyped(word: str, rng: Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    match rng.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 2:
            return word[:at] + rng.choice("абвгдеиклмнопрстуя") + word[at + 1 :]
        case _:
            return word[:at] + word[at] + word[at:]


# ---------------------------------------------------------------- the baseline


def _raw_index(path: Path, raw: Path) -> sqlite3.Connection:
    """An index of the same articles' words as they are."""
    connection = sqlite3.connect(raw)
    connection.execute("ATTACH :path AS hay", {"path": str(path)})
    connection.execute(
        "CREATE VIRTUAL TABLE raw USING fts5 (title, body, content = '', tokenize = 'unicode61')"
    )
    connection.execute(
        "INSERT INTO raw (rowid, title, body) SELECT id, title, body FROM hay.article"
    )
    connection.commit()
    return connection


def _raw_place(raw: sqlite3.Connection, what: str, wanted: int) -> int:
    terms = [f'"{word}"' for word in _WORD.findall(what.lower()) if word not in STOP_WORDS]
    found: list[int] = []
    for joint in (" AND ", " OR "):
        if len(found) < TOP:
            rows = raw.execute(
                """
                SELECT rowid FROM raw WHERE raw MATCH :match
                ORDER BY bm25(raw, 4.0, 1.0) LIMIT :top
                """,
                {"match": joint.join(terms), "top": TOP},
            )
            found += [row[0] for row in rows if row[0] not in found]
    return found.index(wanted) if wanted in found[:TOP] else 1_000
