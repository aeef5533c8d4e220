"""Articles in classic messages: the push, the card, and the whole text.

Everything is built from `storage.Article` records as passages (see `markup`) and written as
Telegram HTML, which every client shows. The same passages serve a reader of any zone, since times
are date-time entities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.messages import keyboards
from bot.messages.markup import (
    CAPTION_UNITS,
    MESSAGE_UNITS,
    Passage,
    Quote,
    Run,
    caption_of,
    clean,
    clean_lines,
    clip,
    fits,
    line,
    payload,
    split,
    visible,
    web_link,
)
from bot.messages.payloads import Keyboard, Payload
from bot.messages.texts import Viewer
from bot.words.reading_time import reading_minutes
from storage import (
    Article,
    ArticleState,
    BodyFrom,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Reading,
    Span,
    Table,
)
from storage import (
    Quote as QuoteBlock,
)

FRESH = timedelta(minutes=15)  # a push younger than this shows no time
_TITLE = 500  # characters; a title beyond is no title
_SOURCE = 100
_SUMMARY = 1000
_CARD_STANDFIRST = 1500
_CAPTION_TITLE = 300
_CAPTION_STANDFIRST = 400
_WORTH_A_WORD = 120  # words: less is read before the reader has read how long it takes
_BULLET = "• "


# ---------------------------------------------------------------- pieces


def time_run(moment: datetime, viewer: Viewer) -> Run:
    """Return a date-time entity: the time today, date and time otherwise."""
    today = moment.astimezone(viewer.zone).date() == viewer.now.astimezone(viewer.zone).date()
    return Run(
        viewer.texts.moment(moment, viewer.now, viewer.zone),
        unix=int(moment.timestamp()),
        form="t" if today else "Dt",
    )


def title_of(title: str, viewer: Viewer) -> str:
    """Return a title cleaned, never invisible."""
    cleaned = clip(clean(title), _TITLE)
    return cleaned if visible(cleaned) else viewer.texts.gettext("Untitled")


def source_run(article: Article) -> Run:
    """Return the source's name as the link out."""
    name = clip(clean(article.source), _SOURCE)
    return Run(name if visible(name) else article.source_domain, link=web_link(article.url))


def reading_time(article: Article, viewer: Viewer) -> str:
    """Return how long the whole text takes, "" where it is not shown or not worth a word."""
    if article.reading is not Reading.FULL or article.words < _WORTH_A_WORD:
        return ""
    minutes = reading_minutes(article.words, article.language)
    return viewer.texts.ngettext("{n} min read", "{n} min read", minutes).format(n=minutes)


def more_sources(article: Article, viewer: Viewer) -> str:
    """Return «Ещё 3 источника», "" where no other source tells the story."""
    more = article.sources_in_story - 1
    if more <= 0:
        return ""
    return viewer.texts.ngettext("{n} more source", "{n} more sources", more).format(n=more)


def joined(runs: Sequence[Run], separator: str = " · ") -> tuple[Run, ...]:
    """Return `runs` with a separator between each two."""
    joined: list[Run] = []
    for run in runs:
        if joined:
            joined.append(Run(separator))
        joined.append(run)
    return tuple(joined)


def state_lines(article: Article, viewer: Viewer) -> Iterator[Passage]:
    """Yield what is to be said about the article's page: gone, or changed."""
    _ = viewer.texts.gettext
    if article.state is ArticleState.GONE:
        yield line(Run(_("The page is no longer available."), italic=True))
    elif article.state is ArticleState.CORRECTED:
        changed = time_run(article.updated or article.fetched, viewer)
        before, _brace, after = _("Updated at {time}").partition("{time}")
        yield Passage((Run(before), changed, Run(after)), tight=True)


def _lead(article: Article) -> str:
    return clean(article.standfirst) or clean(article.summary)


def picture_of(article: Article, viewer: Viewer) -> str:
    """Return the address of an article's picture, "" where its reader wants none."""
    return web_link(article.image.url) if viewer.pictures and article.image else ""


# ---------------------------------------------------------------- push and card


