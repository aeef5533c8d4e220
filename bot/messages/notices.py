"""Short answers: toasts, confirmations of typed forms, errors with the values that would do."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.messages import forms
from bot.messages.markup import clean, clip, line, payload
from bot.messages.payloads import Keyboard, Payload
from bot.messages.texts import Texts, Viewer, clock_of
from storage import FollowKind, Level, Notice, NoticeKind, Topic

TOAST_UNITS = 200  # Bot API, answerCallbackQuery


def note(text: str, keyboard: Keyboard = ()) -> Payload:
    """Return a message of one plain text."""
    return payload([line(clip(text, 4000))], keyboard)


def toast(text: str) -> str:
    """Return `text` as answerCallbackQuery takes it."""
    return clip(text, TOAST_UNITS)


# ---------------------------------------------------------------- plain answers, as texts


def failed(texts: Texts) -> str:
    """Something broke on our side."""
    return texts.gettext("That didn't work. Try again in a minute.")


def too_many(texts: Texts, most: int) -> str:
    """Nothing more can be followed or hidden."""
    return texts.gettext(
        "There is room for {n}. Take something off first: /unsubscribe, /unmute."
    ).format(n=most)


def gone(texts: Texts) -> str:
    """The article of a button or a command is not there any more."""
    return texts.gettext("This article is no longer in the archive.")


def stale_button(texts: Texts) -> str:
    """A button that this version does not know."""
    return texts.gettext("This button is out of date. What there is: /help")


def too_fast(texts: Texts) -> str:
    """More was asked for than one person may ask for at once."""
    return texts.gettext("Too fast. Wait a second.")


def stranger(texts: Texts, *, public: bool = False) -> str:
    """What a private bot says to whoever was not invited, a public one to who was removed."""
    if public:
        return texts.gettext("This bot is closed to you.")
    return texts.gettext("This news bot is private: it opens with an invitation link.")


def welcome(texts: Texts, *, admin: bool) -> str:
    """The answer to an invitation link."""
    _ = texts.gettext
    if admin:
        return _("You are now an admin of this bot. To let others in: /invite")
    return _("Welcome!")


def invitation(texts: Texts, link: str, people: int, days: int) -> str:
    """The link that /invite made: for how many people, and for how many days."""
    for_whom = texts.ngettext(
        "This link lets {n} person in:", "This link lets {n} people in:", people
    ).format(n=people)
    until = texts.ngettext("It works for {n} day.", "It works for {n} days.", days).format(n=days)
    return f"{for_whom}\n{link}\n{until}"


def wrong_people(texts: Texts, most: int, days: int) -> str:
    """Numbers that /invite cannot use."""
    return texts.gettext(
        "How many people may use the link, and for how many days? From 1 to {most} and from 1 to "
        "{days}: /invite 5 7"
    ).format(most=most, days=days)


def bad_invitation(texts: Texts) -> str:
    """An invitation that is used up, expired or mistyped."""
    return texts.gettext("This invitation is no longer valid: ask for a new one.")


def admins_only(texts: Texts) -> str:
    """A group's settings asked for by a member who is no admin."""
    return texts.gettext("Only this group's admins can change its settings.")


def unknown_command(texts: Texts, nearest: str) -> str:
    """A command that does not exist, and the nearest one, "" for none."""
    _ = texts.gettext
    if nearest:
        return _("There is no such command. Did you mean {command}?").format(command=nearest)
    return _("There is no such command. What there is: /help")


def words_only(texts: Texts) -> str:
    """A sticker, a voice message or a picture without words."""
    return texts.gettext(
        "Only text works here: write what the news should be about. What else there is: /help"
    )


def needs_id(texts: Texts, command: str) -> str:
    """`/full` or `/summary` without a number."""
    return texts.gettext(
        "Tap a command such as /full_123 under a headline, reply {command} to a story, "
        "or look in /latest."
    ).format(command=f"/{command}")


def wrong_day(texts: Texts) -> str:
    """`/archive` with something that is no date."""
    return texts.gettext("Which day? For example: {example}").format(example="/archive 2026-11-22")


def unknown_filter(viewer: Viewer, given: str, sources: Sequence[str]) -> str:
    """`/latest` with something that is neither topic nor source."""
    texts = viewer.texts
    return texts.gettext(
        "There is no topic or source “{given}”. Topics: {topics}. Sources: {sources}."
    ).format(given=_quoted(given), topics=_topics(texts), sources=_listed(sources))


