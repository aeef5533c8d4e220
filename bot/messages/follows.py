"""The screens of /subscribe: what is followed, and how each comes; one message, edited.

    home ─▶ topics, sources, words, stories ─▶ one of them: its level, what it would have brought

What a button changes is named by `callbacks.FollowLevel` and means the same as the typed forms,
whose confirmation is the same screen. What is hidden has its own (`bot.messages.hiding`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages.callbacks import (
    Asked,
    AskFollow,
    Card,
    DropSource,
    ExportSources,
    FollowItem,
    FollowLevel,
    Follows,
    FollowScreen,
    HideFollow,
    LiftMute,
    Screen,
    Settings,
    Unfollow,
    UnfollowEverything,
    Unhide,
    word_token,
)
from bot.messages.keyboards import button, rows_of
from bot.messages.lists import entry_of
from bot.messages.markup import Passage, Run, clean, clip, fits, line, payload
from bot.messages.notices import name_of, note
from bot.messages.payloads import Button, Keyboard, Payload
from bot.messages.texts import Texts, Viewer
from storage import Alerts, FollowKind, Headline, Level, Mute, Source, Subscription, Topic

PAGE = 20
SHOWN = 4  # headlines of what a follow would have brought
_MUTES = 3  # named where they hide some of it
_NAME = 80  # characters
_BUTTON = 30
_HIDDEN = "🚫"
_MARK = {Level.OFF: "○", Level.DIGEST: "📰", Level.NOW: "⚡", Level.SOUND: "🔔"}


@dataclass(frozen=True, slots=True)
class Followed:
    """What a subscriber follows, what there is to follow, and what decides how it comes.

    `digests`: there are digests at set times; `adds`: the reader may add sources; `group`: it is
    for all who are in the chat.
    """

    subscriptions: tuple[Subscription, ...]
    sources: tuple[Source, ...]
    alerts: Alerts = Alerts.OFF
    mutes: tuple[Mute, ...] = ()
    digests: bool = True
    adds: bool = False
    group: bool = False

    def level(self, kind: FollowKind, key: str = "") -> Level:
        """Return the level of a follow: its own, else that of everything, else off.

        "Everything" says nothing of words, stories and a reader's own source.
        """
        levels = {(one.kind, one.key): one.level for one in self.subscriptions}
        general = kind in (FollowKind.EVERYTHING, FollowKind.TOPIC) or (
            kind is FollowKind.SOURCE
            and any(one.domain == key and one.owner is None for one in self.sources)
        )
        everything = levels.get((FollowKind.EVERYTHING, ""), Level.OFF) if general else Level.OFF
        return levels.get((kind, key), everything)

    def mute(self, kind: FollowKind, key: str) -> Mute | None:
        """Return the mute that hides what may be followed."""
        return next((one for one in self.mutes if (one.kind, one.key) == (kind, key)), None)

    def held(self, kind: FollowKind) -> tuple[Subscription, ...]:
        """The words, or the stories, followed."""
        return tuple(
            one for one in self.subscriptions if one.kind is kind and one.level is not Level.OFF
        )


@dataclass(frozen=True, slots=True)
class Brought:
    """What a follow would have brought in the last 24 hours: the newest, and how many there were.

    `many`: there were more than that. `hidden`: what mutes keep from coming, how much each does,
    the most first.
    """

    headlines: tuple[Headline, ...] = ()
    count: int = 0
    many: bool = False
    hidden: tuple[tuple[Mute, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One follow as its screen shows it; `token` is what buttons call it, as in `FollowLevel`.

    `article` is the one whose card the reader came from.
    """

    kind: FollowKind
    key: str
    token: str
    label: str
    level: Level
    brought: Brought = Brought()
    mute: Mute | None = None
    source: Source | None = None
    article: int = 0
    page: int = 0


def follows_screen(
    screen: FollowScreen, followed: Followed, viewer: Viewer, page: int = 0
) -> Payload:
    """Return a screen of /subscribe; that of what is hidden is `hiding.screen`."""
    match screen:
        case FollowScreen.TOPICS:
            return _topics(followed, viewer)
        case FollowScreen.SOURCES:
            return _sources(followed, viewer, page)
        case FollowScreen.WORDS:
            return _words(followed, viewer, page)
        case FollowScreen.STORIES:
            return _stories(followed, viewer, page)
        case _:
            return _home(followed, viewer)


