"""Ten pages in the model publisher's shape, written by ourselves, and what is to be read in them.

Each varies what templates of ten years have varied: wrappers, lead, encoding, kinds of blocks,
and what stands between the paragraphs without being the article's. `LEAKS` are texts of other
stories, advertising and the page's own furniture: none may be in an article.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from storage import PictureBlock

HOST = "http://127.0.0.1:8099"
URL = f"{HOST}/social/news/2026/11/22/page.shtml"
OWN = "https://paper.example"

EARS = (
    "Над озером впервые заметили стаю розовых пеликанов",
    "Трамвайное депо отметило столетие парадом вагонов",
    "Учёные пересчитали выдр на северных порогах",
)
LEAKS = (
    *EARS,
    "Читайте также",
    "Реклама",
    "erid",
    "Подписывайтесь",
    "Что думаешь",
    "cookie",
    "Спасибо за новость",
    "Поделиться",
    "Banner",
    "Курсы валют",
    "Новости партнёров",
    "Ранее сообщалось",
)


@dataclass(frozen=True)
class ModelPage:
    """A page's bytes and the article in it; `body` is a line for each of its blocks."""

    name: str
    html: bytes
    title: str
    body: tuple[tuple[str, str], ...]  # (a block's class, its text)
    subheadline: str = ""
    standfirst: str = ""
    author: str = ""
    published: datetime | None = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    updated: datetime | None = None
    rubric: str = "Общество"
    canonical: str = f"{OWN}/social/news/2026/11/22/page.shtml"
    pictures: tuple[PictureBlock, ...] = ()  # of the body
    image: PictureBlock | None = None
    labels: tuple[str, ...] = ()
    content_type: str = "text/html"


def ears() -> str:
    """The list of the latest headlines."""
    return "".join(
        f'<a class="b_ear" href="/n/{number}.shtml"><span class="b_ear-title">{title}</span>'
        f'<time class="b_ear-time" datetime="2026-11-22T0{number}:00:00+03:00">'
        f"0{number}:00</time></a>"
        for number, title in enumerate(EARS, 1)
    )


def head(title: str, *, charset: str = "utf-8", more: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="ru"><head><meta charset="{charset}">'
        f"<title>{title} - Наша Газета</title>"
        f'<link rel="canonical" href="/social/news/2026/11/22/page.shtml"><base href="{OWN}/">'
        f'<meta property="og:site_name" content="Наша Газета">{more}</head>'
    )


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


RUBRIC = (
    '<div class="b_article-breadcrumb"><span class="b_article-breadcrumb-item">'
    '<a class="rubric" href="/social/">Общество</a></span></div>'
)
TIME = '<time itemprop="datePublished" datetime="2026-11-22T10:30:00+03:00">22 ноября, 10:30</time>'
FURNITURE = (
    f'<aside class="b_ears"><h3>Главное сейчас</h3>{ears()}</aside>'
    '<section class="b_comments"><h3>Что думаешь?</h3><div class="comment"><p>Спасибо за новость,'
    " давно ждали подробностей и рады узнать их первыми!</p></div></section>"
    '<div class="cookie-note"><p>Мы используем cookie, оставаясь, вы соглашаетесь.</p></div>'
    "<footer><p>Курсы валют и погода</p></footer></body></html>"
)

A = "Городской совет утвердил план, по которому к весне отремонтируют девять детских садов."
B = "Работы начнут в декабре, чтобы успеть до холодов, рассказала глава управления образования."
C = "Ранее такой ремонт тянулся годами; теперь дети на это время поедут в сады по соседству."
D = "Родителям разослали письма с адресами и расписанием; ответить на них нужно до пятницы."
LEAD = "Девять детских садов отремонтируют к весне, дети на это время поедут к соседям."
TITLE = "В городе отремонтируют девять детских садов"
SUB = "Автобусы для детей оплатит бюджет"


def plain() -> ModelPage:
    html = (
        head(TITLE) + f"<body>{ears()}<main>{RUBRIC}"
        '<article id="_id_article" itemscope itemtype="http://schema.org/NewsArticle">'
        f'<h1 class="headline" itemprop="headline">{TITLE}</h1><h2 class="subheader">{SUB}</h2>'
        f'{TIME}<span itemprop="author">Анна Лесная</span>'
        f'<div class="b_article-intro"><span itemprop="description">{LEAD}</span></div>'
        f'<div class="b_article-text" itemprop="articleBody">{paragraphs(A, B)}'
        f'<div class="b_article-incut"><p>Читайте также</p><p><a href="/n/1.shtml">'
        f"{EARS[0]}</a></p></div>{paragraphs(C, 'Реклама. ООО «Ромашка», erid: 2Vtz', D)}"
        "<p>Gazeta.Banner.show(12);</p>"
        '<p>Ранее сообщалось, что <a href="/n/9">город ищет подрядчика</a>.</p>'
        '<p>Что думаешь?</p><img src="/i/end.gif" width="1" height="1"></div></article></main>'
        + FURNITURE
    )
    return ModelPage(
        "plain",
        html.encode(),
        TITLE,
        tuple(("Paragraph", text) for text in (A, B, C, D)),
        subheadline=SUB,
        standfirst=LEAD,
        author="Анна Лесная",
    )