def unknown_topic(texts: Texts, given: str) -> str:
    """`/top` with something that is no topic."""
    return texts.gettext("There is no topic “{given}”. There are: {values}.").format(
        given=_quoted(given), values=_topics(texts)
    )


def important_on(texts: Texts) -> str:
    """The offer of important stories taken up."""
    return texts.gettext(
        "The biggest stories will come at once, three a day at most. To change that: /settings"
    )


def important_off(texts: Texts) -> str:
    """The offer of important stories declined."""
    return texts.gettext("Just the digests, then. If you change your mind: /settings")


def nothing_new(texts: Texts) -> str:
    """`/digest` with nothing to say."""
    return texts.gettext("Nothing new since the last digest. All news: /latest")


def stopped(texts: Texts) -> str:
    """`/stop` confirmed."""
    return texts.gettext("Stopped: nothing more will come. To have the news back: /start")


def not_stopped(texts: Texts) -> str:
    """`/stop` called off."""
    return texts.gettext("The news keeps coming.")


def collapsed_old(texts: Texts) -> str:
    """Parts that Telegram no longer lets us delete."""
    return texts.gettext("Messages older than 48 hours stay: Telegram keeps them.")


def rich_on(texts: Texts) -> str:
    """The reader saw the sample."""
    return texts.gettext("Full texts now come in the rich layout. To go back: /settings")


def rich_off(texts: Texts) -> str:
    """The reader did not see the sample."""
    return texts.gettext("The classic layout stays. To change it: /settings")


# ---------------------------------------------------------------- typed forms


def _quoted(given: str) -> str:
    return clip(clean(given), 60)


def _listed(values: Sequence[str]) -> str:
    return clip(", ".join(map(clean, values)), 600) or "–"


def _topics(texts: Texts) -> str:
    return ", ".join(texts.topic(topic) for topic in Topic)


def wrong(error: forms.Wrong, texts: Texts) -> str:
    """Return what is wrong with a typed form, and the values that would do."""
    _ = texts.gettext
    given = _quoted(error.given)
    values = _listed([forms.shown(value, texts) for value in error.values])
    match error.fault:
        case forms.Fault.SETTING:
            return _("Which setting? There are: {values}. Or choose in /settings").format(
                values=values
            )
        case forms.Fault.VALUE:
            said = _("“{given}” won't do here. Try: {values}.")
            return said.format(given=given, values=values)
        case forms.Fault.TIMES:
            said = _("“{given}” is neither a time nor a day. For example: {example}")
            example = "/settings " + _("digest 08:00 mon-fri 10:00 sat-sun 19:00 daily")
            return said.format(given=given, example=example)
        case forms.Fault.TOO_MANY_TIMES:
            return _("There can be {values} digest times at most. Remove one first.").format(
                values=values
            )
        case forms.Fault.TOPIC:
            said = _("There is no topic “{given}”. There are: {values}.")
            return said.format(given=given, values=_topics(texts))
        case forms.Fault.SOURCE:
            said = _("There is no source “{given}”. There are: {values}.")
            return said.format(given=given, values=values)
        case forms.Fault.ADDRESS:
            said = _("“{given}” is not one of the sources. There are: {values}.")
            return said.format(given=given, values=values)
        case forms.Fault.ZONE:
            said = _("There is no time zone “{given}”. Write your city, or for example: {values}.")
            return said.format(given=given, values=values)
        case forms.Fault.WORDS:
            said = _("Which words? At most {values} characters, for example: {example}")
            example = "/subscribe " + _("words earthquake in kamchatka")
            return said.format(values=values, example=example)
        case forms.Fault.LEVEL:
            said = _("“{given}” won't do here. Try: {values}.")
            return said.format(given=given, values=", ".join(map(texts.level, Level)))
        case forms.Fault.COMMON:
            said = _("“{given}” is in every story. Add a rarer word, for example: {example}")
            example = "/subscribe " + _("words earthquake in kamchatka")
            return said.format(given=given, example=example)


