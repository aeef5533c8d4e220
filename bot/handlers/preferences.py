"""What a reader sets: /settings, /subscribe, /unsubscribe, /stop, by screens and typed forms.

A typed form and a button become the same intent (`bot.messages.forms`) and are applied by the same
function. In a group only its admins get here (`door.Keepers`).
"""

from dataclasses import replace

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.handlers.answering import Answer, RichRefusedError
from bot.handlers.arrivals import greeting
from bot.handlers.desk import Desk, Reader, dues, known_source
from bot.handlers.door import Keepers, Pressed
from bot.handlers.sourcing import look_at
from bot.messages import forms, notices, rich, screens
from bot.messages.callbacks import (
    Change,
    Follow,
    FollowQuery,
    Follows,
    FollowScreen,
    Greet,
    RichSeen,
    Screen,
    Setting,
    Settings,
    Stop,
    word_token,
)
from bot.messages.forms import FollowIntent, SettingIntent, UnfollowAll, Wrong
from bot.messages.payloads import Payload
from bot.messages.screens import Followed
from bot.messages.texts import DAILY
from bot.words.stopwords import STOP_WORDS
from storage import (
    FollowKind,
    Layout,
    Level,
    NotFoundError,
    Slot,
    SlotPlan,
    SubscriberState,
    Subscription,
    Topic,
)

# How a follow comes where nothing is said: words are rare and wanted, the rest is plenty.
_USUAL = {FollowKind.WORDS: Level.NOW}


def make_router(desk: Desk) -> Router:
    """Return the router of settings and follows."""
    router = Router(name="preferences")
    router.message.middleware(Keepers())
    router.callback_query.middleware(Keepers())
    storage = desk.storage

    # ------------------------------------------------------------ /settings

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
        await storage.subscribers.change(
            reader.subscriber.id, layout=layout, rich_confirmed=pressed.seen
        )
        said = notices.rich_on if pressed.seen else notices.rich_off
        await answer.turn(notices.note(said(reader.texts)))

    # ------------------------------------------------------------ /subscribe

    @router.message(Command("subscribe", ignore_case=True))
    async def subscribe(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await follows_screen(desk, reader, FollowScreen.HOME))
            return
        sources = await storage.feeds.sources(reader=reader.subscriber.id)
        intent = forms.parse_subscribe(command.args, desk.texts, sources)
        if isinstance(intent, Wrong) and intent.fault is forms.Fault.ADDRESS:
            await look_at(desk, reader, answer, intent.given)
            return
        await answer.tell(await _followed(desk, reader, intent))

    @router.message(Command("unsubscribe", ignore_case=True))
    async def unsubscribe(
        message: Message, command: CommandObject, reader: Reader, answer: Answer
    ) -> None:
        if not command.args:
            await answer.say(await follows_screen(desk, reader, FollowScreen.HOME))
            return
        intent = forms.parse_unsubscribe(
            command.args, desk.texts, await storage.feeds.sources(reader=reader.subscriber.id)
        )
        if isinstance(intent, UnfollowAll):
            await storage.subscribers.unfollow_all(reader.subscriber.id)
            await answer.tell(notices.unfollowed_all(reader.texts))
            return
        await answer.tell(await _followed(desk, reader, intent))

    @router.callback_query(Pressed(Follows))
    async def follows(
        query: CallbackQuery, pressed: Follows, reader: Reader, answer: Answer
    ) -> None:
        await answer.turn(await follows_screen(desk, reader, pressed.screen, pressed.page))

    @router.callback_query(Pressed(Follow))
    async def follow(query: CallbackQuery, pressed: Follow, reader: Reader, answer: Answer) -> None:
        intent = await _meant(desk, reader, pressed)
        if intent is None:
            await answer.toast(notices.stale_button(reader.texts))
            return
        said = await _followed(desk, reader, intent)
        shown = {
            FollowKind.TOPIC: FollowScreen.TOPICS,
            FollowKind.SOURCE: FollowScreen.SOURCES,
            FollowKind.WORDS: FollowScreen.WORDS,
        }.get(pressed.kind, FollowScreen.HOME)
        await answer.turn(await follows_screen(desk, reader, shown, pressed.page))
        await answer.toast(said)

    @router.callback_query(Pressed(FollowQuery))
    async def follow_query(
        query: CallbackQuery, pressed: FollowQuery, reader: Reader, answer: Answer
    ) -> None:
        try:
            words, _newest = await storage.subscribers.query(pressed.query)
        except NotFoundError:
            await answer.toast(notices.stale_button(reader.texts))
            return
        intent = FollowIntent(FollowKind.WORDS, "", words[: forms.MAX_WORDS], None)
        # Read before it goes: the list stays as it is, and no message piles up below it.
        await answer.toast(await _followed(desk, reader, intent), alert=True)

    # ------------------------------------------------------------ /stop

    @router.message(Command("stop", ignore_case=True))
    async def stop(message: Message, reader: Reader, answer: Answer) -> None:
        await answer.say(screens.stop_question(reader.viewer))

    @router.callback_query(Pressed(Stop))
    async def stop_pressed(
        query: CallbackQuery, pressed: Stop, reader: Reader, answer: Answer
    ) -> None:
        if pressed.confirmed:
            await storage.subscribers.change(reader.subscriber.id, state=SubscriberState.STOPPED)
            await answer.turn(notices.note(notices.stopped(reader.texts)))
        else:
            await answer.turn(notices.note(notices.not_stopped(reader.texts)))

    return router


