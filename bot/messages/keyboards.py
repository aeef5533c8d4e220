"""The buttons under articles and lists. Screens lay out their own buttons beside their text."""

from dataclasses import replace
from datetime import date, timedelta

from bot.messages import links
from bot.messages.callbacks import (
    Callback,
    Card,
    Collapse,
    DayPage,
    DigestMore,
    FollowStory,
    HideMenu,
    Important,
    Latest,
    LatestTopics,
    Read,
    Related,
    RichOffer,
    RichSeen,
    Save,
    Tellers,
    Top,
    TopTopics,
    Unsave,
    pack,
)
from bot.messages.markup import clean, clip, web_link
from bot.messages.payloads import Button, Keyboard, Payload
from bot.messages.texts import Texts, Viewer
from storage import Article, Topic

_SHARED = 200  # UTF-16 units of a title in the text that is shared
_BUTTON = 40  # characters of a button's text that phones show
_ROOM = {2: 17.5, 3: 10.5}  # Cyrillic letters that a phone shows of each of so many in a row
_NARROW = 0.85  # the width of a Latin letter or a digit over that of a Cyrillic one


def button(text: str, callback: Callback) -> Button:
    """Return a button that carries `callback`."""
    return Button(clip(text, _BUTTON), pack(callback))


def rows_of(buttons: list[Button], width: int) -> Keyboard:
    """Return `buttons` in rows of `width`, of fewer where a phone would cut a label short."""
    rows: list[tuple[Button, ...]] = []
    rest = tuple(buttons)
    while rest:
        count = min(width, len(rest))
        while count > 1 and any(
            _wide(one.text) > _ROOM.get(count, _BUTTON) for one in rest[:count]
        ):
            count -= 1
        rows.append(rest[:count])
        rest = rest[count:]
    return tuple(rows)


def _wide(text: str) -> float:
    """How wide a label is, without its tick: buttons must not move when one is chosen."""
    shown = text.removeprefix("✓ ")
    narrow = sum(character.isascii() for character in shown)
    return len(shown) - narrow * (1 - _NARROW)


def _source(article: Article, texts: Texts) -> tuple[Button, ...]:
    link = web_link(article.url)
    return (Button(texts.gettext("Source"), url=link),) if link else ()


def push(article: Article, texts: Texts) -> Keyboard:
    """Читать · Отложить · Не показывать…"""
    _ = texts.gettext
    row = [
        button(_("Read"), Read(article.id)),
        save(article.id, texts),
        button(_("Hide…"), HideMenu(article.id)),
    ]
    return rows_of(row, 3)


def post(article: Article, viewer: Viewer) -> Keyboard:
    """Читать: opens the article in the bot, since a post's buttons are everybody's."""
    link = links.article(viewer.bot, article.id)
    return ((Button(viewer.texts.gettext("Read"), url=link),),) if link else ()


def with_discussion(shown: Payload, username: str, message_id: int, texts: Texts) -> Payload:
    """Return a card with «Обсудить», which opens the comments under a public channel's post.

    Telegram: "Message links" (the comment named need not exist).
    """
    link = f"https://t.me/{username}/{message_id}?comment=1"
    return replace(shown, keyboard=(*shown.keyboard, (Button(texts.gettext("Discuss"), url=link),)))


def save(article_id: int, texts: Texts) -> Button:
    """Отложить"""
    return button(texts.gettext("Save"), Save(article_id))


def saved(article_id: int, texts: Texts) -> Button:
    """✓ Отложено"""
    return button(texts.gettext("✓ Saved"), Unsave(article_id))


def with_saved(shown: Payload, article_id: int, texts: Texts) -> Payload:
    """Return a message about an article that its reader keeps for later: its button says so."""
    before, after = save(article_id, texts), saved(article_id, texts)
    keyboard = tuple(
        tuple(after if one == before else one for one in row) for row in shown.keyboard
    )
    return replace(shown, keyboard=keyboard)


def card(article: Article, texts: Texts) -> Keyboard:
    """Читать · Отложить · Источник, По теме · Не показывать… and Следить за сюжетом below."""
    _ = texts.gettext
    return (
        (
            button(_("Read"), Read(article.id)),
            save(article.id, texts),
            *_source(article, texts),
        ),
        (button(_("Related"), Related(article.id)), button(_("Hide…"), HideMenu(article.id))),
        *rows_of(_of_story(article, texts), 2),
    )


def _of_story(article: Article, texts: Texts) -> list[Button]:
    """Кто ещё пишет · Следить за сюжетом."""
    row = []
    if article.sources_in_story > 1:
        row.append(button(texts.gettext("Other sources"), Tellers(article.id)))
    # What comes of the news of one's own source is looked for nowhere.
    if article.owner is None:
        row.append(button(texts.gettext("Follow the story"), FollowStory(article.id)))
    return row


def related(article: Article, texts: Texts) -> Keyboard:
    """Back to the card."""
    return ((button(texts.gettext("◀ Back"), Card(article.id)),),)


def full(
    article: Article, viewer: Viewer, parts: tuple[int, ...] = (), *, onward: bool = True
) -> Keyboard:
    """Свернуть · Отложить; below them the ways on, if the text has none.

    Свернуть deletes the text's `parts`.
    """
    collapse = (
        button(viewer.texts.gettext("Collapse"), Collapse(article.id, parts)),
        save(article.id, viewer.texts),
    )
    return (collapse, ways_on(article, viewer)) if onward else (collapse,)


def rich_offer(article: Article, texts: Texts) -> Keyboard:
    """Показать одним сообщением: under a text that needed several."""
    return ((button(texts.gettext("Show in one message"), RichOffer(article.id)),),)


