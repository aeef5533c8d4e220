"""Links into the bot (Telegram: deep links): an article, a topic, a source, a search; sharing.

A payload holds 1–64 characters of A-Z, a-z, 0-9, _ and -. Where the bot's username is not known
yet, there is no link, and no button is shown for one.
"""

from urllib.parse import quote

from storage import Topic


def _start(bot: str, payload: str) -> str:
    return f"https://t.me/{bot}?start={payload}" if bot else ""


def article(bot: str, article_id: int) -> str:
    """Return the link that opens an article's card."""
    return _start(bot, f"a{article_id}")


def topic(bot: str, shown: Topic) -> str:
    """Return the link that opens the latest news of a topic."""
    return _start(bot, f"t-{shown.value}")


def source(bot: str, source_id: int) -> str:
    """Return the link that opens the latest news of a source."""
    return _start(bot, f"s{source_id}")


def search(bot: str, query_id: int) -> str:
    """Return the link that opens a kept search."""
    return _start(bot, f"q{query_id}")


def share(bot: str, article_id: int, title: str) -> str:
    """Return the address that lets a reader choose a chat to send an article's link to."""
    link = article(bot, article_id)
    if not link:
        return ""
    return f"https://t.me/share/url?url={quote(link, safe='')}&text={quote(title, safe='')}"
