"""An article's page in, its parts out. Runs in a worker process: pages are hostile input.

bytes ─▶ tree ─▶ the publisher's profile (selectors) where there is one and it still fits
             ─▶ else the page's metadata, and its body: trafilatura decides which text is the
                article's, and our own walk over the page's tree decides how it looks (links,
                quotes, pictures, lists), because trafilatura with links and pictures switched on
                chooses worse than without
             ─▶ else the densest text of the tree, or the text that JSON-LD repeats
             ─▶ tidy ─▶ ExtractedPage
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from html import escape
from typing import Any

import trafilatura
import turbohtml

from bot.articles.blocks import (
    absolute_link,
    block_text,
    blocks_from_html,
    blocks_of,
    one_line,
    plain_text,
    spans_text,
)
from bot.articles.illustrations import best_pictures
from bot.articles.metadata import Metadata, default_zone, moment, read_metadata, tidy_author
from bot.articles.page import ExtractedPage
from bot.articles.publishers import (
    Profile,
    elements_at,
    profile_for,
    shipped_profiles,
    texts_at,
    times_at,
)
from bot.articles.sentences import sentences
from bot.articles.tidy import (
    declares,
    has_text,
    is_other_headline,
    pictures,
    squeezed,
    tidy,
    without_read_also,
)
from storage import (
    Block,
    Embed,
    Heading,
    ListBlock,
    Paragraph,
    PictureBlock,
    Preformatted,
    Quote,
    Span,
    Table,
)

__all__ = ["ExtractedPage", "extract"]

_POSTS = "blockquote.twitter-tweet, blockquote.instagram-media, blockquote.twitter-video"
_HOVER_CARDS = ", ".join(
    f"p [class*={name}] [class*={name}]:not(a)"
    for name in ("tooltip", "popover", "hovercard", "rollover")
)
_PICTURE_LINK = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)\b", re.IGNORECASE)
_AGE = re.compile(r"(?:0|6|12|16|18)\s?\+$")
_LONGEST_NOTICE = 600

_LARGE = 300_000
_MOST_ATTRIBUTES = 100
_TEASER = 2.0
"""How many times longer the text told to machines is than a teaser shown instead of it."""
_UNPARTED = 1200
"""A paragraph this long (characters) in such a text is several, run together."""
_MOST_LABELS = 20
_LONG_PARAGRAPH = 80
_SHORTEST_ARTICLE = 400
_IN_A_LINE = frozenset({"p", "span", "b", "strong", "i", "em", "font"})
_NO_BOX = frozenset({"a", "script", "style", "noscript", "template", "textarea", "title"})
_BOX = 0.4
"""A box inside the text holds at most this share of it."""
_CLUTTER = ", ".join(
    f"[{attribute}*={name}]"
    for attribute in ("class", "id")
    for name in (
        *("cookie", "consent", "subscri", "newsletter", "share", "social", "comment", "tags"),
        *("related", "read-also", "readalso", "read_also", "recommend", "b_ear"),
        *("banner", "advert", "promo-", "adfox", "paywall"),
    )
)

_ELSEWHERE = "aside, nav, footer, [class*=b_ear]"

_KNOWN_TEXT = 12
"""A shorter text (letters) is found in any article: it must be a whole line of this one."""
_MOST = 0.8
_CONTAINER = 0.9
_SHORTEST_LEAD, _LONGEST_LEAD = 60, 700
"""Characters of a lead; a shorter text above the body is a label, a longer one is text."""
_SENTENCE_END = re.compile(r"[.!?…][»”\"')]*$")
_LEAD_NAMES = ("standfirst", "lead", "lede", "deck", "intro", "subtitle", "annotation", "summary")
_LEADS = ", ".join(("[itemprop=description]", *(f"[class*={name}]" for name in _LEAD_NAMES)))


def extract(
    html: bytes,
    *,
    url: str,
    content_type: str | None = None,
    profiles: Sequence[Profile] | None = None,
) -> ExtractedPage:
    """The article on a page fetched from `url`, or as much of it as can be told.

    `content_type` is the HTTP header, for its charset; `profiles` are those the package brings
    unless others are given. A page without any article has an empty body; no markup, however
    broken, raises.
    """
    document = _parse(html, content_type)
    base = _base(document, url)
    metadata = read_metadata(document, url, base=base)
    profile = profile_for(url, document, shipped_profiles() if profiles is None else profiles)
    if profile is not None:
        expected = _running_text(document)
        page = _by_profile(document, metadata, profile, base)
        if page is not None and 2 * _length(page) >= expected:
            return page
        # The selectors may have missed most of it since the site was redesigned.
        document = _parse(html, content_type)
        general = _by_its_text(document, metadata, base, profile)
        return general if page is None or _length(general) > 2 * _length(page) else page
    return _by_its_text(document, metadata, base)


def _parse(html: bytes, content_type: str | None) -> turbohtml.Document:
    charset = re.search(r"charset=[\"']?([\w.:-]+)", content_type or "", re.IGNORECASE)
    try:
        return turbohtml.parse(
            html,
            encoding=charset.group(1) if charset else None,
            detect_encoding=True,
            positions=False,
        )
    except LookupError:  # a charset that no one knows: the page's own word is taken
        return turbohtml.parse(html, detect_encoding=True, positions=False)


def _base(document: turbohtml.Document, url: str) -> str:
    """The address that relative ones count from (HTML, section 2.4.3)."""
    element = document.select_one("base[href]")
    link = element.attrs.get("href") if element is not None else None
    return (absolute_link(link, url) if isinstance(link, str) else None) or url


def _length(page: ExtractedPage) -> int:
    return len(page.standfirst) + sum(len(block_text(block)) for block in page.body)


def _running_text(document: turbohtml.Document) -> int:
    """Characters in the page's long paragraphs: as much as an article on it can have."""
    lengths = (len(one_line(paragraph.text)) for paragraph in document.find_all("p"))
    return sum(length for length in lengths if length >= _LONG_PARAGRAPH)


