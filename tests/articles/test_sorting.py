"""Language, topic, sources cited: what is told from a text and its publisher's words."""

import pytest

from bot.articles.citations import Citations
from bot.articles.language import language_of
from bot.articles.topics import Topics
from storage import Topic
from tests.articles.practice import records

URL = "https://paper.example/2026/11/22/1.shtml"


@pytest.mark.parametrize(
    ("declared", "text", "language"),
    [
        ("", "Мэр города объявил о ремонте мостов, и это всех удивило", "ru"),
        ("en", "Мэр города объявил о ремонте мостов", "ru"),
        ("ru", "Мер міста оголосив про ремонт мостів, їх буде п'ять", "uk"),
        ("uk", "Мер виступив", "uk"),
        ("ru", "Прэзідэнт сказаў, што ўсё добра", "be"),
        ("ru", "Министр Київа" + " рассказал о новых дорогах" * 20, "ru"),
        ("", "The mayor of the city said that it was time", "en"),
        ("en", "Der Rat hat am Montag die neue Brücke und das Budget nicht mit allen Stimmen für "
         "die Stadt gebilligt", "de"),
        ("sv", "Staden bygger en ny bro", "sv"),
        ("ru", "The mayor of the city said that it was time", "en"),
        ("ja", "市長は新しい橋について話した", "ja"),
        ("ru", "123", "ru"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_language(declared: str, text: str, language: str) -> None:
    assert language_of(declared, "", text) == language


def test_practice_texts_languages() -> None:
    for record in records("texts/topics.jsonl"):
        assert language_of("", record["title"], record["text"]) == record["lang"]


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
        ("Наука и техника", Topic.SCIENCE),
        ("Hi-Tech", Topic.TECHNOLOGY),
        ("Авто", Topic.TECHNOLOGY),
        ("Здоровье", Topic.LIFE),
        ("World News", Topic.WORLD),
        ("Business", Topic.ECONOMY),
        ("Arts", Topic.CULTURE),
        ("Новости", Topic.OTHER),
        ("Главное", Topic.OTHER),
    ],
)
def test_the_publishers_rubric_comes_first(rubric: str, topic: Topic) -> None:
    assert Topics().topic_of([rubric], URL, "", "") is topic


def test_a_rubric_that_says_nothing_gives_way() -> None:
    topics = Topics()
    assert topics.topic_of(["Новости", "Спорт"], URL, "", "") is Topic.SPORT
    assert topics.topic_of(["Новости"], "https://p.example/politics/1", "", "") is Topic.POLITICS
    title = "Сборная выиграла матч чемпионата"
    assert topics.topic_of(["Новости"], URL, title, "Тренер доволен.") is Topic.SPORT


def test_a_text_about_nothing_known_is_other() -> None:
    assert Topics().topic_of([], URL, "Ничего особенного", "Просто слова.") is Topic.OTHER


def test_keywords_on_labelled_texts() -> None:
    wanted = {
        "society": {Topic.SOCIETY, Topic.POLITICS, Topic.WORLD, Topic.INCIDENTS},
        "economy": {Topic.ECONOMY},
        "sports": {Topic.SPORT},
        "technology": {Topic.TECHNOLOGY},
        "science": {Topic.SCIENCE},
        "entertainment": {Topic.CULTURE},
    }
    topics = Topics()
    labelled = [record for record in records("texts/topics.jsonl") if record["cat"] in wanted]
    right = sum(
        topics.topic_of([], URL, record["title"], record["text"]) in wanted[record["cat"]]
        for record in labelled
    )
    assert right / len(labelled) >= 0.75  # .78 when written


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Об этом сообщает ТАСС со ссылкой на МЧС.", ("ТАСС",)),
        ("Мэр рассказал «РИА Новости», а Associated Press передаёт иное.",
         ("РИА Новости", "Associated Press")),
        ("По данным «Ведомостей», завод продан.", ("Ведомости",)),
        ("The bridge fell, Reuters reported. It was told to BBC.", ("Reuters", "BBC")),
        ("Здание ТАСС стоит на бульваре.", ()),
        ("В ведомостях указано, сообщил бухгалтер.", ()),
        ("Порт RTX сообщил об ошибке.", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_cited_sources(text: str, cited: tuple[str, ...]) -> None:
    assert Citations().cited(text) == cited


def test_a_publisher_does_not_cite_itself() -> None:
    text = "Об этом «Газете.Ru» сообщил мэр, пишет ТАСС."
    assert Citations().cited(text, own=["Газета.Ru"]) == ("ТАСС",)
