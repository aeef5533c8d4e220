"""Topics: the publisher's word first, the section in the address next, then the words' votes."""

import hashlib
import json
from collections.abc import Callable
from importlib.resources import files

import pytest

from bot.articles.topics import Topics, TopicTable
from bot.words.normaliser import NORMALISER_VERSION, Normaliser
from storage import Topic
from tests.articles.practice import records
from tests.training.labelled import GIVEN, VERDICTS, right

URL = "https://paper.example/2026/11/22/1.shtml"

Classify = Callable[[str, str], Topic]


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    """Loading its dictionaries takes half a second."""
    return Normaliser()


@pytest.fixture(scope="module")
def classify(normaliser: Normaliser) -> Classify:
    """The topic of a title and a text alone."""
    topics = Topics()
    return lambda title, text: topics.topic_of(
        [], URL, normaliser.text(title), normaliser.text(text)
    )


@pytest.mark.parametrize(
    ("rubric", "topic"),
    [
        ("Политика", Topic.POLITICS),
        ("Спорт", Topic.SPORT),
        ("Футбол / РПЛ", Topic.SPORT),
        ("Экономика", Topic.ECONOMY),
        ("Бизнес", Topic.ECONOMY),
        ("Общество", Topic.SOCIETY),
        ("В мире", Topic.WORLD),
        ("Мир", Topic.WORLD),
        ("Происшествия", Topic.INCIDENTS),
        ("Шоу-бизнес", Topic.CULTURE),
        ("Игры", Topic.CULTURE),
        ("Искусство", Topic.CULTURE),
        ("Искусственный интеллект", Topic.TECHNOLOGY),
        ("Авторынок", Topic.TECHNOLOGY),
        ("Авторы", Topic.SOCIETY),
        ("Наука и техника", Topic.SCIENCE),
        ("Hi-Tech", Topic.TECHNOLOGY),
        ("Авто", Topic.TECHNOLOGY),
        ("Здоровье", Topic.LIFE),
        ("World News", Topic.WORLD),
        ("Business", Topic.ECONOMY),
        ("US", Topic.SOCIETY),
        ("Arts", Topic.CULTURE),
        ("Video Games", Topic.CULTURE),
    ],
)
def test_the_publishers_rubric_comes_first(rubric: str, topic: Topic) -> None:
    assert Topics().topic_of([rubric], URL, "", "") is topic


@pytest.mark.parametrize("rubric", ["Новости", "Главное", "Лента", "News", "Top stories", ""])
def test_a_rubric_that_says_nothing_gives_way(rubric: str, classify: Classify) -> None:
    topics = Topics()
    assert topics.topic_of([rubric], URL, "", "") is Topic.OTHER
    assert topics.topic_of([rubric, "Спорт"], URL, "", "") is Topic.SPORT
    assert topics.topic_of([rubric], "https://p.example/politics/1", "", "") is Topic.POLITICS
    assert topics.topic_of([rubric], "https://p.example/world_news/1", "", "") is Topic.WORLD


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        ("/sport/1", Topic.SPORT),
        ("/2026/11/22/business/1.shtml", Topic.ECONOMY),
        ("/tech_and_media/1", Topic.TECHNOLOGY),
        # what the section holds is told by the words
        ("/world/1", Topic.CULTURE),
        ("/society/1", Topic.CULTURE),
        ("/home/article/1", Topic.CULTURE),
        ("/a-headline-that-names-business-of-others/1", Topic.CULTURE),
    ],
)
def test_a_section_in_the_address(path: str, topic: Topic, normaliser: Normaliser) -> None:
    title = normaliser.text("Певица выпустила альбом")
    text = normaliser.text("Клип на песню снял известный режиссёр, премьера в театре.")
    assert Topics().topic_of([], f"https://paper.example{path}", title, text) is topic


def test_a_section_parts_neighbours(normaliser: Normaliser) -> None:
    title = normaliser.text("Водитель насмерть сбил пешехода")
    url = "https://paper.example/world/1"
    assert Topics().topic_of([], url, title, normaliser.text("Полиция его ищет.")) is Topic.WORLD


