"""Channels: the screens of an edition, and the drafts that wait in their keeper's private chat.

One screen, one message: what is posted, how, and how often; `callbacks.SetEdition` names a change.
A draft is shown as its post will look, and its message says in the end what became of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.messages import classic
from bot.messages.callbacks import (
    AskEditionWords,
    Channels,
    EditionOf,
    EditionScreen,
    EditionSetting,
    PublishDraft,
    RewordDraft,
    SetEdition,
    ShowDraft,
    SkipDraft,
    UpdatePost,
    word_token,
)
from bot.messages.keyboards import button, rows_of
from bot.messages.markup import Passage, Run, clean, clip, line, payload, split
from bot.messages.payloads import Button, Payload
from bot.messages.settings import Place, place_choices, zone_choices
from bot.messages.texts import Texts, Viewer, clock_of
from storage import (
    Alerts,
    Article,
    ArticleState,
    ChatKind,
    Edition,
    EditionMode,
    FollowKind,
    Level,
    PostDraft,
    Source,
    Subscriber,
    SubscriberState,
    Subscription,
    Topic,
)

PAGE = 20  # sources
QUIET = ("22:00-07:00", "22:00-08:00", "23:00-07:00", "23:00-08:00", "00:00-08:00")
HOURLY = ("1", "2", "3", "5", "10")
DAILY = ("6", "12", "24", "48")
_NAME = 60  # characters
_NAMED = 6  # follows of a kind


@dataclass(frozen=True, slots=True)
class Kept:
    """A channel's edition as things stand.

    `here` is whether the reader gets its drafts; `languages` are those that labels may be in;
    `closed` is whether the bot lets in none but those who were invited.
    """

    edition: Edition
    channel: Subscriber
    follows: tuple[Subscription, ...]
    sources: tuple[Source, ...]
    here: bool
    languages: tuple[str, ...]
    closed: bool

    def posts(self, kind: FollowKind, key: str) -> bool:
        """Return whether a topic, source or words are posted."""
        return any(
            (one.kind, one.key) == (kind, key) and one.level is Level.NOW for one in self.follows
        )

    @property
    def important(self) -> bool:
        """Whether everything important is posted."""
        return self.channel.alerts is Alerts.IMPORTANT


def _mode(mode: EditionMode, texts: Texts) -> str:
    _ = texts.gettext
    match mode:
        case EditionMode.OFF:
            return texts.pgettext("edition", "off")
        case EditionMode.APPROVAL:
            return _("with approval")
        case EditionMode.AUTO:
            return _("automatically")


def title_of(channel: Subscriber, texts: Texts) -> str:
    """Return a channel's name."""
    return clip(clean(channel.title), _NAME) or texts.gettext("Channel")


# ---------------------------------------------------------------- the list


def channels(kept: Sequence[tuple[Edition, Subscriber]], viewer: Viewer) -> Payload:
    """Return the channels that somebody may manage."""
    texts = viewer.texts
    _ = texts.gettext
    head = line(Run(_("Channels"), bold=True))
    if not kept:
        said = _(
            "Add the bot to your channel as an admin who may post, and the channel's edition "
            "appears here."
        )
        return payload([head, line(said, tight=False)])
    told = [head]
    told += [
        line(f"{title_of(channel, texts)}: ", Run(_mode(edition.mode, texts), bold=True))
        for edition, channel in kept
    ]
    rows = [
        (button(title_of(channel, texts), EditionOf(channel.id)),) for _edition, channel in kept
    ]
    return payload(split(told)[0], tuple(rows[:90]))


# ---------------------------------------------------------------- an edition


def edition_screen(kept: Kept, viewer: Viewer, screen: EditionScreen, page: int = 0) -> Payload:
    """Return a screen of a channel's edition."""
    match screen:
        case EditionScreen.HOME:
            return _home(kept, viewer)
        case EditionScreen.TOPICS:
            return _topics(kept, viewer)
        case EditionScreen.SOURCES:
            return _sources(kept, viewer, page)
        case EditionScreen.WORDS:
            return _words(kept, viewer)
        case EditionScreen.QUIET:
            return _quiet_screen(kept, viewer)
        case EditionScreen.LIMITS:
            return _limits_screen(kept, viewer)
        case EditionScreen.ZONE:
            return zone_screen(kept, viewer)


