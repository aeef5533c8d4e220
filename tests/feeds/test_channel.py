"""A Telegram channel's preview page, as t.me lays it out; the words are ours."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.feeds.entries import EntryImage, FeedKind, ParsedEntry, ParsedFeed
from bot.feeds.errors import NotAFeedError
from bot.feeds.parser import parse

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PREVIEW = "https://t.me/s/paper_ru"
EMOJI = (
    '<tg-emoji emoji-id="5"><i class="emoji" style="background-image:url(\'//telegram.org/e/'
    "F09F94A5.png')\"><b>🔥</b></i></tg-emoji>"
)
PHOTO = (
    '<a class="tgme_widget_message_photo_wrap 53 blured" href="https://t.me/paper_ru/{n}?single" '
    "style=\"width:800px;background-image:url('https://cdn4.example/file/{n}.jpg')\">"
    '<div class="tgme_widget_message_photo" style="padding-top:66%"></div></a>'
)


def post(
    number: int, text: str = "", *, extra: str = "", kind: str = "", views: str = "1.2K"
) -> str:
    body = f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'
    return f"""<div class="tgme_widget_message_wrap js-widget_message_wrap">
    <div class="tgme_widget_message text_not_supported_wrap {kind} js-widget_message"
      data-post="paper_ru/{number}" data-view="eyJjIjo{number}">
     <div class="tgme_widget_message_user"><a href="https://t.me/paper_ru"><i
       class="tgme_widget_message_user_photo"><img src="https://cdn4.example/logo.jpg"></i></a></div>
     <div class="tgme_widget_message_bubble">
      <div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name"
        href="https://t.me/paper_ru"><span dir="auto">Газета</span></a></div>
      {extra}{body if text else ""}
      <div class="tgme_widget_message_footer compact js-message_footer">
       <div class="tgme_widget_message_reactions">👍 12</div>
       <div class="tgme_widget_message_info short js-message_info">
        <span class="tgme_widget_message_views">{views}</span>
        <span class="tgme_widget_message_meta">edited &nbsp;<a class="tgme_widget_message_date"
          href="https://t.me/paper_ru/{number}"><time
          datetime="2026-11-22T10:{number:02}:00+00:00" class="time">10:{number:02}</time></a>
        </span>
       </div></div></div></div></div>"""


def page(*posts: str, about: str = "") -> str:
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>Газета – Telegram</title>
    </head><body class="widget_frame_base tgme_webpreview emoji_image">
    <header class="tgme_header"><div class="tgme_channel_info_header">
     <div class="tgme_channel_info_header_title"><span dir="auto">Газета «Утро»</span></div>
     <div class="tgme_channel_info_header_username"><a href="https://t.me/paper_ru">@paper_ru</a>
     </div></div><div class="tgme_channel_info_description">Новости. {about}</div></header>
    <main><section class="tgme_channel_history js-message_history">{"".join(posts)}</section></main>
    </body></html>"""


def read(*posts: str, about: str = "") -> ParsedFeed:
    return parse(
        page(*posts, about=about).encode(),
        url=PREVIEW,
        content_type="text/html; charset=utf-8",
        zone=UTC,
        now=NOW,
    )


def one(text: str, **other: str) -> ParsedEntry:
    about = other.pop("about", "")
    (entry,) = read(post(7, text, **other), about=about).entries
    return entry


def link(url: str, text: str) -> str:
    return f'<a href="{url}" target="_blank" rel="noopener">{text}</a>'


OWN = link("https://paper.example/", "paper.example")


def test_a_post_is_an_entry_that_is_whole() -> None:
    feed = read(
        post(
            7,
            f"{EMOJI}<b>Мост через реку открыли раньше срока</b>{EMOJI}<br/><br/>"
            f"Движение пустили в четыре полосы &amp; без ограничений.<br/>По словам "
            f"{link('https://city.example/a?b=1&amp;c=2', 'мэрии')}, работы стоили 2 &lt; 3 млрд.",
            extra=PHOTO.format(n=7),
        )
    )
    assert (feed.title, feed.kind, feed.problems) == ("Газета «Утро»", FeedKind.CHANNEL, ())
    assert feed.entries == (
        ParsedEntry(
            guid="https://t.me/paper_ru/7",
            url="https://t.me/paper_ru/7",
            title="Мост через реку открыли раньше срока",
            published=datetime(2026, 11, 22, 10, 7, tzinfo=UTC),
            content_html=(
                "<p>Движение пустили в четыре полосы &amp; без ограничений.</p>"
                '<p>По словам <a href="https://city.example/a?b=1&amp;c=2">мэрии</a>, '
                "работы стоили 2 &lt; 3 млрд.</p>"
            ),
            image=EntryImage("https://cdn4.example/file/7.jpg"),
            whole=True,
        ),
    )


