"""Lists of headlines: latest, a day's archive, related, the greeting.

Every headline is a title with a tappable `/full_123`, because a link in a message cannot open a
text in the chat. A list is one message: what would not fit is left out and counted where the list
promises to be whole, so lists that page ask for few headlines at a time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.messages import keyboards
from bot.messages.callbacks import Latest
from bot.messages.classic import time_run
from bot.messages.markup import (
    Passage,
    Run,
    clean,
    clip,
    fits,
    line,
    payload,
    visible,
    web_link,
)
from bot.messages.payloads import Keyboard, Payload
from bot.messages.texts import Texts, Viewer, clock_of
from storage import Alerts, Article, Headline, Slot, Subscriber

PAGE = 8  # headlines on a page of /latest, /search and /archive
_TITLE = 180  # UTF-16 units of a headline in a list: a page of them fits a message


def command(article_id: int) -> str:
    """Return the tappable command that opens an article's text."""
    return f"/full_{article_id}"


def shown_title(headline: Headline, viewer: Viewer) -> str:
    title = clip(clean(headline.title), _TITLE)
    return title if visible(title) else viewer.texts.gettext("Untitled")


def entry_of(
    headline: Headline,
    viewer: Viewer,
    title: tuple[Run, ...] | None = None,
    *,
    sources: bool = False,
) -> tuple[Passage, Passage]:
    """Return a headline's two lines: title; time, source (or how many), command."""
    shown = title or (Run(shown_title(headline, viewer)),)
    about = about_runs(headline, viewer, sources=sources)
    about.append(Run(f" · {command(headline.article_id)}"))
    return Passage(shown), Passage(tuple(about), tight=True)


def about_runs(headline: Headline, viewer: Viewer, *, sources: bool = False) -> list[Run]:
    """Return a headline's time and source, or with `sources` how many tell it."""
    about: list[Run] = [time_run(headline.published, viewer), Run(" · ")]
    if sources and headline.sources_in_story > 1:
        count = headline.sources_in_story
        about.append(Run(viewer.texts.ngettext("{n} source", "{n} sources", count).format(n=count)))
    else:
        name = clip(clean(headline.source), 60)
        about.append(Run(name or headline.source_domain, link=web_link(headline.url)))
    if headline.gone:
        about.append(Run(" · " + viewer.texts.gettext("page gone")))
    return about


def whole(head: Sequence[Passage], entries: Sequence[Sequence[Passage]]) -> list[Passage]:
    """Return `head` and as many entries as one message holds."""
    passages = list(head)
    for entry in entries:
        if not fits([*passages, *entry]):
            break
        passages.extend(entry)
    return passages


def latest(
    headlines: Sequence[Headline],
    viewer: Viewer,
    here: Latest,
    label: str = "",
    *,
    older: int | None,
    newer: int | None,
) -> Payload:
    """Return a page of /latest; `label` names the topic or source that filters it."""
    _ = viewer.texts.gettext
    heading = _("Latest news") + (f": {clean(label)}" if label else "")
    today = viewer.now.astimezone(viewer.zone).date()
    keyboard = keyboards.latest(here, older, newer, today, viewer.texts)
    passages = [line(Run(heading, bold=True))]
    if not headlines:
        empty = (
            _("Nothing here yet. Tap “All news”.")
            if label
            else _("No news yet: they appear as soon as a source publishes.")
        )
        return payload([*passages, line(empty, tight=False)], keyboard)
    return payload(whole(passages, [entry_of(one, viewer) for one in headlines]), keyboard)


def latest_topics(viewer: Viewer) -> Payload:
    """Return the choice of a topic for /latest."""
    question = viewer.texts.gettext("Which topic?")
    return payload([line(question)], keyboards.latest_topics(viewer.texts))


def related(article: Article, headlines: Sequence[Headline], viewer: Viewer) -> Payload:
    """Return what else was written on an article's subject, under its title."""
    _ = viewer.texts.gettext
    nothing = _("Nothing else on this was found in the last month.")
    return _below(article, headlines, viewer, heading=_("Related"), nothing=nothing)


