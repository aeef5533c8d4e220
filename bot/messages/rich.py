"""Articles as rich messages (Bot API 10.1, InputRichMessage), for readers who confirmed them.

    article ─▶ blocks (title, sub-headline, photo, standfirst, body, footer, buttons) ─▶ messages

What a block is and how many make a message is `rich_blocks`' affair; an article beyond the limits
becomes several messages, every character in order. Each payload also carries a classic rendering,
for a server that refuses the rich one. Pictures that follow each other are a slideshow, a short
quotation with a name is a pull quote.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from bot.messages import classic, keyboards
from bot.messages import rich_blocks as blocks
from bot.messages.classic import runs_of, time_run
from bot.messages.markup import Run, clean, clean_lines, line, payload, units, visible, web_link
from bot.messages.payloads import Payload
from bot.messages.rich_blocks import Block, Photo
from bot.messages.texts import Viewer
from storage import (
    Article,
    BodyFrom,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Reading,
    Table,
)
from storage import Block as BodyBlock

_PULLED = 240  # UTF-16 units; a longer quotation is read, not looked at
_RTL = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def full(article: Article, viewer: Viewer) -> tuple[Payload, ...]:
    """Return the whole text as rich messages; the classic ones where there is no text to show.

    The last one ends with its own buttons; below it is what changes with its reader.
    """
    fallbacks = classic.full(article, viewer)
    if article.reading is not Reading.FULL or not article.body:
        return fallbacks
    rtl = article.language in _RTL
    parts = [blocks.message(part, rtl=rtl) for part in blocks.packed(_blocks(article, viewer))]
    keyboard = keyboards.full(article, viewer, onward=False)
    if len(parts) == 1 and len(fallbacks) == 1:
        return (replace(fallbacks[0], keyboard=keyboard, rich=parts[0]),)
    # A fallback that needs more messages than the rich text cannot ride on it whole: the card does.
    card = classic.card(article, viewer)
    last = len(parts) - 1
    return tuple(
        replace(card, keyboard=keyboard if index == last else (), silent=index > 0, rich=part)
        for index, part in enumerate(parts)
    )


def sample(viewer: Viewer, article: int = 0) -> Payload:
    """Return the rich sample with «Видно?»; the answer may open `article`.

    It shows what an article's clients must know to show: a heading, a quote, a list, a button.
    """
    _ = viewer.texts.gettext
    question = _("Can you see it? There should be a heading, a quote, a list and a button above.")
    classic_text = _("The rich layout needs a newer Telegram app.")
    label = _("A button")
    made = [
        *blocks.heading(_("The rich layout"), 2),
        *blocks.quotation([(Run(_("This is how a quote looks.")),)]),
        *blocks.listing([(Run(_("First")),), (Run(_("Second")),)]),
        Block({"type": "buttons", "buttons": [{"text": label, "disabled": {}}]}, units(label)),
        blocks.line(Run(question, bold=True)),
    ]
    plain = payload([line(f"{classic_text} {question}")])
    return replace(
        plain,
        rich=blocks.message([one.json for one in made]),
        keyboard=keyboards.rich_sample(article, viewer.texts),
    )


# ---------------------------------------------------------------- an article's parts


def _blocks(article: Article, viewer: Viewer) -> Iterator[Block]:
    _ = viewer.texts.gettext
    title = clean(article.title)
    yield from blocks.heading(title if visible(title) else _("Untitled"), 1)
    yield from blocks.heading(clean(article.subheadline), 3)
    shown = {block.url for block in article.body if isinstance(block, PictureBlock)}
    if article.image and viewer.pictures and article.image.url not in shown:
        yield from _pictures([article.image], viewer)
    yield from blocks.paragraphs((Run(clean(article.standfirst), bold=True),))
    if article.body_from is BodyFrom.FEED and article.page_error:
        notice = _("The page didn't open. Here is the feed's text:")
        yield from blocks.paragraphs((Run(notice, italic=True),), keep=True)
    for pictured, group in groupby(article.body, lambda one: isinstance(one, PictureBlock)):
        if pictured:
            yield from _pictures([one for one in group if isinstance(one, PictureBlock)], viewer)
        else:
            for one in group:
                yield from _body(one)
    yield from _footer(article, viewer)
    yield from blocks.buttons((keyboards.ways_on(article, viewer),))


def _body(block: BodyBlock) -> Iterator[Block]:
    match block:
        case Paragraph(spans):
            yield from blocks.paragraphs(runs_of(spans))
        case Heading(text, level):
            yield from blocks.heading(clean(text), min(6, max(2, level)))
        case Quote():
            yield from _quotation(block)
        case ListBlock(items, ordered):
            yield from blocks.listing([runs_of(spans) for spans in items], ordered=ordered)
        case Table(rows, header):
            yield from blocks.table([tuple(map(clean, row)) for row in rows], header=header)
        case Preformatted(text):
            yield from blocks.paragraphs((Run(clean_lines(text)),), "pre")
        case Embed(link, label):
            target, name = web_link(link), clean(label)
            if shown := name if visible(name) else target:
                yield from blocks.paragraphs((Run("▶ "), Run(shown, link=target)))


def _quotation(quote: Quote) -> Iterator[Block]:
    quoted, credit = [runs_of(spans) for spans in quote.paragraphs], clean(quote.credit)
    if len(quoted) == 1 and visible(credit) and blocks.length(quoted[0]) <= _PULLED:
        yield from blocks.pull_quotation(quoted[0], credit)
    else:
        yield from blocks.quotation(quoted, credit)


def _pictures(pictures: list[PictureBlock], viewer: Viewer) -> Iterator[Block]:
    """Yield pictures that follow each other; of those not to be shown what is said of them."""
    made = [Photo(web_link(one.url), clean(one.caption), clean(one.credit)) for one in pictures]
    for shown, group in groupby(made, lambda one: viewer.pictures and bool(one.media)):
        if shown:
            yield from blocks.photos(list(group))
        else:
            for one in group:
                yield from blocks.caption(one)


def _footer(article: Article, viewer: Viewer) -> Iterator[Block]:
    """Yield source, author and time; agencies cited and who else tells it; the page's state."""
    texts = viewer.texts
    about = [classic.source_run(article)]
    if visible(author := clean(article.author)):
        about.append(Run(author))
    about.append(time_run(article.published, viewer))
    if length := classic.reading_time(article, viewer):
        about.append(Run(length))
    about += [Run(label) for label in map(clean, article.labels) if visible(label)]
    yield from blocks.footer(classic.joined(about))
    said = []
    if cited := [name for name in map(clean, article.cited) if visible(name)]:
        said.append(Run(texts.gettext("Citing {names}").format(names=texts.join(cited[:5]))))
    if more := classic.more_sources(article, viewer):
        said.append(Run(more))
    yield from blocks.footer(classic.joined(said))
    for passage in classic.state_lines(article, viewer):
        yield from blocks.footer(passage.runs)
