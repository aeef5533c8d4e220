"""A reader's own sources: what an address turned out to be, and the way to add or drop it.

Everything here is one message that its own buttons edit. Addresses do not fit a button, so each
is stored as a query and the button carries its number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
_LISTED = 12  # names of a file's sources


def offer(one: Offer, query: int, viewer: Viewer, *, group: bool = False) -> Payload:
    """Return what a feed would bring, with the button that adds it; `group`: to all of a chat."""
    texts = viewer.texts
    _ = texts.gettext
    entries = texts.ngettext("{n} entry", "{n} entries", one.entries).format(n=one.entries)
    passages = [
        line(Run(clip(clean(one.title) or one.url, 200), bold=True)),
        line(f"{clip(one.url, 200)} · {entries}"),
        *(line(f"• {clip(clean(title), 200)}") for title in one.titles[:_TITLES]),
        line(
            _("Only this chat will see this source.")
            if group
            else _("Only you will see this source."),
            tight=False,
        ),
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
            return not_allowed(texts)
        case Refusal.TOO_MANY:
            return texts.ngettext(
                "You may have {n} source of your own, no more. To remove it: /subscribe",
                "You may have {n} sources of your own, no more. To remove some: /subscribe",
                one.most,
            ).format(n=one.most)
        case Refusal.PUBLIC:
            return _("{name} is already one of the sources. How it comes: /subscribe").format(
                name=name
            )
        case Refusal.YOURS:
            return _("You have already added {name}. How it comes: /subscribe").format(name=name)
        case Refusal.PRIVATE:
            return _("That address is not on the public web, so it cannot be added.")
        case Refusal.EMPTY:
            return _("{name} has no news yet. Try again when it does.").format(name=name)
        case Refusal.UNREACHABLE:
            return _("{name} cannot be read. Check the address, or try again later.").format(
                name=name
            )
        case Refusal.NO_ADDRESS:
            return _("That is not a web address. For example: {example}").format(
                example="/subscribe https://example.org"
            )
        case _:
            return _(
                "No news feed was found at {name}. Try the address of the feed itself, or of the "
                "site's front page."
            ).format(name=name)


def not_allowed(texts: Texts) -> str:
    """An address or a file of sources where readers add none."""
    return texts.gettext("Readers cannot add sources here. The ones there are: /subscribe")


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of the sources that a file lists: `left` were not looked at."""

    taken: tuple[str, ...] = ()
    refused: tuple[Offer, ...] = ()
    left: int = 0
    most: int = 0  # that a reader may have, where no more fitted


def no_list(texts: Texts) -> str:
    """A file that is no list of sources."""
    return texts.gettext(
        "This file holds no list of sources. Feed readers can export one as OPML: send that."
    )


def file_too_large(texts: Texts, megabytes: int) -> str:
    """A file that is larger than is read."""
    return texts.gettext("The file is too large: at most {n} MB.").format(n=megabytes)


def file_lost(texts: Texts) -> str:
    """A file that Telegram did not give."""
    return texts.gettext("The file could not be loaded. Send it once more.")


def looking(texts: Texts, done: int, of: int) -> Payload:
    """How far the sources of a file are."""
    said = texts.gettext("Checking the sources: {done} of {total}…")
    return payload([line(said.format(done=done, total=of))])


def listed(found: Listed, viewer: Viewer) -> Payload:
    """Return what became of the sources of a file."""
    texts = viewer.texts
    _ = texts.gettext
    taken = len(found.taken)
    total = taken + len(found.refused) + found.left
    head = _("Added {n} of {total}.").format(n=taken, total=total)
    passages = [line(Run(head, bold=True))]
    passages += [line(f"✓ {clip(clean(name), _NAME)}") for name in found.taken[:_LISTED]]
    if taken > _LISTED:
        passages.append(line(_("…and {n} more").format(n=taken - _LISTED)))
    if taken:
        passages.append(line(_("They will come in your digest."), tight=False))
    if found.refused:
        passages.append(line(_("Not added:"), tight=False))
        for one in found.refused[:_LISTED]:
            name = clip(clean(one.title) or clean(one.url), _NAME)
            passages.append(line(f"• {name}: {_reason(one, texts)}"))
        if len(found.refused) > _LISTED:
            more = _("…and {n} more").format(n=len(found.refused) - _LISTED)
            passages.append(line(more))
    if found.left and found.most:
        said = texts.ngettext(
            "You may have {n} source of your own, so the rest ({left}) were not checked.",
            "You may have {n} sources of your own, so the rest ({left}) were not checked.",
            found.most,
        ).format(n=found.most, left=found.left)
        passages.append(line(said, tight=False))
    elif found.left:
        said = _("{left} more were not checked: too many for one file.")
        passages.append(line(said.format(left=found.left), tight=False))
    sources = button(_("Sources"), Follows(FollowScreen.SOURCES))
    return payload(passages, ((sources,),))


def _reason(one: Offer, texts: Texts) -> str:
    _ = texts.gettext
    match one.refusal:
        case Refusal.PUBLIC | Refusal.YOURS:
            return _("already here")
        case Refusal.PRIVATE:
            return _("not on the public web")
        case Refusal.EMPTY:
            return _("no news yet")
        case Refusal.UNREACHABLE:
            return _("does not open")
        case _:
            return _("no news feed there")


def exported(texts: Texts) -> str:
    """The line under the file of one's own sources."""
    return texts.gettext("Your own sources, for any feed reader.")


def busy(texts: Texts) -> str:
    """Another address of this reader is being looked at."""
    return texts.gettext("One address at a time: the last one is still being checked.")


def taken(name: str, texts: Texts) -> str:
    """A source was added."""
    return texts.gettext(
        "{name} is added: it comes in your digest. To change that: /subscribe"
    ).format(name=clip(clean(name), _NAME))


def cancelled(texts: Texts) -> str:
    """Nothing was added."""
    return texts.gettext("Nothing was added.")


def drop(source: Source, viewer: Viewer) -> Payload:
    """Return the question before a source of one's own goes, with all that it brought."""
    texts = viewer.texts
    _ = texts.gettext
    name = clip(clean(source.title) or source.domain, _NAME)
    asked = _("Remove {name}? Its articles go too.").format(name=name)
    return payload(
        [line(asked)],
        (
            (
                button(_("Remove"), DropSource(source.id, confirmed=True)),
                button(_("◀ Back"), Follows(FollowScreen.SOURCES)),
            ),
        ),
    )


def dropped(name: str, texts: Texts) -> str:
    """A source of one's own is gone."""
    return texts.gettext("{name} is no longer one of your sources.").format(
        name=clip(clean(name), _NAME)
    )


def _cancel(texts: Texts) -> Button:
    return button(texts.gettext("Cancel"), AddSource(0))