def ways_on(article: Article, viewer: Viewer) -> tuple[Button, ...]:
    """По теме · Поделиться · Источник: where a text that was read leads to."""
    _ = viewer.texts.gettext
    row = [button(_("Related"), Related(article.id))]
    # A reader's own source is nobody else's: the link would open nothing.
    if article.owner is None and (
        link := links.share(viewer.bot, article.id, clip(clean(article.title), _SHARED))
    ):
        row.append(Button(_("Share"), url=link))
    return (*row, *_source(article, viewer.texts))


def folded(article: Article, texts: Texts, parts: tuple[int, ...]) -> Keyboard:
    """Свернуть, which deletes the parts of the text below, · Отложить · Источник."""
    collapse = button(texts.gettext("Collapse"), Collapse(article.id, parts))
    return ((collapse, save(article.id, texts), *_source(article, texts)),)


def outward(article: Article, texts: Texts) -> Keyboard:
    """Источник · Отложить · Не показывать…: where the text may not be shown."""
    hide = button(texts.gettext("Hide…"), HideMenu(article.id))
    return rows_of([*_source(article, texts), save(article.id, texts), hide], 3)


def latest(
    here: Latest, older: int | None, newer: int | None, today: date, texts: Texts
) -> Keyboard:
    """Return the arrows of /latest, the filter and the archive; None: no page that way."""
    _ = texts.gettext
    arrows: list[Button] = []
    if newer is not None:
        arrows.append(button(_("◀ Newer"), Latest(here.topic, here.source, after=newer)))
    if older is not None:
        arrows.append(button(_("Older ▶"), Latest(here.topic, here.source, before=older)))
    choice = [button(_("Topic…"), LatestTopics()), button(_("By day"), DayPage(today))]
    if here.topic or here.source:
        choice.append(button(_("All news"), Latest()))
    return tuple(row for row in (tuple(arrows), tuple(choice)) if row)


def latest_topics(texts: Texts) -> Keyboard:
    """Return all topics to choose one for /latest."""
    topics = [button(texts.topic(topic), Latest(topic=topic.value)) for topic in Topic]
    return (*rows_of(topics, 2), (button(texts.gettext("All news"), Latest()),))


def day(
    shown: date,
    around: tuple[date | None, date | None],
    older: int | None,
    newer: int | None,
    today: date,
    texts: Texts,
) -> Keyboard:
    """Return the ways within a day's archive (search keys), and to other days.

    `around` are the days that the arrows lead to, None where there is nothing.
    """
    _ = texts.gettext
    arrows: list[Button] = []
    if newer is not None:
        arrows.append(button(_("◀ Newer"), DayPage(shown, after=newer)))
    if older is not None:
        arrows.append(button(_("Older ▶"), DayPage(shown, before=older)))
    before, after = around
    days: list[Button] = []
    if before is not None:
        days.append(button("◀ " + texts.day(before, today), DayPage(before)))
    if after is not None and after <= today:
        days.append(button(texts.day(after, today) + " ▶", DayPage(after)))
    further = [button(_("Latest news"), Latest())]
    if before is not None:
        further.insert(0, button(_("◀ A week earlier"), DayPage(shown - timedelta(days=7))))
    return tuple(tuple(row) for row in (arrows, days, further) if row)


def digest(
    delivery: int,
    offset: int,
    more: int,
    texts: Texts,
    *,
    back: int | None = None,
    offer: bool = False,
) -> Keyboard:
    """Return «Ещё 12», the rest of a digest, and the way back; nothing where there is neither.

    With `offer`, the answers to the offer of important stories stand below.
    """
    buttons: list[Button] = []
    if back is not None:
        buttons.append(button(texts.gettext("◀ Back"), DigestMore(delivery, back)))
    if more > 0:
        text = texts.ngettext("{n} more headline", "{n} more headlines", more).format(n=more)
        buttons.append(button(text, DigestMore(delivery, offset)))
    rows = [tuple(buttons)] if buttons else []
    if offer:
        _ = texts.gettext
        yes = button(_("Yes"), Important(delivery, offset, wanted=True))
        rows.append((yes, button(_("No, thanks"), Important(delivery, offset, wanted=False))))
    return tuple(rows)


def top(here: Top, *, more: bool, page: int, texts: Texts) -> Keyboard:
    """Return the arrows of /top, and its filter; `page` is the number of stories on one."""
    _ = texts.gettext
    arrows: list[Button] = []
    if here.offset:
        arrows.append(button(_("◀ Back"), replace(here, offset=max(0, here.offset - page))))
    if more:
        arrows.append(button(_("More ▶"), replace(here, offset=here.offset + page)))
    choice = [button(_("Topic…"), TopTopics())]
    if here.topic:
        choice.append(button(_("All topics"), Top()))
    return tuple(row for row in (tuple(arrows), tuple(choice)) if row)


def top_topics(texts: Texts) -> Keyboard:
    """Return all topics to choose one for /top."""
    topics = [
        button(texts.topic(topic), Top(topic=topic.value))
        for topic in Topic
        if topic is not Topic.OTHER
    ]
    return (*rows_of(topics, 2), (button(texts.gettext("All topics"), Top()),))


def rich_sample(article: int, texts: Texts) -> Keyboard:
    """Return the answers to «Видно?»."""
    _ = texts.gettext
    return (
        (
            button(_("Yes, all of it"), RichSeen(seen=True, article=article)),
            button(_("No"), RichSeen(seen=False, article=article)),
        ),
    )