def push(
    article: Article, viewer: Viewer, *, photo: bool = False, caption: bool = False
) -> Payload:
    """Return the message of one story sent at once.

    Depends on the viewer's `now` only by whether the article is fresh and by the date of an
    article of another day, so it can be rendered once for many chats. With `photo` an article's
    picture is a photo with the text below it, where that fits a caption, and else a link preview.
    With `caption` the text is short enough for a photo that was sent already.
    """
    keyboard = keyboards.push(article, viewer.texts)
    if caption:
        return _captioned(article, viewer, keyboard)
    return _pushed(_push_passages(article, viewer), keyboard, picture_of(article, viewer), photo)


def post(
    article: Article,
    viewer: Viewer,
    *,
    photo: bool = False,
    caption: bool = False,
    words: str = "",
) -> Payload:
    """Return a story's post in a channel: a push whose one button opens the article in the bot.

    `words` are an editor's, told instead of the article's; their first line is the headline.
    `photo` and `caption` as for a push; below a photo that was sent already stand no `words`.
    """
    keyboard = keyboards.post(article, viewer)
    if caption:
        return _captioned(article, viewer, keyboard)
    passages = post_passages(article, viewer, words)
    return _pushed(passages, keyboard, picture_of(article, viewer), photo)


def _pushed(passages: Sequence[Passage], keyboard: Keyboard, picture: str, photo: bool) -> Payload:
    if photo and picture and fits(passages, CAPTION_UNITS):
        return replace(payload(passages, keyboard), photo=picture)
    return _message(passages, keyboard, picture)


def _captioned(article: Article, viewer: Viewer, keyboard: Keyboard) -> Payload:
    passages = _push_passages(article, viewer)
    if not fits(passages, CAPTION_UNITS):
        passages = _push_passages(article, viewer, _CAPTION_TITLE, _CAPTION_STANDFIRST)
    return payload(split(passages, CAPTION_UNITS)[0], keyboard)


def post_passages(article: Article, viewer: Viewer, words: str) -> list[Passage]:
    """Return what a post says."""
    told = [said for said in map(clean, clean_lines(words).split("\n")) if visible(said)]
    if not told:
        return _push_passages(article, viewer)
    head = Run(told[0], bold=len(told) > 1)
    return [line(head), *(line(said, tight=False) for said in told[1:]), line(source_run(article))]


def _push_passages(
    article: Article, viewer: Viewer, title: int = _TITLE, summary: int = _SUMMARY
) -> list[Passage]:
    passages = [line(Run(clip(title_of(article.title, viewer), title), bold=True))]
    # The summary is one or two sentences already; a standfirst may be longer, and is clipped.
    if article.reading is not Reading.HEADLINE and (
        told := clean(article.summary) or clean(article.standfirst)
    ):
        passages.append(line(clip(told, summary), tight=False))
    about = [source_run(article)]
    if viewer.now - article.published > FRESH:
        about.append(time_run(article.published, viewer))
    labels = [label for label in map(clean, article.labels) if visible(label)]
    about.extend(Run(clip(label, _SOURCE)) for label in labels)
    passages.append(Passage(joined(about)))
    passages.extend(state_lines(article, viewer))
    return passages


def card(article: Article, viewer: Viewer, *, caption: bool = False) -> Payload:
    """Return the article's card: title, standfirst, where it is from and how many tell it.

    With `caption` it is short enough for the text below a photo.
    """
    return _card(article, viewer, keyboards.card(article, viewer.texts), caption)


def folded(
    article: Article, viewer: Viewer, parts: tuple[int, ...], *, caption: bool = False
) -> Payload:
    """Return the card whose text stands below it in the messages `parts`, with «Свернуть»."""
    return _card(article, viewer, keyboards.folded(article, viewer.texts, parts), caption)


def _card(article: Article, viewer: Viewer, keyboard: Keyboard, caption: bool) -> Payload:
    if not caption:
        passages = _card_passages(article, viewer, _CARD_STANDFIRST)
        return _message(passages, keyboard, picture_of(article, viewer))
    passages = _card_passages(article, viewer, _CAPTION_STANDFIRST)
    return payload(split(passages, CAPTION_UNITS)[0], keyboard)


