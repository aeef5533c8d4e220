"""«Отложить» under every view, /saved in pages, and the file to read offline."""

import re
from html.parser import HTMLParser

import pytest

from bot.handlers import saving
from bot.messages import callbacks as cb
from storage import Reading
from tests.handlers.conftest import ANNA, Shown, World
from tests.storage.newsroom import execute

GROUP = -100500


async def test_the_button_says_so_whatever_the_message_shows(world: World) -> None:
    stored = await world.article()
    anna = world.person()
    (card,) = await anna.say(f"/summary {stored.article_id}")
    text = card.text
    card = await anna.press(card, "Отложить") or card
    assert "✓ Отложено" in card.labels
    assert "Отложить" not in card.labels
    assert card.text == text
    assert world.telegram.toasts == ["Отложено. Список: /saved"]
    # Each view that it turns into knows.
    full = await anna.press(card, "Читать") or card
    assert "✓ Отложено" in full.labels
    card = await anna.press(full, "Свернуть") or card
    assert "✓ Отложено" in card.labels
    (again,) = await anna.say(f"/summary {stored.article_id}")
    assert "✓ Отложено" in again.labels
    card = await anna.press(card, "✓ Отложено") or card
    assert "Отложить" in card.labels
    (page,) = await anna.say("/saved")
    assert "Пока ничего не отложено" in page.text
    assert "Отложить" in page.text


async def test_in_a_group_each_saves_for_themselves(world: World) -> None:
    stored = await world.article()
    anna = world.person(group=GROUP)
    (card,) = await anna.say(f"/summary {stored.article_id}")
    labels = card.labels
    pressed = await anna.press(card, "Отложить")
    assert pressed is not None
    assert pressed.labels == labels
    assert "личном чате" in world.telegram.toasts[-1]
    (told,) = await anna.say("/saved")
    assert "мост" not in told.text
    assert told.keyboard[0][0].url == "https://t.me/newsboy_bot?start=saved"
    (page,) = await world.person().say("/start saved")
    assert f"/full_{stored.article_id}" in page.text
    (others,) = await world.person(ANNA + 1).say("/saved")
    assert "Пока ничего не отложено" in others.text


async def test_pages_and_taking_off(world: World) -> None:
    anna = world.person()
    ids = []
    for number in range(20):
        stored = await world.article(f"Новость номер {number}")
        ids.append(stored.article_id)
        (card,) = await anna.say(f"/summary {stored.article_id}")
        await anna.press(card, "Отложить")
    (page,) = await anna.say("/saved")
    assert page.text.startswith("Отложенное · 20")
    assert _listed(page) == ids[:11:-1]
    page = await anna.press(page, "Раньше ▶") or page
    assert _listed(page) == ids[11:3:-1]
    page = await anna.press(page, "Раньше ▶") or page
    assert _listed(page) == ids[3::-1]
    assert "Раньше ▶" not in page.labels
    page = await anna.press(page, "◀ Новее") or page
    assert _listed(page) == ids[11:3:-1]
    taking = await anna.press(page, "Убрать…") or page
    assert taking.labels[0] == "✕ Новость номер 11"
    taking = await anna.press(taking, "✕ Новость номер 11") or taking
    assert taking.labels[0] == "✕ Новость номер 10"
    page = await anna.press(taking, "◀ Готово") or page
    assert page.text.startswith("Отложенное · 19")
    assert _listed(page) == ids[10:2:-1]
    page = await anna.press(page, "◀ Новее") or page
    assert _listed(page) == ids[:11:-1]


def _listed(page: Shown) -> list[int]:
    return [int(number) for number in re.findall(r"/full_(\d+)", page.text)]


async def test_a_button_of_a_gone_or_strange_article(world: World) -> None:
    anna = world.person()
    (card,) = await anna.say(f"/summary {(await world.article()).article_id}")
    await anna.press(card, cb.Save(999))
    assert "уже нет в архиве" in world.telegram.toasts[-1]
    await anna.press(card, cb.Unsave(999))
    assert world.telegram.toasts[-1] == "Убрано из отложенного."


async def test_there_is_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "MOST", 1)
    anna = world.person()
    for _ in range(2):
        (card,) = await anna.say(f"/summary {(await world.article('Ещё мост')).article_id}")
        card = await anna.press(card, "Отложить") or card
    assert "больше нельзя" in world.telegram.toasts[-1]
    assert "Отложить" in card.labels


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert tag not in {"script", "img", "iframe"}


async def test_the_file_reads_well_and_holds_what_may_be_read(world: World) -> None:
    anna = world.person()
    hostile = await world.article("<script>alert(1)</script> & Co", domain="one.example")
    short = await world.article("Только заголовок", domain="two.example")
    await execute(
        world.storage,
        "UPDATE source SET reading = :reading WHERE domain = 'two.example'",
        reading=Reading.HEADLINE.value,
    )
    for stored in (hostile, short):
        (card,) = await anna.say(f"/summary {stored.article_id}")
        await anna.press(card, "Отложить")
    (page,) = await anna.say("/saved")
    await anna.press(page, "Выгрузить")
    file = anna.messages()[-1]
    assert file.filename == "newsboy-2026-11-22.html"
    assert file.text == "2 отложенные статьи."
    assert file.document is not None
    read = _Texts()
    read.feed(file.document.decode())
    text = "".join(read.texts)
    assert "<script>alert(1)</script> & Co" in text
    whole = await world.storage.articles.get(hostile.article_id)
    assert whole.url in read.links
    first = next(block for block in whole.body if hasattr(block, "spans"))
    body = "".join(span.text for span in first.spans)
    assert text.count(body) == 1  # the one that may be read whole, and not the other
    assert text.index("Только заголовок") < text.index("& Co")  # the newest first


async def test_a_long_list_comes_as_several_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "FILE_BYTES", 100)
    anna = world.person()
    for number in range(3):
        (card,) = await anna.say(f"/summary {(await world.article(f'Мост {number}')).article_id}")
        await anna.press(card, "Отложить")
    (page,) = await anna.say("/saved")
    await anna.press(page, "Выгрузить")
    files = [one for one in anna.messages() if one.document is not None]
    assert [one.filename for one in files] == [
        f"newsboy-2026-11-22-{number}.html" for number in (1, 2, 3)
    ]
    assert all(b"</html>" in (one.document or b"") for one in files)
