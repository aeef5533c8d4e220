"""/settings, by screens and typed forms.

A typed form, a button and a typed answer become the same intent (`bot.messages.forms`) and are
applied by the same function. In a group only its admins get here (`door.Keepers`).
"""

import re
from dataclasses import replace
from zoneinfo import available_timezones

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.delivery.schedule import JUST_BEGUN
from bot.handlers.answering import Answer, RichRefusedError
from bot.handlers.arrivals import greeting
from bot.handlers.articles import find, send_text
from bot.handlers.asking import Question
from bot.handlers.desk import Desk, Reader, dues
from bot.handlers.door import Keepers, Pressed
from bot.handlers.sourcing import is_address
from bot.messages import forms, notices, places, rich
from bot.messages import settings as screens
from bot.messages.callbacks import (
    AskSetting,
    Change,
    DigestTime,
    Greet,
    RichSeen,
    Screen,
    SetDigestTime,
    Setting,
    Settings,
    SetZone,
)
from bot.messages.forms import SettingIntent, Wrong
from bot.messages.payloads import Payload
from bot.messages.settings import Place
from bot.messages.texts import DAILY
from bot.words.cities import City
from storage import (
    Layout,
    Slot,
    SlotPlan,
)

_GEO = re.compile(r"geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)")
_WORDS_OF_AN_ANSWER = 3  # what is longer, and no answer, is meant for the search