# ---------------------------------------------------------------- by the publisher's profile


def _by_profile(
    document: turbohtml.Document, metadata: Metadata, profile: Profile, url: str
) -> ExtractedPage | None:
    """The article where the profile's selectors find its text, else None."""
    root = next(iter(elements_at(document, profile.root)), None)
    bodies = elements_at(root, profile.body) if root is not None else []
    if root is None or not bodies:
        return None

    def shown(selectors: tuple[str, ...]) -> str:
        found = texts_at(root, selectors) or texts_at(document, selectors, besides=_ELSEWHERE)
        return next(iter(found), "")

    title = shown(profile.title) or metadata.title
    subheadline = shown(profile.subheadline) or metadata.subheadline
    standfirst = shown(profile.standfirst)
    rubric = shown(profile.rubric) or metadata.section
    author = tidy_author(texts_at(root, profile.author)) or metadata.author
    zone = profile.zone or default_zone(url, metadata.language)
    published = _time_at(root, profile.published, zone) or metadata.published
    updated = _time_at(root, profile.updated, zone) or metadata.updated
    labels = _labels(document)
    linked = _link_texts(document, bodies)
    for body in bodies:
        linked |= _without_clutter(body, profile)
    blocks = tidy(
        (
            block
            for body in bodies
            for block in blocks_of(body, url)
            if not is_other_headline(block)
        ),
        titles=(title, subheadline, standfirst),
        linked=linked,
        drop=profile.junk,
        tail=profile.tail,
    )
    if not has_text(blocks):
        return None
    _without_clutter(root, profile)
    above = pictures(blocks_of(root, url))
    candidates = best_pictures(metadata.images, (*above, *pictures(blocks)))
    return ExtractedPage(
        url=metadata.url,
        title=title,
        subheadline=subheadline,
        standfirst=standfirst,
        description=metadata.description,
        body=blocks,
        author=author,
        image=next(iter(candidates), None),
        pictures=candidates,
        published=published,
        updated=updated,
        rubric=rubric,
        language=metadata.language,
        site=metadata.site,
        labels=_apart(labels, blocks, title, subheadline, standfirst),
    )


def _time_at(root: turbohtml.Element, selectors: tuple[str, ...], zone: tzinfo) -> datetime | None:
    return next(
        (found for time in times_at(root, selectors) if (found := moment(time, zone))), None
    )


