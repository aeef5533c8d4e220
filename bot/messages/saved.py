"""/saved: the list of what to read later, and the same as files to read without the bot.

A file is one page of HTML without pictures or scripts, so that it opens anywhere and shows what it
holds without a connection: title, source, date, link and, where the source allows it, the text.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from html import escape

from bot.messages import links, lists
from bot.messages.callbacks import ExportSaved, Latest, SavedPage, TakeOff
from bot.messages.keyboards import button
from bot.messages.markup import Run, clean, line, payload, visible, web_link
from bot.messages.payloads import Button, Payload
from bot.messages.texts import Texts, Viewer
from storage import (
    Article,
    Block,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Reading,
    Saved,
    SavedKey,
    Span,
    Table,
)

PAGE = 8  # articles of a page


def page(
    kept: Sequence[Saved],
    viewer: Viewer,
    here: SavedPage,
    *,
    total: int,
    older: bool,
    newer: bool,
) -> Payload:
    """Return a page of /saved; `total` are all that are kept, `older` says that more are below."""
    texts = viewer.texts
    _ = texts.gettext
    if not kept:
        said = _("Nothing saved yet. Tap “Save” under an article and it will appear here.")
        passages = [line(Run(_("Saved for later"), bold=True)), line(said, tight=False)]
        return payload(passages, ((button(_("Latest news"), Latest()),),))
    first, last = kept[0], kept[-1]
    arrows = []
    if newer:
        arrows.append(button(_("◀ Newer"), _beside(first, above=True, removing=here.removing)))
    if older:
        arrows.append(button(_("Older ▶"), _beside(last, above=False, removing=here.removing)))
    if here.removing:
        heading = _("What do you want to remove?")
        rows = [
            (
                button(
                    f"✕ {lists.shown_title(one.headline, viewer)}",
                    TakeOff(one.headline.article_id, here.saved, here.article),
                ),
            )
            for one in kept
        ]
        done = button(_("◀ Done"), SavedPage(here.saved, here.article))
        keyboard = (*rows, *((tuple(arrows),) if arrows else ()), (done,))
        return payload([line(Run(heading, bold=True))], keyboard)
    heading = f"{_('Saved for later')} · {total}"
    below = (
        button(_("Remove…"), SavedPage(here.saved, here.article, here.above, removing=True)),
        button(_("Export"), ExportSaved()),
    )
    keyboard = (*((tuple(arrows),) if arrows else ()), below)
    entries = [lists.entry_of(one.headline, viewer) for one in kept]
    return payload(lists.whole([line(Run(heading, bold=True))], entries), keyboard)


def _beside(one: Saved, *, above: bool, removing: bool) -> SavedPage:
    at = int(one.at.timestamp())
    return SavedPage(at, one.headline.article_id, above=above, removing=removing)


def key_of(here: SavedPage) -> SavedKey | None:
    """Return where a page begins; None for the newest page."""
    return SavedKey(here.saved, here.article) if here.saved else None


def elsewhere(viewer: Viewer) -> Payload:
    """Return what /saved says in a group."""
    _ = viewer.texts.gettext
    link = links.start(viewer.bot, links.SAVED)
    keyboard = ((Button(_("Open the bot"), url=link),),) if link else ()
    return payload(
        [
            line(
                _(
                    "Only you see what you saved. The list is in the private chat with the bot: "
                    "/saved"
                )
            )
        ],
        keyboard,
    )


def toast(texts: Texts, *, group: bool) -> str:
    """Return what is said when an article was saved."""
    _ = texts.gettext
    if group:
        return _("Saved for you. The list is in the private chat with the bot: /saved")
    return _("Saved. The list: /saved")


def dropped(texts: Texts) -> str:
    """Return what is said when an article is kept no longer."""
    return texts.gettext("Removed from saved.")


def full(texts: Texts, most: int) -> str:
    """Return what is said when as many are kept as may be."""
    return texts.ngettext(
        "{n} article is saved, and no more can be. Remove some: /saved",
        "{n} articles are saved, and no more can be. Remove some: /saved",
        most,
    ).format(n=most)


def groups_own(texts: Texts) -> str:
    """Return what is said of an article of a group's own source."""
    return texts.gettext("This source is the group's own: its articles cannot be saved.")