def _card_passages(article: Article, viewer: Viewer, standfirst: int) -> list[Passage]:
    passages = [line(Run(title_of(article.title, viewer), bold=True))]
    if article.reading is not Reading.HEADLINE:
        if visible(subheadline := clean(article.subheadline)):
            passages.append(line(Run(clip(subheadline, _TITLE), italic=True)))
        if visible(lead := _lead(article)):
            passages.append(line(clip(lead, standfirst), tight=False))
    passages.extend(_footer(article, viewer))
    return passages


def _footer(article: Article, viewer: Viewer) -> Iterator[Passage]:
    """Yield source, author, time; agencies cited; further sources; labels; the page's state."""
    texts = viewer.texts
    _ = texts.gettext
    about = [source_run(article)]
    if visible(author := clip(clean(article.author), 200)):
        about.append(Run(author))
    about.append(time_run(article.published, viewer))
    if length := reading_time(article, viewer):
        about.append(Run(length))
    yield Passage(joined(about))
    if cited := [name for name in map(clean, article.cited) if visible(name)]:
        yield line(_("Citing {names}").format(names=texts.join(cited[:5])))
    if more := more_sources(article, viewer):
        yield line(more)
    if labels := [label for label in map(clean, article.labels) if visible(label)]:
        yield line(clip(" · ".join(labels), 300))
    yield from state_lines(article, viewer)


def _message(passages: Sequence[Passage], keyboard: Keyboard, picture: str) -> Payload:
    """Return one message; whatever hostile length a feed gives, it fits."""
    parts = split(passages)
    return payload(parts[0], keyboard, preview=picture)


# ---------------------------------------------------------------- the whole text


def full(article: Article, viewer: Viewer, limit: int = MESSAGE_UNITS) -> tuple[Payload, ...]:
    """Return the whole text in order: one message with an expandable quote where it fits one.

    Otherwise as many messages as the text needs, split at paragraph ends; the last one carries
    the footer and the buttons. Where the operator limits the source, or no text could be had, one
    message that links to the page. `limit` is in UTF-16 units of the text once parsed.
    """
    _ = viewer.texts.gettext
    picture = picture_of(article, viewer)
    keyboard = keyboards.full(article, viewer)
    if article.reading is not Reading.FULL or not article.body:
        passages = _card_passages(article, viewer, _CARD_STANDFIRST)
        passages.append(
            line(_("The full text is on the source's site: tap “Source”."), tight=False)
        )
        return (_message(passages, keyboards.outward(article, viewer.texts), picture),)

    head = list(_head(article, viewer))
    foot = list(_footer(article, viewer))
    foot[0] = replace(foot[0], tight=False)
    if picture and article.image and visible(credit := clean(article.image.credit)):
        foot.append(line(*_labelled(Run(_("Photo")), credit)))
    quoted = [*head, *_body(article, viewer, Quote.EXPANDABLE), *foot]
    if fits(quoted, limit):
        shown = picture or _pictured(quoted)
        return (payload(quoted, keyboard, preview=shown),)
    parts = split([*head, *_body(article, viewer, Quote.NONE), *foot], limit)
    last = len(parts) - 1
    return tuple(
        payload(
            part,
            keyboard if index == last else (),
            preview=(picture if index == 0 else "") or _pictured(part),
            silent=index > 0,
        )
        for index, part in enumerate(parts)
    )


def _pictured(passages: Sequence[Passage]) -> str:
    """Return the first picture that stands in a part of the text."""
    return next((passage.picture for passage in passages if passage.picture), "")


def _head(article: Article, viewer: Viewer) -> Iterator[Passage]:
    """Yield title, sub-headline and standfirst, and where the text is from if not the page."""
    _ = viewer.texts.gettext
    title = clean(article.title)
    yield line(Run(title if visible(title) else _("Untitled"), bold=True))
    if visible(subheadline := clean(article.subheadline)):
        yield line(Run(subheadline, italic=True))
    if visible(standfirst := clean(article.standfirst)):
        yield line(Run(standfirst, bold=True), tight=False)
    if article.body_from is BodyFrom.FEED and article.page_error:
        notice = _("The page didn't open. Here is the feed's text:")
        yield Passage((Run(notice, italic=True),), keep=True)


