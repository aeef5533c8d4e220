"""Language, sources cited: what is told from a text and its publisher's words."""

import pytest

from bot.articles.citations import Citations
from bot.articles.language import language_of
from tests.articles.practice import records


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
        ("", "США ввели санкции", "ru"),
        ("", "Что делать?", "ru"),
        ("", "Президент України виступив", "uk"),
        ("ru", "У Києві відкрили новий парк", "uk"),
        ("uk", "Новини дня", "uk"),
        ("", "У Мінску адкрылі новы мост", "be"),
        ("", "Министърът подаде оставка след скандала", "bg"),
        ("bg", "Новини от деня", "bg"),
        ("ru", "Правителството прие бюджета, съобщи премиерът, който е доволен от мерките", "bg"),
        ("", "Президент жаңа заңға қол қойды", "kk"),
        ("kk", "Астана", "kk"),
        ("", "Председник Србије је потписао закон", "sr"),
        ("", "Градот доби нов мост, рече премиерот Јованов", "mk"),
        ("ba", "Республика башлығы", "ba"),
        ("en", "Le président de la République a signé la loi sur les retraites", "fr"),
        ("en", "El Gobierno aprueba la nueva ley de vivienda con los votos de los socios", "es"),
        ("en", "Il governo approva la nuova legge di bilancio con il voto della Camera", "it"),
        ("en", "O governo aprovou a nova lei do orçamento com os votos da maioria", "pt"),
        ("en", "Sejm przyjął nową ustawę budżetową, posłowie nie są zadowoleni", "pl"),
        ("en", "Meclis yeni bütçe yasasını kabul etti ve bu karar çok tartışıldı", "tr"),
        ("", "Stocks rise", "en"),
        ("", "UW men's soccer clinches a title", "en"),
        ("ru", "Stocks rise after the Fed's decision on rates", "en"),
        ("ru", "Компания Apple представила iPhone 15 Pro Max и MacBook Air", "ru"),
        ("ru", "iPhone 15 Pro Max vs Samsung Galaxy S23 Ultra: что лучше?", "ru"),
        ("en", "Putin (Путин) meets Xi", "en"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_language(declared: str, text: str, language: str) -> None:
    assert language_of(declared, "", text) == language


def test_practice_texts_languages() -> None:
    for record in records("texts/topics.jsonl"):
        title, text, language = record["title"], record["text"], record["lang"]
        assert language_of("", title, text) == language
        assert language_of("en" if language == "ru" else "ru", title, text) == language


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