def without_lead() -> ModelPage:
    html = (
        head(TITLE)
        + f'<body><main><div id="_id_article">{RUBRIC}<h1 class="headline">{TITLE}</h1>{TIME}'
        f'<div class="b_article-text">{paragraphs(A, B, C, D)}'
        "<p>Подписывайтесь на наш канал, чтобы ничего не пропустить.</p></div></div></main>"
        + FURNITURE
    )
    return ModelPage(
        "without_lead", html.encode(), TITLE, tuple(("Paragraph", t) for t in (A, B, C, D))
    )


def long_read() -> ModelPage:
    quote = "Мы считали каждый гвоздь, но детям холодно не будет."
    html = (
        head(TITLE)
        + f'<body><main>{RUBRIC}<article id="_id_article"><h1 class="headline">{TITLE}</h1>'
        f'<h2 class="subheader" itemprop="alternativeHeadline">{SUB}</h2>{TIME}'
        f'<div class="b_article-intro"><span>{LEAD}</span></div>'
        f'<div class="b_article-text" itemprop="articleBody">{paragraphs(A)}<h2>Что починят</h2>'
        "<ul><li>Крыши и окна в пяти садах</li><li>Отопление во всех девяти</li></ul>"
        f"{paragraphs(B)}<blockquote><p>{quote}</p><cite>Ольга Берег, прораб</cite></blockquote>"
        f'<div class="article-pullquote">{quote}</div>'
        "<h3>Сколько это стоит</h3><table><tr><th>Сад</th><th>Млн</th></tr>"
        "<tr><td>Ручеёк</td><td>12</td></tr><tr><td>Теремок</td><td>9</td></tr></table>"
        f'<p><a href="/n/2.shtml">{EARS[1]}</a></p>'
        f"{paragraphs(C)}<ol><li>Письмо родителям</li><li>Переезд групп</li></ol>{paragraphs(D)}"
        f'<div class="b_ears">{ears()}</div></div></article></main>' + FURNITURE
    )
    return ModelPage(
        "long_read",
        html.encode(),
        TITLE,
        (
            ("Paragraph", A),
            ("Heading", "Что починят"),
            ("ListBlock", "Крыши и окна в пяти садах\nОтопление во всех девяти"),
            ("Paragraph", B),
            ("Quote", quote),
            ("Quote", quote),
            ("Heading", "Сколько это стоит"),
            ("Table", "Сад · Млн\nРучеёк · 12\nТеремок · 9"),
            ("Paragraph", C),
            ("ListBlock", "Письмо родителям\nПереезд групп"),
            ("Paragraph", D),
        ),
        subheadline=SUB,
        standfirst=LEAD,
    )


def gallery() -> ModelPage:
    more = (
        f'<meta property="og:image" content="{OWN}/files/1/rooms-1200x630.jpg">'
        '<meta property="og:image:width" content="1200">'
        '<meta property="og:image:height" content="630">'
    )
    html = (
        head(TITLE, more=more)
        + f'<body><main>{RUBRIC}<article id="_id_article"><h1 class="headline">{TITLE}</h1>{TIME}'
        '<div class="b_article-media"><img src="/files/1/rooms.jpg" width="800" height="420">'
        '<div class="item-image-caption">Игровая комната <span class="credit">'
        f'Наша Газета</span></div></div><div class="b_article-intro"><span>{LEAD}</span></div>'
        f'<div class="b_article-text" itemprop="articleBody">{paragraphs(A)}'
        '<div class="slideshow"><figure><img data-src="/files/2.jpg" '
        'src="data:image/gif;base64,R0">'
        "<figcaption>Окна меняют. Фото: Пётр Снег</figcaption></figure>"
        '<figure><img srcset="/files/3-640.jpg 640w, /files/3-1600.jpg 1600w, '
        '/files/3-5000.jpg 5000w" src="/files/3-320.jpg">'
        "<figcaption>Крыша <small>ТАСС</small></figcaption></figure></div>"
        f"{paragraphs(B, C)}"
        '<iframe src="https://www.youtube.com/embed/abcdefghijk" title="Репортаж из сада"></iframe>'
        f'{paragraphs(D)}<img src="/i/counter.gif" width="1" height="1"></div></article></main>'
        + FURNITURE
    )
    return ModelPage(
        "gallery",
        html.encode(),
        TITLE,
        (
            ("Paragraph", A),
            ("PictureBlock", ""),
            ("PictureBlock", ""),
            ("Paragraph", B),
            ("Paragraph", C),
            ("Embed", ""),
            ("Paragraph", D),
        ),
        standfirst=LEAD,
        pictures=(
            PictureBlock(f"{OWN}/files/2.jpg", "Окна меняют.", "Пётр Снег"),
            PictureBlock(f"{OWN}/files/3-1600.jpg", "Крыша", "ТАСС"),
        ),
        image=PictureBlock(
            f"{OWN}/files/1/rooms-1200x630.jpg", "Игровая комната", "Наша Газета", 1200, 630
        ),
    )


