"""The screens of /subscribe: what is followed, and how each comes; one message, edited.

What a button changes is named by `callbacks.Follow` and means the same as the typed forms.
"""

from dataclasses import dataclass

from bot.messages.callbacks import (
    DropSource,
    Follow,
    Follows,
    FollowScreen,
    word_token,
)
from bot.messages.keyboards import button, rows_of
from bot.messages.markup import Passage, Run, clean, clip, fits, line, payload
from bot.messages.payloads import Button, Payload
from bot.messages.texts import Texts, Viewer
from storage import Alerts, FollowKind, Level, Source, Subscription, Topic

SOURCES_PAGE = 20
_NEXT_LEVEL = {
    Level.OFF: Level.DIGEST,
    Level.DIGEST: Level.NOW,
    Level.NOW: Level.SOUND,
    Level.SOUND: Level.OFF,
}
_MARK = {Level.OFF: "○", Level.DIGEST: "📰", Level.NOW: "⚡", Level.SOUND: "🔔"}


@dataclass(frozen=True, slots=True)
class Followed:
    """What a subscriber follows, and what there is to follow."""

    subscriptions: tuple[Subscription, ...]
    sources: tuple[Source, ...]
    alerts: Alerts = Alerts.OFF

    def level(self, kind: FollowKind, key: str = "") -> Level:
        """Return the level of a follow: its own, else that of everything, else off."""
        levels = {(one.kind, one.key): one.level for one in self.subscriptions}
        everything = levels.get((FollowKind.EVERYTHING, ""), Level.OFF)
        return levels.get((kind, key), everything)

    @property
    def words(self) -> tuple[Subscription, ...]:
        """The words followed."""
        return tuple(
            one
            for one in self.subscriptions
            if one.kind is FollowKind.WORDS and one.level is not Level.OFF
        )


def follows_screen(
    screen: FollowScreen, followed: Followed, viewer: Viewer, page: int = 0
) -> Payload:
    """Return a screen of /subscribe."""
    match screen:
        case FollowScreen.HOME:
            return _follows_home(followed, viewer)
        case FollowScreen.TOPICS:
            return _follows_topics(followed, viewer)
        case FollowScreen.SOURCES:
            return _follows_sources(followed, viewer, page)
        case FollowScreen.WORDS:
            return _follows_words(followed, viewer)


def _legend(texts: Texts) -> Passage:
    legend = " · ".join(f"{mark} {texts.level(level)}" for level, mark in _MARK.items())
    return line(legend, tight=False)


def _cycle(
    kind: FollowKind, key: str, token: str, name: str, level: Level, page: int = 0
) -> Button:
    """Return a button that shows a follow's level and sets the next one."""
    shown = clip(f"{_MARK[level]} {name}", 30)
    return button(shown, Follow(kind, token or key, _NEXT_LEVEL[level], page))


def _back(texts: Texts) -> tuple[Button, ...]:
    return (button(texts.gettext("◀ Back"), Follows(FollowScreen.HOME)),)


def _follows_home(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    everything = followed.level(FollowKind.EVERYTHING)
    passages = [
        line(Run(_("What you follow"), bold=True)),
        line(f"{_('All news')}: ", Run(texts.level(everything), bold=True), tight=False),
    ]
    titles = {source.domain: source.title for source in followed.sources}
    for one in followed.subscriptions:
        name = ""
        if one.kind is FollowKind.TOPIC and one.key in set(Topic):
            name = texts.topic(Topic(one.key))
        elif one.kind is FollowKind.SOURCE:
            name = clean(titles.get(one.key, one.label))
        elif one.kind is FollowKind.WORDS:
            name = texts.quoted(clean(one.label))
        entry = line(f"{clip(name, 80)}: ", Run(texts.level(one.level), bold=True))
        if name and fits([*passages, entry, _legend(texts)], limit=3500, entities=90):
            passages.append(entry)
    if followed.alerts is Alerts.ON:
        # Otherwise the levels above would contradict what comes.
        said = _("Alerts are on: all of this comes at once. Change that: /settings")
        passages.append(line(said, tight=False))
    passages.append(_legend(texts))
    return payload(
        passages,
        (
            (_cycle(FollowKind.EVERYTHING, "", "", _("All news"), everything),),
            (
                button(_("Topics"), Follows(FollowScreen.TOPICS)),
                button(_("Sources"), Follows(FollowScreen.SOURCES)),
                button(_("Words"), Follows(FollowScreen.WORDS)),
            ),
        ),
    )


def _follows_topics(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    buttons = [
        _cycle(
            FollowKind.TOPIC,
            topic.value,
            "",
            texts.topic(topic),
            followed.level(FollowKind.TOPIC, topic.value),
        )
        for topic in Topic
    ]
    passages = [
        line(Run(_("Topics"), bold=True)),
        line(_("Tap a topic to change how it comes.")),
        _legend(texts),
    ]
    return payload(passages, (*rows_of(buttons, 2), _back(texts)))


def _follows_sources(followed: Followed, viewer: Viewer, page: int) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Sources"), bold=True))]
    if not followed.sources:
        empty = _("There is no source yet: the operator adds them with “newsboy feed add”.")
        return payload([*passages, line(empty)], (_back(texts),))
    pages = -(-len(followed.sources) // SOURCES_PAGE)
    page = min(page, pages - 1)
    shown = followed.sources[page * SOURCES_PAGE : (page + 1) * SOURCES_PAGE]
    passages.append(line(_("Tap a source to change how it comes.")))
    for index, source in enumerate(shown):
        newest = (
            _("newest {ago}").format(ago=texts.ago(source.newest, viewer.now))
            if source.newest
            else _("nothing yet")
        )
        name = clip(clean(source.title) or source.domain, 80)
        if source.owner is not None:
            name = _("{name} (your own)").format(name=name)
        passages.append(line(f"{name}: {newest}", tight=index > 0))
    passages.append(_legend(texts))
    buttons = [
        _cycle(
            FollowKind.SOURCE,
            source.domain,
            str(source.id),
            clean(source.title) or source.domain,
            followed.level(FollowKind.SOURCE, source.domain),
            page,
        )
        for source in shown
    ]
    arrows: list[Button] = []
    if page:
        arrows.append(button("◀", Follows(FollowScreen.SOURCES, page - 1)))
    if page < pages - 1:
        arrows.append(button("▶", Follows(FollowScreen.SOURCES, page + 1)))
    drops = [
        button(_("Drop {name}").format(name=clean(source.title)), DropSource(source.id))
        for source in shown
        if source.owner is not None
    ]
    rows = (
        *rows_of(buttons, 2),
        *rows_of(drops, 2),
        *((tuple(arrows),) if arrows else ()),
        _back(texts),
    )
    return payload(passages, rows)


def _follows_words(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Words"), bold=True))]
    hint = _("To follow words: {example}").format(
        example="/subscribe " + _("words earthquake in kamchatka")
    )
    if followed.words:
        passages.append(line(_("Tap words to change how they come, ✕ to follow them no more.")))
        passages.append(_legend(texts))
    else:
        passages.append(line(_("You follow no words.")))
    passages.append(line(hint, tight=False))
    rows = tuple(
        (
            _cycle(FollowKind.WORDS, one.key, word_token(one.key), clean(one.label), one.level),
            button("✕", Follow(FollowKind.WORDS, word_token(one.key), Level.OFF)),
        )
        for one in followed.words[:40]
    )
    return payload(passages, (*rows, _back(texts)))
