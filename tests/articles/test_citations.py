"""Agencies, papers and channels that an article cites, and those that it is only about."""

import time

import pytest

from bot.articles.citations import Citations

CITED = [
    ("Об этом сообщает ТАСС со ссылкой на МЧС.", "ТАСС"),
    ("Об этом ТАСС рассказали в пресс-службе завода.", "ТАСС"),
    ("Мост закрыт, передаёт РИА Новости.", "РИА Новости"),
    ("Мост закрыт, передает «РИА Новости».", "РИА Новости"),
    ("В беседе с РИА Новости мэр подтвердил это.", "РИА Новости"),
    ("Источник «Интерфакса» в полиции назвал причину.", "Интерфакс"),
    ("По данным «Ведомостей», завод продан.", "Ведомости"),
    ("Как пишет «Коммерсантъ», сделка сорвалась.", "Коммерсантъ"),
    ("«Коммерсант», ссылаясь на источники, пишет о сделке.", "Коммерсантъ"),
    ("Мэр рассказал изданию РБК о планах.", "РБК"),
    ("«Лента.ру» отмечает, что это не первый случай.", "Lenta.ru"),
    ("В интервью «Комсомольской правде» актёр признался в этом.", "Комсомольская правда"),
    ("Первым об этом сообщил телеграм-канал Baza.", "Baza"),
    ("Telegram-канал Mash опубликовал видео.", "Mash"),
    ("По информации SHOT, пострадали двое.", "Shot"),
    ("Это произошло ночью, уточняет Telegram-канал «112».", "112"),
    ("Агентство Reuters сообщает о переговорах.", "Reuters"),
    ("По сведениям агентства Рейтер, переговоры сорваны.", "Reuters"),
    ("«Не ждите», — цитирует его «Би-би-си».", "BBC"),
    ("Как сообщила газета The New York Times, план готов.", "The New York Times"),
    ("В эфире «Эха Москвы» депутат сказал иное.", "Эхо Москвы"),
    ("Первое сообщение об отставке опубликовал 24 декабря «Коммерсантъ».", "Коммерсантъ"),
    ("МОСКВА, 22 ноя — РИА Новости.", "РИА Новости"),
    ("/ТАСС/.", "ТАСС"),
    ("ТАСС, 17 мая.", "ТАСС"),
    ("Источник: «Ведомости»", "Ведомости"),
    ("The bridge fell, Reuters reported.", "Reuters"),
    ("The talks failed, according to the Wall Street Journal.", "The Wall Street Journal"),
    ("“We won,” she told The Associated Press.", "Associated Press"),
    ("Bloomberg News first reported the deal.", "Bloomberg"),
    ("In an interview with CNN, he denied it.", "CNN"),
    ("The plan, first reported by Axios, is dead.", "Axios"),
    ("Xinhua, citing officials, put the toll at five.", "Синьхуа"),
    ("LONDON (Reuters) - The bank cut rates.", "Reuters"),
    ("They walked home. — AFP", "AFP"),
    ("AP writers in Rome contributed to this report.", "Associated Press"),
]

ABOUT = [
    "Здание ТАСС стоит на бульваре.",
    "Мэр рассказал о ремонте здания ТАСС.",
    "ТАСС открыл новый офис, сообщил мэр.",
    "Главный редактор радиостанции «Эхо Москвы» заявил об уходе.",
    "Генеральный директор ТАСС сообщил о планах.",
    "Об этом сообщили на встрече владельцев РБК.",
    "Полиция задержала корреспондента «Медузы» и сообщила об этом.",
    "Министр раскритиковал Bloomberg и заявил протест.",
    "В ведомостях указано, сообщил бухгалтер.",
    "Медуза обожгла туриста, сообщил врач.",
    "Порт RTX сообщил об ошибке.",
    "Позвоните по номеру «112», напомнили спасатели.",
    "Команда сыграет на стадионе «Звезда», сообщил тренер.",
    "The CNN affiliate said it was closing.",
    "A Reuters journalist was killed, officials said.",
    "Shares of The New York Times rose, analysts said.",
    "He was the owner of Newsweek, she said.",
    "My Life with the band was reported as lost.",
    "Residents fled (AFP Photo/A. Person) on Monday, police said.",
    "More from Business Insider:",
    "",
]


@pytest.fixture(scope="module")
def citations() -> Citations:
    return Citations()


@pytest.mark.parametrize(("text", "name"), CITED)
def test_who_is_cited(citations: Citations, text: str, name: str) -> None:
    assert citations.cited(text) == (name,)


@pytest.mark.parametrize("text", ABOUT)
def test_who_is_only_written_about(citations: Citations, text: str) -> None:
    assert citations.cited(text) == ()


def test_a_list_shares_its_cue(citations: Citations) -> None:
    assert citations.cited("Об этом сообщают ТАСС, «Интерфакс» и агентство Reuters.") == (
        "ТАСС",
        "Интерфакс",
        "Reuters",
    )
    assert citations.cited("ТАСС и РИА Новости сообщают о пожаре.") == ("ТАСС", "РИА Новости")
    assert citations.cited("Officials told CNN and the BBC so.") == ("CNN", "BBC")


def test_each_once_and_in_order(citations: Citations) -> None:
    text = "Мэр рассказал «РИА Новости», а AP передаёт иное. Об этом РИА Новости сообщили вчера."
    assert citations.cited(text) == ("РИА Новости", "Associated Press")


def test_a_publisher_does_not_cite_itself(citations: Citations) -> None:
    text = "Об этом «Газете.Ru» сообщил мэр, пишет ТАСС."
    assert citations.cited(text, own=["Газета.Ru"]) == ("ТАСС",)


@pytest.mark.parametrize(
    "text", ["ТАСС " * 8_000, "сообщает " * 4_000 + "ТАСС", "«ТАСС" * 8_000, "ТАСС, и " * 5_000]
)
def test_a_hostile_text_is_read_in_no_time(citations: Citations, text: str) -> None:
    begun = time.process_time()
    citations.cited(text)
    assert time.process_time() - begun < 2
