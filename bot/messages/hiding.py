"""What a reader does not want to see: the list of it, and what «Не показывать…» offers.

menu under an article ─▶ hidden (for how long, with the way back) ─▶ the article's card
/mute ─▶ the list of what is hidden, each with its term and a cross, and ready ones to tap
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages.callbacks import (
    Asked,
    AskFollow,
    Card,
    Follows,
    FollowScreen,
    Hide,
    HideFor,
    HideReady,
    HideWords,
    Ready,
    Unhide,
    word_token,
)
from bot.messages.follows import PAGE, term_of
from bot.messages.keyboards import button, rows_of
from bot.messages.markup import Run, clean, clip, line, payload
from bot.messages.notices import name_of, note
from bot.messages.payloads import Button, Keyboard, Payload
from bot.messages.texts import Texts, Viewer
from storage import Article, FollowKind, Mute, Topic

DAYS = 30
"""How long something is hidden where the reader does not say."""

_NAME = 80


@dataclass(frozen=True, slots=True)
class Offered:
    """Words of an article that may be hidden: their key, and how they are shown."""

    key: str
    label: str


def menu(article: Article, words: Sequence[Offered], texts: Texts) -> Keyboard:
    """Return what «Не показывать…» offers under an article."""
    _ = texts.gettext
    rows: list[tuple[Button, ...]] = []
    if article.topic is not Topic.OTHER:
        topic = _("Topic: {name}").format(name=texts.topic(article.topic))
        rows.append((button(topic, Hide(article.id, FollowKind.TOPIC, DAYS)),))
    source = clip(clean(article.source), 30) or article.source_domain
    rows += [
        (
            button(
                _("Source: {name}").format(name=source),
                Hide(article.id, FollowKind.SOURCE, DAYS),
            ),
        ),
        (button(_("This story"), Hide(article.id, FollowKind.STORY, DAYS)),),
    ]
    named = [
        button(texts.quoted(clip(one.label, 24)), HideWords(article.id, word_token(one.key)))
        for one in words
    ]
    other = button(_("Another word…"), AskFollow(Asked.HIDE, article.id))
    return (*rows, *rows_of(named, 2), (other,), (button(_("◀ Back"), Card(article.id)),))


def hidden(mute: Mute, viewer: Viewer, *, article: int = 0) -> Payload:
    """Return what was hidden, for how long, and the way back."""
    texts = viewer.texts
    _ = texts.gettext
    name = name_of(mute.kind, mute.key, mute.label, texts)
    said = _("Hidden {term}: {name}").format(term=term_of(mute, viewer), name=name)
    about = _(
        "It comes neither at once nor in the digest, and is not among the top stories. Search and "
        "other lists still show it."
    )
    token = word_token(mute.key)
    changes = [button(_("Show again"), Unhide(mute.kind, token, article))]
    if mute.expires is not None and mute.kind is not FollowKind.STORY:
        changes.append(button(_("Forever"), HideFor(mute.kind, token, 0, article)))
    back = (
        button(_("◀ To the article"), Card(article))
        if article
        else button(_("Hidden"), Follows(FollowScreen.HIDDEN))
    )
    return payload([line(Run(said, bold=True)), line(about)], (tuple(changes), (back,)))


def screen(mutes: Sequence[Mute], ready: Sequence[Ready], viewer: Viewer, page: int = 0) -> Payload:
    """Return the list of what is hidden, and what is ready to be."""
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Hidden"), bold=True))]
    pages = max(1, -(-len(mutes) // PAGE))
    page = min(page, pages - 1)
    shown = mutes[page * PAGE : (page + 1) * PAGE]
    for index, mute in enumerate(shown):
        name = clip(name_of(mute.kind, mute.key, mute.label, texts), _NAME)
        passages.append(line(f"{name}: {term_of(mute, viewer)}", tight=index > 0))
    if mutes:
        said = _("Tap one to change how long it stays hidden, ✕ to bring it back.")
        passages.append(line(said, tight=False))
    else:
        passages.append(line(_("Nothing is hidden yet.")))
        said = _("What is hidden comes neither at once nor in the digest.")
        passages.append(line(said, tight=False))
    hint = _("You can also write: {example}").format(
        example="/mute " + _("words horoscope for 30 days")
    )
    passages.append(line(hint, tight=False))
    rows: list[tuple[Button, ...]] = [
        (
            button(
                clip(name_of(one.kind, one.key, one.label, texts), 30),
                HideFor(one.kind, token, DAYS if one.expires is None else 0),
            ),
            button("✕", Unhide(one.kind, token)),
        )
        for one in shown
        for token in (word_token(one.key),)
    ]
    arrows: list[Button] = []
    if page:
        arrows.append(button("◀", Follows(FollowScreen.HIDDEN, page - 1)))
    if page < pages - 1:
        arrows.append(button("▶", Follows(FollowScreen.HIDDEN, page + 1)))
    if arrows:
        rows.append(tuple(arrows))
    names = {
        Ready.SPORT: texts.topic(Topic.SPORT),
        Ready.INCIDENTS: texts.topic(Topic.INCIDENTS),
        Ready.HOROSCOPES: _("Horoscopes"),
    }
    offers = [button(_("Hide: {name}").format(name=names[one]), HideReady(one)) for one in ready]
    rows += [
        *rows_of(offers, 2),
        (
            button(_("Another topic"), Follows(FollowScreen.TOPICS)),
            button(_("Another word…"), AskFollow(Asked.HIDE)),
        ),
        (button(_("◀ Back"), Follows(FollowScreen.HOME)),),
    ]
    return payload(passages, tuple(rows))


def said(text: str, texts: Texts) -> Payload:
    """Return a line about what is shown again, with the way to all that is hidden."""
    listed = button(texts.gettext("Hidden"), Follows(FollowScreen.HIDDEN))
    return note(text, ((listed,),))


def shown_again(name: str, texts: Texts) -> str:
    """A mute was lifted."""
    return texts.gettext("{name}: shown again.").format(name=name)


def not_hidden(name: str, texts: Texts) -> str:
    """`/unmute` of what is not hidden."""
    return texts.gettext("{name}: not hidden. What is: /mute").format(name=name)


def all_shown(texts: Texts) -> str:
    """`/unmute all`."""
    return texts.gettext("Nothing is hidden any more.")
