"""Article pages, front pages and archives, in three shapes that real news sites have.

*rss*: a page of classes and microdata, as the model publisher builds it, with advertising, earlier
stories and comments among the text. *atom*: JSON-LD, OpenGraph and a semantic article, a cookie
banner and share buttons. *json*: plain HTML5 with OpenGraph and microdata. All three carry
navigation, lists of other headlines and a footer, so whoever wants the article must look for it.
"""

import json
from datetime import datetime
from html import escape

from . import markup
from .edition import MOSCOW, Edition, Published
from .sources import RUBRICS

_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_INVENTED = {
    "ru": "Учебная газета: города, люди и события вымышлены.",
    "en": "A sample newspaper: towns, people and events are invented.",
}
_STYLE = (
    "<style>body{font:17px/1.55 Georgia,serif;max-width:70rem;margin:0 auto;padding:0 1rem;"
    "color:#222}nav a,footer a{margin-right:.8rem;white-space:nowrap}"
    "figure{margin:1rem 0}.author,.credit{margin-left:.8rem}.b_article-intro,.standfirst{"
    "font-weight:bold;margin:1rem 0}img{max-width:100%;height:auto}"
    "aside{font-size:.9rem;border-top:1px solid #ccc}a{color:#124f8c}"
    "blockquote{border-left:4px solid #c33;margin:1rem 0;padding-left:1rem}"
    "td,th{border:1px solid #bbb;padding:.2rem .6rem}time,small{color:#777}</style>"
)


def article_page(edition: Edition, article: Published) -> str:
    """An article's page in the shape of its source."""
    shape = {"rss": _classic, "atom": _modern, "json": _plain}[edition.source.form]
    return shape(edition, article)


def list_page(edition: Edition, title: str, articles: list[Published]) -> str:
    """A front page, a rubric or an archive: headlines with their times."""
    lines = "".join(
        f'<li><time datetime="{_iso(a.published)}">{_when(edition, a.published)}</time> '
        f'<a href="{a.path}">{_text(a.manuscript.title)}</a></li>'
        for a in articles
    )
    source = edition.source
    heading = f"{source.title} · {title}" if title else source.title
    return (
        f'<!DOCTYPE html><html lang="{source.language}"><head><meta charset="utf-8">'
        f"<title>{_text(heading)}</title>{_alternate(edition)}{_STYLE}</head><body>"
        f"<header>{_nav(edition)}</header><main><h1>{_text(heading)}</h1><ul>{lines}</ul></main>"
        f"{_footer(edition)}</body></html>"
    )


def missing_page(edition: Edition, gone: bool) -> str:
    """What stands where nothing is, or where something was withdrawn."""
    if edition.source.language == "ru":
        words = "Материал снят с публикации" if gone else "Такой страницы нет"
    else:
        words = "This article has been withdrawn" if gone else "There is no such page"
    return list_page(edition, words, edition.newest(8))


def _text(text: str) -> str:
    return escape(text, quote=False)


def _iso(moment: datetime) -> str:
    return moment.astimezone(MOSCOW).isoformat(timespec="seconds")


def _when(edition: Edition, moment: datetime) -> str:
    local = moment.astimezone(MOSCOW)
    if edition.source.language == "en":
        return f"{local:%d %B %Y, %H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


def _link(edition: Edition) -> markup.Link:
    return lambda target: edition.path_of(target[1:]) if target.startswith("@") else target


def _rubric(edition: Edition, article: Published) -> str:
    return RUBRICS[edition.source.language].get(article.manuscript.rubric, "")


def _nav(edition: Edition) -> str:
    rubrics = RUBRICS[edition.source.language].items()
    links = "".join(f'<a href="/{key}/">{title}</a>' for key, title in rubrics)
    home = f'<a class="logo" href="/">{_text(edition.source.title)}</a>'
    return f"<nav>{home}{links}</nav>"


def _footer(edition: Edition) -> str:
    russian = edition.source.language == "ru"
    labels = ("Архив", "О газете", "Лента") if russian else ("Archive", "About us", "Feed")
    feed = edition.feed_url.removeprefix(edition.base)
    return (
        f"<footer><p>{_text(edition.source.title)}. {_INVENTED[edition.source.language]}</p>"
        f'<p><a href="/archive">{labels[0]}</a><a href="/about">{labels[1]}</a>'
        f'<a href="{feed}">{labels[2]}</a></p></footer>'
    )


def _alternate(edition: Edition) -> str:
    kind = {"rss": "application/rss+xml", "atom": "application/atom+xml"}.get(
        edition.source.form, "application/feed+json"
    )
    title = escape(edition.source.title)
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{edition.feed_url}">'


