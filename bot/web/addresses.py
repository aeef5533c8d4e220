"""Web addresses: what a person typed, what is stored, and when two are the same.

`check_url` turns typed text into an address that may be asked; a Telegram channel, however it is
named, becomes its public preview page (`https://t.me/s/NAME`). `canonical_url` takes an entry's
link and drops what only tracks its reader: this is stored and shown. `url_key` goes further and
serves comparison alone: http and https, with and without `www.`, are one there.

courlan (a dependency of trafilatura) was weighed for this and drops too much: it removes
parameters such as `eid`, `uid` and `source` and those without a value, so that two stories of a
publisher that numbers them so would become one, and the second would be lost.
"""

import re
from urllib.parse import urljoin, urlsplit

from yarl import URL

from bot.web.errors import BadUrlError

_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?://)|feed(?=://)", re.IGNORECASE)
_OTHER_SCHEME = re.compile(
    r"(?:about|blob|data|file|ftp|javascript|mailto|tel|tg|vbscript):", re.IGNORECASE
)

_LONGEST = 2048  # characters; what servers and browsers take

_HOST = re.compile(r"[a-z0-9_.:%-]+")  # once encoded; IDNA lets some characters become spaces

# A Telegram channel and perhaps one of its posts, in each way that people write it.
_CHANNEL = re.compile(
    r"""(?ix)
    (?: (?: https?:// )? (?: www\. )? (?: t\.me | telegram\.(?: me | dog ) ) /
        (?: s/ )? @? (?P<path> [a-z]\w{3,31} )
      | (?: https?:// )? (?P<host> [a-z]\w{3,31} ) \. t\.me
    ) (?: / (?P<post> \d+ )? )? (?: [?\#] .* )?
  | @ (?P<handle> [a-z]\w{3,31} )
  | tg://resolve/?\?domain= (?P<domain> [a-z]\w{3,31} )
    """,
    re.ASCII,
)
# What t.me/… means where it is not a name (https://core.telegram.org/api/links).
_NO_CHANNEL = frozenset(
    {"addemoji", "addlist", "addstickers", "addtheme", "boost", "confirmphone", "contact"}
    | {"giftcode", "invoice", "joinchat", "login", "message", "proxy", "setlanguage", "share"}
    | {"socks", "stickers"}
)

# Labels of a host that name a service of its publisher and not another publisher.
_SERVICES = frozenset({"amp", "feed", "feeds", "m", "news", "rss", "www"})

# Parameters that say where a reader came from and never which page is meant.
_TRACKING = re.compile(
    r"""(?ix)
    (?: utm|mtm|hsa|vero|oly|itm ) _ .*
  | at_ (?: bbc|campaign|content|custom|format|link|medium|ptr|source|term ) .*
  | pk_ (?: campaign|cid|content|group|keyword|kwd|medium|placement|source )
  | (?: y|ys|fb|g|dc|tw|tt ) clid | gclsrc | gbraid | wbraid | msclkid | igshid? | li_fat_id
  | mc_[ce]id | cmp(?:id)? | ocid | smid | xtor
  | ns_(?: source|mchannel|campaign|linkname|fee ) | _openstat | _ga | _gl | mkt_tok
  | __twitter_impression | guccounter | guce_.* | ref_src | frommail
    """
)
# These name a page elsewhere; only with these values do they merely say «from a feed».
_SOMETIMES = frozenset({"from", "ref", "source", "src", "partner", "rss", "utm", "via"})
_FROM_FEED = frozenset({"rss", "rss_feed", "rssfeed", "feed", "atom", "1", "true"})


def check_url(text: str) -> str:
    """The http(s) address that a person meant by `text`, encoded (host as IDNA, path as %XX).

    `https://` is added where no scheme was typed, `feed:` is read as https. Raises BadUrlError
    for other schemes, for credentials in the address and for what is no address at all.
    """
    typed = text.strip().strip("<>«»\"'").strip()
    if preview := channel_preview(typed):
        return preview
    typed = _FEED_SCHEME.sub(lambda m: "https" if m[0].lower() == "feed" else "", typed, count=1)
    scheme = _SCHEME.match(typed)
    if (scheme and scheme["scheme"].lower() not in {"http", "https"}) or (
        not scheme and _OTHER_SCHEME.match(typed)
    ):
        raise BadUrlError(f"{_short(text)}: only http and https addresses can be read.")
    if not scheme:
        typed = f"https://{typed.removeprefix('//')}"
    if re.search(r"[\s\x00-\x1f]", typed):
        raise BadUrlError(f"{_short(text)}: an address has no spaces in it.")
    try:
        url = URL(typed)
        host = url.raw_host
        port = url.port
    except ValueError as error:
        raise BadUrlError(
            f"{_short(text)} is not a web address. Example: https://example.com/rss.xml"
        ) from error
    if not host or port == 0 or not _HOST.fullmatch(host):
        raise BadUrlError(
            f"{_short(text)} is not a web address. Example: https://example.com/rss.xml"
        )
    if url.user is not None or url.password is not None:
        raise BadUrlError("An address with a name or password in it is not stored. Leave them out.")
    return str(url.with_fragment(None))