def test_the_newest_post_comes_first() -> None:
    feed = read(post(1, "Первая новость дня"), post(2, "Вторая новость дня"))
    assert [entry.guid[-1] for entry in feed.entries] == ["2", "1"]


def test_views_reactions_and_edits_are_no_part_of_a_post() -> None:
    text = "<b>Заголовок новости</b><br/>Текст новости."
    assert one(text) == one(text, views="3M")


# ---------------------------------------------------------------- titles


@pytest.mark.parametrize(
    ("text", "title", "content"),
    [
        ("Только одна строка", "Только одна строка", ""),
        ("❗️Срочно<br/>Суд вынес решение по делу", "Суд вынес решение по делу", "<p>❗️Срочно</p>"),
        (
            "Короткое слово от редакции<br/><b>Суд вынес решение по делу</b><br/>Да.",
            "Суд вынес решение по делу",
            "<p>Короткое слово от редакции</p><p>Да.</p>",
        ),
        (
            "Суд вынес <b>решение</b> по делу<br/>Подробности позже.",
            "Суд вынес решение по делу",
            "<p>Подробности позже.</p>",
        ),
        ("Первая строка\nВторая строка", "Первая строка", "<p>Вторая строка</p>"),
        ("Да.<br/>Нет.", "Да.", "<p>Нет.</p>"),
        (
            "⚡️ Суд вынес решение по громкому делу о мосте<br/><b>Что будет дальше</b><br/>Да.",
            "Суд вынес решение по громкому делу о мосте",
            "<p>Что будет дальше</p><p>Да.</p>",
        ),
    ],
)
def test_the_title_is_the_first_line_that_says_something(
    text: str, title: str, content: str
) -> None:
    entry = one(text)
    assert (entry.title, entry.content_html) == (title, content)


def test_a_long_first_line_gives_its_first_sentence_and_stays_whole_in_the_text() -> None:
    first = "Город подготовил к зиме все котельные и тепловые сети, сообщили в мэрии."
    entry = one(f"{first} {'Ремонт шёл с мая. ' * 20}<br/>Конец.")
    assert entry.title == first
    assert entry.content_html.startswith(f"<p>{first} Ремонт шёл")
    assert entry.content_html.endswith("<p>Конец.</p>")


def test_a_first_line_without_an_end_is_cut_at_a_word() -> None:
    entry = one("слово " * 100)
    assert len(entry.title) <= 200
    assert entry.title.endswith("слово…")
    assert entry.content_html.count("слово") == 100


# ---------------------------------------------------------------- what is left out


@pytest.mark.parametrize(
    "silent",
    [
        post(8, extra=PHOTO.format(n=8)),
        post(8, "Газета pinned a photo", kind="service_message"),
        post(8, extra='<div class="message_media_not_supported_wrap"><div class="message_media_'
             'not_supported_label">Please open Telegram to view this post</div></div>'),
        post(8, extra='<div class="tgme_widget_message_poll"><div class="tgme_widget_message_poll_'
             'question">Кто прав?</div></div>'),
        post(8, EMOJI * 3),
        post(8, "Квартиры у метро по цене комнаты!<br/>Реклама. ООО «Застройщик», erid: 2VtzqxKz"),
        post(8, f"Скидки на всё{link('https://shop.example/?erid=2Vtzqx1', ' тут')}"),
        post(8, "Лучшие курсы года<br/>#реклама"),
        post(8, "На правах рекламы<br/>Лучшие курсы года"),
        '<div class="tgme_widget_message" data-post="../x">?</div>',
    ],
)  # fmt: skip
def test_posts_that_tell_no_news_are_passed_over_without_a_word(silent: str) -> None:
    feed = read(post(7, "Новость о городе и реке"), silent)
    assert [entry.title for entry in feed.entries] == ["Новость о городе и реке"]
    assert feed.problems == ()


def test_news_about_advertising_is_news() -> None:
    assert one("Реклама в метро подорожала на треть, выяснили журналисты").title.startswith("Рек")