def _home(kept: Kept, viewer: Viewer) -> Payload:
    texts, channel = viewer.texts, kept.channel
    _ = texts.gettext
    posted = _posted(kept, texts)
    told = [
        line(Run(title_of(channel, texts), bold=True)),
        _value(_("Posting"), _mode(kept.edition.mode, texts), tight=False),
        _value(_("What"), "; ".join(posted) or _("nothing yet: choose below")),
        _value(_("Quiet hours"), _quiet(channel, texts)),
        _value(_("Limit"), _limits(channel, texts)),
        _value(_("Time zone"), texts.city(channel.zone)),
        _value(_("Language of the posts"), texts.language_name(channel.language)),
    ]
    if kept.edition.mode is EditionMode.APPROVAL:
        whom = _("you") if kept.here else _("another admin")
        told.append(_value(_("Drafts go to"), whom if kept.edition.keeper else _("nobody")))
    if channel.state is SubscriberState.PAUSED:
        told.append(
            line(_("The bot may not post there now: make it an admin who may post."), tight=False)
        )
    elif kept.edition.mode is EditionMode.OFF:
        told.append(line(_("Nothing is posted until you turn it on."), tight=False))
    if kept.closed:
        said = _("The bot is private: “Read” under a post works only for people you have invited.")
        told.append(line(said, tight=False))
    modes = [
        button(
            ("✓ " if mode is kept.edition.mode else "") + _mode(mode, texts),
            SetEdition(channel.id, EditionSetting.MODE, mode.value),
        )
        for mode in EditionMode
    ]
    at = kept.languages.index(channel.language)
    other = kept.languages[(at + 1) % len(kept.languages)]
    rows: list[tuple[Button, ...]] = [
        *rows_of(modes, 3),
        (
            _switch(kept, EditionSetting.EVERYTHING, _("Everything important"), kept.important),
            _way(kept, _("Topics"), EditionScreen.TOPICS),
        ),
        (
            _way(kept, _("Sources"), EditionScreen.SOURCES),
            _way(kept, _("Words"), EditionScreen.WORDS),
        ),
        (
            _way(kept, _("Quiet hours"), EditionScreen.QUIET),
            _way(kept, _("Limit"), EditionScreen.LIMITS),
        ),
        (_way(kept, _("Time zone"), EditionScreen.ZONE),),
        (
            _switch(kept, EditionSetting.PICTURES, _("Pictures"), channel.pictures),
            button(
                _("Switch to {name}").format(name=texts.language_name(other)),
                SetEdition(channel.id, EditionSetting.LANGUAGE, other),
            ),
        ),
    ]
    if kept.edition.mode is EditionMode.APPROVAL and not kept.here:
        keep = SetEdition(channel.id, EditionSetting.KEEPER, "me")
        rows.append((button(_("Send the drafts to me"), keep),))
    rows.append((button(_("◀ All channels"), Channels()),))
    return payload(split(told)[0], tuple(rows))


def _value(name: str, value: str, *, tight: bool = True) -> Passage:
    return line(f"{name}: ", Run(clip(value, 700), bold=True), tight=tight)


def _switch(kept: Kept, setting: EditionSetting, name: str, on: bool) -> Button:
    change = SetEdition(kept.channel.id, setting, "off" if on else "on")
    return button(("☑ " if on else "☐ ") + name, change)


def _way(kept: Kept, name: str, screen: EditionScreen) -> Button:
    return button(name, EditionOf(kept.channel.id, screen))


def _back(kept: Kept, texts: Texts) -> tuple[Button, ...]:
    return (button(texts.gettext("◀ Back"), EditionOf(kept.channel.id)),)


def _posted(kept: Kept, texts: Texts) -> list[str]:
    _ = texts.gettext
    posted = [_("everything that several sources report")] if kept.important else []
    names = {source.domain: source.title or source.domain for source in kept.sources}
    for kind, head in (
        (FollowKind.TOPIC, _("topics: {names}")),
        (FollowKind.SOURCE, _("sources: {names}")),
        (FollowKind.WORDS, _("words: {names}")),
    ):
        told = [one for one in kept.follows if one.kind is kind and one.level is Level.NOW]
        shown = [_label(one, names, texts) for one in told[:_NAMED]]
        if len(told) > _NAMED:
            shown.append("…")
        if shown:
            posted.append(head.format(names=", ".join(shown)))
    return posted


