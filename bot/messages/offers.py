"""A reader's own sources: what an address turned out to be, and the way to add or drop it.

Everything here is one message that its own buttons edit. Addresses do not fit a button, so each
is stored as a query and the button carries its number.
"""

from collections.abc import Sequence

from bot.feeds.entries import FeedKind, FoundFeed
from bot.feeds.offers import Offer, Refusal
from bot.messages.callbacks import AddSource, DropSource, Follows, FollowScreen
from bot.messages.keyboards import button
from bot.messages.markup import Run, clean, clip, line, payload
from bot.messages.payloads import Button, Payload
from bot.messages.texts import Texts, Viewer
from storage import Source

MOST_CHOICES = 8
_TITLES = 3
_NAME = 80  # characters


def offer(one: Offer, query: int, viewer: Viewer) -> Payload:
    """Return what a feed would bring, with the button that adds it."""
    texts = viewer.texts
    _ = texts.gettext
    entries = texts.ngettext("{n} entry", "{n} entries", one.entries).format(n=one.entries)
    passages = [
        line(Run(clip(clean(one.title) or one.url, 200), bold=True)),
        line(f"{clip(one.url, 200)} · {entries}"),
        *(line(f"• {clip(clean(title), 200)}") for title in one.titles[:_TITLES]),
        line(_("Only you will see this source."), tight=False),
    ]
    add = button(_("Add"), AddSource(query))
    return payload(passages, ((add, _cancel(texts)),))


def choice(found: Sequence[tuple[FoundFeed, int]], viewer: Viewer) -> Payload:
    """Return the choice between several feeds of a site, each with its stored query."""
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("This site has several feeds. Which one?"), bold=True))]
    rows: list[tuple[Button, ...]] = []
    for number, (feed, query) in enumerate(found[:MOST_CHOICES], 1):
        passages.append(
            line(f"{number}. {_name(feed, texts)}: {clip(clean(feed.url), 200)}", tight=number > 1)
        )
        rows.append((button(f"{number}. {_name(feed, texts)}", AddSource(query)),))
    return payload(passages, (*rows, (_cancel(texts),)))


def _name(feed: FoundFeed, texts: Texts) -> str:
    kind = {
        FeedKind.FEED: texts.gettext("Feed"),
        FeedKind.SITEMAP: texts.gettext("News sitemap"),
        FeedKind.CHANNEL: texts.gettext("Telegram channel"),
    }[feed.kind]
    return clip(clean(feed.title), _NAME) or kind


def refused(one: Offer, texts: Texts) -> str:
    """Return why an address is not added, and what to try."""
    _ = texts.gettext
    name = clip(clean(one.title) or clean(one.url), _NAME)
    match one.refusal:
        case Refusal.NOT_ALLOWED:
            return _("Here only the operator adds sources. /subscribe shows those that there are.")
        case Refusal.TOO_MANY:
            return texts.ngettext(
                "You have {n} source of your own, and no more fit. /subscribe lets you drop it.",
                "You have {n} sources of your own, and no more fit. /subscribe lets you drop some.",
                one.most,
            ).format(n=one.most)
        case Refusal.PUBLIC:
            return _("{name} is among the sources already. /subscribe says how it comes.").format(
                name=name
            )
        case Refusal.YOURS:
            return _("You added {name} already. /subscribe says how it comes.").format(name=name)
        case Refusal.PRIVATE:
            return _("That address is not on the public web, so it cannot be added.")
        case Refusal.EMPTY:
            return _("{name} is a feed without any news yet. Try again when it has some.").format(
                name=name
            )
        case Refusal.UNREACHABLE:
            return _("{name} cannot be read. Check the address, or try again later.").format(
                name=name
            )
        case Refusal.NO_ADDRESS:
            return _("That is not a web address. Like this: {example}").format(
                example="/subscribe https://example.org"
            )
        case _:
            return _(
                "No news feed was found at {name}. Try the address of the feed itself, or of the "
                "site's front page."
            ).format(name=name)


def busy(texts: Texts) -> str:
    """Another address of this reader is being looked at."""
    return texts.gettext("One address at a time, please: the last one is still being looked at.")


def taken(name: str, texts: Texts) -> str:
    """A source was added."""
    return texts.gettext(
        "{name} is added: it comes in your digest. /subscribe changes that."
    ).format(name=clip(clean(name), _NAME))


def cancelled(texts: Texts) -> str:
    """Nothing was added."""
    return texts.gettext("Nothing was added.")


def drop(source: Source, viewer: Viewer) -> Payload:
    """Return the question before a source of one's own goes, with all that it brought."""
    texts = viewer.texts
    _ = texts.gettext
    name = clip(clean(source.title) or source.domain, _NAME)
    asked = _("Drop {name}? Its articles go too.").format(name=name)
    return payload(
        [line(asked)],
        (
            (
                button(_("Drop"), DropSource(source.id, confirmed=True)),
                button(_("◀ Back"), Follows(FollowScreen.SOURCES)),
            ),
        ),
    )


def dropped(name: str, texts: Texts) -> str:
    """A source of one's own is gone."""
    return texts.gettext("{name} is no longer among your sources.").format(
        name=clip(clean(name), _NAME)
    )


def _cancel(texts: Texts) -> Button:
    return button(texts.gettext("Cancel"), AddSource(0))