def make_router(desk: Desk) -> Router:
    """Return the router of /settings."""
    router = Router(name="settings")
    router.message.middleware(Keepers())
    router.callback_query.middleware(Keepers())
    storage = desk.storage

    @router.message(Command("settings", ignore_case=True))
    async def settings(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await settings_screen(desk, reader, Screen.HOME))
            return
        intent = forms.parse_settings(command.args, desk.texts, await storage.feeds.languages())
        found: list[Place] = []
        if isinstance(intent, Wrong):
            if intent.setting is not None and not intent.given:
                # "/settings alerts" says what, and not yet how: the buttons do.
                await show(desk, reader, answer, _screen(intent.setting))
                return
            if intent.setting is Setting.ZONE:
                found = await places_meant(desk, reader, intent.given)
            if len(found) > 1:
                await answer.say(screens.which_place(found, Screen.HOME, reader.viewer))
                return
            if not found:
                await answer.tell(notices.wrong(intent, reader.texts))
                return
            intent = forms.SetZone(found[0].zone)
        if _needs_sample(intent, reader):
            await _show_sample(reader, answer)
            return
        reader = await apply(desk, reader, intent)
        await answer.tell(_done(intent, reader, found[0].name if found else ""))
        await _ask_for_the_zone(desk, reader, answer, intent)

    @router.callback_query(Pressed(Settings))
    async def screen(
        query: CallbackQuery, pressed: Settings, reader: Reader, answer: Answer
    ) -> None:
        await show(desk, reader, answer, pressed.screen)

    @router.callback_query(Pressed(Change))
    async def change(query: CallbackQuery, pressed: Change, reader: Reader, answer: Answer) -> None:
        languages = await storage.feeds.languages()
        value, wanted = pressed.value, None
        if pressed.setting is Setting.DIGEST and value.startswith(("+", "-")):
            value, wanted = value[1:], value.startswith("+")
        intent = forms.parse_setting(pressed.setting, value, desk.texts, languages)
        if isinstance(intent, Wrong):
            await answer.toast(notices.stale_button(reader.texts))
            return
        if _needs_sample(intent, reader):
            await answer.toast()
            await _show_sample(reader, answer)
            return
        # Two hours tapped at once must not each store the times without the other.
        async with desk.digests.turn(reader.subscriber.id):
            if isinstance(intent, forms.SetDigest) and intent.plans:
                intent = await _toggled(desk, reader, intent.plans[0], wanted)
                if isinstance(intent, Wrong):
                    await answer.toast(notices.wrong(intent, reader.texts), alert=True)
                    return
            reader = await apply(desk, reader, intent)
        await answer.toast(_done(intent, reader))
        if not await _ask_for_the_zone(desk, reader, answer, intent):
            await show(desk, reader, answer, _screen(pressed.setting))

    @router.callback_query(Pressed(SetZone))
    async def set_zone(
        query: CallbackQuery, pressed: SetZone, reader: Reader, answer: Answer
    ) -> None:
        if pressed.zone not in available_timezones():
            await answer.toast(notices.stale_button(reader.texts))
            return
        intent = forms.SetZone(pressed.zone)
        reader = await apply(desk, reader, intent)
        await answer.toast(_done(intent, reader))
        await answer.turn(await settings_screen(desk, reader, pressed.back))

    @router.callback_query(Pressed(DigestTime))
    async def digest_time(
        query: CallbackQuery, pressed: DigestTime, reader: Reader, answer: Answer
    ) -> None:
        slot = await _slot(desk, reader, pressed.minute, pressed.weekdays)
        if slot is None:
            await answer.toast(notices.stale_button(reader.texts))
            await show(desk, reader, answer, Screen.DIGEST)
            return
        await answer.turn(screens.digest_time_screen(slot, reader.viewer))

    @router.callback_query(Pressed(SetDigestTime))
    async def set_digest_time(
        query: CallbackQuery, pressed: SetDigestTime, reader: Reader, answer: Answer
    ) -> None:
        async with desk.digests.turn(reader.subscriber.id):
            plans = _plans(await storage.subscribers.slots(reader.subscriber.id))
            former = _plan(plans, pressed.minute, pressed.weekdays)
            if former is None or pressed.days > DAILY:
                await answer.toast(notices.stale_button(reader.texts))
                await show(desk, reader, answer, Screen.DIGEST)
                return
            changed = SlotPlan(former.minute, pressed.days, pressed.silent)
            # In place, and no second one of the same days and time.
            after = [changed if one == former else one for one in plans if one != changed]
            intent = forms.SetDigest(tuple(one for one in after if one.weekdays))
            reader = await apply(desk, reader, intent)
        await answer.toast(_done(intent, reader))
        slot = await _slot(desk, reader, pressed.minute, pressed.days)
        if slot is None:
            await show(desk, reader, answer, Screen.DIGEST)
        else:
            await answer.turn(screens.digest_time_screen(slot, reader.viewer))

    @router.callback_query(Pressed(AskSetting))
    async def ask(
        query: CallbackQuery, pressed: AskSetting, reader: Reader, answer: Answer
    ) -> None:
        if pressed.setting not in screens.TYPED:
            await answer.toast(notices.stale_button(reader.texts))
            return
        shown = screens.question(
            pressed.setting, reader.texts, group=reader.group, alone=answer.alone
        )
        await desk.asking.ask(reader, answer, Question.SETTING, shown, _data(pressed.setting))

    async def given(reader: Reader, answer: Answer, text: str, data: str) -> bool:
        name, _space, last = data.partition(" ")
        return await _given(desk, reader, answer, text, Setting(name), Screen(last))

    desk.asking.expect(Question.SETTING, given)

    @router.callback_query(Pressed(Greet))
    async def greet(query: CallbackQuery, pressed: Greet, reader: Reader, answer: Answer) -> None:
        if pressed.language not in desk.texts:
            await answer.toast(notices.stale_button(reader.texts))
            return
        intent = forms.SetLanguage(pressed.language)
        reader = await apply(desk, reader, intent)
        await answer.toast(notices.done(intent, reader.texts))
        await answer.turn(await greeting(desk, reader))

    @router.callback_query(Pressed(RichSeen))
    async def rich_seen(
        query: CallbackQuery, pressed: RichSeen, reader: Reader, answer: Answer
    ) -> None:
        layout = Layout.RICH if pressed.seen else Layout.CLASSIC
        subscriber = await storage.subscribers.change(
            reader.subscriber.id, layout=layout, rich_confirmed=pressed.seen, rich_offered=True
        )
        said = notices.rich_on if pressed.seen else notices.rich_off
        await answer.turn(notices.note(said(reader.texts)))
        # Who came to the sample from a text gets that text, now as it was meant to be.
        article = await find(desk, reader, pressed.article) if pressed.article else None
        if pressed.seen and article is not None:
            await send_text(desk, reader.changed(subscriber, desk.texts), answer, article)

    return router