def _label(one: Subscription, names: dict[str, str], texts: Texts) -> str:
    match one.kind:
        case FollowKind.TOPIC if one.key in set(Topic):
            return texts.topic(Topic(one.key)).lower()
        case FollowKind.WORDS:
            return texts.quoted(clip(clean(one.label), _NAME))
        case _:
            return clip(clean(names.get(one.key, one.label or one.key)), _NAME)


def _topics(kept: Kept, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    buttons = [
        button(
            ("☑ " if (on := kept.posts(FollowKind.TOPIC, topic.value)) else "☐ ")
            + texts.topic(topic),
            SetEdition(kept.channel.id, EditionSetting.TOPIC, f"{'-' if on else '+'}{topic.value}"),
        )
        for topic in Topic
        if topic is not Topic.OTHER
    ]
    told = [_head(kept, viewer), line(_("All news of the chosen topics is posted."), tight=False)]
    return payload(told, (*rows_of(buttons, 2), _back(kept, texts)))


def _sources(kept: Kept, viewer: Viewer, page: int) -> Payload:
    texts, channel = viewer.texts, kept.channel
    _ = texts.gettext
    pages = max(1, -(-len(kept.sources) // PAGE))
    page = min(page, pages - 1)
    buttons = [
        button(
            ("☑ " if (on := kept.posts(FollowKind.SOURCE, source.domain)) else "☐ ")
            + (clean(source.title) or source.domain),
            SetEdition(channel.id, EditionSetting.SOURCE, f"{'-' if on else '+'}{source.id}", page),
        )
        for source in kept.sources[page * PAGE : (page + 1) * PAGE]
    ]
    arrows = []
    if page:
        arrows.append(button(_("◀ Back"), EditionOf(channel.id, EditionScreen.SOURCES, page - 1)))
    if page + 1 < pages:
        arrows.append(button(_("More ▶"), EditionOf(channel.id, EditionScreen.SOURCES, page + 1)))
    told = [_head(kept, viewer), line(_("All news of the chosen sources is posted."), tight=False)]
    home = (button(_("◀ To the channel"), EditionOf(channel.id)),)
    return payload(told, (*rows_of(buttons, 2), *((tuple(arrows),) if arrows else ()), home))


def _words(kept: Kept, viewer: Viewer) -> Payload:
    texts = viewer.texts
    _ = texts.gettext
    held = [one for one in kept.follows if one.kind is FollowKind.WORDS]
    buttons = [
        button(
            "✕ " + one.label,
            SetEdition(kept.channel.id, EditionSetting.WORDS, word_token(one.key)),
        )
        for one in held[:80]
    ]
    said = (
        _("News with these words is posted. Tap one to remove it.")
        if held
        else _("News with the words you choose is posted. There are none yet.")
    )
    add = (button(_("Add words"), AskEditionWords(kept.channel.id)),)
    told = [_head(kept, viewer), line(said, tight=False)]
    return payload(told, (*rows_of(buttons, 2), add, _back(kept, texts)))


def _quiet_screen(kept: Kept, viewer: Viewer) -> Payload:
    texts, channel = viewer.texts, kept.channel
    _ = texts.gettext
    current = _quiet(channel, texts)
    off = texts.pgettext("toggle", "off")
    choices = [(one.replace("-", "–"), one.replace(":", ".")) for one in QUIET] + [(off, "off")]
    buttons = [
        button(
            ("✓ " if shown == current else "") + shown,
            SetEdition(channel.id, EditionSetting.QUIET, value),
        )
        for shown, value in choices
    ]
    said = _("Nothing is posted in quiet hours. What is still news is posted when they end.")
    told = [_head(kept, viewer), line(said, tight=False)]
    return payload(told, (*rows_of(buttons, 2), _back(kept, texts)))


def _limits_screen(kept: Kept, viewer: Viewer) -> Payload:
    texts, channel = viewer.texts, kept.channel
    _ = texts.gettext
    rows: list[tuple[Button, ...]] = []
    for setting, values, current, said_of in (
        (EditionSetting.HOURLY, HOURLY, channel.hourly, _an_hour),
        (EditionSetting.DAILY, DAILY, channel.daily, _a_day),
    ):
        buttons = [
            button(
                ("✓ " if str(current) == one else "") + said_of(int(one), texts),
                SetEdition(channel.id, setting, one),
            )
            for one in values
        ]
        free = "✓ " if current is None else ""
        buttons.append(button(free + _("no limit"), SetEdition(channel.id, setting, "off")))
        rows += rows_of(buttons, 3)
    said = _("What is over the limit waits, and is posted while it is still news.")
    told = [_head(kept, viewer), line(said, tight=False)]
    return payload(told, (*rows, _back(kept, texts)))


def zone_screen(
    kept: Kept, viewer: Viewer, places: Sequence[Place] = (), *, unknown: bool = False
) -> Payload:
    """Return the choice of a channel's zone: of the usual ones, or of the `places` that are meant.

    `unknown` says that what was typed is no place.
    """
    texts = viewer.texts
    _ = texts.gettext
    choices = place_choices(places, viewer) or zone_choices(kept.channel.zone, viewer)
    buttons = [
        button(label, SetEdition(kept.channel.id, EditionSetting.ZONE, zone))
        for zone, label in choices
    ]
    asked = (
        _("Which one?")
        if places
        else _("Tap the button that shows the channel's time, or write its city.")
    )
    told = [_head(kept, viewer)]
    if unknown:
        told.append(
            line(_("No such city or time zone was found. Try a larger city nearby."), tight=False)
        )
    told.append(line(asked, tight=False))
    told.append(_value(_("Time zone"), texts.city(kept.channel.zone), tight=False))
    return payload(told, (*rows_of(buttons, 1 if places else 2), _back(kept, texts)))


def _head(kept: Kept, viewer: Viewer) -> Passage:
    return line(Run(title_of(kept.channel, viewer.texts), bold=True))


def _quiet(channel: Subscriber, texts: Texts) -> str:
    if channel.quiet_from is None or channel.quiet_to is None:
        return texts.pgettext("toggle", "off")
    return f"{clock_of(channel.quiet_from)}–{clock_of(channel.quiet_to)}"


def _limits(channel: Subscriber, texts: Texts) -> str:
    _ = texts.gettext
    limits = []
    if channel.hourly is not None:
        limits.append(_an_hour(channel.hourly, texts))
    if channel.daily is not None:
        limits.append(_a_day(channel.daily, texts))
    return ", ".join(limits) or texts.pgettext("toggle", "off")


def _an_hour(count: int, texts: Texts) -> str:
    return texts.ngettext("{n} an hour", "{n} an hour", count).format(n=count)


def _a_day(count: int, texts: Texts) -> str:
    return texts.ngettext("{n} a day", "{n} a day", count).format(n=count)


def words_question(texts: Texts, channel: Subscriber) -> Payload:
    """Return the question for words that a channel is to post."""
    _ = texts.gettext
    asked = _("Which words? Send them: news with them in any form will be posted.")
    row = (button(_("Cancel"), EditionOf(channel.id, EditionScreen.WORDS)),)
    return payload([line(asked)], (row,))


# ---------------------------------------------------------------- drafts


def draft(shown: PostDraft, article: Article, channel: Subscriber, viewer: Viewer) -> Payload:
    """Return a draft as its post will look, with what can be done with it.

    What has become of the article since an editor reworded it is said below; one whose page is gone
    can only be skipped. `viewer` is the keeper's; the post is in the channel's language, and
    `article` in its own.
    """
    texts = viewer.texts
    _ = texts.gettext
    name = title_of(channel, texts)
    head = line(Run(_("Draft for {channel}").format(channel=texts.quoted(name)), italic=True))
    passages = classic.post_passages(article, viewer, shown.words)
    first = replace(passages[0], tight=False)
    skip = button(_("Skip"), SkipDraft(shown.id))
    if article.state is ArticleState.GONE:
        rows: tuple[tuple[Button, ...], ...] = ((skip,),)
        if shown.words:
            passages += classic.state_lines(article, viewer)
    else:
        rows = (
            (button(_("Publish"), PublishDraft(shown.id)),),
            (button(_("Edit"), RewordDraft(shown.id)), skip),
        )
        if shown.words and article.state is ArticleState.CORRECTED:
            said = _("The source has changed the article; your text stays as it is.")
            passages.append(line(Run(said, italic=True), tight=False))
    picture = classic.picture_of(article, viewer) if channel.pictures else ""
    return payload(split([head, first, *passages[1:]])[0], rows, preview=picture)


def decided(
    shown: PostDraft, title: str, channel: Subscriber, username: str, viewer: Viewer
) -> Payload:
    """Return what became of a draft, with the link to its post."""
    texts = viewer.texts
    _ = texts.gettext
    name = texts.quoted(title_of(channel, texts))
    match shown.status:
        case "approved":
            said = _("Being published in {channel}…")
        case "published":
            said = _("Published in {channel}")
        case "skipped":
            said = _("Skipped: not published in {channel}")
        case "expired":
            said = _("Too late for {channel}: nobody decided within six hours")
        case "withdrawn":
            said = _("Not published in {channel}: the article's page is no longer available")
        case _:
            said = _("Could not be published in {channel}")
    link = post_link(channel, username, shown.post_id)
    rows = ((Button(_("Open the post"), url=link),),) if link else ()
    head = classic.title_of(title, viewer)
    return payload([line(Run(head, bold=True)), line(said.format(channel=name), tight=False)], rows)


def post_link(channel: Subscriber, username: str, message_id: int | None) -> str:
    """Return the link to a channel's post (Telegram: "Message links"); "" where it has none."""
    if message_id is None or channel.kind is not ChatKind.CHANNEL:
        return ""
    if username:
        return f"https://t.me/{username}/{message_id}"
    inner = str(channel.chat_id).removeprefix("-100")
    return f"https://t.me/c/{inner}/{message_id}" if inner.isdigit() else ""


def reword_question(shown: PostDraft, article: Article, viewer: Viewer) -> Payload:
    """Return the question for another text of a draft, above the one that it has."""
    _ = viewer.texts.gettext
    asked = line(
        Run(
            _(
                "Send the text of the post: its first line becomes the headline, the link to the "
                "source is added. Now it says:"
            ),
            italic=True,
        )
    )
    passages = classic.post_passages(article, viewer, shown.words)
    first = replace(passages[0], tight=False)
    row = (button(_("Cancel"), ShowDraft(shown.id)),)
    return payload(split([asked, first, *passages[1:]])[0], (row,))


def changed(shown: PostDraft, article: Article, channel: Subscriber, viewer: Viewer) -> Payload:
    """Return the notice that the publisher corrected what was posted in an editor's words."""
    texts = viewer.texts
    _ = texts.gettext
    said = _(
        "The source has changed the article. The post in {channel} still has your text."
    ).format(channel=texts.quoted(title_of(channel, texts)))
    rows = ((button(_("Update the post"), UpdatePost(shown.id)),),)
    head = line(Run(classic.title_of(article.title, viewer), bold=True))
    return payload([head, line(said, tight=False)], rows)


def lost(channel: Subscriber, texts: Texts) -> Payload:
    """Return the line that the bot may not post in a channel any more."""
    said = texts.gettext(
        "The bot can no longer post in {channel}. Make it an admin who may post, and it goes on."
    ).format(channel=texts.quoted(title_of(channel, texts)))
    return payload([line(said)], ((button(texts.gettext("Channels"), Channels()),),))


# ---------------------------------------------------------------- toasts and short answers


def not_admin(texts: Texts) -> str:
    """Somebody who may not post in the channel."""
    return texts.gettext("Only the channel's admins who may post can do this.")


def decided_already(status: str, texts: Texts) -> str:
    """A draft that was decided on before."""
    _ = texts.gettext
    match status:
        case "published" | "approved":
            return _("Already published")
        case "skipped":
            return _("Already skipped")
        case "expired":
            return _("Too late: the draft has expired")
        case _:
            return _("It could not be published")


def withdrawn(texts: Texts) -> str:
    """A draft of an article that cannot be published."""
    return texts.gettext("The article's page is no longer available: it cannot be published.")


def look_again(texts: Texts) -> str:
    """A draft that its editor has not seen as it is now."""
    return texts.gettext("The article has just changed. Look at the draft again.")


def too_long(texts: Texts, most: int) -> str:
    """An editor's text that no post can hold."""
    return texts.gettext(
        "Too long: a post has at most {n} characters. Send a shorter text."
    ).format(n=most)


def stranger(texts: Texts, channel: str) -> str:
    """A private bot was added to a channel by somebody who may not use it."""
    return texts.gettext("This news bot is private, so it posts nothing in {channel}.").format(
        channel=texts.quoted(channel)
    )