def exported(texts: Texts, count: int) -> str:
    """Return the line below a file of what is saved, `count` articles in all."""
    return texts.ngettext("{n} saved article.", "{n} saved articles.", count).format(n=count)


# ---------------------------------------------------------------- the file

_STYLE = (
    "body{max-width:42em;margin:2em auto;padding:0 1em;font:18px/1.5 Georgia,serif;"
    "color:#222;background:#fff}h1{font-size:1.4em}h2{font-size:1.3em;margin:0 0 .2em}"
    "article{border-top:1px solid #ccc;padding:1.5em 0}.about{color:#666;font-size:.85em}"
    ".standfirst{font-weight:bold}blockquote{border-left:3px solid #ccc;margin:1em 0;"
    "padding-left:1em}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2em .5em}"
    "pre{white-space:pre-wrap}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8ab4f8}}"
)


def opening(viewer: Viewer) -> str:
    """Return the beginning of a file."""
    texts = viewer.texts
    title = escape(texts.gettext("Saved for later"))
    when = escape(texts.moment(viewer.now, viewer.now, viewer.zone))
    day = escape(texts.day(viewer.now.astimezone(viewer.zone).date(), date.min))
    return (
        f'<!DOCTYPE html>\n<html lang="{texts.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{title}</h1>\n<p class="about">{day}, {when}</p>\n'
    )


CLOSING = "</body>\n</html>\n"


def entry(article: Article, viewer: Viewer) -> str:
    """Return an article as a part of a file; of what may not be read whole, what may be."""
    texts = viewer.texts
    title = clean(article.title)
    heading = escape(title if visible(title) else texts.gettext("Untitled"))
    link = web_link(article.url)
    source = escape(clean(article.source) or article.source_domain)
    day = texts.day(article.published.astimezone(viewer.zone).date(), date.min)
    about = [f'<a href="{escape(link)}">{source}</a>' if link else source]
    about.append(escape(f"{day}, {texts.clock(article.published, viewer.zone)}"))
    if author := clean(article.author):
        about.append(escape(author))
    lines = [f'<article>\n<h2>{heading}</h2>\n<p class="about">{" · ".join(about)}</p>']
    if article.reading is not Reading.HEADLINE:
        whole = article.reading is Reading.FULL
        if whole and visible(article.subheadline):
            lines.append(f"<p><i>{escape(clean(article.subheadline))}</i></p>")
        lead = clean(article.standfirst or ("" if whole and article.body else article.summary))
        if visible(lead):
            lines.append(f'<p class="standfirst">{escape(lead)}</p>')
        if whole:
            lines.extend(_blocks(article.body))
    return "\n".join([*lines, "</article>\n"])


def _blocks(body: Iterable[Block]) -> Iterator[str]:
    for block in body:
        match block:
            case Paragraph(spans):
                yield f"<p>{_spans(spans)}</p>"
            case Heading():
                yield f"<h3>{escape(clean(block.text))}</h3>"
            case Quote():
                said = "".join(f"<p>{_spans(spans)}</p>" for spans in block.paragraphs)
                credit = f"<p>— {escape(clean(block.credit))}</p>" if visible(block.credit) else ""
                yield f"<blockquote>{said}{credit}</blockquote>"
            case ListBlock():
                kind = "ol" if block.ordered else "ul"
                items = "".join(f"<li>{_spans(item)}</li>" for item in block.items)
                yield f"<{kind}>{items}</{kind}>"
            case Table():
                rows = "".join(
                    "<tr>" + "".join(f"<td>{escape(clean(cell))}</td>" for cell in row) + "</tr>"
                    for row in block.rows
                )
                yield f"<table>{rows}</table>"
            case Preformatted():
                yield f"<pre>{escape(block.text)}</pre>"
            case Embed():
                if link := web_link(block.link):
                    label = escape(clean(block.label) or link)
                    yield f'<p><a href="{escape(link)}">{label}</a></p>'
            case PictureBlock():
                caption = escape(clean(block.caption))
                if link := web_link(block.url):
                    yield f'<p class="about"><a href="{escape(link)}">🖼</a> {caption}</p>'


def _spans(spans: Iterable[Span]) -> str:
    return "".join(map(_span, spans))


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.bold:
        text = f"<b>{text}</b>"
    if span.italic:
        text = f"<i>{text}</i>"
    link = web_link(span.link or "")
    return f'<a href="{escape(link)}">{text}</a>' if link else text