def _without_clutter(body: turbohtml.Element, profile: Profile) -> frozenset[str]:
    """Takes out of an element what is no text of the article; returns the links' texts in it."""
    total = len(body.text)
    linked: set[str] = set()
    unwanted = {element: True for selector in profile.unwanted for element in body.select(selector)}
    clutter = dict.fromkeys(body.select(_CLUTTER), False)
    signed = {element: False for selector in profile.author for element in body.select(selector)}
    for element, surely in (signed | clutter | unwanted).items():
        # A class that means a box on one site wraps the whole text on another.
        if not surely and len(element.text) > _BOX * total:
            continue
        linked |= {squeezed(link.text) for link in element.find_all("a")}
        element.decompose()
    return frozenset(text for text in linked if len(text) > _KNOWN_TEXT)


# ---------------------------------------------------------------- by the text itself


def _by_its_text(
    document: turbohtml.Document,
    metadata: Metadata,
    url: str,
    profile: Profile | None = None,
) -> ExtractedPage:
    standfirst = _marked_lead(document, metadata.description)
    for post in document.select(_POSTS):
        del post.attrs["class"]
    for card in document.select(_HOVER_CARDS):
        card.decompose()
    found = _trafilatura(_slim(document), metadata, url, running=_running_text(document))
    own = blocks_from_html(_markup(found.body), url) if found and found.body is not None else ()
    body, container = _in_the_page(document, own, url) if has_text(own) else _densest(document, url)
    linked = _link_texts(document, [container] if container is not None else [])
    lead = _lead_apart(own, body, linked, known={metadata.title, standfirst})
    said = " ".join(map(block_text, lead))
    if not standfirst and len(said) <= _LONGEST_LEAD:
        standfirst = said
    else:
        body = (*lead, *body)
    titles = (metadata.title, metadata.subheadline, standfirst)
    drop, tail = (profile.junk, profile.tail) if profile else (None, None)
    body = tidy(body, titles=titles, linked=linked, drop=drop, tail=tail)
    declared = _declared_body(metadata, url)
    if len(plain_text(declared)) > _TEASER * len(plain_text(body)):
        body = declared
    candidates = best_pictures(metadata.images, pictures(body))
    return ExtractedPage(
        url=metadata.url,
        title=metadata.title or one_line(found.title or "" if found else ""),
        subheadline=metadata.subheadline,
        standfirst=standfirst,
        description=metadata.description,
        body=body,
        author=metadata.author or tidy_author((found.author or "").split(";") if found else ()),
        image=next(iter(candidates), None),
        pictures=candidates,
        published=metadata.published
        or (moment(found.date or "", default_zone(url, metadata.language)) if found else None),
        updated=metadata.updated,
        rubric=metadata.section,
        language=metadata.language,
        site=metadata.site,
        labels=_apart(_labels(document), body, *titles),
    )


def _declared_body(metadata: Metadata, url: str) -> tuple[Block, ...]:
    """The text that the page tells machines: some pages show it by script alone."""
    blocks: list[Block] = []
    for block in blocks_from_html(metadata.body, url):
        text = block_text(block)
        if isinstance(block, Paragraph) and len(text) > _UNPARTED:
            # Its paragraphs are lost: three sentences make one.
            said = sentences(text)
            parts = (" ".join(said[at : at + 3]) for at in range(0, len(said), 3))
            blocks += (Paragraph((Span(part),)) for part in parts)
        else:
            blocks.append(block)
    return tidy(blocks, titles=(metadata.title,))


def _marked_lead(document: turbohtml.Document, description: str) -> str:
    """The description where the page shows it as its lead, in an element marked as such."""
    wanted = squeezed(description)
    for element in document.select(_LEADS) if wanted else ():
        if squeezed(element.text) == wanted:
            return description
    return ""


def _slim(document: turbohtml.Document) -> str:
    """The page's markup, without elements of countless attributes: lxml takes minutes over them."""
    markup = document.html
    if len(markup) < _LARGE:
        return markup
    for element in document.select("*"):
        if len(element.attrs) > _MOST_ATTRIBUTES:
            element.attrs.clear()
    return document.html


