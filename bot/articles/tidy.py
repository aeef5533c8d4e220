"""Takes out of a body what is no part of its article.

Works on blocks, so that it serves pages and feeds alike: repeated titles, advertisements,
newsletter and cookie notes, scripts shown as text, «read also» with the links under it, links to
other stories at the end. Legal notices stay.
"""

import re
from collections.abc import Iterable, Sequence

from bot.articles.blocks import block_text, spans_text
from storage import Block, Heading, ListBlock, Paragraph, PictureBlock, Quote, Span

_SHORT = 240
"""A longer paragraph (characters) is text whatever it starts with."""

_READ_ALSO = re.compile(
    r"""\W*(?:
      читайте\s(?:также|еще|ещё|далее|по\sтеме|в\sнаших|нас)|смотрите\sтакже|см\.\sтакже
      |(?:материалы|новости|статьи|ещё|еще)?\s?по\sтеме\W|другие\sновости|главные\sновости
      |что\sдумаешь|подробнее\s(?:в|на|читайте)|больше\s(?:новостей|материалов)
      |(?:see|read|learn)\s(?:more|also|next|our)\b|also\sread|you\smay\salso\slike|don['’]t\smiss
      |more\s(?:on|from|about|stories|coverage|news)\b.{0,60}$|more:|related(?::|\s(?:stories|articles|news|posts|content|links))
      |related$|recommended(?::|$|\sstories|\sfor\syou)|trending(?::|$|\snow)|most\s(?:read|popular)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_PROMOTION = re.compile(
    r"""\W*(?:
      подпи(?:сывайтесь|шитесь|саться)|следите\sза\s(?:нами|новостями|нашими)|присоединяйтесь\sк
      |поделиться|поделитесь|комментарии|комментировать|нашли\s(?:ошибку|опечатку)|реклама\b
      |на\sправах\sрекламы|ставьте\sлайк
      |sign\sup\b|subscribe\b|follow\s.{2,60}\son\s(?:twitter|facebook|instagram|x\b)|follow\sus
      |like\sus\son|join\sour|get\s(?:the\slatest|our|access\sto|.{0,30}delivered)
      |click\shere\s(?:to|for)|advertisement\b|sponsored\b|story\scontinues\sbelow
      |article\scontinues\s(?:below|after)|continue\sreading\b|share\s(?:this|on)|tell\sus\swhat\syou
      |comments?$|download\s(?:the|our)\sapp|listen\sto\s.{2,40}\slive\b|have\sa\stip\?
      |copyright\s|©|\(c\)\s\d|all\srights\sreserved|this\s(?:story|article)\s(?:was\s)?originally\sappeared
      |photo(?:s|graph)?\sby\b|image\scredit|\(image\scredit
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_COOKIES = re.compile(r"\b(?:cookies?|куки|файлы cookie)\b", re.IGNORECASE)
_CONSENT = re.compile(
    r"accept|consent|policy|agree|соглаш|соглас|политик|используем", re.IGNORECASE
)
_SCRIPT = re.compile(
    r"""(?:function\s*\(|var\s+\w+\s*=|window\.|document\.|\(function|\$\(|<\?php|if\s*\(\w|@media\b
    |\w+\.(?:push|init|render)\(|\[/?\w+[^\]]*=[^\]]*\])""",
    re.VERBOSE,
)
_NOTICE = re.compile(
    r"иностранн\w+\sагент|иноагент|нежелательн\w+\sорганизаци|экстремист\w+|террористическ\w+"
    r"\sорганизаци|запрещен\w*\s(?:в|на\sтерритории)\s(?:РФ|России)",
    re.IGNORECASE,
)
_NOT_WORD = re.compile(r"\W+")


def squeezed(text: str) -> str:
    """Letters and digits alone, lower-cased: equal for texts that differ in nothing else."""
    return _NOT_WORD.sub("", text.casefold()).replace("_", "")


def is_notice(text: str) -> bool:
    """Whether the text carries a legal notice that a publisher must show."""
    return bool(_NOTICE.search(text))


def tidy(
    blocks: Iterable[Block],
    *,
    titles: Sequence[str] = (),
    linked: frozenset[str] = frozenset(),
    drop: re.Pattern[str] | None = None,
) -> tuple[Block, ...]:
    """The blocks without what is no part of the article.

    `titles`: texts shown apart (title, sub-headline, standfirst) that the body must not repeat at
    its start. `linked`: squeezed texts of links elsewhere on the page. `drop`: the publisher's
    own junk, matched at a paragraph's start.
    """
    kept = [block for block in blocks if not (drop and drop.match(block_text(block)))]
    kept = [block for block in without_read_also(kept) if not _junk(block, linked)]
    kept = _without_start(kept, {squeezed(title) for title in titles} - {""})
    while kept and _trailing(kept[-1]):
        kept.pop()
    return tuple(kept)


def in_body(text: str, body: Iterable[Block]) -> bool:
    """Whether the body says the text anyway; a text cut with «…» counts as far as it goes."""
    return squeezed(text) in "".join(squeezed(block_text(block)) for block in body)


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
    if is_notice(text) or len(text) > _SHORT:
        return False
    if _PROMOTION.match(text) or _SCRIPT.match(text):
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


def _trailing(block: Block) -> bool:
    """Whether a block cannot be an article's last one."""
    match block:
        case Heading():
            return True
        case Paragraph(spans):
            return link_share(spans) > 0.7 and len(spans_text(spans).split()) > 2
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