def _opengraph(edition: Edition, article: Published) -> str:
    text = article.manuscript
    pairs = [
        ("og:type", "article"),
        ("og:site_name", edition.source.title),
        ("og:title", text.title),
        ("og:url", edition.url(article.path)),
        ("og:locale", "ru_RU" if edition.source.language == "ru" else "en_GB"),
        ("article:published_time", _iso(article.published)),
        ("article:section", _rubric(edition, article)),
    ]
    if text.standfirst:
        pairs.append(("og:description", text.standfirst))
    if article.updated:
        pairs.append(("article:modified_time", _iso(article.updated)))
    if text.picture:
        pairs += [
            ("og:image", edition.url(text.picture.path)),
            ("og:image:width", "800"),
            ("og:image:height", "450"),
        ]
    pairs += [("article:tag", tag) for tag in text.tags]
    return "".join(f'<meta property="{key}" content="{escape(value)}">' for key, value in pairs)


def _head(edition: Edition, article: Published, extra: str = "") -> str:
    text = article.manuscript
    description = (
        f'<meta name="description" content="{escape(text.standfirst)}">' if text.standfirst else ""
    )
    return (
        f'<head><meta charset="utf-8"><title>{_text(text.title)} — {_text(edition.source.title)}'
        f'</title>{description}<link rel="canonical" href="{edition.url(article.path)}">'
        f"{_alternate(edition)}{_opengraph(edition, article)}{extra}{_STYLE}</head>"
    )


def _others(edition: Edition, article: Published, count: int) -> list[Published]:
    return [other for other in edition.newest(count + 1) if other.path != article.path][:count]


def _classic(edition: Edition, article: Published) -> str:
    text, link = article.manuscript, _link(edition)
    ears = "".join(
        f'<a class="b_ear" href="{other.path}"><span class="b_ear-title">'
        f'{_text(other.manuscript.title)}</span> <time class="b_ear-time" '
        f'datetime="{_iso(other.published)}">{other.published.astimezone(MOSCOW):%H:%M}</time></a>'
        for other in _others(edition, article, 12)
    )
    blocks = [markup.block(item, link) for item in text.body]
    middle = max(1, len(blocks) // 2)
    incut = _others(edition, article, 1)
    if incut and len(blocks) > 4:
        blocks.insert(
            middle,
            f'<div class="b_article-incut"><p>По теме</p><p><a href="{incut[0].path}">'
            f"{_text(incut[0].manuscript.title)}</a></p></div>",
        )
        blocks.insert(middle + 1, '<p class="b_adv">Реклама</p>')
    if article.number % 2:
        earlier = edition.newest()[-1]
        blocks.append(
            f'<p>Ранее «{_text(edition.source.title)}» <a href="{earlier.path}">рассказывал</a>: '
            f"{_text(earlier.manuscript.title)}.</p>"
        )
    subheader = (
        f'<h2 class="subheader" itemprop="alternativeHeadline">{_text(text.subheadline)}</h2>'
        if text.subheadline
        else ""
    )
    author = (
        f'<span class="author" itemprop="author">{_text(text.author)}</span>' if text.author else ""
    )
    media = ""
    if text.picture:
        media = (
            f'<div class="b_article-media"><img itemprop="image" src="{text.picture.path}" '
            f'width="800" height="450" alt="{escape(text.picture.caption)}">'
            f'<div class="item-image-caption">{_text(text.picture.caption)} '
            f'<span class="credit">{_text(text.picture.credit)}</span></div></div>'
        )
    intro = (
        f'<div class="b_article-intro"><span itemprop="description">{_text(text.standfirst)}'
        "</span></div>"
        if text.standfirst
        else ""
    )
    labels = "".join(f'<div class="b_article-label">{_text(label)}</div>' for label in text.labels)
    tags = "".join(f'<a class="tag" href="/archive">{_text(tag)}</a> ' for tag in text.tags)
    modified = (
        f'<meta itemprop="dateModified" content="{_iso(article.updated)}">'
        if article.updated
        else ""
    )
    return (
        f'<!DOCTYPE html><html lang="ru">{_head(edition, article)}<body>'
        f'<header class="b_header">{_nav(edition)}</header><div class="b_ticker">Курсы валют · '
        "Погода · Пробки 3 балла</div><main>"
        '<article id="_id_article" class="b_article" itemscope '
        'itemtype="http://schema.org/NewsArticle">'
        '<div class="b_article-breadcrumb"><span class="b_article-breadcrumb-item">'
        f'<a class="rubric" href="/{text.rubric}/">{_rubric(edition, article)}</a></span></div>'
        f'<h1 class="headline" itemprop="headline">{_text(text.title)}</h1>{subheader}'
        f'<time class="time" itemprop="datePublished" datetime="{_iso(article.published)}">'
        f"{_when(edition, article.published)}</time>{modified}{author}{labels}{media}{intro}"
        f'<div class="b_article-text" itemprop="articleBody">\n' + "\n".join(blocks) + "\n</div>"
        f'<div class="b_article-tags">{tags}</div>'
        '<div class="b_article-share"><a href="/about">Поделиться</a></div></article>'
        f'<aside class="b_ears"><h3>Главное сейчас</h3>{ears}</aside>'
        '<section class="b_comments"><h3>Что думаешь?</h3><div class="comment"><b>Читатель</b>'
        '<p>Спасибо за новость, давно ждали подробностей!</p></div><div class="comment">'
        "<b>Сосед</b><p>А у нас во дворе об этом говорят вторую неделю.</p></div>"
        f"<form><textarea></textarea></form></section></main>{_footer(edition)}</body></html>"
    )


def _modern(edition: Edition, article: Published) -> str:
    text = article.manuscript
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": text.title,
        "datePublished": _iso(article.published),
        "dateModified": _iso(article.changed),
        "articleSection": _rubric(edition, article),
        "inLanguage": edition.source.language,
        "keywords": list(text.tags),
        "mainEntityOfPage": edition.url(article.path),
        "publisher": {"@type": "Organization", "name": edition.source.title},
    }
    if text.standfirst:
        data["description"] = text.standfirst
    if text.subheadline:
        data["alternativeHeadline"] = text.subheadline
    if text.author:
        data["author"] = {"@type": "Person", "name": text.author}
    if text.picture:
        data["image"] = [edition.url(text.picture.path)]
    script = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    russian = edition.source.language == "ru"
    words = (
        ("Читайте также", "Мы используем файлы cookie. Продолжая, вы соглашаетесь с этим.",
         "Хорошо", "Подпишитесь на утреннее письмо: пять новостей к первой чашке чая.")
        if russian
        else ("Read also", "We use cookies. By going on you agree to this.", "Fine",
              "Get the morning letter: five stories with your first cup of tea.")
    )  # fmt: skip
    related = "".join(
        f'<li><a href="{other.path}">{_text(other.manuscript.title)}</a></li>'
        for other in _others(edition, article, 5)
    )
    deck = f'<p class="deck">{_text(text.subheadline)}</p>' if text.subheadline else ""
    lead = f'<p class="standfirst">{_text(text.standfirst)}</p>' if text.standfirst else ""
    author = f'<a rel="author" href="/about">{_text(text.author)}</a>' if text.author else ""
    labels = "".join(f'<span class="badge">{_text(label)}</span>' for label in text.labels)
    hero = markup.figure(text.picture, lambda target: target) if text.picture else ""
    ld = f'<script type="application/ld+json">{script}</script>'
    return (
        f'<!DOCTYPE html><html lang="{edition.source.language}">{_head(edition, article, ld)}'
        f'<body><div class="cookie-banner" role="dialog"><p>{words[1]}</p>'
        f"<button>{words[2]}</button></div><header>{_nav(edition)}</header><main><article>"
        f'<header><h1>{_text(text.title)}</h1>{deck}{labels}<p class="byline">{author} '
        f'<time datetime="{_iso(article.published)}">{_when(edition, article.published)}</time>'
        '</p><ul class="share"><li><a href="/about">Telegram</a></li><li><a href="/about">'
        f'E-mail</a></li></ul></header>{lead}{hero}\n<div class="content">\n'
        f"{markup.body(text.body, _link(edition))}\n</div></article>"
        f'<section class="related"><h2>{words[0]}</h2><ul>{related}</ul></section>'
        f'<aside class="newsletter"><p>{words[3]}</p><form><input type="email"></form></aside>'
        f"</main>{_footer(edition)}</body></html>"
    )