def _trafilatura(html: str, metadata: Metadata, url: str, *, running: int) -> Any:
    """trafilatura's document, or None where it finds no article.

    Asked for precision, it drops most of some articles: where the page has far more `running` text
    (characters), it is asked again for all.
    """
    options: dict[str, Any] = {
        "url": url,
        "include_comments": False,
        "with_metadata": not (metadata.author and metadata.published and metadata.title),
    }
    precise: Any = trafilatura.bare_extraction(html, favor_precision=True, **options)
    length = len(precise.text or "") if precise else 0
    if precise and 2 * length >= running:
        return precise
    whole: Any = trafilatura.bare_extraction(html, **options)
    return whole if whole and len(whole.text or "") > 2 * length else precise


def _in_the_page(
    document: turbohtml.Document, own: tuple[Block, ...], url: str
) -> tuple[tuple[Block, ...], turbohtml.Element | None]:
    """The blocks of the page's tree that hold trafilatura's text, and the element around them.

    Where the tree holds too little of it, trafilatura's `own` blocks serve.
    """
    lines = {squeezed(line) for block in own for line in block_text(block).split("\n")}
    wanted = "".join(squeezed(block_text(block)) for block in own)
    container = _container(document, wanted, lines)
    if container is None:
        return own, None
    for link in container.select("a:has(img)"):
        if not _PICTURE_LINK.search(str(link.attrs.get("href", ""))) and not link.text.strip():
            link.decompose()
    kept = _wanted_blocks(without_read_also(blocks_of(container, url)), wanted, lines)
    covered = sum(len(squeezed(block_text(block))) for block in kept)
    return (kept if covered >= _MOST * len(wanted) else own), container


def _densest(
    document: turbohtml.Document, url: str
) -> tuple[tuple[Block, ...], turbohtml.Element | None]:
    """The element with the most running text: lxml, and so trafilatura, gives up on deep pages."""
    weights: Counter[turbohtml.Element] = Counter()
    for node in document.descendants:
        if not isinstance(node, turbohtml.Text) or len(node.data) < _LONG_PARAGRAPH:
            continue
        box = node.parent
        while isinstance(box, turbohtml.Element) and box.tag in _IN_A_LINE:
            box = box.parent
        if isinstance(box, turbohtml.Element) and box.tag not in _NO_BOX:
            weights[box] += len(one_line(node.data))
    for element, weight in weights.most_common(1):
        if weight >= _SHORTEST_ARTICLE:
            return blocks_of(element, url), element
    return (), None


def _lead_apart(
    own: Sequence[Block], body: Sequence[Block], linked: frozenset[str], *, known: set[str]
) -> list[Paragraph]:
    """The paragraphs that trafilatura found above the element that holds the body.

    Many templates set a lead apart from the text. `known`: texts that are shown anyway.
    """
    shown = {squeezed(text) for text in known} | linked
    said = "".join(squeezed(block_text(block)) for block in body)
    lead: list[Paragraph] = []
    for block in own:
        text = block_text(block)
        if text and squeezed(text) in said:
            return lead
        if (
            isinstance(block, Paragraph)
            and len(text) >= _SHORTEST_LEAD
            and _SENTENCE_END.search(text)
            and squeezed(text) not in shown
        ):
            lead.append(block)
    return []


def _container(
    document: turbohtml.Document, wanted: str, lines: set[str]
) -> turbohtml.Element | None:
    """The innermost element with nearly all of the wanted text."""
    weights: Counter[turbohtml.Node] = Counter()
    total = 0
    for node in document.descendants:
        if isinstance(node, turbohtml.Text):
            text = squeezed(node.data)
            if len(text) > _KNOWN_TEXT and (text in lines or text in wanted):
                total += len(text)
                for ancestor in node.ancestors:
                    weights[ancestor] += len(text)
    innermost = None
    for element, weight in weights.items():
        if isinstance(element, turbohtml.Element) and weight >= _CONTAINER * total:
            depth = len(tuple(element.ancestors))
            if innermost is None or depth > innermost[0]:
                innermost = (depth, element)
    return innermost[1] if innermost else None