@pytest.mark.parametrize(
    ("title", "text", "topic"),
    [
        ("Сборная выиграла матч", "Нападающий забил два гола, тренер доволен игрой.", Topic.SPORT),
        ("Рубль подешевел к доллару", "Банк поднял ставку по вкладам, акции упали в цене.",
         Topic.ECONOMY),
        ("Телескоп нашёл планету у далёкой звезды", "Астрономы изучили её атмосферу и орбиту.",
         Topic.SCIENCE),
        ("Представлен новый смартфон", "У него быстрый процессор, камера и ёмкая батарея.",
         Topic.TECHNOLOGY),
        ("Певица выпустила альбом", "Клип на песню снял известный режиссёр, премьера в театре.",
         Topic.CULTURE),
        ("Водитель насмерть сбил пешехода", "Полиция задержала подозреваемого, возбуждено дело.",
         Topic.INCIDENTS),
        ("Депутаты приняли закон о выборах", "Президент и парламент обсудили кандидатов партий.",
         Topic.POLITICS),
        ("Завтра дождь и заморозки", "Синоптики обещают сильный ветер, ночью до минус пяти.",
         Topic.LIFE),
        ("«Спартак» обыграл ЦСКА", "", Topic.SPORT),
        ("Цены на бензин выросли", "", Topic.ECONOMY),
        ("Striker scores twice as champions win", "The coach praised the goalkeeper and the fans.",
         Topic.SPORT),
        ("Shares fall as bank cuts forecast", "Investors sold stocks after weak quarterly profit.",
         Topic.ECONOMY),
        ("New phone has a bigger battery", "The Android device ships with a faster chip and app.",
         Topic.TECHNOLOGY),
        ("Singer releases a new album", "The band filmed a music video for the movie soundtrack.",
         Topic.CULTURE),
    ],
)  # fmt: skip
def test_words_vote(title: str, text: str, topic: Topic, classify: Classify) -> None:
    assert classify(title, text) is topic


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("", ""),
        ("Это оно", ""),
        ("Итоги дня", ""),
        ("Zażółć gęślą jaźń", "Mężny bądź, chroń pułk twój i sześć flag."),
        ("市長は新しい橋について話した", "市長は新しい橋について話した"),
    ],
)
def test_too_few_known_words_are_other(title: str, text: str, classify: Classify) -> None:
    assert classify(title, text) is Topic.OTHER


def test_a_table_survives_its_packing() -> None:
    table = TopicTable(
        topics=(Topic.SPORT, Topic.SOCIETY),
        bias=(0.5, -0.5),
        unit=0.1,
        rows={"гол": 0, "школ": 1},
        rarity=bytes([255, 128]),
        scores=[127, -127, -100, 100],
    )
    read = TopicTable.read(table.write())
    text = ["школ", "гол"]
    assert (read.topics, read.rows) == (table.topics, table.rows)
    assert read.weigh([], text) == table.weigh([], text)
    assert read.weigh(["гол"], [])[0][Topic.SPORT] > read.weigh(["школ"], [])[0][Topic.SPORT]


@pytest.mark.parametrize(
    "data", [b"", b"no table", TopicTable((), (), 1, {}, b"", []).write()[:-4]]
)
def test_a_broken_table_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a table"):
        TopicTable.read(data)


def test_the_table_is_of_the_tokens_in_use() -> None:
    """Other tokens are other words to the table: train it anew when the normaliser changes."""
    told = json.loads(VERDICTS.read_text("utf-8"))
    packed = files("bot.articles").joinpath("weights/topics.bin").read_bytes()
    assert told["table"] == hashlib.sha256(packed).hexdigest()
    assert told["normaliser"] == NORMALISER_VERSION


def test_labelled_texts(classify: Classify) -> None:
    """Of a half that trained the table, or of one that did not: see tests.bench.topics."""
    labelled = [r for r in records("texts/topics.jsonl") if r["cat"] in GIVEN]
    found = sum(right(classify(r["title"], r["text"]), GIVEN[r["cat"]]) for r in labelled)
    assert found >= 0.88 * len(labelled)