def _plain(edition: Edition, article: Published) -> str:
    text = article.manuscript
    russian = edition.source.language == "ru"
    more = "Ещё новости" if russian else "More from us"
    sub = f'<h2 itemprop="alternativeHeadline">{_text(text.subheadline)}</h2>'
    lead = f'<p itemprop="description"><b>{_text(text.standfirst)}</b></p>'
    by = (
        f'<span itemprop="author" itemscope itemtype="https://schema.org/Person">'
        f'<span itemprop="name">{_text(text.author)}</span></span>'
    )
    labels = "".join(f"<p><small>{_text(label)}</small></p>" for label in text.labels)
    hero = ""
    if text.picture:
        hero = markup.figure(text.picture, lambda target: target)
        hero = hero.replace("<img ", '<img itemprop="image" ')
    others = "".join(
        f'<li><a href="{other.path}">{_text(other.manuscript.title)}</a></li>'
        for other in _others(edition, article, 8)
    )
    return (
        f'<!DOCTYPE html><html lang="{edition.source.language}">{_head(edition, article)}<body>'
        f"<header>{_nav(edition)}</header>"
        '<article itemscope itemtype="https://schema.org/NewsArticle">'
        f'<p><a href="/{text.rubric}/" itemprop="articleSection">{_rubric(edition, article)}</a>'
        f'</p><h1 itemprop="headline">{_text(text.title)}</h1>{sub if text.subheadline else ""}'
        f'<p>{by if text.author else ""} <time itemprop="datePublished" '
        f'datetime="{_iso(article.published)}">{_when(edition, article.published)}</time></p>'
        f'{labels}{lead if text.standfirst else ""}{hero}\n<div itemprop="articleBody">\n'
        f"{markup.body(text.body, _link(edition))}\n</div></article>"
        f"<aside><h2>{more}</h2><ul>{others}</ul></aside>{_footer(edition)}</body></html>"
    )