def _screen(setting: Setting) -> Screen:
    """The screen where a setting is chosen; what is only on or off is chosen on the first one."""
    switch = setting in (Setting.SILENT, Setting.PICTURES)
    return Screen.HOME if switch else Screen(setting.value)


def _data(setting: Setting, back: Screen | None = None) -> str:
    """What is kept with the question for a setting: which, and where its answer leads."""
    return f"{setting} {back or _screen(setting)}"


def _done(intent: SettingIntent, reader: Reader, place: str = "") -> str:
    """The confirmation of a setting; `place` is the city by which a zone was found."""
    if isinstance(intent, forms.SetZone):
        return screens.zone_set(place, intent.zone, reader.viewer)
    return notices.done(intent, reader.texts)


async def show(
    desk: Desk, reader: Reader, answer: Answer, screen: Screen, *, back: Screen = Screen.HOME
) -> None:
    """Show a screen; that of the zone is a question, and its answer leads `back`."""
    if screen is not Screen.ZONE:
        await answer.turn(await settings_screen(desk, reader, screen))
        return
    asked = screens.zone_screen(reader.subscriber, reader.viewer, back=back, group=reader.group)
    await desk.asking.ask(reader, answer, Question.SETTING, asked, _data(Setting.ZONE, back))


async def _ask_for_the_zone(
    desk: Desk, reader: Reader, answer: Answer, intent: SettingIntent
) -> bool:
    """Whether the zone was asked for, since the reader set a time for the first time.

    That happens once; who passes over the question lives with the default.
    """
    if not _first_time(intent, reader):
        return False
    reader = await _zone_asked(desk, reader)
    back = Screen.DIGEST if isinstance(intent, forms.SetDigest) else Screen.QUIET
    await show(desk, reader, answer, Screen.ZONE, back=back)
    return True


async def _given(
    desk: Desk, reader: Reader, answer: Answer, text: str, setting: Setting, back: Screen
) -> bool:
    """Whether a text is the value that was asked for, or may have been meant as one."""
    intent: SettingIntent | Wrong
    place = ""
    if setting is Setting.ZONE:
        found = await places_meant(desk, reader, text)
        if len(found) > 1:
            shown = screens.which_place(found, back, reader.viewer)
            await desk.asking.ask(reader, answer, Question.SETTING, shown, _data(setting, back))
            return True
        intent = forms.SetZone(found[0].zone) if found else _wrong_zone(text, desk)
        place = found[0].name if found else ""
    else:
        languages = await desk.storage.feeds.languages()
        intent = forms.parse_setting(setting, text, desk.texts, languages)
    if isinstance(intent, Wrong):
        return await _no_answer(desk, reader, answer, intent, text, _data(setting, back))
    async with desk.digests.turn(reader.subscriber.id):
        if isinstance(intent, forms.SetDigest) and intent.plans:
            intent = await _added(desk, reader, intent.plans)
            if isinstance(intent, Wrong):
                return await _no_answer(desk, reader, answer, intent, text, _data(setting, back))
        reader = await apply(desk, reader, intent)
    # The question becomes the screen where it was asked: screens do not pile up.
    if answer.asked is not None:
        await answer.turn(await settings_screen(desk, reader, back), message_id=answer.asked)
    await answer.tell(_done(intent, reader, place))
    await _ask_for_the_zone(desk, reader, answer, intent)
    return True