def tellers(article: Article, headlines: Sequence[Headline], viewer: Viewer) -> Payload:
    """Return who else tells an article's story, each source with its own headline and link."""
    _ = viewer.texts.gettext
    nothing = _("No other source has this story any more.")
    return _below(article, headlines, viewer, heading=_("Other sources"), nothing=nothing)


def _below(
    article: Article, headlines: Sequence[Headline], viewer: Viewer, *, heading: str, nothing: str
) -> Payload:
    """A list that belongs to an article; `nothing` is said where it is empty."""
    passages = [line(Run(heading, bold=True)), line(clip(clean(article.title), 300))]
    keyboard = keyboards.related(article, viewer.texts)
    if not headlines:
        return payload([*passages, line(nothing, tight=False)], keyboard)
    return payload(whole(passages, [entry_of(one, viewer) for one in headlines]), keyboard)


def archive(
    headlines: Sequence[Headline],
    viewer: Viewer,
    day: date,
    around: tuple[date | None, date | None],
    *,
    older: int | None,
    newer: int | None,
) -> Payload:
    """Return a page of all news of `day`; its neighbours start at `older` and `newer`.

    `around` are the days before and after, of an empty day the nearest with news.
    """
    _ = viewer.texts.gettext
    today = viewer.now.astimezone(viewer.zone).date()
    heading = _("All news · {day}").format(day=viewer.texts.day(day, today))
    keyboard = keyboards.day(day, around, older, newer, today, viewer.texts)
    passages = [line(Run(heading, bold=True))]
    if not headlines:
        passages.append(line(_("No news from this day."), tight=False))
        return payload(passages, keyboard)
    # The heading names the day: under it the time of day is enough.
    of_day = replace(viewer, now=headlines[0].published)
    return payload(whole(passages, [entry_of(one, of_day) for one in headlines]), keyboard)


# ---------------------------------------------------------------- the greeting


def greeting(
    headlines: Sequence[Headline],
    viewer: Viewer,
    subscriber: Subscriber,
    slots: Sequence[Slot],
    keyboard: Keyboard,
) -> Payload:
    """Return the answer to /start: a line, the top headlines, and when news will come."""
    texts = viewer.texts
    _ = texts.gettext
    head = [line(_("Hello! Here is the news."))]
    entries = [entry_of(one, viewer) for one in headlines]
    alerts = {
        Alerts.ON: _("Alerts are on."),
        Alerts.IMPORTANT: _("Alerts come for important stories."),
        Alerts.OFF: _("Alerts are off."),
    }[subscriber.alerts]
    last = line(f"{_when(slots, subscriber.zone, texts)} {alerts}", tight=False)
    passages = whole(head, entries)
    return payload([*passages, last], keyboard)


def _when(slots: Sequence[Slot], zone: str, texts: Texts) -> str:
    """Return when digests come, in a few words: every day's are counted, a weekday's are named."""
    _ = texts.gettext
    if not slots:
        return _("Digests are off.")
    days = [[slot.minute for slot in slots if slot.weekdays >> day & 1] for day in range(7)]
    if len({len(minutes) for minutes in days}) > 1:
        times = texts.join(
            _("{days} at {time}").format(
                days=texts.weekdays(slot.weekdays), time=clock_of(slot.minute)
            )
            for slot in slots
        )
        return _("The main news: {times} ({zone}).").format(times=times, zone=texts.local(zone))
    count = len(days[0])
    times = texts.join(map(clock_of, sorted(days[0])))
    said = {
        1: _("The main news once a day, at {times} {zone}."),
        2: _("The main news twice a day, at {times} {zone}."),
    }.get(count) or texts.ngettext(
        "The main news {n} time a day, at {times} {zone}.",
        "The main news {n} times a day, at {times} {zone}.",
        count,
    )
    return said.format(n=count, times=times, zone=texts.local(zone))
