"""/admin, for operators: how the bot does, who may use it, the links that let people in.

Telegram's names are not looked up: a person is their number, what their private chat is called, and
the label of the link that brought them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.numbers import format_decimal

from bot.messages import links
from bot.messages.callbacks import (
    Admin,
    AdminScreen,
    NewLink,
    ReadmitPerson,
    RemovePerson,
    RevokeLink,
)
from bot.messages.keyboards import button
from bot.messages.lists import whole
from bot.messages.markup import Passage, Run, clean, clip, line, payload
from bot.messages.payloads import Button, Payload
from bot.messages.texts import Texts, Viewer
from storage import Feed, FeedState, Invitation, Person, SubscriberState

PAGE = 8  # people of a page
PEOPLE = (1, 5, 20)
DAYS = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class State:
    """How the bot does, in numbers. `rests_until`: Telegram asked all deliveries to wait."""

    readers: dict[SubscriberState, int]
    people: int
    removed: int
    public: bool
    owed: int
    oldest: datetime | None
    rests_until: datetime | None
    failing: int


def home(state: State, viewer: Viewer) -> Payload:
    """Return the first screen."""
    texts = viewer.texts
    _ = texts.gettext
    chats = _("Chats: {active} get the news, {stopped} stopped it, {paused} cannot be reached.")
    passages = [
        line(Run(_("Running the bot"), bold=True)),
        line(
            chats.format(
                active=_number(state.readers.get(SubscriberState.ACTIVE, 0), texts),
                stopped=_number(state.readers.get(SubscriberState.STOPPED, 0), texts),
                paused=_number(state.readers.get(SubscriberState.PAUSED, 0), texts),
            ),
            tight=False,
        ),
    ]
    people = _("People: {people}; removed: {removed}.").format(
        people=_number(state.people, texts), removed=_number(state.removed, texts)
    )
    access = _("The bot is open to everybody.") if state.public else _("The bot is private.")
    passages.append(line(f"{access} {people}"))
    if state.owed:
        said = _("Waiting to be sent: {owed}.").format(owed=_number(state.owed, texts))
        if state.oldest is not None:
            since = texts.moment(state.oldest, viewer.now, viewer.zone)
            said += " " + _("The oldest has waited since {since}.").format(since=since)
        passages.append(line(said))
    else:
        passages.append(line(_("Nothing waits to be sent.")))
    if state.rests_until is not None:
        until = texts.moment(state.rests_until, viewer.now, viewer.zone)
        said = _("Telegram asked the bot to wait: alerts and digests rest until {until}.")
        passages.append(line(said.format(until=until)))
    if state.failing:
        said = texts.ngettext("{n} feed fails.", "{n} feeds fail.", state.failing)
        passages.append(line(said.format(n=state.failing)))
    else:
        passages.append(line(_("All feeds are fine.")))
    passages.append(line(_("To write to all readers: /broadcast"), tight=False))
    keyboard = (
        (
            button(_("Invitations"), Admin(AdminScreen.LINKS)),
            button(_("People"), Admin(AdminScreen.PEOPLE)),
        ),
        (
            button(_("Feeds that fail"), Admin(AdminScreen.FEEDS)),
            button(_("Refresh"), Admin(AdminScreen.HOME)),
        ),
    )
    return payload(passages, keyboard)


def _home_row(texts: Texts) -> tuple[Button, ...]:
    return (button(texts.gettext("◀ Back"), Admin(AdminScreen.HOME)),)


def invitations(given: Sequence[Invitation], viewer: Viewer) -> Payload:
    """Return the links that let people in, each with a button that ends it."""
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Invitations"), bold=True))]
    rows: list[tuple[Button, ...]] = []
    entries: list[tuple[Passage, ...]] = []
    for number, one in enumerate(given, 1):
        entries.append(
            (
                line(f"{number}. {_link_about(one, viewer)}", tight=False),
                line(links.start(viewer.bot, one.code) or one.code),
            )
        )
        name = texts.quoted(clip(clean(one.label), 20)) if one.label else str(number)
        rows.append((button(_("Revoke: {name}").format(name=name), RevokeLink(one.code)),))
    if not given:
        passages.append(line(_("No link lets anybody in now."), tight=False))
    new = (button(_("New invitation"), NewLink(PEOPLE[0], DAYS[1])),)
    return payload(whole(passages, entries), (*rows, new, _home_row(texts)))


def _link_about(one: Invitation, viewer: Viewer) -> str:
    texts = viewer.texts
    _ = texts.gettext
    about = _("{left} of {uses} left").format(left=one.uses_left, uses=one.uses)
    if one.expires is not None:
        until = texts.moment(one.expires, viewer.now, viewer.zone)
        about += " · " + _("until {time}").format(time=until)
    return f"{texts.quoted(clip(clean(one.label), 60))} · {about}" if one.label else about


def new_link(here: NewLink, viewer: Viewer) -> Payload:
    """Return the choice of how many people and days a link is for."""
    texts = viewer.texts
    _ = texts.gettext

    def chosen(text: str, is_it: bool) -> str:
        return f"✓ {text}" if is_it else text

    people = tuple(
        button(
            chosen(texts.ngettext("{n} person", "{n} people", n).format(n=n), n == here.people),
            NewLink(n, here.days),
        )
        for n in PEOPLE
    )
    days = tuple(
        button(
            chosen(texts.ngettext("{n} day", "{n} days", n).format(n=n), n == here.days),
            NewLink(here.people, n),
        )
        for n in DAYS
    )
    make = (button(_("Make the link"), NewLink(here.people, here.days, made=True)),)
    back = (button(_("◀ Back"), Admin(AdminScreen.LINKS)),)
    asked = _("How many people may use the link, and for how many days?")
    typed = _("The same typed, with a label: {example}").format(
        example="/invite 5 7 " + _("family")
    )
    return payload([line(asked), line(typed, tight=False)], (people, days, make, back))


def made(said: str, viewer: Viewer) -> Payload:
    """Return a link that was made, with the way back."""
    back = (button(viewer.texts.gettext("◀ Back"), Admin(AdminScreen.LINKS)),)
    return payload([line(said)], (back,))


def revoke_question(one: Invitation, viewer: Viewer) -> Payload:
    """Return the question before a link is ended."""
    _ = viewer.texts.gettext
    asked = _("Revoke this link? Everyone who came in by it stays.")
    return payload(
        [line(asked), line(_link_about(one, viewer), tight=False)],
        (
            (
                button(_("Revoke"), RevokeLink(one.code, confirmed=True)),
                button(_("◀ Back"), Admin(AdminScreen.LINKS)),
            ),
        ),
    )


def people(
    listed: Sequence[Person], viewer: Viewer, *, after: int, more: bool, removed: bool
) -> Payload:
    """Return a page of people, each with a button that removes, or of removed ones: lets in."""
    texts = viewer.texts
    _ = texts.gettext
    screen = AdminScreen.REMOVED if removed else AdminScreen.PEOPLE
    passages = [line(Run(_("Removed people") if removed else _("People"), bold=True))]
    if not listed:
        empty = (
            _("Nobody was removed.")
            if removed
            else _("Nobody is here yet. To let people in: /invite")
        )
        passages.append(line(empty, tight=False))
    today = viewer.now.astimezone(viewer.zone).date()
    rows: list[tuple[Button, ...]] = []
    for one in listed:
        since = (one.blocked or one.admitted).astimezone(viewer.zone).date()
        about = [name_of(one), texts.day(since, today)]
        if one.label:
            about.append(texts.quoted(clip(clean(one.label), 40)))
        if one.admin:
            about.append(_("admin"))
        passages.append(line(" · ".join(about)))
        name = clip(name_of(one), 28)
        rows.append(
            (
                button(_("Let in: {name}").format(name=name), ReadmitPerson(one.id))
                if removed
                else button(_("Remove: {name}").format(name=name), RemovePerson(one.id, after)),
            )
        )
    ways: list[Button] = []
    if after:
        ways.append(button(_("◀ To the beginning"), Admin(screen)))
    if more:
        ways.append(button(_("More ▶"), Admin(screen, listed[-1].id)))
    if ways:
        rows.append(tuple(ways))
    other = (
        button(_("People"), Admin(AdminScreen.PEOPLE))
        if removed
        else button(_("Removed people"), Admin(AdminScreen.REMOVED))
    )
    return payload(passages, (*rows, (other, *_home_row(texts))))


def name_of(person: Person) -> str:
    """Return by what an operator may know a person."""
    title = clip(clean(person.title), 40)
    return f"{title} ({person.id})" if title else str(person.id)


def remove_question(person: Person, after: int, viewer: Viewer) -> Payload:
    """Return the question before a person is kept out."""
    _ = viewer.texts.gettext
    asked = _(
        "Remove {name}? The bot will not answer them or send them news until you let them in again."
    )
    return payload(
        [line(asked.format(name=name_of(person)))],
        (
            (
                button(_("Remove"), RemovePerson(person.id, after, confirmed=True)),
                button(_("◀ Back"), Admin(AdminScreen.PEOPLE, after)),
            ),
        ),
    )


def feeds(failing: Sequence[Feed], viewer: Viewer) -> Payload:
    """Return the feeds that cannot be read, and why."""
    texts = viewer.texts
    _ = texts.gettext
    passages = [line(Run(_("Feeds that fail"), bold=True))]
    if not failing:
        passages.append(line(_("All feeds are fine."), tight=False))
    entries = []
    for one in failing:
        why = _("gone for good (410)") if one.state is FeedState.GONE else clean(one.error or "")
        if one.succeeded is not None:
            last = texts.moment(one.succeeded, viewer.now, viewer.zone)
            why += " · " + _("last read {time}").format(time=last)
        entries.append((line(clip(clean(one.url), 200), tight=False), line(clip(why, 200))))
    return payload(whole(passages, entries), (_home_row(texts),))


def removed(texts: Texts) -> str:
    """A person is kept out now."""
    return texts.gettext("Removed: access is closed.")


def let_in(texts: Texts) -> str:
    """A person may use the bot again."""
    return texts.gettext("Let in again.")


def revoked(texts: Texts) -> str:
    """A link lets nobody in any more."""
    return texts.gettext("The link is revoked.")


def not_this_one(texts: Texts) -> str:
    """An operator whom the settings name, or oneself, is not to be removed."""
    return texts.gettext("You cannot remove yourself, nor an admin named in the settings.")


def _number(number: int, texts: Texts) -> str:
    return format_decimal(number, locale=texts.language)
