"""/settings, by screens and typed forms.

A typed form and a button become the same intent (`bot.messages.forms`) and are applied by the same
function. In a group only its admins get here (`door.Keepers`).
"""

from dataclasses import replace

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer, RichRefusedError
from bot.handlers.arrivals import greeting
from bot.handlers.articles import find, send_text
from bot.handlers.desk import Desk, Reader, dues
from bot.handlers.door import Keepers, Pressed
from bot.messages import forms, notices, places, rich
from bot.messages import settings as screens
from bot.messages.callbacks import (
    Change,
    Greet,
    RichSeen,
    Screen,
    Setting,
    Settings,
)
from bot.messages.forms import SettingIntent, Wrong
from bot.messages.payloads import Payload
from bot.messages.texts import DAILY
from storage import (
    Layout,
    Slot,
    SlotPlan,
)


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
        if isinstance(intent, Wrong):
            if intent.setting is not None and not intent.given:
                # "/settings alerts" says what, and not yet how: the buttons do.
                await answer.say(await settings_screen(desk, reader, _screen(intent.setting)))
                return
            await answer.tell(notices.wrong(intent, reader.texts))
            return
        if _needs_sample(intent, reader):
            await _show_sample(reader, answer)
            return
        reader = await apply(desk, reader, intent)
        await answer.tell(notices.done(intent, reader.texts))
        if _first_time(intent, reader):
            reader = await _zone_asked(desk, reader)
            await answer.say(await settings_screen(desk, reader, Screen.ZONE))

    @router.callback_query(Pressed(Settings))
    async def screen(
        query: CallbackQuery, pressed: Settings, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await settings_screen(desk, reader, pressed.screen))

    @router.callback_query(Pressed(Change))
    async def change(query: CallbackQuery, pressed: Change, reader: Reader, answer: Answer) -> None:
        languages = await storage.feeds.languages()
        intent = forms.parse_setting(pressed.setting, pressed.value, desk.texts, languages)
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
                intent = await _toggled(desk, reader, intent.plans[0])
                if isinstance(intent, Wrong):
                    await answer.toast(notices.wrong(intent, reader.texts), alert=True)
                    return
            reader = await apply(desk, reader, intent)
        shown = _screen(pressed.setting)
        if _first_time(intent, reader):
            reader = await _zone_asked(desk, reader)
            shown = Screen.ZONE
        await answer.turn(await settings_screen(desk, reader, shown))
        await answer.toast(notices.done(intent, reader.texts))

    @router.callback_query(Pressed(Greet))
    async def greet(query: CallbackQuery, pressed: Greet, reader: Reader, answer: Answer) -> None:
        if pressed.language not in desk.texts:
            await answer.toast(notices.stale_button(reader.texts))
            return
        intent = forms.SetLanguage(pressed.language)
        reader = await apply(desk, reader, intent)
        await answer.turn(await greeting(desk, reader))
        await answer.toast(notices.done(intent, reader.texts))

    @router.callback_query(Pressed(RichSeen))
    async def rich_seen(
        query: CallbackQuery, pressed: RichSeen, reader: Reader, answer: Answer
    ) -> None:
        layout = Layout.RICH if pressed.seen else Layout.CLASSIC
        subscriber = await storage.subscribers.change(
            reader.subscriber.id, layout=layout, rich_confirmed=pressed.seen
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


async def settings_screen(desk: Desk, reader: Reader, screen: Screen) -> Payload:
    """A screen of /settings as things stand."""
    shown = screens.settings_screen(
        screen,
        reader.subscriber,
        await desk.storage.subscribers.slots(reader.subscriber.id),
        reader.viewer,
        desk.texts,
        await desk.storage.feeds.languages(),
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
    first = dues(plans, zone, reader.viewer.now, former, last)
    await subscribers.set_slots(reader.subscriber.id, plans, first)


async def _toggled(desk: Desk, reader: Reader, tapped: SlotPlan) -> forms.SetDigest | Wrong:
    """The digest times after a tap on one: gone where it was there, else added daily."""
    plans = _plans(await desk.storage.subscribers.slots(reader.subscriber.id))
    kept = tuple(plan for plan in plans if plan.minute != tapped.minute)
    if len(kept) == len(plans):
        kept = (*plans, replace(tapped, weekdays=DAILY))
    if len(kept) > forms.MAX_SLOTS:
        return Wrong(forms.Fault.TOO_MANY_TIMES, "", (str(forms.MAX_SLOTS),), Setting.DIGEST)
    return forms.SetDigest(tuple(sorted(kept, key=lambda plan: plan.minute)))


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
