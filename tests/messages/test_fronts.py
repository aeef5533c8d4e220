"""The front page in both layouts, its further pages, the day's top, and what was held back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from aiogram.types import InputRichMessage

from bot.messages import callbacks as cb
from bot.messages import fronts
from bot.messages.fronts import Front
from bot.messages.lists import PAGE
from storage import Headline, Topic
from tests.messages.samples import EN, NOW, headline, parsed, viewer
from tests.messages.test_classic import checked, pressed
from tests.messages.test_lists import MONSTERS, commands, many
from tests.messages.test_rich import shown


def front(more: int = 0, **changes: Any) -> Front:
    made: dict[str, Any] = {
        "lead": headline(1, title="Главное"),
        "sections": (
            (Topic.POLITICS, (headline(2), headline(3))),
            (Topic.SPORT, (headline(4),)),
        ),
        "more": more,
        "delivery": 50,
        "offset": 4,
    }
    return Front(**made | changes)


class TestDigest:
    def test_first_line_is_the_top_headline_and_the_last_leads_on(self) -> None:
        payload = fronts.digest(front(), viewer())
        lines = checked(payload).splitlines()
        assert lines[:2] == ["Главное", "Утренний дайджест · 22 ноября"]
        assert lines[-1] == "Все новости: /latest"
        assert commands(payload.plain) == [1, 2, 3, 4]
        assert "Политика\n• Заголовок 2 /full_2\n• Заголовок 3 /full_3\n\nСпорт" in payload.plain
        assert payload.preview == "https://img.example/1.jpg"
        assert payload.keyboard == ()
        assert payload.rich is None

    @pytest.mark.parametrize(
        ("hours", "name"), [(7, "Дневной"), (14, "Вечерний"), (-9, "Вечерний"), (-4, "Утренний")]
    )
    def test_is_named_by_the_readers_hour(self, hours: int, name: str) -> None:
        payload = fronts.digest(front(), viewer(now=NOW + timedelta(hours=hours)))
        assert f"{name} дайджест" in payload.plain

    def test_the_rest_is_a_button_away(self) -> None:
        payload = fronts.digest(front(more=12), viewer())
        assert payload.keyboard[0][0].text == "Ещё 12 заголовков"
        assert pressed(payload) == [cb.DigestMore(50, 4)]

    @pytest.mark.parametrize("rich", [False, True])
    def test_what_does_not_fit_is_counted_and_the_next_page_begins_with_it(
        self, rich: bool
    ) -> None:
        long = front(lead=many(1)[0], sections=((Topic.WORLD, tuple(many(60))),), offset=61)
        payload = fronts.digest(long, viewer(), rich=rich)
        told = len(commands(checked(payload)))
        assert 10 < told < 61
        assert payload.keyboard[0][0].text.startswith(f"Ещё {61 - told} ")
        assert pressed(payload) == [cb.DigestMore(50, told)]
        if rich:
            assert payload.rich is not None
            assert shown(payload.rich["blocks"]).count("/full_") == told

    def test_what_several_sources_tell_says_how_many(self) -> None:
        several = headline(2, sources_in_story=3)
        payload = fronts.digest(front(sections=((Topic.WORLD, (several, headline(4))),)), viewer())
        assert "• Заголовок 2 · 3 источника /full_2\n• Заголовок 4 /full_4" in payload.plain
        english = fronts.digest(front(sections=((Topic.WORLD, (several,)),)), viewer(EN))
        assert "• Заголовок 2 · 3 sources /full_2" in english.plain

    def test_a_source_more_shows_although_lines_are_kept(self) -> None:
        press = fronts.Press()
        for sources in (2, 3):
            told = headline(2, sources_in_story=sources)
            made = fronts.digest(front(sections=((Topic.WORLD, (told,)),)), viewer(), press)
            assert f"{sources} источника" in made.plain

    def test_what_has_no_topic_is_more_news(self) -> None:
        payload = fronts.digest(front(sections=((Topic.OTHER, (headline(2),)),)), viewer())
        assert "\n\nДругие новости\n• Заголовок 2" in payload.plain

    @pytest.mark.parametrize(
        ("summary", "told"),
        [
            ("Раз. Два.", "Раз. Два."),
            ("Первое предложение. " + "Второе очень длинное " * 40, "Первое предложение."),
            ("Он спросил: «Правда?» И вышел. " + "слово " * 99, "Он спросил: «Правда?» И вышел."),
        ],
    )
    def test_the_lead_is_told_in_whole_sentences(self, summary: str, told: str) -> None:
        payload = fronts.digest(front(lead=headline(1, summary=summary)), viewer())
        assert payload.plain.split("\n\n")[1].splitlines()[0] == told

    def test_one_endless_sentence_is_cut_at_a_word(self) -> None:
        payload = fronts.digest(front(lead=headline(1, summary="слово " * 200)), viewer())
        assert "слово…\n" in payload.plain

    def test_is_one_screen(self) -> None:
        """A phone shows some 45 letters a line, and 25 lines."""
        title = "Правительство утвердило новый порядок выплат семьям с детьми"
        topics = (Topic.POLITICS, Topic.ECONOMY, Topic.SPORT)
        sections = tuple(
            (topic, (headline(2 * at, title=title), headline(2 * at + 1, title=title)))
            for at, topic in enumerate(topics, 1)
        )
        lead = headline(1, title=title, summary="Порядок меняется с первого января. " * 20)
        text = checked(fronts.digest(front(lead=lead, sections=sections, offset=7), viewer()))
        assert sum(1 + len(one) // 45 for one in text.splitlines()) <= 36

    def test_offers_important_stories_and_still_ends_with_all_news(self) -> None:
        payload = fronts.digest(front(more=2, offer=True), viewer())
        lines = checked(payload).splitlines()
        assert lines[-1] == "Все новости: /latest"
        assert lines[-3] == "Сообщать сразу о самом важном? Не больше трёх в день."
        rest, answers = payload.keyboard
        assert [one.text for one in answers] == ["Да", "Нет, спасибо"]
        assert pressed(payload) == [
            cb.DigestMore(50, 4),
            cb.Important(50, 4, wanted=True),
            cb.Important(50, 4, wanted=False),
        ]
        assert len(rest) == 1


class TestRichDigest:
    def blocks(self, page: Front, **options: Any) -> list[dict[str, Any]]:
        payload = fronts.digest(page, viewer(**options), rich=True)
        checked(payload)
        assert payload.rich is not None
        InputRichMessage.model_validate(dict(payload.rich))
        return list(payload.rich["blocks"])

    def test_headline_photo_and_sections_as_blocks(self) -> None:
        blocks = self.blocks(front())
        assert [one["type"] for one in blocks] == [
            *("heading", "paragraph", "photo", "paragraph", "paragraph"),
            *("heading", "list", "heading", "list", "paragraph"),
        ]
        assert shown(blocks[0]) == "Главное", "what a lock screen shows"
        assert shown(blocks[1]) == "Утренний дайджест · 22 ноября"
        assert shown(blocks[6]) == "Заголовок 2 /full_2Заголовок 3 /full_3"
        assert shown(blocks[-1]) == "Все новости: /latest"

    def test_every_headline_opens_at_a_tap(self) -> None:
        """Marked, and looked for by the server: nothing keeps it from looking."""
        payload = fronts.digest(front(), viewer(), rich=True)
        assert payload.rich is not None
        assert "skip_entity_detection" not in payload.rich

        def tappable(value: Any) -> list[str]:
            if isinstance(value, dict):
                found = [value["bot_command"]] if value.get("type") == "bot_command" else []
                return found + [one for inner in value.values() for one in tappable(inner)]
            if isinstance(value, list):
                return [one for inner in value for one in tappable(inner)]
            return []

        commanded = [f"/full_{number}" for number in (1, 2, 3, 4)]
        assert tappable(payload.rich["blocks"]) == [*commanded, "/latest"]

    def test_says_what_the_classic_one_says_and_rides_on_it(self) -> None:
        page = front(more=3, offer=True)
        classic, rich = fronts.digest(page, viewer()), fronts.digest(page, viewer(), rich=True)
        assert rich.rich is not None
        assert (rich.text, rich.plain, rich.keyboard) == (
            classic.text,
            classic.plain,
            classic.keyboard,
        )
        letters = shown(rich.rich["blocks"])
        assert "".join(letters.split()) == "".join(classic.plain.replace("• ", "").split())

    def test_without_pictures_there_is_none(self) -> None:
        assert "photo" not in [one["type"] for one in self.blocks(front(), pictures=False)]
        bare = front(lead=headline(1, image_url=None))
        assert "photo" not in [one["type"] for one in self.blocks(bare)]

    def test_whatever_stands_in_it_is_sound(self) -> None:
        lead, *rest = MONSTERS
        blocks = self.blocks(front(lead=lead, sections=((Topic.OTHER, tuple(rest)),)))
        assert shown(blocks).strip()


@pytest.mark.parametrize("headlines", [[], MONSTERS, many(30)])
def test_whatever_is_listed_fits(headlines: Sequence[Headline]) -> None:
    checked(fronts.top(headlines, viewer(), cb.Top(), more=True, page=PAGE))
    checked(fronts.digest_more(headlines, viewer(), 1, 8, 30))


class TestTop:
    def test_counts_sources_and_opens_in_the_chat(self) -> None:
        page = fronts.top([headline(sources_in_story=3)], viewer(), cb.Top(), more=False, page=PAGE)
        text = checked(page)
        assert text.startswith("Главное за сутки\n\nЗаголовок 1\n")
        assert "3 источника · /full_1" in text
        assert pressed(page) == [cb.TopTopics()]

    def test_names_the_topic_that_filters_it_and_leads_back(self) -> None:
        here = cb.Top("sport", offset=PAGE, asked=7)
        page = fronts.top([headline()], viewer(), here, more=True, page=PAGE)
        assert checked(page).startswith("Главное за сутки: Спорт")
        assert pressed(page) == [
            cb.Top("sport", 0, 7),
            cb.Top("sport", 2 * PAGE, 7),
            cb.TopTopics(),
            cb.Top(),
        ]

    def test_empty_says_where_to_look(self) -> None:
        page = fronts.top([], viewer(), cb.Top("sport"), more=False, page=PAGE)
        assert "/latest" in checked(page)
        assert cb.Top() in pressed(page)

    def test_offers_topics_but_not_other(self) -> None:
        offered = pressed(fronts.top_topics(viewer()))
        assert cb.Top("sport") in offered
        assert cb.Top("other") not in offered
        assert offered[-1] == cb.Top()


class TestMerged:
    def test_loses_none(self) -> None:
        payload, taken = fronts.merged(many(60), viewer(), quiet=True)
        assert 10 < taken < 60
        assert commands(checked(payload)) == list(range(1, taken + 1))
        assert payload.plain.startswith("За тихие часы: 60 новостей")

    def test_says_quiet_only_of_quiet_hours(self) -> None:
        one, taken = fronts.merged([headline()], viewer(EN), quiet=True)
        assert "1 story from the quiet hours" in one.plain
        late, _ = fronts.merged([headline(n) for n in (1, 2, 3)], viewer())
        assert parsed(late.text).text.splitlines()[0] == "3 новости"
        assert taken == 1