def _wrong_zone(text: str, desk: Desk) -> SettingIntent | Wrong:
    return forms.parse_setting(Setting.ZONE, text, desk.texts, ())


async def _no_answer(
    desk: Desk, reader: Reader, answer: Answer, wrong: Wrong, text: str, data: str
) -> bool:
    """Say what would do, and go on waiting; a text that is plainly something else is let go."""
    if len(text.split()) > _WORDS_OF_AN_ANSWER or is_address(text):
        return False
    query = await desk.storage.queries.keep(text, reader.viewer.now)
    shown = screens.not_an_answer(
        notices.wrong(wrong, reader.texts), text, query, Screen(data.split()[1]), reader.texts
    )
    await desk.asking.ask(reader, answer, Question.SETTING, shown, data)
    return True


async def places_meant(desk: Desk, reader: Reader, text: str) -> list[Place]:
    """The zones that a text may mean: an IANA name, an offset, what time it is there, a city."""
    if place := _GEO.fullmatch(text):
        nearest = await desk.cities.nearest(float(place[1]), float(place[2]))
        return _known([nearest] if nearest else [])
    if zone := forms.find_zone(text, desk.texts):
        return [Place("", "", zone)]
    by_time = forms.zones_at(text, reader.viewer.now, desk.texts)
    if by_time is not None:
        return [Place("", "", zone) for zone in by_time]
    return _known(await desk.cities.named(forms.place_of(text, desk.texts)))


def _known(cities: list[City]) -> list[Place]:
    zones = available_timezones()
    return [Place(one.name, one.country, one.zone) for one in cities if one.zone in zones]


async def _slot(desk: Desk, reader: Reader, minute: int, weekdays: int) -> Slot | None:
    slots = await desk.storage.subscribers.slots(reader.subscriber.id)
    return next((s for s in slots if (s.minute, s.weekdays) == (minute, weekdays)), None)


def _plan(plans: tuple[SlotPlan, ...], minute: int, weekdays: int) -> SlotPlan | None:
    return next((p for p in plans if (p.minute, p.weekdays) == (minute, weekdays)), None)


async def settings_screen(desk: Desk, reader: Reader, screen: Screen) -> Payload:
    """A screen of /settings as things stand."""
    shown = screens.settings_screen(
        screen,
        reader.subscriber,
        await desk.storage.subscribers.slots(reader.subscriber.id),
        reader.viewer,
        desk.texts,
        await desk.storage.feeds.languages(),
        group=reader.group,
    )
    home = screen is Screen.HOME
    return places.with_way_back(shown, reader.subscriber, reader.texts) if home else shown


async def apply(desk: Desk, reader: Reader, intent: SettingIntent) -> Reader:
    """Store a setting; returns the reader as it is now."""
    subscribers = desk.storage.subscribers
    subscriber = reader.subscriber
    match intent:
        case forms.SetAlerts(alerts):
            # Whoever chose alerts is not offered any.
            subscriber = await subscribers.change(
                subscriber.id, alerts=alerts, important_offered=True
            )
        case forms.SetDigest(plans):
            await _store_slots(desk, reader, plans, subscriber.zone)
        case forms.SetQuiet(hours):
            start, end = hours or (None, None)
            subscriber = await subscribers.change(subscriber.id, quiet_from=start, quiet_to=end)
        case forms.SetHourly(hourly):
            subscriber = await subscribers.change(subscriber.id, hourly=hourly)
        case forms.SetDaily(daily):
            subscriber = await subscribers.change(subscriber.id, daily=daily)
        case forms.SetZone(zone):
            subscriber = await subscribers.change(subscriber.id, zone=zone, zone_chosen=True)
            plans = _plans(await subscribers.slots(subscriber.id))
            await _store_slots(desk, reader, plans, zone)
        case forms.SetLanguage(language):
            subscriber = await subscribers.change(
                subscriber.id, language=language, language_chosen=True
            )
        case forms.SetNews(language):
            subscriber = await subscribers.change(subscriber.id, news_language=language)
        case forms.SetLayout(layout):
            subscriber = await subscribers.change(subscriber.id, layout=layout)
        case forms.SetHeadlines(headlines):
            subscriber = await subscribers.change(subscriber.id, headlines=headlines)
        case forms.SetSilent(silent):
            subscriber = await subscribers.change(subscriber.id, silent=silent)
        case forms.SetPictures(pictures):
            subscriber = await subscribers.change(subscriber.id, pictures=pictures)
    return reader.changed(subscriber, desk.texts)