def test_a_quoted_reply_is_not_the_post() -> None:
    reply = (
        '<a class="tgme_widget_message_reply user-color-1" href="https://t.me/paper_ru/3">'
        '<div class="tgme_widget_message_author accent_color">Газета</div><div class="tgme_widget_'
        'message_text js-message_reply_text" dir="auto">Старая новость</div></a>'
    )
    assert one("Новая новость о том же", extra=reply).title == "Новая новость о том же"


def test_a_forwarded_post_names_whom_it_is_from() -> None:
    forwarded = (
        '<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;'
        '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/mayor">'
        '<span dir="auto">Мэр города</span></a></div>'
    )
    entry = one("Завтра откроем новый парк у реки", extra=forwarded)
    assert (entry.author, entry.title) == ("Мэр города", "Завтра откроем новый парк у реки")


def test_the_still_of_a_video_is_the_picture() -> None:
    video = (
        '<a class="tgme_widget_message_video_player" href="https://t.me/paper_ru/7"><i class="tgme_'
        'widget_message_video_thumb" style="background-image:url(\'https://cdn4.example/v.jpg\')">'
        '</i><time class="message_video_duration">0:30</time></a>'
    )
    entry = one("Видео с открытия нового парка", extra=video)
    assert entry.image == EntryImage("https://cdn4.example/v.jpg")
    assert entry.published == datetime(2026, 11, 22, 10, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "signature",
    [
        link("https://t.me/paper_ru", "Подписаться"),
        f"{EMOJI} {link('https://t.me/+AbC', 'Подписывайтесь на «Утро»')}",
        "@paper_ru",
        f"{link('https://t.me/paper_ru', 'Газета')} | {link('https://vk.com/paper', 'ВК')} | "
        f"{link('https://max.ru/paper', 'MAX')}",
        f"{EMOJI}<br/>{link('https://t.me/paper_bot', 'Прислать новость')}",
        "Подпишись на нас!",
        link("https://t.me/boost/paper_ru", "Поддержать канал бустом"),
    ],
)
def test_a_signature_is_cut(signature: str) -> None:
    entry = one(f"<b>Новость о городе и реке</b><br/><br/>Текст новости.<br/><br/>{signature}")
    assert entry.content_html == "<p>Текст новости.</p>"


def test_a_line_that_posts_share_is_a_signature_even_with_a_link_of_its_own() -> None:
    ending = f"Больше — на {link('https://weather.example/today', 'нашем сайте')}"
    feed = read(
        *(post(n, f"Новость номер {n} о погоде<br/>Текст {n}.<br/>{ending}") for n in range(4))
    )
    assert {entry.content_html for entry in feed.entries} == {
        f"<p>Текст {n}.</p>" for n in range(4)
    }


def test_the_laws_notices_are_never_cut() -> None:
    notice = f"Материал создан иностранным агентом {link('https://t.me/x_agent', 'X')} 18+"
    feed = read(*(post(n, f"Новость номер {n} о погоде<br/>{notice}") for n in range(4)))
    assert all("иностранным агентом" in entry.content_html for entry in feed.entries)


# ---------------------------------------------------------------- headlines of own pages


def test_a_headline_with_a_link_is_the_publishers_page() -> None:
    text = (
        f"<b>Мост через реку открыли</b><br/>Движение пустили утром.<br/>"
        f"{link('https://paper.example/news/17?utm_source=tg', 'Подробнее')}"
    )
    entry = one(text, about=OWN)
    assert (entry.guid, entry.url) == ("https://t.me/paper_ru/7", "https://paper.example/news/17")
    assert entry.content_html == "<p>Движение пустили утром.</p>"
    assert not entry.whole, "its page is to be read"


def test_a_linked_headline_is_too() -> None:
    entry = one(link("https://paper.example/news/17", "<b>Мост через реку открыли</b>"), about=OWN)
    assert (entry.url, entry.title) == ("https://paper.example/news/17", "Мост через реку открыли")


@pytest.mark.parametrize(
    "text",
    [
        f"{link('https://paper.example/news/17', chr(0x200B))}Мост через реку открыли",
        f"{link('https://paper.example/news/17', chr(0x200B))}<br/>Мост через реку открыли<br/>Да.",
        f"{link('https://paper.example/news/17', '👉')} Мост через реку открыли",
        f"Мост через реку открыли, сказали {link('https://paper.example/news/17', 'в мэрии')}.",
        f"Мост через реку открыли<br/>{link('https://paper.example/news/17', 'paper.example')}"
        "<br/><br/>#мост #город",
    ],
)
def test_however_the_link_is_hidden(text: str) -> None:
    entry = one(text, about=OWN)
    assert entry.url == "https://paper.example/news/17"
    assert entry.title.startswith("Мост через реку открыли")
    assert "paper.example" not in entry.content_html