def channel_preview(text: str) -> str:
    """The public preview page of the Telegram channel that `text` names, "" where it names none.

    Reads t.me/NAME, t.me/s/NAME, telegram.me, NAME.t.me, tg://resolve and @NAME; not the address
    of a post.
    """
    found = _CHANNEL.fullmatch(text.strip())
    if found is None or found["post"]:
        return ""
    name = _channel_name(found)
    return f"https://t.me/s/{name}" if name else ""


def channel_of(address: str) -> str:
    """The name of the Telegram channel that an address, perhaps of a post, belongs to; or ""."""
    found = _CHANNEL.fullmatch(address.strip())
    return _channel_name(found) if found is not None else ""


def _channel_name(found: re.Match[str]) -> str:
    name = found["path"] or found["host"] or found["handle"] or found["domain"]
    return "" if name.lower() in _NO_CHANNEL else name


def absolute_url(link: str, base: str = "") -> str:
    """`link`, as it stands on the page at `base`: an absolute http(s) address, "" where none.

    Spaces inside stay, since publishers write such addresses and servers answer them.
    """
    try:
        address = urljoin(base, link.strip())
        parts = urlsplit(address)  # urljoin reads no address that has no base
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return ""
    return address if link.strip() and usable and len(address) <= _LONGEST else ""


def canonical_url(address: str) -> str:
    """`address` without its fragment, default port and tracking parameters.

    The host is lower-cased. A fragment that starts with `!` or `/` names a page of a one-page
    site and stays. An address that cannot be read comes back as it is, trimmed.
    """
    trimmed = address.strip()
    try:
        url = URL(trimmed)
        if not url.host:
            return trimmed
        kept = [part for part in url.raw_query_string.split("&") if part and not _is_tracking(part)]
        fragment = url.raw_fragment if url.raw_fragment.startswith(("!", "/")) else ""
        return str(
            URL.build(
                scheme=url.scheme,
                authority=url.raw_authority if url.explicit_port else (url.host_subcomponent or ""),
                path=url.raw_path,
                query_string="&".join(kept),
                fragment=fragment,
                encoded=True,
            )
        )
    except ValueError:
        return trimmed


def url_key(address: str) -> str:
    """What two addresses of one page have in common; for comparison only, not an address.

    Leaves out the scheme, `www.`, a slash at the end, and the order of the parameters.
    """
    canonical = canonical_url(address)
    _, _, rest = canonical.partition("://")
    rest, mark, fragment = (rest or canonical).partition("#")
    page, _, query = rest.partition("?")
    page = page.removeprefix("www.").rstrip("/")
    ordered = "&".join(sorted(query.split("&"))) if query else ""
    return page + (f"?{ordered}" if ordered else "") + mark + fragment


def _is_tracking(part: str) -> bool:
    name, _, value = part.partition("=")
    if _TRACKING.fullmatch(name):
        return True
    return name.lower() in _SOMETIMES and value.lower() in _FROM_FEED


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return f"«{flat[:80]}…»" if len(flat) > 80 else f"«{flat}»"


def source_domain(address: str) -> str:
    """The publisher behind an address: its host, without labels that only name a service.

    `rss.example.org` and `www.example.org` are one publisher, `anna.example.org` is another: on a
    host of blogs each is its own source, so the registrable domain would join strangers. So is
    each Telegram channel: `t.me/name`.
    """
    if channel := channel_of(address):
        return f"t.me/{channel.lower()}"
    try:
        host = (URL(address).host or "").lower()
    except ValueError:
        return _short(address)
    while (parts := host.partition("."))[0] in _SERVICES and "." in parts[2]:
        host = parts[2]
    return host or _short(address)
