"""Lists of headlines."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bot.messages import callbacks as cb
from bot.messages import hits, lists, screens
from bot.messages.hits import Found, Page
from bot.messages.lists import PAGE
from storage import Headline, Topic
from tests.messages.samples import EN, LANGUAGES, NOW, headline, parsed, slots, subscriber, viewer
from tests.messages.test_classic import checked, pressed

MONSTERS = (
    headline(1, title="🙂" * 3000, summary="🙂" * 3000, source="ы" * 999),
    headline(2, title="", summary="", source="", image_url=None),
    headline(3, title="<b>" * 300, source="\u202e"),
)


DAY = timedelta(days=1)


def many(count: int) -> list[Headline]:
    return [
        headline(n, title=f"{n} " + "Очень длинный заголовок " * 20) for n in range(1, count + 1)
    ]


def commands(text: str) -> list[int]:
    return [int(word.removeprefix("/full_")) for word in text.split() if word.startswith("/full_")]


class TestLatest:
    def test_headlines_open_in_the_chat_and_link_out(self) -> None:
        payload = lists.latest(
            [headline(1), headline(30)], viewer(), cb.Latest(), older=5, newer=None
        )
        text = checked(payload)
        assert "Заголовок 1\n07:30 · Газета.Ru · /full_1" in text
        assert "21 ноября, 02:30" in text
        assert parsed(payload.text).of_kind("TextUrl") == ["Газета.Ru", "Газета.Ru"]
        assert cb.Latest(before=5) in pressed(payload)
        assert cb.LatestTopics() in pressed(payload)

    def test_a_page_of_the_longest_headlines_is_whole(self) -> None:
        page = [
            headline(n, title="🙂" * 999, source="🙂" * 999, published=NOW)
            for n in range(10**9, 10**9 + PAGE)
        ]
        text = checked(lists.latest(page, viewer(), cb.Latest(), older=None, newer=None))
        assert len(commands(text)) == PAGE

    def test_filter_is_named_and_can_be_left(self) -> None:
        here = cb.Latest(topic="sport")
        payload = lists.latest([headline()], viewer(), here, "Спорт", older=3, newer=9)
        assert checked(payload).startswith("Свежие новости: Спорт")
        assert {cb.Latest("sport", before=3), cb.Latest("sport", after=9), cb.Latest()} <= set(
            filter(None, pressed(payload))
        )

    @pytest.mark.parametrize("label", ["", "Спорт"])
    def test_empty_says_what_to_do(self, label: str) -> None:
        payload = lists.latest([], viewer(), cb.Latest(), label, older=None, newer=None)
        checked(payload)
        assert payload.keyboard

    def test_topics_to_choose(self) -> None:
        payload = lists.latest_topics(viewer())
        checked(payload)
        assert cb.Latest(topic=Topic.SPORT) in pressed(payload)


@pytest.mark.parametrize("headlines", [[], MONSTERS, many(30)])
def test_whatever_is_listed_fits(headlines: Sequence[Headline]) -> None:
    checked(lists.archive(headlines, viewer(EN), NOW.date(), (None, None), older=None, newer=None))
    checked(hits.search([Found(one) for one in headlines], viewer(), Page("слова", 1, total=30)))


def test_archive_leads_to_the_days_around_but_not_to_the_future() -> None:
    day = date(2026, 11, 22)
    today = lists.archive([headline()], viewer(), day, (day - DAY, day + DAY), older=7, newer=None)
    assert pressed(today) == [
        cb.DayPage(day, before=7),
        cb.DayPage(date(2026, 11, 21)),
        cb.DayPage(date(2026, 11, 15)),
        cb.Latest(),
    ]
    around = None, date(2026, 1, 1)
    before = lists.archive([], viewer(), date(2025, 12, 31), around, older=None, newer=None)
    assert "31 декабря 2025" in checked(before)
    assert pressed(before) == [cb.DayPage(date(2026, 1, 1)), cb.Latest()]


def test_an_empty_day_leads_to_the_last_one_with_news() -> None:
    around = date(2026, 11, 2), date(2026, 11, 21)
    empty = lists.archive([], viewer(), date(2026, 11, 20), around, older=None, newer=None)
    assert "За этот день новостей нет." in checked(empty)
    assert pressed(empty)[:2] == [cb.DayPage(around[0]), cb.DayPage(around[1])]


def test_a_page_that_is_gone_is_marked() -> None:
    payload = lists.latest([headline(gone=True)], viewer(), cb.Latest(), older=None, newer=None)
    assert "Газета.Ru · страница недоступна · /full_1" in checked(payload)


class TestSearch:
    def test_found_words_are_marked_in_title_and_summary(self) -> None:
        found = Found(
            headline(title="Переговоры в Японии", summary="В Токио " * 40 + "идут переговоры."),
            title=((0, 10), (13, 19)),
            summary=((325, 335),),
        )
        page = Page("переговоры с японией", 9, total=9, whole=9, follow="переговоры с японией")
        payload = hits.search([found], viewer(), page)
        assert checked(payload).startswith("Найдено по запросу «переговоры с японией» · 1–8 из 9")
        assert "…" in payload.plain
        assert parsed(payload.text).of_kind("Bold")[1:] == ["Переговоры", "Японии", "переговоры"]
        assert pressed(payload) == [cb.Search(9, PAGE), cb.FollowQuery(9)]

    def test_a_page_of_the_longest_hits_is_whole(self) -> None:
        found = [
            Found(
                headline(
                    10**9 + n,
                    title="ы" * 999,
                    summary="я я " * 500,
                    source="ы" * 99,
                    published=NOW,
                    gone=True,
                ),
                title=((0, 1), (2, 3)),
                summary=tuple((4 * k + 100, 4 * k + 101) for k in range(99)),
                partly=n > 2,
            )
            for n in range(PAGE)
        ]
        page = Page("я" * 999, 1, 8, total=99, whole=11, tried="ю" * 999, follow="ю" * 999)
        assert len(commands(checked(hits.search(found, viewer(), page)))) == PAGE

    def test_where_the_words_are_never_together_it_says_so(self) -> None:
        found = [Found(headline(n), partly=True) for n in (1, 2)]
        text = checked(hits.search(found, viewer(), Page("мост кот", 9, total=2)))
        assert (
            text.splitlines()[1] == "Со всеми этими словами ничего нет. Вот что есть с некоторыми:"
        )
        assert text.count("некоторыми") == 1

    def test_those_with_a_part_of_the_words_are_set_apart(self) -> None:
        found = [Found(headline(n), partly=n > 1) for n in (1, 2, 3)]
        text = checked(hits.search(found, viewer(), Page("мост", 9, total=3, whole=1)))
        assert text.index("/full_1") < text.index("С некоторыми из слов:") < text.index("/full_2")
        assert text.count("некоторыми") == 1

    def test_what_was_tried_instead_is_said_and_can_be_undone(self) -> None:
        page = Page("перегворы", 9, total=1, whole=1, tried="переговоры", follow="переговоры")
        payload = hits.search([Found(headline())], viewer(), page)
        assert checked(payload).startswith("Показано по запросу «переговоры»")
        assert payload.keyboard[0][0].text == "Искать «перегворы»"
        assert pressed(payload) == [cb.SearchExactly(9), cb.FollowQuery(9)]

    def test_nothing_found_offers_a_follow(self) -> None:
        payload = hits.search([], viewer(), Page("слова", 9, follow="слова"))
        assert "Ничего не нашлось. Сообщить, когда появится?" in checked(payload)
        assert pressed(payload) == [cb.FollowQuery(9)]
        named = hits.search([], viewer(), Page("слова тема:спорт", 9, follow="слова"))
        assert "Сообщить, когда появится «слова»?" in checked(named)

    def test_nothing_found_by_operators_alone_leads_on(self) -> None:
        payload = hits.search([], viewer(), Page("тема:спорт до:вчера", 9, limited=True))
        assert "убрать тему" in checked(payload)
        assert pressed(payload) == [cb.Latest()]

    def test_a_page_whose_articles_went_has_a_way_back(self) -> None:
        payload = hits.search([], viewer(), Page("слова", 9, 8, total=20, whole=20))
        assert "нет в архиве" in checked(payload)
        assert cb.Search(9, 0) in pressed(payload)


class TestGreeting:
    def test_says_when_news_comes_and_offers_the_choices(self) -> None:
        keyboard = screens.greeting_keyboard(viewer().texts, LANGUAGES)
        payload = lists.greeting(
            [headline(n) for n in (1, 2, 3)], viewer(), subscriber(), slots(), keyboard
        )
        text = checked(payload)
        assert commands(text) == [1, 2, 3]
        assert "Главное дважды в день, в 08:00 и 19:00 по Москве." in text
        assert "Срочные уведомления выключены." in text
        labels = [button.text for row in payload.keyboard for button in row]
        assert labels == ["Выбрать темы", "Изменить время", "Русский", "English"]

    def test_without_news_and_digests(self) -> None:
        assert "Дайджесты выключены." in checked(lists.greeting([], viewer(), subscriber(), (), ()))