def test_lines_of_hashtags_are_rubrics() -> None:
    entry = one("#Главное_за_день<br/>Мост через реку открыли<br/>Текст.<br/>#мост, #город")
    assert entry.title == "Мост через реку открыли"
    assert entry.content_html == "<p>Текст.</p>"
    assert set(entry.categories) == {"Главное за день", "мост", "город"}


def test_a_bare_address_is_called_by_its_card() -> None:
    card = (
        '<a class="tgme_widget_message_link_preview" href="https://paper.example/news/17"><div '
        'class="link_preview_title" dir="auto">Мост через реку открыли</div></a>'
    )
    bare = link("https://paper.example/news/17", "https://paper.example/news/17")
    assert one(bare, extra=card).title == "Мост через реку открыли"
    assert read(post(7, bare)).entries == ()


def test_the_channels_site_is_known_by_where_its_posts_link() -> None:
    feed = read(
        *(
            post(
                n, f"Новость {n} о городе и реке<br/>{link(f'https://paper.example/news/{n}', '→')}"
            )
            for n in range(4)
        )
    )
    assert {entry.url for entry in feed.entries} == {
        f"https://paper.example/news/{n}" for n in range(4)
    }
    assert feed.site == "https://paper.example/"


@pytest.mark.parametrize(
    "text",
    [
        f"Новость о городе<br/>{link('https://paper.example/news/1', 'Писали')}, да.<br/>Вот.",
        f"Новость о городе<br/>{link('https://other.example/news/1', 'Подробнее')}",
        f"Новость о городе<br/>{link('https://paper.example/', 'Сайт')}",
        f"Новость о городе<br/>{link('https://paper.example/news/1', 'раз')}, "
        f"{link('https://paper.example/news/2', 'два')}",
        f"Новость о городе<br/>{'Длинный рассказ о ней. ' * 40}<br/>"
        f"{link('https://paper.example/news/1', 'Подробнее')}",
    ],
)  # fmt: skip
def test_a_post_that_tells_its_news_itself_is_an_article_of_its_own(text: str) -> None:
    entry = one(text, about=OWN)
    assert (entry.url, entry.whole) == ("https://t.me/paper_ru/7", True)


# ---------------------------------------------------------------- no channel


def test_a_channel_that_shows_nothing_says_so() -> None:
    contact = """<html><body><div class="tgme_page"><div class="tgme_page_title">Закрытый</div>
    <div class="tgme_page_action"><a class="tgme_action_button_new">Join</a></div></div></body>"""
    with pytest.raises(NotAFeedError, match="shows no posts"):
        parse(contact.encode(), url=PREVIEW, content_type="text/html", zone=UTC, now=NOW)


def test_a_channel_without_news_is_a_feed_without_entries() -> None:
    assert read(post(8, extra=PHOTO.format(n=8))).entries == ()
    assert read().entries == ()


def test_a_page_that_only_shows_a_channels_widget_is_no_channel() -> None:
    body = b'<html><body><script src="https://telegram.org/js/telegram-widget.js"></script></body>'
    with pytest.raises(NotAFeedError, match="web page"):
        parse(body, url="https://paper.example/", content_type="text/html", zone=UTC, now=NOW)


def test_a_feed_made_of_a_channel_is_a_feed() -> None:
    body = f"""<rss version="2.0"><channel><title>Мост</title><item><title>Новость</title>
    <description><![CDATA[{post(7, "Новость")}]]></description></item></channel></rss>"""
    feed = parse(body.encode(), url=PREVIEW, content_type="text/xml", zone=UTC, now=NOW)
    assert (feed.kind, feed.entries[0].title) == (FeedKind.FEED, "Новость")


@pytest.mark.parametrize("flood", ["<div>", "<b>", "<a href=x>", "<br>", "{", "a ", "@a ", "«"])
def test_a_hostile_page_costs_little(flood: str) -> None:
    begun = datetime.now(UTC)
    read(post(7, flood * (300_000 // len(flood))))
    assert datetime.now(UTC) - begun < timedelta(seconds=5)
