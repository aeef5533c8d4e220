"""Takes out of a body what is no part of its article.

Works on blocks, so that it serves pages and feeds alike: repeated titles, advertisements,
newsletter and cookie notes, scripts shown as text, «read also» with the links under it, links to
other stories at the end. Legal notices stay.
"""

import re
from collections.abc import Iterable, Sequence

from bot.articles.blocks import block_text, spans_text
from storage import Block, Embed, Heading, ListBlock, Paragraph, PictureBlock, Quote, Span

_SHORT = 240
"""A longer paragraph (characters) is text whatever it starts with."""

_LABEL = 30  # characters
_ALL_LINK, _HEADLINE_WORDS = 0.98, 5

_READ_ALSO = re.compile(
    r"""\W*(?:
      # Russian, Ukrainian
      (?:про)?чита(?:йте|ть|й)\s(?:также|тоже|еще|ещё|далее|дальше|по\sтеме|в\sнаших|нас|больше
        |подробнее|полностью)
      |(?:что|это)\s(?:еще|ещё)\s(?:по)?читать|(?:смотрите|смотри|см\.)\s(?:также|ещё|еще|по\sтеме)
      |(?:вам\s)?(?:может|могут)\s(?:быть\s)?(?:вас\s)?(?:также\s)?(?:быть\s)?(?:интересно|заинтересовать)
      |это\s(?:может\sбыть\s)?интересно(?::|$)|вас\sзаинтересует|(?:рекомендуем|советуем)\s(?:почитать|прочитать
        |посмотреть|также|:)|рекомендуем:|выбор\sредакции|сюжет:|другие\s(?:новости|материалы)
      |(?:материалы|новости|статьи|ещё|еще|больше|подробности|читать)?\s?по\s(?:этой\s)?теме(?:\W|$)
      |(?:главные|последние|свежие|похожие|популярные|лучшие)\s(?:новости|материалы|статьи|публикации)(?::|$|\s(?:дня|часа|недели|за\s))
      |что\sдумаешь|подробнее\s(?:в\s(?:нашем|материале|статье)|на\s(?:сайте|нашем|нашей|\w+\.\w)
        |читайте|об\sэтом\s(?:[—–-]|читайте|в\s)|:)|подробнее:?$
      |больше\s(?:новостей|материалов|интересного)|ранее\sпо\sтеме|самое\s(?:читаемое|популярное|интересное)
      |не\sпропустите(?::|$)|фото\s?галерея(?::|$)
      # English
      |(?:see|read|learn|watch|listen)\s(?:more|also|next|our|now:)\b|(?:also|further)\s(?:read|reading|see)\b
      |you\s(?:may|might)\s(?:also\s(?:like|enjoy|be)|like$|be\sinterested\sin)
      |don['’]t\smiss(?::|$|\s(?:out|our|any|these|this|a)\b)|(?:read|watch|related\sread):
      |more\s(?:on|from|about|stories|coverage|news|like\sthis)\b[^.!?]{0,60}$|more:
      |related(?::|\s(?:stories|articles|news|posts|content|links|coverage|topics|reading|video))|related$
      |recommended(?::|$|\s(?:stories|reading|for\syou))|trending(?::|$|\snow)|most\s(?:read|popular|viewed)(?:$|:|\s(?:stories|articles|news|in\b|on\b))
      |editors?['’]?s?\s(?:picks?|choice)|(?:top|latest|other)\s(?:stories|headlines)(?::|$|\son\b)
      |explore\smore|up\snext$|previous(?:ly)?:|suggested\s(?:stories|reading)|what\sto\sread\snext
      # German
      |lesen\ssie\s(?:auch|mehr|hier|weiter|dazu)|(?:auch\slesen|lies\sauch|mehr\slesen|weiterlesen)\b
      |mehr\s(?:zum\s?thema|dazu|themen|news|artikel|aus)\b[^.!?]{0,60}$|(?:weitere|ähnliche)\s(?:artikel|beiträge|themen|nachrichten)
      |zum\sthema(?::|$)|auch\sinteressant|(?:das\s)?(?:thema\s)?könnte\s(?:sie|dich)\sauch\sinteressieren|schon\sgelesen
      # French
      |(?:à\s)?lire\s(?:aussi|également|la\ssuite|plus)|(?:à\s)?voir\s(?:aussi|également)|sur\sle\smême\s(?:sujet|thème)
      |(?:nos\s)?articles\s(?:liés|similaires|associés)
      # Spanish, Portuguese, Italian
      |(?:lee|lea|leer|leé|mira|mire|mirá|ver|vea|puedes\sver|puede\sver|también)\s(?:también|además|más|:)|puedes\sver:|mira:
      |(?:te|le)\s(?:puede|podría|recomendamos)\s?(?:interesar|leer|:)|(?:noticias|artículos)\srelacionad[ao]s
      |(?:leia|veja|confira|saiba)\s(?:também|mais|ainda)|(?:leggi|guarda)\s(?:anche|di\spiù)|potrebbe(?:ro)?\sinteressar
      # Polish, Turkish, Indonesian
      |(?:czytaj|zobacz|przeczytaj)\s(?:też|także|również|więcej)|ilgili\s(?:haberler|yazılar)|baca\sjuga
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_PROMOTION = re.compile(
    r"""\W*(?:
      # Russian
      подпи(?:сывайтесь|шитесь|сывайся|шись)|подписаться(?:$|\sна\s)|подписка\sна\s(?:нас|рассылк|канал|новост)|следите\sза\s(?:нами|новостями|нашими|развитием)
      |присоединяй(?:тесь|ся)\sк|вступай(?:те)?\sв\s(?:наш|групп|сообществ|чат)|(?:мы|наш\s(?:канал|телеграм))\sв\s(?:телеграм|telegram|max|соцсет|вк)
      |(?:читайте|смотрите|ищите)\sнас\b|(?:хотите|хочешь)\s(?:быть\sв\sкурсе|узнавать|получать)|будьте\sв\sкурсе
      |оставайтесь\s(?:с\sнами|в\sкурсе)|получайте\s(?:новости|рассылку|уведомления|главное)|самые\sважные\sновости\s.{0,40}(?:канал|telegram|телеграм|рассылк)
      |(?:больше|все|главные|самые\sинтересные)\s.{0,40}в\s(?:нашем|нашей)\s(?:канале|телеграм|telegram|рассылке|группе)
      |(?:добавьте|сделайте)\s.{0,60}(?:источник|избранн)|подели(?:ться|тесь)(?:$|:|\s(?:в|с|новостью|ссылкой|материалом|статьей|статьёй|этой|этим)\b)|понравил[ао]сь\?
      |комментарии(?:\s?\(?\d*\)?$|:|\sк\s(?:новости|статье|записи))|комментировать(?:$|\s\()
      |(?:оставить|оставьте|добавить|написать)\s(?:свой\s)?(?:комментари|отзыв)|обсудить\s(?:\(|$)
      |нашли\s(?:ошибку|опечатку)|заметили\s(?:ошибку|опечатку)|(?:если\sвы\s)?(?:нашли|заметили)\s(?:ошибку|опечатку)
      |выделите\s(?:ее|её|текст|фрагмент)|реклама(?!\s[а-яё]{3})\b|на\sправах\sрекламы|erid\b|рекламодатель\b|ставьте\sлайк
      |войти\sчерез|скопировать\sссылку|копировать\sссылку|распечатать$|версия\sдля\sпечати|наверх$
      |теги?:|метки:|ключевые\sслова:|просмотр(?:ов|ы):?\s?\d|время\sчтения|читать\s\d+\sмин
      # English
      |sign\sup\b|subscribe\b|follow\s.{2,60}\son\s(?:twitter|facebook|instagram|x\b|google|linkedin|tiktok|youtube)|follow\sus
      |like\sus\son|join\sour|get\s(?:the\slatest|our|access\sto|.{0,40}(?:delivered|newsletter|by\semail|in\syour\sinbox|daily\sedition))
      |never\smiss\b|(?:stay|keep)\s(?:informed|up\sto\sdate|in\sthe\sknow|connected)\b|enter\syour\semail|thank(?:s|\syou)\sfor\s(?:signing|subscribing)
      |click\shere\s(?:to|for)|advertise(?:ment)?(?:s?$|\swith\sus|\W{1,3}(?:story|article|scroll|continue))|ad$
      |sponsored(?:$|:|\s(?:content|posts?|links?|stories)\b)|story\scontinues\s(?:below|after)
      |(?:article|scroll)\s(?:continues|to\scontinue)|continue\sreading\b|share\s(?:this|on|via|your|article|story)|share$|copy\slink|tell\sus\swhat\syou
      |(?:leave|post|add|write)\sa\s(?:comment|reply)|(?:view|show|read|see)\s(?:all\s)?(?:\d+\s)?comments|comments?(?:\s\(\d+\))?$|\d+\scomments?$|what\sdo\syou\sthink\?
      |we\swant\sto\shear\s(?:what|from)\syou|submit\s(?:a|your)\sletter|letters?\sto\sthe\seditor
      |download\s(?:the|our)\sapp|for\sthe\slatest\s.{0,60}(?:download|follow|visit|subscribe|sign\sup)|listen\sto\s.{2,40}\slive\b|have\sa\s(?:news\s)?tip\?|got\sa\s(?:news\s)?tip\?
      |copyright\s(?:©|\(c\)|\d|by\b|all\b|the\b)|©|\(c\)\s\d|all\srights\sreserved|this\s(?:story|article)\s(?:was\s)?originally\sappeared
      |photo(?:s|graph)?\sby\b|image\scredit|\(image\scredit|(?:tags?|filed\sunder|topics|posted\sin|categories):|filed\sunder\b|read(?:ing)?\stime:?\s\d|\d+\smin(?:ute)?s?\sread$
      |print\sthis|back\sto\stop|skip\sto\s|log\sin\sto|already\sa\ssubscriber|(?:please\s)?support\sour\sjournalism|if\syou\senjoyed\sthis
      # German, French, Spanish, Portuguese
      |newsletter$|zum\snewsletter\b|jetzt\s(?:abonnieren|anmelden)|folgen\ssie\suns|anzeige$|diesen\sartikel\steilen|keine\skommentare
      |(?:abonnez|inscrivez)-vous|suivez-nous|partager(?:\s:|$|\ssur)|publicité$
      |suscr[ií]b(?:ete|ase|irse)|s[ií]gu(?:e|a)nos|compart(?:ir|e)(?:$|:|\sen\b)|publicidad$|(?:se\s)?inscreva-se|siga(?:-nos|\so\s.{2,40}\sno\b)|publicidade$
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_COOKIES = re.compile(r"\b(?:cookies?|куки|файлы cookie)\b", re.IGNORECASE)
_CONSENT = re.compile(
    r"accept|consent|policy|agree|соглаш|соглас|политик|используем", re.IGNORECASE
)
_SCRIPT = re.compile(
    r"""(?:function\s*\(|var\s+\w+\s*=|window\.|document\.|\(function|\$\(|<\?php|if\s*\(\w|@media\b
    |\w+\.(?:push|init|render)\(|[A-Za-z_$][\w$]*(?:\.[\w$]+)+\([^)]*\);?$)""",
    re.VERBOSE,
)
_SHORTCODE = re.compile(r"\[/?\w+[^\]]*=[^\]]*\]")
_NOTICE = re.compile(
    r"иностранн\w+\sагент|иноагент|нежелательн\w+\sорганизаци|экстремист\w+|террористическ\w+"
    r"\sорганизаци|запрещ[её]н\w*\s(?:в|на\sтерритории)\s(?:РФ|Росси)",
    re.IGNORECASE,
)
_DECLARED = re.compile(
    r"^\s*[*(]|признан(?!и)|внес[её]н|включ[её]н|выполняющ|запрещен|запрещён|принадлежит|^\W*иноагент\b",
    re.IGNORECASE,
)
_DISCLOSURE = re.compile(
    r"affiliate|may earn .{0,20}commission|receive compensation|(?:партн[её]рск|реферальн)\w+ ссылк"
    r"|sponsored content|paid (?:post|partnership)|enthält (?:werbung|affiliate)"
    r"|^(?!\W*реклама)[^.]{0,60}\b(?:0|6|12|16|18)\s?\+",
    re.IGNORECASE,
)
_NOT_WORD = re.compile(r"\W+")


def squeezed(text: str) -> str:
    """Letters and digits alone, lower-cased: equal for texts that differ in nothing else."""
    return _NOT_WORD.sub("", text.casefold()).replace("_", "")


def is_notice(text: str) -> bool:
    """Whether the text carries a legal notice that a publisher must show."""
    return bool(_NOTICE.search(text))


def declares(text: str) -> bool:
    """Whether a text that stands apart is such a notice itself, and not news of one."""
    return is_notice(text) and bool(_DECLARED.search(text))


def is_label(text: str) -> bool:
    """Whether a text must never be stripped: a legal notice, an age mark, a disclosure."""
    return is_notice(text) or bool(_DISCLOSURE.search(text))


def tidy(
    blocks: Iterable[Block],
    *,
    titles: Sequence[str] = (),
    linked: frozenset[str] = frozenset(),
    drop: re.Pattern[str] | None = None,
    tail: re.Pattern[str] | None = None,
) -> tuple[Block, ...]:
    """The blocks without what is no part of the article.

    `titles`: texts shown apart (title, sub-headline, standfirst) that the body must not repeat at
    its start. `linked`: squeezed texts of links elsewhere on the page. `drop`: the publisher's
    own junk, matched at a paragraph's start; `tail`: the same, at the article's end alone.
    """
    kept = [block for block in blocks if not (drop and drop.match(block_text(block)))]
    kept = [block for block in without_read_also(kept) if not _junk(block, linked)]
    kept = _without_start(kept, {squeezed(title) for title in titles} - {""})
    if tail is not None:
        kept = _without_tail(kept, tail)
    while kept and _trailing(kept[-1]):
        kept.pop()
    return tuple(kept)


def in_body(text: str, body: Iterable[Block]) -> bool:
    """Whether the body says the text anyway; a text cut with «…» counts as far as it goes."""
    return squeezed(text) in "".join(squeezed(block_text(block)) for block in body)


def is_other_headline(block: Block) -> bool:
    """Whether a paragraph is nothing but a link and no sentence: a newspaper's other story."""
    if not isinstance(block, Paragraph) or link_share(block.spans) <= _ALL_LINK:
        return False
    text = block_text(block)
    return len(text.split()) >= _HEADLINE_WORDS and not text.endswith((".", ":", "…", ";"))


def link_share(spans: Sequence[Span]) -> float:
    """How much of the text is links, 0 to 1."""
    total = sum(len(span.text.strip()) for span in spans)
    return sum(len(span.text.strip()) for span in spans if span.link) / total if total else 0.0


def without_read_also(blocks: Sequence[Block]) -> list[Block]:
    """Without «read also» and the lists and lone links right under it."""
    kept: list[Block] = []
    under = False
    for block in blocks:
        text = block_text(block)
        if isinstance(block, Paragraph | Heading) and len(text) < _SHORT and _READ_ALSO.match(text):
            # «Читайте также: заголовок» holds its link itself; a bare one stands over a list.
            under = len(text) < 40
        elif not (under and _only_links(block)):
            under = False
            kept.append(block)
    return kept


def _only_links(block: Block) -> bool:
    match block:
        case Paragraph(spans):
            return link_share(spans) > 0.7
        case ListBlock(items):
            return bool(items) and min(map(link_share, items)) > 0.6
        case _:
            return False


def _junk(block: Block, linked: frozenset[str]) -> bool:
    if not isinstance(block, Paragraph | Heading):
        return False
    text = block_text(block)
    if _SCRIPT.match(text):
        return True
    if len(text) > _SHORT or is_label(text):
        return False
    if _PROMOTION.match(text) or _SHORTCODE.match(text):
        return True
    if _COOKIES.search(text) and _CONSENT.search(text):
        return True
    return isinstance(block, Paragraph) and squeezed(text) in linked


def _without_start(blocks: list[Block], titles: set[str]) -> list[Block]:
    kept: list[Block] = []
    text_begun = False
    for block in blocks:
        text = squeezed(block_text(block))
        if not text_begun and text and text in titles:
            continue
        text_begun = text_begun or (isinstance(block, Paragraph) and len(text) > 30)
        kept.append(block)
    return kept


def _without_tail(blocks: list[Block], tail: re.Pattern[str]) -> list[Block]:
    kept = list(blocks)
    for place in range(len(blocks) - 1, -1, -1):
        block = blocks[place]
        if _trailing(block) or isinstance(block, PictureBlock | Embed):
            continue
        if not tail.match(block_text(block)):
            break
        del kept[place]
    return kept


def _trailing(block: Block) -> bool:
    """Whether a block cannot be an article's last one."""
    match block:
        case Heading():
            return True
        case Paragraph(spans):
            text = spans_text(spans)
            if len(text) < _LABEL and text.endswith(":"):  # «Автор:», whose name is told apart
                return True
            return link_share(spans) > 0.7 and len(text.split()) > 2
        case ListBlock():
            return _only_links(block)
        case _:
            return False


def has_text(blocks: Iterable[Block]) -> bool:
    """Whether there is anything to read among the blocks."""
    return any(isinstance(block, Paragraph | ListBlock | Quote) for block in blocks)


def pictures(blocks: Iterable[Block]) -> list[PictureBlock]:
    """The pictures among the blocks, in order."""
    return [block for block in blocks if isinstance(block, PictureBlock)]