def _plans(slots: list[Slot]) -> tuple[SlotPlan, ...]:
    return tuple(SlotPlan(slot.minute, slot.weekdays, slot.silent) for slot in slots)


async def _store_slots(desk: Desk, reader: Reader, plans: tuple[SlotPlan, ...], zone: str) -> None:
    subscribers = desk.storage.subscribers
    former = tuple(await subscribers.slots(reader.subscriber.id))
    last = await subscribers.last_digest(reader.subscriber.id)
    first = dues(plans, zone, reader.viewer.now, former, last, begun=JUST_BEGUN)
    await subscribers.set_slots(reader.subscriber.id, plans, first)


async def _toggled(
    desk: Desk, reader: Reader, tapped: SlotPlan, wanted: bool | None
) -> forms.SetDigest | Wrong:
    """The digest times after a tap on one: gone, or added daily.

    `wanted` says which, so that a second tap, or one that a crash repeats, does not undo the
    first; buttons of earlier versions do not say, and turn round what there is.
    """
    plans = _plans(await desk.storage.subscribers.slots(reader.subscriber.id))
    others = tuple(plan for plan in plans if plan.minute != tapped.minute)
    held = len(others) < len(plans)
    if wanted is None:
        wanted = not held
    if not wanted:
        return _sorted(others)
    return _sorted(plans if held else (*plans, replace(tapped, weekdays=DAILY)))


async def _added(
    desk: Desk, reader: Reader, plans: tuple[SlotPlan, ...]
) -> forms.SetDigest | Wrong:
    """The digest times with these, instead of others of the same minute."""
    minutes = {plan.minute for plan in plans}
    kept = _plans(await desk.storage.subscribers.slots(reader.subscriber.id))
    return _sorted((*(plan for plan in kept if plan.minute not in minutes), *plans))


def _sorted(plans: tuple[SlotPlan, ...]) -> forms.SetDigest | Wrong:
    if len(plans) > forms.MAX_SLOTS:
        return Wrong(forms.Fault.TOO_MANY_TIMES, "", (str(forms.MAX_SLOTS),), Setting.DIGEST)
    return forms.SetDigest(tuple(sorted(plans, key=lambda plan: plan.minute)))


def _first_time(intent: SettingIntent, reader: Reader) -> bool:
    """Whether the reader set a time, and was never asked for the zone that it is of."""
    timed = (isinstance(intent, forms.SetDigest) and bool(intent.plans)) or (
        isinstance(intent, forms.SetQuiet) and intent.hours is not None
    )
    return timed and not reader.subscriber.zone_chosen


async def _zone_asked(desk: Desk, reader: Reader) -> Reader:
    """The zone is asked for once; who passes over the question lives with the default."""
    subscriber = await desk.storage.subscribers.change(reader.subscriber.id, zone_chosen=True)
    return reader.changed(subscriber, desk.texts)


def _needs_sample(intent: SettingIntent, reader: Reader) -> bool:
    return (
        isinstance(intent, forms.SetLayout)
        and intent.layout is Layout.RICH
        and not reader.subscriber.rich_confirmed
    )


async def _show_sample(reader: Reader, answer: Answer) -> None:
    """Ask whether a rich message can be seen; one that is refused cannot."""
    try:
        await answer.say(rich.sample(reader.viewer))
    except RichRefusedError:
        await answer.tell(notices.rich_off(reader.texts))