def online() -> ModelPage:
    posts = (
        "Совет собрался в полном составе, трансляция началась.",
        "Депутаты спорят о том, кто оплатит автобусы, и просят перерыв на десять минут.",
        "План утвердили единогласно, заседание закончилось раньше срока.",
    )
    stamped = "".join(
        f'<p><time datetime="2026-11-22T1{number}:05:00+03:00">1{number}:05</time> {post}</p>'
        for number, post in enumerate(posts, 1)
    )
    html = (
        head("Заседание совета: онлайн") + f'<body><main>{RUBRIC}<article id="_id_article">'
        f'<h1 class="headline">Заседание совета: онлайн</h1>{TIME}'
        '<meta itemprop="dateModified" content="2026-11-22T13:10:00+03:00">'
        f'<div class="b_article-intro"><span>{LEAD}</span></div>'
        f'<div class="b_article-text" itemprop="articleBody">{stamped}</div></article></main>'
        + FURNITURE
    )
    return ModelPage(
        "online",
        html.encode(),
        "Заседание совета: онлайн",
        tuple(("Paragraph", f"1{n}:05 {post}") for n, post in enumerate(posts, 1)),
        standfirst=LEAD,
        updated=datetime(2026, 11, 22, 10, 10, tzinfo=UTC),
    )


def old_design() -> ModelPage:
    html = (
        head(TITLE, charset="windows-1251")
        + f'<body><table class="layout"><tr><td class="left">{ears()}</td><td>'
        f'<div id="_id_article">{RUBRIC}<h1 class="headline">{TITLE}</h1>'
        f'<h2 class="subheader">{SUB}</h2>'
        '<time itemprop="datePublished" datetime="2016-03-01T12:00">01.03.2016</time>'
        '<span itemprop="author">Иван Полевой</span>'
        f'<div class="b_article-intro"><span>{LEAD}</span></div>'
        f'<div class="b_article-text">{paragraphs(LEAD, A, B)}'
        '<script>adfox.render("x")</script><div class="adfox-box"><p>Реклама</p></div>'
        f"{paragraphs(C, D)}<p>var banner = window.Banner || [];</p></div></div></td></tr></table>"
        + FURNITURE
    )
    return ModelPage(
        "old_design",
        html.encode("windows-1251"),
        TITLE,
        tuple(("Paragraph", text) for text in (A, B, C, D)),
        subheadline=SUB,
        standfirst=LEAD,
        author="Иван Полевой",
        published=datetime(2016, 3, 1, 9, 0, tzinfo=UTC),
        content_type="text/html; charset=windows-1251",
    )


def new_design() -> ModelPage:
    html = (
        head(TITLE) + '<body><div id="app"><div class="layout-x1"><div class="art" itemscope '
        'itemtype="https://schema.org/NewsArticle">'
        '<meta itemprop="articleSection" content="Общество">'
        f'<h1 class="art-t" itemprop="headline">{TITLE}</h1>'
        f'<div class="art-s" itemprop="alternativeHeadline">{SUB}</div>'
        '<div class="art-i"><time itemprop="datePublished" datetime="2026-11-22T07:30:00Z"></time>'
        '<span itemprop="author" itemscope itemtype="https://schema.org/Person">'
        '<span itemprop="name">Вера Дальняя</span></span>'
        '<span itemprop="author" itemscope itemtype="https://schema.org/Person">'
        '<span itemprop="name">Олег Ближний</span></span></div>'
        f'<span class="art-l" itemprop="description">{LEAD}</span>'
        f'<div class="art-b" itemprop="articleBody"><div>{paragraphs(A, B)}</div>'
        f'<div class="recommend-box"><h3>Новости партнёров</h3><p>{EARS[1]}</p></div>'
        f"<div>{paragraphs(C, D)}</div></div>"
        f'<div class="art-share">Поделиться</div></div><div class="side">{ears()}</div></div></div>'
        + FURNITURE
    )
    return ModelPage(
        "new_design",
        html.encode(),
        TITLE,
        tuple(("Paragraph", text) for text in (A, B, C, D)),
        subheadline=SUB,
        standfirst=LEAD,
        author="Вера Дальняя, Олег Ближний",
    )