def runs_of(spans: Sequence[Span], *, italic: bool = False) -> tuple[Run, ...]:
    """Return a paragraph's spans as runs, cleaned, with http(s) links only."""
    runs: list[Run] = []
    for span in spans:
        # Spaces at a span's ends part it from its neighbours: only the paragraph's ends go.
        text = span.text
        inner = clean(text)
        if not inner:
            inner = " " if text and runs else ""
        else:
            inner = " " * text[:1].isspace() + inner + " " * text[-1:].isspace()
        if not runs:
            inner = inner.lstrip()
        if inner:
            runs.append(
                Run(inner, span.bold, span.italic or italic, link=web_link(span.link or ""))
            )
    if runs:
        runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip())
    return tuple(run for run in runs if run.text)


def _body(article: Article, viewer: Viewer, quote: Quote) -> Iterator[Passage]:
    """Yield the body's passages; within a `quote` its own quotations are set in italics."""
    for block in article.body:
        match block:
            case Paragraph(spans):
                passages = [Passage(runs_of(spans))]
            case Heading(text):
                passages = [Passage((Run(clean(text), bold=True),), keep=True)]
            case QuoteBlock(paragraphs, credit):
                passages = list(_quotation(paragraphs, credit, within=bool(quote)))
            case ListBlock(items, ordered):
                passages = list(_list(items, ordered=ordered))
            case PictureBlock():
                passages = list(_caption(block, viewer))
            case Table(rows, header):
                passages = [
                    Passage(
                        (Run(" | ".join(map(clean, row)), bold=header and index == 0),),
                        tight=index > 0,
                    )
                    for index, row in enumerate(rows)
                    if any(visible(clean(cell)) for cell in row)
                ]
            case Preformatted(text):
                passages = [Passage((Run(clean_lines(text), pre=True),))]
            case Embed(link, label):
                target, name = web_link(link), clean(label)
                shown = name if visible(name) else target
                passages = [Passage((Run("▶ "), Run(shown, link=target)))] if shown else []
        for passage in passages:
            if visible("".join(run.text for run in passage.runs)):
                yield replace(passage, quote=quote) if quote else passage


def _quotation(
    paragraphs: Sequence[tuple[Span, ...]], credit: str, *, within: bool
) -> Iterator[Passage]:
    quote = Quote.NONE if within else Quote.PLAIN
    for index, spans in enumerate(paragraphs):
        yield Passage(runs_of(spans, italic=within), quote, tight=index > 0)
    if visible(name := clean(credit)):
        yield Passage((Run("— " + name),), quote, tight=True)


def _list(items: Sequence[tuple[Span, ...]], *, ordered: bool) -> Iterator[Passage]:
    tight = False
    for number, item in enumerate(items, 1):
        runs = runs_of(item)
        if visible("".join(run.text for run in runs)):
            yield Passage((Run(f"{number}. " if ordered else _BULLET), *runs), tight=tight)
            tight = True


def _caption(picture: PictureBlock, viewer: Viewer) -> Iterator[Passage]:
    """Yield the line that stands for a picture in the text, and opens it."""
    url = web_link(picture.url)
    said = caption_of(clean(picture.caption), clean(picture.credit))
    if said or (url and viewer.pictures):
        label = Run(viewer.texts.gettext("Photo"), link=url)
        yield Passage(_labelled(label, said), picture=url if viewer.pictures else "")


def _labelled(label: Run, said: str) -> tuple[Run, ...]:
    """Return «Фото: ТАСС», or what is said with a label of its own: «Рисунок: Вестник»."""
    if not said:
        return (label,)
    own, colon, rest = said.partition(":")
    if colon and own.isalpha():
        return replace(label, text=own), Run(colon + rest)
    return label, Run(": " + said)
