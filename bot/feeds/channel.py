"""A Telegram channel's public preview page (`https://t.me/s/NAME`) as a source: many publishers'
fastest wire.

    page ─▶ its posts with a text ─▶ lines ─▶ signature cut ─▶ title and the rest
         ─▶ entries in feedparser's shape, newest first ─▶ the parser's last step

A post is whole: its text is all there is, and no page need be asked for. But many posts are a
headline with a link to the publisher's own page; such an entry has that page's address, so that
it is one article with the feed's. Which site is the channel's own is told by its description, or
by most of its posts' links. What changes without the text changing (views, reactions, «edited»)
stands outside the text and is never read.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import turbohtml

from bot.feeds.elements import attribute
from bot.feeds.errors import NotAFeedError
from bot.feeds.places import absolute_link
from bot.web.addresses import channel_of, source_domain

_LONGEST_TITLE = 200  # characters
_SHORTEST_TITLE = 12  # a shorter first line («Срочно!») is a call, not a headline
_CALL = 40  # characters that a line before a bold headline may have
_CHIEFLY = 600  # characters beside its title that an announcement of a page may have
_REPEATED = 3  # posts that end alike: a signature
_MOST_SIGNATURE = 4  # lines
_DEEPEST = 30  # levels of markup in a post
_BASE: Final = "https://t.me/"
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_CLASS = re.compile(r"class=[\"'](?:[\w -]{0,200}\s)?tgme_")
_HEAD = 50_000  # characters
_PLACES: Final = "div.tgme_widget_message[data-post]"
_NOT_THE_TEXT: Final = ".tgme_widget_message_reply, .tgme_widget_message_poll"
_PICTURES: Final = (
    ".tgme_widget_message_photo_wrap, .tgme_widget_message_video_thumb, "
    ".link_preview_image, .link_preview_right_image"
)
_BACKGROUND = re.compile(r"background-image:\s*url\(\s*['\"]?([^'\")]{1,2000})", re.IGNORECASE)
_BLOCKS: Final = frozenset({"blockquote", "pre", "div", "p"})
_SENTENCE_END = re.compile(r"[.!?…](?:[»”\"')\]]*)(?=\s)")
_WORDS = re.compile(r"\w")
_HASHTAGS = re.compile(r"(?:#\w{1,60}[\s,|•·]*)+")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.-]+\.\w{2,10}/\S+")
# Federal law 38-FZ obliges adverts to carry «Реклама» and a token (erid).
_ADVERT = re.compile(
    r"""(?ix)
    \b erid \b \s* [:=\-–—]? \s* [\w-]{5,} | [?&] erid= \w
  | ^ \W* (?: реклама | на\ правах\ рекламы | \#реклама | \#промо | \#ad ) \W* $
  | ^ \W* реклама [.,:]? \s+ (?: рекламодатель | ооо | оао | зао | пао | ао | ип | нко | фгбоу ) \b
  | \b рекламодатель \s* [:—–-]
    """,
    re.MULTILINE,
)
_INVITES = re.compile(
    r"""(?ix) ^ \W*
    (?: подпи(?: сывай | саться | шись | шитесь | ска | сывайся ) \w* | присоединяй\w*
      | (?: наш | мы ) \b .{0,20} (?: канал | чат | бот | max | мах | вк | vk | telegram )
      | читай(?: те )? \s+ нас | прислать \s+ новость | предложить \s+ новость | обратная \s+ связь
      | поддержать | бустан\w+ | проголосовать | subscribe | join | follow | boost
    ) \b .{0,80} $
    """
)
_MORE = re.compile(
    r"(?ix) ^ \W* (?: подробн\w+ | читать | читайте | далее | полностью | источник | ссылка "
    r"| read\ more | full\ story | details | link | source ) \b .{0,60} $"
)
# Never cut: the law's notices stand where signatures do.
_LABEL = re.compile(r"(?i)иностранн\w+ агент|иноагент|нежелательн|экстремист|террорист|\b\d\d?\+")
_SOCIAL = frozenset(
    {"t.me", "telegram.me", "telegram.org", "youtube.com", "youtu.be", "vk.com", "vk.ru", "ok.ru"}
    | {"dzen.ru", "zen.yandex.ru", "rutube.ru", "instagram.com", "facebook.com", "twitter.com"}
    | {"x.com", "tiktok.com", "max.ru", "threads.net", "boosty.to", "patreon.com", "viber.com"}
    | {"clck.ru", "bit.ly", "apps.apple.com", "play.google.com", "threads.com", "whatsapp.com"}
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's posts as entries in feedparser's shape, newest first.

    `site` is the address of the publisher's own site, "" where the channel names none.
    """

    title: str
    posts: tuple[Mapping[str, Any], ...]
    site: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a post: its plain text, its markup, whether it is bold as a whole, its links."""

    text: str
    markup: str
    bold: bool = False
    links: tuple[tuple[str, str], ...] = ()  # address and text
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class _Post:
    """A post that says something. `address` is its own; times as the page writes them."""

    address: str
    lines: tuple[_Line, ...]
    published: str
    picture: str
    author: str
    preview: str  # the title on the card of a page that the post links


def is_channel(text: str) -> bool:
    """Whether the document is a page of t.me about a channel, with posts or without."""
    # A feed made of a channel has such classes too, in its entries.
    return _PAGE.match(text) is not None and _CLASS.search(text, 0, _HEAD) is not None


def read_channel(text: str) -> Channel:
    """The channel of a preview page; posts without a text and adverts are passed over.

    Raises NotAFeedError for a page of t.me that shows no posts.
    """
    page = turbohtml.parse(text, positions=False)
    places = page.select(_PLACES)
    header = page.select_one(".tgme_channel_info_header_title")
    if not places and header is None:
        raise NotAFeedError(
            "The Telegram channel shows no posts to the public: it is private, or a group, or "
            "forbids the preview. Only a channel that https://t.me/s/NAME shows can be read."
        )
    named = header or page.select_one(".tgme_widget_message_owner_name")
    posts = [post for place in places if (post := _post(place)) is not None]
    own = _own_site(page, posts)
    signatures = _signatures(posts)
    entries = [entry for post in posts if (entry := _entry(post, own, signatures))]
    return Channel(
        title=_flat(named.text) if named is not None else "",
        posts=tuple(reversed(entries)),
        site=f"https://{own}/" if own else "",
    )


# ---------------------------------------------------------------- a post


def _post(place: turbohtml.Element) -> _Post | None:
    """What a post says; None for one without a text, a service message and an advert."""
    number = attribute(place, "data-post")
    if place.has_class("service_message") or not re.fullmatch(r"\w{2,64}/\d{1,12}", number):
        return None
    for other in place.select(_NOT_THE_TEXT):
        other.decompose()
    text = place.select_one(".tgme_widget_message_text")
    lines = _lines(text) if text is not None else ()
    if not any(_WORDS.search(line.text) for line in lines):
        return None
    links = " ".join(address for line in lines for address, _ in line.links)
    if any(_ADVERT.search(line.text) for line in lines) or _ADVERT.search(links):
        return None
    time = place.select_one(".tgme_widget_message_date time[datetime]")
    preview = place.select_one(".link_preview_title")
    author = place.select_one(".tgme_widget_message_forwarded_from_name")
    author = author or place.select_one(".tgme_widget_message_from_author")
    return _Post(
        address=f"{_BASE}{number}",
        lines=lines,
        published=attribute(time, "datetime"),
        picture=_picture(place),
        author=_flat(author.text) if author is not None else "",
        preview=_flat(preview.text) if preview is not None else "",
    )


def _picture(place: turbohtml.Element) -> str:
    for element in place.select(_PICTURES):
        if found := _BACKGROUND.search(attribute(element, "style")):
            return absolute_link(found[1], _BASE)
    return ""


# ---------------------------------------------------------------- its lines


class _Writer:
    """Takes a post's text apart into lines; blank ones are left out."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []
        self._texts: list[str] = []
        self._markup: list[str] = []
        self._links: list[tuple[str, str]] = []
        self._plain = 0  # characters outside bold

    def walk(
        self, node: turbohtml.Node, *, bold: bool = False, quoted: bool = False, depth: int = 0
    ) -> None:
        for child in node.children:
            if isinstance(child, turbohtml.Text):
                self._say(child.data, bold=bold, quoted=quoted)
            elif isinstance(child, turbohtml.Element):
                self._open(child, bold=bold, quoted=quoted, depth=depth + 1)

    def _open(self, element: turbohtml.Element, *, bold: bool, quoted: bool, depth: int) -> None:
        tag = element.tag
        if tag == "br":
            self.end(quoted=quoted)
        elif tag == "a":
            self._link(element, bold=bold)
        elif element.has_class("emoji"):
            self._say(element.text, bold=True, quoted=quoted)  # an image: neither bold nor not
        elif depth > _DEEPEST:
            self._say(element.text, bold=bold, quoted=quoted)
        elif tag in _BLOCKS:
            inside = quoted or tag == "blockquote"
            self.end(quoted=quoted)
            self.walk(element, bold=bold, quoted=inside, depth=depth)
            self.end(quoted=inside)
        elif tag not in {"script", "style", "button"}:
            bold = bold or tag in {"b", "strong"}
            self.walk(element, bold=bold, quoted=quoted, depth=depth)

    def _link(self, element: turbohtml.Element, *, bold: bool) -> None:
        address = absolute_link(attribute(element, "href"), _BASE)
        words = element.text
        inside = element.select_one("b, strong")
        bold = bold or (inside is not None and _flat(inside.text) == _flat(words))
        self._texts.append(words)
        self._plain += 0 if bold else len(words.strip())
        shown = html.escape(words, quote=False)
        if not address or attribute(element, "href").startswith("?"):  # a hashtag
            self._markup.append(shown)
            return
        self._links.append((address, _flat(words)))
        self._markup.append(f'<a href="{html.escape(address)}">{shown}</a>')

    def _say(self, text: str, *, bold: bool, quoted: bool) -> None:
        for number, piece in enumerate(text.split("\n")):
            if number:
                self.end(quoted=quoted)
            self._texts.append(piece)
            self._markup.append(html.escape(piece, quote=False))
            self._plain += 0 if bold else len(re.findall(r"\w", piece))

    def end(self, *, quoted: bool = False) -> None:
        """The line is over."""
        text = _flat("".join(self._texts))
        if text:
            bold = self._plain == 0 and bool(_WORDS.search(text))
            markup = " ".join("".join(self._markup).split())
            self.lines.append(_Line(text, markup, bold, tuple(self._links), quoted))
            self._links = []  # else a link behind no text at all: it belongs to what follows
        self._texts, self._markup, self._plain = [], [], 0


def _lines(text: turbohtml.Element) -> tuple[_Line, ...]:
    writer = _Writer()
    writer.walk(text)
    writer.end()
    return tuple(writer.lines)


def _signatures(posts: Sequence[_Post]) -> frozenset[str]:
    """Lines with a link that several posts end with."""
    ends = Counter(
        line.markup
        for post in posts
        for line in post.lines[1:][-_MOST_SIGNATURE:]
        if line.links or "@" in line.text
    )
    return frozenset(line for line, count in ends.items() if count >= _REPEATED)


def _without_signature(lines: Sequence[_Line], signatures: frozenset[str]) -> list[_Line]:
    """The lines up to the first of those that only advertise the channel; the first one stays."""
    kept = list(lines)
    while len(kept) > 1 and _is_signature(kept[-1], signatures):
        kept.pop()
    return kept


def _is_signature(line: _Line, signatures: frozenset[str]) -> bool:
    if _LABEL.search(line.text):
        return False
    if line.markup in signatures or not (line.links or _WORDS.search(line.text)):
        return True
    if _INVITES.search(line.text) and (line.links or "@" in line.text or len(line.text) < 60):
        return True
    # Nothing but names of channels and links into them: «@paper | Чат | ВК».
    rest = re.sub(r"@\w+|\b(?:t\.me|telegram\.me)/\S+", "", line.text)
    for address, words in line.links:
        if _host(address):
            return False
        rest = rest.replace(words, "", 1)
    return bool(line.links or "@" in line.text) and not _WORDS.search(rest)


# ---------------------------------------------------------------- an entry


def _entry(post: _Post, own: str, signatures: frozenset[str]) -> Mapping[str, Any] | None:
    """The post in feedparser's shape; None for one that says nothing beside an address."""
    lines = _without_signature(post.lines, signatures)
    tags: list[str] = []
    for end in (-1, 0):
        while len(lines) > 1 and _HASHTAGS.fullmatch(lines[end].text):
            tags += re.findall(r"#(\w+)", lines.pop(end).text)
    page = _announced_page(lines, own)
    while page and len(lines) > 1 and _leads_on(lines[-1]):
        lines.pop()
    title, rest = _title(lines)
    if _ADDRESS.fullmatch(title):
        title = post.preview
    if not title:
        return None
    return {
        "id": post.address,
        "link": page or post.address,
        "title": html.escape(title, quote=False),
        "content": [{"value": "".join(_paragraph(line) for line in rest)}],
        "published": post.published,
        "authors": [{"name": html.escape(post.author, quote=False)}],
        "tags": [{"term": tag.replace("_", " ")} for tag in tags],
        "image": post.picture,
        "whole": not page,
    }


def _paragraph(line: _Line) -> str:
    return f"<blockquote>{line.markup}</blockquote>" if line.quoted else f"<p>{line.markup}</p>"


def _title(lines: Sequence[_Line]) -> tuple[str, Sequence[_Line]]:
    """A title of whole words, and the lines that it does not say in full.

    The first line, or its first sentence; a bold line after short calls is preferred.
    """
    sayings = [n for n, line in enumerate(lines[:3]) if len(line.text) >= _SHORTEST_TITLE]
    at = sayings[0] if sayings else 0
    for number in sayings:
        if lines[number].bold and all(len(line.text) <= _CALL for line in lines[:number]):
            at = number
            break
    text = _undecorated(lines[at].text)
    before = [line for line in lines[:at] if _WORDS.search(line.text)]
    if len(text) <= _LONGEST_TITLE:
        return text, [*before, *lines[at + 1 :]]
    end = 0
    for found in _SENTENCE_END.finditer(text, 0, _LONGEST_TITLE + 1):
        if found.end() >= _SHORTEST_TITLE * 2:
            end = found.end()
            break
    if end:
        return text[:end], [*before, *lines[at:]]
    cut = text[: _LONGEST_TITLE - 1].rpartition(" ")[0] or text[: _LONGEST_TITLE - 1]
    return f"{cut.rstrip(' ,;:—–-')}…", [*before, *lines[at:]]


def _undecorated(text: str) -> str:
    """A title without the emoji and arrows around it; one of nothing else stays."""
    begin, end = 0, len(text)
    while begin < end and _is_decoration(text[begin]):
        begin += 1
    while end > begin and _is_decoration(text[end - 1]):
        end -= 1
    return text[begin:end] or text


def _is_decoration(character: str) -> bool:
    """Symbols, marks and joiners that emoji are made of, and the spaces between them."""
    return unicodedata.category(character) in {"So", "Sk", "Cf", "Mn", "Me", "Zs"} or (
        character in "‼⁉→←↓↑➡"
    )


def _announced_page(lines: Sequence[_Line], own: str) -> str:
    """The publisher's own page that the post announces, "" where it does not chiefly do that.

    The link is the headline itself, or the post's last line leads on to it, and the post has no
    other page of the site in it.
    """
    if not own:
        return ""
    pages = dict.fromkeys(
        address for line in lines for address, _ in line.links if _is_page_of(address, own)
    )
    if len(pages) != 1 or sum(len(line.text) for line in lines[1:]) > _CHIEFLY:
        return ""
    (page,) = pages
    return page if _is_headline(lines[0], page) or _ends_with(lines[-1], page) else ""


def _is_headline(line: _Line, page: str) -> bool:
    """Whether a line is as a whole the link, or the link stands behind a mark beside it."""
    words = [words for address, words in line.links if address == page]
    return any(2 * len(word) > len(line.text) or not _WORDS.search(word) for word in words)


def _ends_with(line: _Line, page: str) -> bool:
    """Whether a line is the link, or ends with it: «…, сказали в мэрии. Подробнее»."""
    if not line.links or line.links[-1][0] != page:
        return False
    return _leads_on(line) or not _WORDS.search(line.markup.rpartition("</a>")[2])


def _leads_on(line: _Line) -> bool:
    """Whether a line is nothing but a link: «Подробнее», or an address."""
    if _LABEL.search(line.text) or not line.links:
        return False
    rest = line.text
    for _, words in line.links:
        rest = rest.replace(words, "", 1)
    return bool(_MORE.search(line.text)) or not _WORDS.search(rest)


def _is_page_of(address: str, own: str) -> bool:
    """Whether an address is a page of the site below its root."""
    parts = urlsplit(address)
    return _host(address) == own and len(parts.path.strip("/")) > 3


def _own_site(page: turbohtml.Document, posts: Iterable[_Post]) -> str:
    """The host of the channel's publisher: where most posts link, or its description does."""
    described = [
        _host(absolute_link(attribute(link, "href"), _BASE))
        for link in page.select(".tgme_channel_info_description a[href]")
    ]
    linked = [
        host
        for post in posts
        for host in {_host(address) for line in post.lines for address, _ in line.links}
    ]
    counts = Counter(host for host in linked if host)
    for host in described:
        if host:
            return host
    for host, count in counts.most_common(1):
        if count >= _REPEATED and count * 2 > sum(counts.values()):
            return host
    return ""


def _host(address: str) -> str:
    """The publisher behind an address; "" for Telegram and other places where everybody writes."""
    if not address or channel_of(address):
        return ""
    host = source_domain(address)
    social = host in _SOCIAL or host.partition(".")[2] in _SOCIAL
    return "" if social else host


def _flat(text: str) -> str:
    """One line, without the marks of no width that links are hidden behind."""
    return " ".join(re.sub("[\u200b\u2060\ufeff]", "", text).split())