def comes(level: Level, alerts: Alerts, texts: Texts) -> str:
    """Return how a level really comes: alerts may bring at once what is for the digest."""
    if level is Level.DIGEST and alerts is Alerts.ON:
        return texts.level(Level.NOW)
    if level is Level.DIGEST and alerts is Alerts.IMPORTANT:
        return texts.gettext("in the digest, important news at once")
    return texts.level(level)


def _legend(texts: Texts) -> Passage:
    legend = " · ".join(f"{mark} {texts.level(level)}" for level, mark in _MARK.items())
    return line(legend, tight=False)


def _opens(
    followed: Followed, kind: FollowKind, key: str, token: str, name: str, page: int = 0
) -> Button:
    """Return a button that shows how a follow comes and opens its screen."""
    level = followed.level(kind, key)
    if level is Level.DIGEST and followed.alerts is Alerts.ON:
        level = Level.NOW  # as it comes
    mark = _HIDDEN if followed.mute(kind, key) else _MARK[level]
    return button(clip(f"{mark} {name}", _BUTTON), FollowItem(kind, token, page))


def _back(texts: Texts, screen: FollowScreen = FollowScreen.HOME, page: int = 0) -> Button:
    return button(texts.gettext("◀ Back"), Follows(screen, page))


def to_sources(texts: Texts) -> Keyboard:
    """Return the way back from what was done with a source of one's own."""
    return ((_back(texts, FollowScreen.SOURCES),),)


def _arrows(screen: FollowScreen, page: int, pages: int) -> Keyboard:
    arrows: list[Button] = []
    if page:
        arrows.append(button("◀", Follows(screen, page - 1)))
    if page < pages - 1:
        arrows.append(button("▶", Follows(screen, page + 1)))
    return (tuple(arrows),) if arrows else ()


def _caveat(followed: Followed, texts: Texts) -> list[Passage]:
    """What makes the levels come otherwise than they say."""
    _ = texts.gettext
    said = []
    if followed.alerts is Alerts.ON:
        said.append(_("Alerts are on, so all of this comes at once. To change that: /settings"))
    elif not followed.digests and any(one.level is Level.DIGEST for one in followed.subscriptions):
        said.append(_("No digest times are set. To set them: /settings, to see it now: /digest"))
    return [line(one, tight=False) for one in said]


