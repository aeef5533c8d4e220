"""Groups and threads: the welcome to a group, and whose settings a command in a thread means.

A thread (a forum topic, or a thread of a private chat) shares its chat's settings until somebody
wants it to have its own; then a row under the screens of settings and follows leads back.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.messages.callbacks import (
    Follows,
    FollowScreen,
    GroupDigest,
    Place,
    Screen,
    Settings,
    Share,
)
from bot.messages.keyboards import button
from bot.messages.markup import Run, line, payload
from bot.messages.payloads import Payload
from bot.messages.texts import Texts, Viewer, clock_of
from storage import ChatKind, SlotPlan, Subscriber


def welcome(viewer: Viewer, offered: Sequence[SlotPlan]) -> Payload:
    """Return what a group reads when the bot was added; `offered` is the digest that it may have.

    Its buttons are for the group's admins.
    """
    texts = viewer.texts
    _ = texts.gettext
    passages = [
        line(Run(_("News in this chat"), bold=True)),
        line(_("/latest: the newest headlines"), tight=False),
        line(_("/top: the top stories of the last 24 hours")),
        line(_("/search and words: search")),
        line(
            _("Everyone sees the answers; admins choose what comes by itself, and when."),
            tight=False,
        ),
    ]
    choose = (
        button(_("Choose topics"), Follows(FollowScreen.TOPICS)),
        button(_("Settings"), Settings(Screen.HOME)),
    )
    if not offered:
        return payload(passages, (choose,))
    times = texts.join(
        _("{days} at {time}").format(days=texts.weekdays(plan.weekdays), time=clock_of(plan.minute))
        for plan in offered
    )
    asked = _("Should a digest of the main news come here, {times}?").format(times=times)
    digest = (
        button(_("Yes, send it"), GroupDigest(wanted=True)),
        button(_("No digest"), GroupDigest(wanted=False)),
    )
    return payload([*passages, line(asked, tight=False)], (digest, choose))


def digest_comes(texts: Texts, said: str) -> Payload:
    """A group's digest was turned on; `said` is when it comes."""
    _ = texts.gettext
    row = (
        button(_("Change times"), Settings(Screen.DIGEST)),
        button(_("Choose topics"), Follows(FollowScreen.TOPICS)),
    )
    return payload([line(said)], (row,))


def no_digest(texts: Texts) -> Payload:
    """A group wants no digest."""
    _ = texts.gettext
    said = _("No digest will come here. An admin can turn it on any time.")
    return payload([line(said)], ((button(_("Settings"), Settings(Screen.HOME)),),))


def which(texts: Texts, query: int, *, group: bool) -> Payload:
    """Return the question whether the stored command `query` is meant for its thread alone."""
    _ = texts.gettext
    asked = (
        _("For the whole group, or for this topic only?")
        if group
        else _("For the whole chat, or for this topic only?")
    )
    whole = _("The whole group") if group else _("The whole chat")
    rows = (
        (button(whole, Place(query, own=False)),),
        (button(_("This topic only"), Place(query, own=True)),),
    )
    return payload([line(asked)], rows)


def with_way_back(screen: Payload, subscriber: Subscriber, texts: Texts) -> Payload:
    """Return a first screen with the way back to the chat's settings, where it is a thread's."""
    if not subscriber.thread_id:
        return screen
    row = (button(_as_everywhere(subscriber, texts), Share(confirmed=False)),)
    return replace(screen, keyboard=(*screen.keyboard, row))


def share_question(subscriber: Subscriber, texts: Texts) -> Payload:
    """Return the question before a thread's own settings are dropped."""
    _ = texts.gettext
    asked = _(
        "Remove this topic's own follows and times? The common settings will apply here again."
    )
    rows = (
        (button(_as_everywhere(subscriber, texts), Share(confirmed=True)),),
        (button(_("Leave it as it is"), Settings(Screen.HOME)),),
    )
    return payload([line(asked)], rows)


def shared(texts: Texts) -> Payload:
    """A thread has no settings of its own any more."""
    _ = texts.gettext
    said = _("The common settings apply in this topic again.")
    return payload([line(said)], ((button(_("Settings"), Settings(Screen.HOME)),),))


def _as_everywhere(subscriber: Subscriber, texts: Texts) -> str:
    _ = texts.gettext
    private = subscriber.kind is ChatKind.PRIVATE
    return _("As in the whole chat") if private else _("As in the whole group")
