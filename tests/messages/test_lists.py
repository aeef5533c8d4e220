"""Lists of headlines."""

from collections.abc import Sequence
from datetime import date

import pytest

from bot.messages import callbacks as cb
from bot.messages import hits, lists, screens
from bot.messages.hits import Found
from bot.messages.lists import PAGE
from storage import Headline, Topic
from tests.messages.samples import EN, LANGUAGES, NOW, headline, parsed, slots, subscriber, viewer
from tests.messages.test_classic import checked, pressed

MONSTERS = (
    headline(1, title="🙂" * 3000, summary="🙂" * 3000, source="ы" * 999),
    headline(2, title="", summary="", source="", image_url=None),
    headline(3, title="<b>" * 300, source="\u202e"),
)


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
    checked(lists.archive(headlines, viewer(EN), NOW.date(), older=None, newer=None))
    checked(hits.search([Found(one) for one in headlines], viewer(), "слова", 1, 0, more=True))


def test_archive_leads_to_the_days_around_but_not_to_the_future() -> None:
    today = lists.archive([headline()], viewer(), date(2026, 11, 22), older=7, newer=None)
    assert pressed(today) == [
        cb.Day(date(2026, 11, 22), 7),
        cb.Day(date(2026, 11, 21)),
        cb.Latest(),
    ]
    before = lists.archive([], viewer(), date(2025, 12, 31), older=None, newer=None)
    assert "31 декабря 2025" in checked(before)
    assert cb.Day(date(2026, 1, 1)) in pressed(before)


class TestSearch:
    def test_found_words_are_marked_in_title_and_summary(self) -> None:
        found = Found(
            headline(title="Переговоры в Японии", summary="В Токио " * 40 + "идут переговоры."),
            title=((0, 10), (13, 19)),
            summary=((325, 335),),
        )
        payload = hits.search([found], viewer(), "переговоры с японией", 9, 0, more=True)
        assert "…" in checked(payload)
        assert parsed(payload.text).of_kind("Bold") == ["Переговоры", "Японии", "переговоры"]
        assert pressed(payload) == [cb.Search(9, PAGE), cb.FollowQuery(9)]

    def test_a_page_of_the_longest_hits_is_whole(self) -> None:
        found = [
            Found(
                headline(
                    10**9 + n, title="ы" * 999, summary="я я " * 500, source="ы" * 99, published=NOW
                ),
                title=((0, 1), (2, 3)),
                summary=tuple((4 * k + 100, 4 * k + 101) for k in range(99)),
            )
            for n in range(PAGE)
        ]
        assert (
            len(commands(checked(hits.search(found, viewer(), "я" * 999, 1, 8, more=False))))
            == PAGE
        )

    def test_nothing_found_offers_a_follow(self) -> None:
        payload = hits.search([], viewer(), "слова", 9, 0, more=False)
        assert "Ничего не нашлось. Сообщить, когда появится?" in checked(payload)
        assert pressed(payload) == [cb.FollowQuery(9)]

    def test_past_the_last_page(self) -> None:
        payload = hits.search([], viewer(), "слова", 9, 8, more=False)
        assert cb.Search(9, 0) in pressed(payload)


class TestGreeting:
    def test_says_when_news_comes_and_offers_the_choices(self) -> None:
        keyboard = screens.greeting_keyboard(viewer().texts, LANGUAGES)
        payload = lists.greeting(
            [headline(n) for n in (1, 2, 3)], viewer(), subscriber(), slots(), keyboard
        )
        text = checked(payload)
        assert commands(text) == [1, 2, 3]
        assert "по будням в 08:00, по выходным в 10:00 и ежедневно в 19:00 (время: Москва)" in text
        assert "Срочные уведомления: выключены." in text
        labels = [button.text for row in payload.keyboard for button in row]
        assert labels == ["Выбрать темы", "Изменить время", "Русский", "English"]

    def test_without_news_and_digests(self) -> None:
        assert "Дайджесты выключены." in checked(lists.greeting([], viewer(), subscriber(), (), ()))