def _home(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    everything = followed.level(FollowKind.EVERYTHING)
    passages = [
        line(Run(_whose(texts, group=followed.group), bold=True)),
        line(
            f"{_('All news')}: ",
            Run(comes(everything, followed.alerts, texts), bold=True),
            tight=False,
        ),
    ]
    titles = {source.domain: source.title for source in followed.sources}
    last = [*_caveat(followed, texts), _legend(texts)]
    for one in followed.subscriptions:
        if one.kind is FollowKind.EVERYTHING:
            continue
        name = name_of(one.kind, one.key, titles.get(one.key) or one.label, texts)
        level = comes(one.level, followed.alerts, texts)
        if mute := followed.mute(one.kind, one.key):
            level = _("hidden {term}").format(term=term_of(mute, viewer))
        entry = line(f"{clip(name, _NAME)}: ", Run(level, bold=True))
        if not fits([*passages, entry, *last], limit=3500, entities=90):
            break
        passages.append(entry)
    count = len(followed.mutes)
    hidden = _("Hidden: {n}").format(n=count) if count else _("Hidden")
    return payload(
        [*passages, *last],
        (
            (_opens(followed, FollowKind.EVERYTHING, "", "", _("All news")),),
            (
                button(_("Topics"), Follows(FollowScreen.TOPICS)),
                button(_("Sources"), Follows(FollowScreen.SOURCES)),
            ),
            (
                button(_("Words"), Follows(FollowScreen.WORDS)),
                button(_("Stories"), Follows(FollowScreen.STORIES)),
            ),
            (button(hidden, Follows(FollowScreen.HIDDEN)),),
        ),
    )


def _topics(followed: Followed, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    buttons = [
        _opens(followed, FollowKind.TOPIC, topic.value, topic.value, texts.topic(topic))
        for topic in Topic
    ]
    passages = [
        line(Run(_("Topics"), bold=True)),
        line(_("Tap a topic to choose how it comes.")),
        *_caveat(followed, texts),
        _legend(texts),
    ]
    return payload(passages, (*rows_of(buttons, 2), (_back(texts),)))


def _sources(followed: Followed, viewer: Viewer, page: int) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Sources"), bold=True))]
    add = ((button(_("Add a source"), AskFollow(Asked.SOURCE)),),) if followed.adds else ()
    if any(source.owner is not None for source in followed.sources):
        add = (*add, (button(_("My sources as a file"), ExportSources()),))
    if not followed.sources:
        empty = (
            _("There are no sources yet: send the address of a site, a feed or a channel.")
            if followed.adds
            else _("There are no sources yet: the operator adds them with “newsboy feed add”.")
        )
        return payload([*passages, line(empty)], (*add, (_back(texts),)))
    pages = -(-len(followed.sources) // PAGE)
    page = min(page, pages - 1)
    shown = followed.sources[page * PAGE : (page + 1) * PAGE]
    passages.append(line(_("Tap a source to choose how its news comes.")))
    for index, source in enumerate(shown):
        passages.append(
            line(f"{_source_name(source, texts)}: {_fresh(source, viewer)}", tight=index > 0)
        )
    passages += [*_caveat(followed, texts), _legend(texts)]
    buttons = [
        _opens(
            followed,
            FollowKind.SOURCE,
            source.domain,
            str(source.id),
            clean(source.title) or source.domain,
            page,
        )
        for source in shown
    ]
    arrows = _arrows(FollowScreen.SOURCES, page, pages)
    return payload(passages, (*rows_of(buttons, 2), *arrows, *add, (_back(texts),)))


def _source_name(source: Source, texts: Texts) -> str:
    name = clip(clean(source.title) or source.domain, _NAME)
    return name if source.owner is None else texts.gettext("{name} (yours)").format(name=name)


def _fresh(source: Source, viewer: Viewer) -> str:
    _ = viewer.texts.gettext
    if source.newest is None:
        return _("no news yet")
    return _("latest news {ago}").format(ago=viewer.texts.ago(source.newest, viewer.now))


def _words(followed: Followed, viewer: Viewer, page: int) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Words"), bold=True))]
    held = followed.held(FollowKind.WORDS)
    if held:
        passages.append(line(_("Tap words to choose how news with them comes, ✕ to unfollow.")))
        passages.append(_legend(texts))
    else:
        passages.append(line(_("You follow no words yet.")))
        said = _("A name, a town, a team, a whole phrase: found in any form.")
        passages.append(line(said, tight=False))
    hint = _("You can also write: {example}").format(
        example="/subscribe " + _("words earthquake in kamchatka")
    )
    passages.append(line(hint, tight=False))
    add = (button(_("Add words"), AskFollow(Asked.WORDS)),)
    return _with_crosses(followed, FollowScreen.WORDS, held, passages, (add, (_back(texts),)), page)


def _stories(followed: Followed, viewer: Viewer, page: int) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Stories"), bold=True))]
    held = followed.held(FollowKind.STORY)
    if held:
        said = _("Tap a story to choose how its next news comes, ✕ to unfollow.")
        passages.append(line(said))
        passages += [
            line(f"• {clip(clean(one.label), 150)}", tight=index > 0)
            for index, one in enumerate(held[page * PAGE : (page + 1) * PAGE])
        ]
    else:
        said = _(
            "You follow no stories yet. Tap “Follow the story” under an article to get what "
            "happens next."
        )
        passages.append(line(said))
    return _with_crosses(followed, FollowScreen.STORIES, held, passages, ((_back(texts),),), page)


def _with_crosses(
    followed: Followed,
    screen: FollowScreen,
    held: Sequence[Subscription],
    passages: Sequence[Passage],
    below: Keyboard,
    page: int,
) -> Payload:
    """Return a page of follows, each with a cross that drops it."""
    pages = max(1, -(-len(held) // PAGE))
    page = min(page, pages - 1)
    rows = tuple(
        (
            _opens(followed, one.kind, one.key, token, clean(one.label), page),
            button("✕", FollowLevel(one.kind, token, Level.OFF, page)),
        )
        for one in held[page * PAGE : (page + 1) * PAGE]
        for token in (token_of(one.kind, one.key),)
    )
    return payload(passages, (*rows, *_arrows(screen, page, pages), *below))


def token_of(kind: FollowKind, key: str) -> str:
    """Return what a button calls a follow of words or a story, or of everything."""
    return word_token(key) if kind is FollowKind.WORDS else key


def drop_screen(followed: Followed, viewer: Viewer, page: int = 0) -> Payload:
    """Return /unsubscribe: all that is followed, each with a cross, and all of it at once."""
    texts = viewer.texts
    _ = texts.gettext
    held = [one for one in followed.subscriptions if one.level is not Level.OFF]
    passages = [line(Run(_("What do you want to unfollow?"), bold=True))]
    if not held:
        passages.append(line(_("You follow nothing now. To choose again: /subscribe")))
        return payload(passages, ((_back(texts),),))
    pages = -(-len(held) // PAGE)
    page = min(page, pages - 1)
    ids = {source.domain: str(source.id) for source in followed.sources}
    rows = []
    for one in held[page * PAGE : (page + 1) * PAGE]:
        token = ids.get(one.key) if one.kind is FollowKind.SOURCE else token_of(one.kind, one.key)
        name = name_of(one.kind, one.key, one.label, texts)
        if token is not None:
            rows.append((button(f"✕ {name}", Unfollow(one.kind, token, page)),))
    return payload(
        passages,
        (
            *rows,
            *_arrows(FollowScreen.DROP, page, pages),
            (button(_("Unfollow everything"), UnfollowEverything(confirmed=False)),),
            (_back(texts),),
        ),
    )


def said(text: str, texts: Texts, *, group: bool = False) -> Payload:
    """Return a line about what is followed no more, with the way to all that is."""
    home = button(_whose(texts, group=group), Follows(FollowScreen.HOME))
    return note(text, ((home,),))


def _whose(texts: Texts, *, group: bool) -> str:
    _ = texts.gettext
    return _("What this chat follows") if group else _("What you follow")


def unfollow_question(viewer: Viewer) -> Payload:
    """Return the question before nothing is followed any more."""
    _ = viewer.texts.gettext
    asked = _("Unfollow everything? No digests and no alerts will come.")
    yes = button(_("Unfollow"), UnfollowEverything(confirmed=True))
    return payload([line(asked)], ((yes, _back(viewer.texts, FollowScreen.DROP)),))


def question(
    asked: Asked, texts: Texts, article: int = 0, *, group: bool = False, alone: bool = False
) -> Payload:
    """Return what is asked before words or an address are typed; the command says it as well.

    In a group its answer is a reply, or that command where the asker `alone` sees the question.
    """
    _ = texts.gettext
    match asked:
        case Asked.WORDS:
            said = _("Which words? Send them: a name, a town, a team. They are found in any form.")
            example = "/subscribe " + _("words earthquake in kamchatka")
        case Asked.SOURCE:
            said = _("Which source? Send the address of its site, feed or channel.")
            example = "/subscribe https://example.org"
        case Asked.HIDE:
            said = _("Which words should be hidden? Send them. They are found in any form.")
            example = "/mute " + _("words horoscope for 30 days")
    lists = {
        Asked.WORDS: FollowScreen.WORDS,
        Asked.SOURCE: FollowScreen.SOURCES,
        Asked.HIDE: FollowScreen.HIDDEN,
    }
    back = button(_("◀ Back"), Card(article)) if article else _back(texts, lists[asked])
    if alone:
        hint = _("By a command: {example}")
    elif group:
        hint = _("Reply to this message, or write: {example}")
    else:
        hint = _("You can also write: {example}")
    told = [line(Run(said, bold=True)), line(hint.format(example=example), tight=False)]
    return payload(told, ((back,),))


# ---------------------------------------------------------------- one follow


def item_screen(item: Item, followed: Followed, viewer: Viewer) -> Payload:
    """Return the screen of one follow: how it comes, and what it would have brought."""
    texts = viewer.texts
    _ = texts.gettext
    name = name_of(item.kind, item.key, item.label, texts)
    passages = [
        line(Run(clip(name, 200), bold=True), f": {comes(item.level, followed.alerts, texts)}.")
    ]
    passages += map(line, _about(item, followed, viewer))
    if item.mute is not None:
        passages.append(line(_("Hidden {term}.").format(term=term_of(item.mute, viewer))))
    elif item.kind is not FollowKind.STORY and (item.level is not Level.OFF or _any(item.brought)):
        passages += _brought(item, viewer)
    return payload(passages, _item_keyboard(item, followed, texts))


def term_of(mute: Mute, viewer: Viewer) -> str:
    """Return how long something is hidden: «до 23 декабря», «навсегда»."""
    if mute.expires is None:
        return viewer.texts.gettext("forever")
    today = viewer.now.astimezone(viewer.zone).date()
    day = viewer.texts.day(mute.expires.astimezone(viewer.zone).date(), today)
    return viewer.texts.gettext("until {day}").format(day=day)


def _about(item: Item, followed: Followed, viewer: Viewer) -> list[str]:
    texts = viewer.texts
    _ = texts.gettext
    said = []
    if item.level is Level.DIGEST:
        if followed.alerts is Alerts.ON:
            said.append(_("Alerts are on, so it comes at once. To change that: /settings"))
        elif followed.alerts is Alerts.IMPORTANT:
            said.append(_("Important news comes at once. To change that: /settings"))
        elif not followed.digests:
            said.append(
                _("No digest times are set. To set them: /settings, to see it now: /digest")
            )
    if item.source is not None:
        said.append(f"{item.source.domain}: {_fresh(item.source, viewer)}")
    if item.kind is FollowKind.STORY and item.level is not Level.OFF:
        said.append(
            _(
                "What happens next comes as soon as it is news. This ends by itself after a week "
                "without news of the story."
            )
        )
    return said


def _any(brought: Brought) -> bool:
    return bool(brought.count or brought.hidden)


def _mute_name(mute: Mute, texts: Texts) -> str:
    return clip(name_of(mute.kind, mute.key, mute.label, texts), _BUTTON)


def _brought(item: Item, viewer: Viewer) -> list[Passage]:
    texts = viewer.texts
    _ = texts.gettext
    brought = item.brought
    hidden = []
    if brought.hidden:
        named = [f"{_mute_name(one, texts)} ({n})" for one, n in brought.hidden[:_MUTES]]
        if len(brought.hidden) > _MUTES:
            named.append("…")
        told = _("Hidden in the last 24 hours: {names}").format(names=", ".join(named))
        hidden = [line(told, tight=False)]
    if not brought.count and hidden:
        return hidden
    if not brought.count:
        said = _("Nothing in the last 24 hours. You will be told as soon as there is something.")
        if item.level is Level.DIGEST:
            said = _("Nothing in the last 24 hours. Whatever appears will be in the digest.")
        return [line(said, tight=False)]
    passages = [line(_("In the last 24 hours:"), tight=False)]
    for one in brought.headlines:
        passages.extend(entry_of(one, viewer))
    more = brought.count - len(brought.headlines)
    if brought.many:
        passages.append(line(_("…and over {n} more").format(n=more), tight=False))
    elif more:
        passages.append(line(_("…and {n} more").format(n=more), tight=False))
    return passages + hidden


def _item_keyboard(item: Item, followed: Followed, texts: Texts) -> Keyboard:
    _ = texts.gettext
    levels = list(_MARK)
    if item.kind is FollowKind.STORY:
        levels = [Level.NOW, Level.SOUND]
    choices = [
        button(
            ("✓ " if level is item.level else "") + texts.level(level),
            FollowLevel(item.kind, item.token, level, item.page),
        )
        for level in levels
    ]
    rows = [*rows_of(choices, 2)]
    if item.kind is FollowKind.STORY:
        off = FollowLevel(item.kind, item.token, Level.OFF, item.page)
        rows.append((button(_("Stop following"), off),))
    elif item.mute is not None:
        shown = Unhide(item.kind, word_token(item.key))
        rows.append((button(_("Show again"), shown),))
    elif item.kind is not FollowKind.EVERYTHING:
        hide = HideFollow(item.kind, item.token, item.page)
        rows.append((button(_("Hide"), hide),))
    if item.mute is None:
        for mute, _count in item.brought.hidden[:_MUTES]:
            lift = LiftMute(mute.kind, word_token(mute.key), item.kind, item.token, item.page)
            name = _mute_name(mute, texts)
            rows.append((button(_("Show again: {name}").format(name=name), lift),))
    if item.level is Level.DIGEST and followed.alerts is not Alerts.OFF:
        rows.append((button(_("Alerts"), Settings(Screen.ALERTS)),))
    if item.source is not None and item.source.owner is not None:
        name = clean(item.source.title) or item.source.domain
        rows.append((button(_("Remove {name}").format(name=name), DropSource(item.source.id)),))
    if item.article:
        rows.append((button(_("◀ Back"), Card(item.article)),))
    else:
        rows.append((_back(texts, _LIST_OF[item.kind], item.page),))
    return tuple(rows)


_LIST_OF = {
    FollowKind.EVERYTHING: FollowScreen.HOME,
    FollowKind.TOPIC: FollowScreen.TOPICS,
    FollowKind.SOURCE: FollowScreen.SOURCES,
    FollowKind.WORDS: FollowScreen.WORDS,
    FollowKind.STORY: FollowScreen.STORIES,
}


def list_of(kind: FollowKind) -> FollowScreen:
    """Return the screen that lists follows of this kind."""
    return _LIST_OF[kind]