def microdata_alone() -> ModelPage:
    html = (
        head(TITLE) + '<body><section itemscope itemtype="http://schema.org/NewsArticle">'
        f'<h1 itemprop="headline">{TITLE}</h1><h2 itemprop="alternativeHeadline">{SUB}</h2>{TIME}'
        '<a itemprop="articleSection" href="/social/">Общество</a>'
        '<meta itemprop="author" content="Анна Лесная">'
        '<meta itemprop="author" content="Иван Полевой">'
        f'<p itemprop="description">{LEAD}</p>'
        f'<div itemprop="articleBody">{paragraphs(LEAD, A, B, C, D)}</div></section>' + FURNITURE
    )
    return ModelPage(
        "microdata_alone",
        html.encode(),
        TITLE,
        tuple(("Paragraph", text) for text in (A, B, C, D)),
        subheadline=SUB,
        standfirst=LEAD,
        author="Анна Лесная, Иван Полевой",
    )


def labelled() -> ModelPage:
    agent = "Автор книги признан в РФ иностранным агентом."
    banned = "* Компания Meta, владелец Instagram, признана экстремистской и запрещена в России."
    html = (
        head(TITLE) + f'<body><header><span class="age">18+</span></header><main>{RUBRIC}'
        f'<article id="_id_article"><h1 class="headline">{TITLE}</h1>{TIME}'
        f'<div class="b_article-text" itemprop="articleBody">{paragraphs(A, agent, B)}'
        f"{paragraphs(C, D, banned)}</div></article></main>"
        "<p>Материал организации, признанной в РФ нежелательной организацией.</p>" + FURNITURE
    )
    return ModelPage(
        "labelled",
        html.encode(),
        TITLE,
        tuple(("Paragraph", text) for text in (A, agent, B, C, D, banned)),
        labels=("18+", "Материал организации, признанной в РФ нежелательной организацией."),
    )


def infographic() -> ModelPage:
    data = (
        '<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":'
        '"WebPage"},{"@type":"NewsArticle","headline":"'
        + TITLE
        + '","image":{"@type":"ImageObject",'
        '"url":"/files/map.png","width":1080,"height":720,"caption":"Карта садов"},"dateModified":'
        '"2026-11-22T11:00:00+03:00"}]}</script>'
        '<script type="application/ld+json">{"@type":"BreadcrumbList",}</script>'
    )
    html = (
        head(TITLE, more=data)
        + f'<body><main>{RUBRIC}<article id="_id_article"><h1 class="headline">{TITLE}</h1>{TIME}'
        f'<div class="b_article-intro"><span>{LEAD}</span></div>'
        f'<div class="b_article-text" itemprop="articleBody">{A}<br><br>{B}<br><br>'
        '<figure><img src="/files/map.png">'
        "<figcaption>Карта садов, инфографика</figcaption></figure>"
        f'<svg><text>Реклама</text></svg>{C}<br><br>{D}<div class="b_article-incut">{ears()}</div>'
        "</div></article></main>" + FURNITURE
    )
    return ModelPage(
        "infographic",
        html.encode(),
        TITLE,
        (
            ("Paragraph", A),
            ("Paragraph", B),
            ("PictureBlock", ""),
            ("Paragraph", C),
            ("Paragraph", D),
        ),
        standfirst=LEAD,
        updated=datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
        pictures=(PictureBlock(f"{OWN}/files/map.png", "Карта садов, инфографика"),),
        image=PictureBlock(f"{OWN}/files/map.png", "Карта садов", "", 1080, 720),
    )


def model_pages() -> list[ModelPage]:
    """All ten."""
    return [
        plain(),
        without_lead(),
        long_read(),
        gallery(),
        online(),
        old_design(),
        new_design(),
        microdata_alone(),
        labelled(),
        infographic(),
    ]