def done(intent: forms.SettingIntent, texts: Texts) -> str:
    """Return the one-line confirmation of a changed setting, in the language that holds now."""
    _ = texts.gettext
    match intent:
        case forms.SetAlerts(alerts):
            return _("Alerts: {state}.").format(state=texts.alerts(alerts))
        case forms.SetDigest(plans):
            if not plans:
                return _("Digests are off.")
            silent = _("silent")
            times = texts.join(
                f"{clock_of(plan.minute)} {texts.weekdays(plan.weekdays)}"
                + (f" ({silent})" if plan.silent else "")
                for plan in plans
            )
            return _("Digest: {times}.").format(times=times)
        case forms.SetQuiet(hours):
            if hours is None:
                return _("No quiet hours.")
            start, end = map(clock_of, hours)
            return _("Quiet from {start} to {end}.").format(start=start, end=end)
        case forms.SetHourly(hourly):
            if hourly is None:
                return _("Alerts have no hourly limit now.")
            return texts.ngettext(
                "At most {n} alert an hour.", "At most {n} alerts an hour.", hourly
            ).format(n=hourly)
        case forms.SetDaily(daily):
            if daily is None:
                return _("Alerts have no daily limit now.")
            return texts.ngettext(
                "At most {n} alert a day.", "At most {n} alerts a day.", daily
            ).format(n=daily)
        case forms.SetZone(zone):
            return _("Time zone: {city}.").format(city=texts.city(zone))
        case forms.SetLanguage(language):
            return _("Language: {name}.").format(name=texts.language_name(language))
        case forms.SetNews(language):
            if language == "all":
                return _("News in all languages.")
            return _("News in: {name}.").format(name=texts.language_name(language))
        case forms.SetLayout(layout):
            return _("Full texts: {name}.").format(name=texts.layout(layout))
        case forms.SetHeadlines(headlines):
            return texts.ngettext(
                "{n} headline in a digest.", "{n} headlines in a digest.", headlines
            ).format(n=headlines)
        case forms.SetSilent(silent_now):
            return (
                _("All messages come without sound.")
                if silent_now
                else _("Messages may come with sound.")
            )
        case forms.SetPictures(pictures):
            return _("Pictures are shown.") if pictures else _("Pictures are not shown.")


def name_of(kind: FollowKind, key: str, label: str, texts: Texts) -> str:
    """Return the name of what is followed."""
    if kind is FollowKind.TOPIC and key in set(Topic):
        return texts.topic(Topic(key))
    if kind is FollowKind.EVERYTHING:
        return texts.gettext("All news")
    return texts.quoted(_quoted(label)) if kind is FollowKind.WORDS else _quoted(label)


def followed(name: str, level: Level, texts: Texts) -> str:
    """Return the confirmation of a follow."""
    return f"{name}: {texts.level(level)}."


def unfollowed_all(texts: Texts) -> str:
    """`/unsubscribe all`."""
    return texts.gettext("You follow nothing now. To choose again: /subscribe")


def not_followed(name: str, texts: Texts) -> str:
    """`/unsubscribe` of what is not followed."""
    return texts.gettext("{name}: you do not follow that. What you follow: /subscribe").format(
        name=name
    )


# ---------------------------------------------------------------- to the admins, unasked


def to_admins(owed: Sequence[Notice], viewer: Viewer) -> Payload:
    """What befell feeds and bot, a paragraph each; one message for all, at most a dozen."""
    return payload([line(clip(_event(one, viewer), 300)) for one in owed])


def _event(notice: Notice, viewer: Viewer) -> str:
    texts = viewer.texts
    _ = texts.gettext
    told = {name: clean(value) for name, value in notice.details}
    told["feed"] = clean(notice.subject)
    match notice.kind:
        case NoticeKind.BRAKED:
            text = _(
                "{feed} brought {new} new entries where {usual} are usual. They are in the "
                "archive ({matched} were already known), and nobody was alerted. Is the site "
                "moving?"
            )
        case NoticeKind.FAILING:
            text = _("{feed} has failed for a day: {error}")
        case NoticeKind.GONE:
            text = _("{feed} is gone for good (its server says 410) and is no longer polled.")
        case NoticeKind.MOVED:
            text = _("{feed} has moved: it is polled at {to} from now on.")
        case NoticeKind.VANISHED:
            text = _(
                "{feed}: too many pages vanished at once ({pages}; its server says 404 or 410). "
                "None is marked as gone. Is the site moving?"
            )
        case NoticeKind.BULK_RESTS:
            text = _(
                "Alerts and digests rest until {until}: Telegram asks the bot to wait, or does not "
                "answer. Nothing is lost, and people are answered as ever."
            )
            if "until" in told:
                until = datetime.fromisoformat(told["until"])
                told["until"] = texts.moment(until, viewer.now, viewer.zone)
        case NoticeKind.BULK_GOES_ON:
            text = _("Alerts and digests go out again.")
        case _:
            text = "{feed}: {kind}"
            told["kind"] = clean(notice.kind)
    return _filled(text, told)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with the values that it names; one that is missing is a dash."""
    return re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], "–"), text)