def _wanted_blocks(blocks: Sequence[Block], wanted: str, lines: set[str]) -> tuple[Block, ...]:
    """The blocks whose text is wanted, each once; media, posts and headings among them."""

    def is_wanted(text: str) -> bool:
        bare = squeezed(text)
        return bare in lines or (len(bare) > _KNOWN_TEXT and bare in wanted)

    kept: list[Block] = []
    between: list[Block] = []
    seen: set[str] = set()
    for block in blocks:
        chosen = _chosen(block, is_wanted)
        if chosen is None:
            if not isinstance(block, PictureBlock | Embed):
                # A heading right above an unwanted text goes with it.
                between = [item for item in between if not isinstance(item, Heading)]
            if isinstance(block, PictureBlock | Embed | Quote | Heading | Table):
                between.append(block)
            continue
        text = squeezed(block_text(chosen))
        if len(text) > 40 and text in seen:
            continue
        seen.add(text)
        kept += between if kept else pictures(between)[-1:]
        between = []
        kept.append(chosen)
    if kept and between and isinstance(between[0], Table) and _announces(kept[-1]):
        kept.append(between[0])
    return tuple(kept)


def _announces(block: Block) -> bool:
    return block_text(block).endswith(":")


def _chosen(block: Block, is_wanted: Any) -> Block | None:
    """The block, or the wanted part of it, or None."""
    match block:
        case Paragraph(spans):
            if is_wanted(spans_text(spans)):
                return block
            parts = sum(len(span.text) for span in spans if is_wanted(span.text))
            return block if parts >= _MOST * len(spans_text(spans)) else None
        case Heading(text) | Preformatted(text):
            return block if is_wanted(text) else None
        case Quote(paragraphs):
            return block if any(is_wanted(spans_text(spans)) for spans in paragraphs) else None
        case ListBlock(items):
            chosen = tuple(item for item in items if is_wanted(spans_text(item)))
            return replace(block, items=chosen) if chosen else None
        case Table(rows):
            cells = [cell for row in rows for cell in row if cell]
            return block if sum(map(is_wanted, cells)) > len(cells) / 2 else None
        case PictureBlock() | Embed():
            return None


_TAGS = {
    "p": "p",
    "list": "ul",
    "item": "li",
    "quote": "blockquote",
    "head": "h2",
    "table": "table",
    "row": "tr",
    "cell": "td",
    "code": "pre",
}


def _markup(element: Any) -> str:
    """trafilatura's XML as HTML; tags that it does not document pass their text on."""

    def parts(node: Any) -> Iterator[str]:
        tag = "br" if node.tag == "lb" else _TAGS.get(node.tag)
        yield f"<{tag}>" if tag else ""
        yield escape(node.text or "")
        for child in node:
            yield from parts(child)
            yield escape(child.tail or "")
        yield f"</{tag}>" if tag and tag != "br" else ""

    return "".join(parts(element))


# ---------------------------------------------------------------- both ways


def _link_texts(
    document: turbohtml.Document, containers: Iterable[turbohtml.Element]
) -> frozenset[str]:
    """Squeezed texts of links outside the article: other stories' headlines."""
    inside = {link for container in containers for link in container.find_all("a")}
    return frozenset(
        text
        for link in document.find_all("a")
        if link not in inside and len(text := squeezed(link.text)) > _KNOWN_TEXT
    )


def _labels(document: turbohtml.Document) -> list[str]:
    """Age marks and legal notices anywhere on the page."""
    labels: dict[str, None] = {}
    for node in document.descendants:
        if not isinstance(node, turbohtml.Text) or len(node.data) > _LONGEST_NOTICE:
            continue
        if not (node.data.rstrip().endswith("+") or declares(node.data)):
            continue
        text = one_line(node.data)
        parent = node.parent
        if isinstance(parent, turbohtml.Element) and parent.tag in {"script", "style", "title"}:
            continue
        if _AGE.match(text):
            labels[text.replace(" ", "")] = None
        elif declares(text) and isinstance(parent, turbohtml.Element) and not parent.closest("a"):
            notice = one_line(parent.text)
            labels[notice if len(notice) <= _LONGEST_NOTICE else text] = None
        if len(labels) >= _MOST_LABELS:
            break
    return list(labels)


def _apart(labels: Iterable[str], body: Iterable[Block], *texts: str) -> tuple[str, ...]:
    """The labels that neither the body nor the other texts of the article say."""
    shown = "".join(map(squeezed, (*map(block_text, body), *texts)))
    return tuple(label for label in labels if _AGE.match(label) or squeezed(label) not in shown)