# ---------------------------------------------------------------- settings


def _screen(setting: Setting) -> Screen:
    """The screen where a setting is chosen; what is only on or off is chosen on the first one."""
    switch = setting in (Setting.SILENT, Setting.PICTURES)
    return Screen.HOME if switch else Screen(setting.value)


async def settings_screen(desk: Desk, reader: Reader, screen: Screen) -> Payload:
    """A screen of /settings as things stand."""
    return screens.settings_screen(
        screen,
        reader.subscriber,
        await desk.storage.subscribers.slots(reader.subscriber.id),
        reader.viewer,
        desk.texts,
        await desk.storage.feeds.languages(),
    )


async def apply(desk: Desk, reader: Reader, intent: SettingIntent) -> Reader:
    """Store a setting; returns the reader as it is now."""
    subscribers = desk.storage.subscribers
    subscriber = reader.subscriber
    match intent:
        case forms.SetAlerts(alerts):
            subscriber = await subscribers.change(subscriber.id, alerts=alerts)
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


# ---------------------------------------------------------------- follows


async def follows_screen(
    desk: Desk, reader: Reader, screen: FollowScreen, page: int = 0
) -> Payload:
    """A screen of /subscribe as things stand."""
    followed = Followed(
        tuple(await desk.storage.subscribers.subscriptions(reader.subscriber.id)),
        tuple(await desk.storage.feeds.sources(reader=reader.subscriber.id)),
        reader.subscriber.alerts,
    )
    return screens.follows_screen(screen, followed, reader.viewer, page)


async def _meant(desk: Desk, reader: Reader, pressed: Follow) -> FollowIntent | None:
    """What a button of /subscribe means; None where that is no longer there."""
    if pressed.kind is FollowKind.EVERYTHING:
        return FollowIntent(pressed.kind, "", "", pressed.level)
    if pressed.kind is FollowKind.TOPIC and pressed.key in set(Topic):
        return FollowIntent(pressed.kind, pressed.key, pressed.key, pressed.level)
    if pressed.kind is FollowKind.SOURCE and pressed.key.isascii() and pressed.key.isdigit():
        source = await known_source(desk, reader, int(pressed.key))
        if source is None:
            return None
        return FollowIntent(pressed.kind, source.domain, source.title, pressed.level)
    if pressed.kind is FollowKind.WORDS:
        for one in await desk.storage.subscribers.subscriptions(reader.subscriber.id):
            if one.kind is FollowKind.WORDS and word_token(one.key) == pressed.key:
                return FollowIntent(pressed.kind, one.key, one.label, pressed.level)
    return None


async def _followed(desk: Desk, reader: Reader, intent: FollowIntent | Wrong) -> str:
    """Store a follow; returns the line that confirms it, or says what is wrong with it."""
    texts = reader.texts
    if isinstance(intent, Wrong):
        return notices.wrong(intent, texts)
    key = intent.key
    if intent.kind is FollowKind.WORDS and not key:
        key = desk.normaliser.phrase(intent.label)
        # A lone «и» stands in every article: that would be following everything at once.
        if key in STOP_WORDS:
            return notices.wrong(Wrong(forms.Fault.COMMON, intent.label), texts)
        if not key:
            limit = str(forms.MAX_WORDS)
            return notices.wrong(Wrong(forms.Fault.WORDS, intent.label, (limit,)), texts)
    level = intent.level or _USUAL.get(intent.kind, Level.DIGEST)
    name = notices.name_of(intent.kind, key, intent.label, texts)
    subscriber_id = reader.subscriber.id
    if level is Level.OFF and intent.kind is FollowKind.WORDS:
        if not await desk.storage.subscribers.unfollow(subscriber_id, intent.kind, key):
            return notices.not_followed(name, texts)
    else:
        # A topic or source that is off must say so, or "everything" would speak for it.
        await desk.storage.subscribers.follow(
            Subscription(subscriber_id, intent.kind, key, intent.label, level)
        )
    return notices.followed(name, level, texts)
