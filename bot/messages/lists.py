"""Lists of headlines: latest, top, a day's archive, found, digest, merged pushes, the greeting.

Every headline is a title with a tappable `/full_123`, because a link in a message cannot open a
text in the chat. A list is one message: what would not fit is left out and counted where the list
promises to be whole, so lists that page ask for few headlines at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.messages import keyboards
from bot.messages.callbacks import Latest
from bot.messages.classic import time_run
from bot.messages.markup import (
    MESSAGE_ENTITIES,
    MESSAGE_UNITS,
    Passage,
    Run,
    clean,
    clip,
    fits,
    gap,
    line,
    marked,
    measure,
    payload,
    to_html,
    to_plain,
    visible,
    web_link,
)
from bot.messages.payloads import Keyboard, Payload
from bot.messages.texts import Viewer, clock_of
from storage import Article, Headline, Slot, Subscriber, Topic

PAGE = 8  # headlines on a page of /latest, /search and /archive
_TITLE = 180  # UTF-16 units of a headline in a list: a page of them fits a message
_SUMMARY = 600
_SNIPPET = 150
_MARKS = 5  # found words marked in a line
_FIRST_AFTERNOON_HOUR, _FIRST_EVENING_HOUR = 12, 17
_FIRST_MORNING_HOUR = 4

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A search hit: where its title and summary hold found words, as [start, end) characters."""

    headline: Headline
    title: Ranges = ()
    summary: Ranges = ()


def command(article_id: int) -> str:
    """Return the tappable command that opens an article's text."""
    return f"/full_{article_id}"


def _title(headline: Headline, viewer: Viewer) -> str:
    title = clip(clean(headline.title), _TITLE)
    return title if visible(title) else viewer.texts.gettext("Untitled")


def _entry(
    headline: Headline,
    viewer: Viewer,
    title: tuple[Run, ...] | None = None,
    *,
    sources: bool = False,
) -> tuple[Passage, Passage]:
    """Return a headline's two lines: title; time, source (or how many), command."""
    shown = title or (Run(_title(headline, viewer)),)
    about: list[Run] = [time_run(headline.published, viewer), Run(" · ")]
    if sources and headline.sources_in_story > 1:
        count = headline.sources_in_story
        about.append(Run(viewer.texts.ngettext("{n} source", "{n} sources", count).format(n=count)))
    else:
        name = clip(clean(headline.source), 60)
        about.append(Run(name or headline.source_domain, link=web_link(headline.url)))
    about.append(Run(f" · {command(headline.article_id)}"))
    return Passage(shown), Passage(tuple(about), tight=True)


def _whole(head: Sequence[Passage], entries: Sequence[Sequence[Passage]]) -> list[Passage]:
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
            _("Nothing here yet. “All news” shows the rest.")
            if label
            else _("No news yet: they appear as soon as a source publishes.")
        )
        return payload([*passages, line(empty, tight=False)], keyboard)
    return payload(_whole(passages, [_entry(one, viewer) for one in headlines]), keyboard)


def latest_topics(viewer: Viewer) -> Payload:
    """Return the choice of a topic for /latest."""
    question = viewer.texts.gettext("Which topic?")
    return payload([line(question)], keyboards.latest_topics(viewer.texts))


def related(article: Article, headlines: Sequence[Headline], viewer: Viewer) -> Payload:
    """Return what else was written on an article's subject, under its title."""
    _ = viewer.texts.gettext
    passages = [
        line(Run(_("Related"), bold=True)),
        line(clip(clean(article.title), 300)),
    ]
    keyboard = keyboards.related(article, viewer.texts)
    if not headlines:
        passages.append(line(_("Nothing else on this was found in the last month."), tight=False))
        return payload(passages, keyboard)
    return payload(_whole(passages, [_entry(one, viewer) for one in headlines]), keyboard)


def top(headlines: Sequence[Headline], viewer: Viewer) -> Payload:
    """Return /top: the day's stories by weight, with the number of sources."""
    _ = viewer.texts.gettext
    passages = [line(Run(_("Top stories, 24 hours"), bold=True))]
    if not headlines:
        passages.append(line(_("Nothing in the last 24 hours. /latest shows earlier news.")))
        return payload(passages)
    return payload(_whole(passages, [_entry(one, viewer, sources=True) for one in headlines]))


def archive(
    headlines: Sequence[Headline],
    viewer: Viewer,
    day: date,
    *,
    older: int | None,
    newer: int | None,
) -> Payload:
    """Return a page of all news of `day`; its neighbours start at `older` and `newer`."""
    _ = viewer.texts.gettext
    today = viewer.now.astimezone(viewer.zone).date()
    heading = _("All news · {day}").format(day=viewer.texts.day(day, today))
    keyboard = keyboards.day(day, older, newer, today, viewer.texts)
    passages = [line(Run(heading, bold=True))]
    if not headlines:
        passages.append(line(_("No news of this day.")))
        return payload(passages, keyboard)
    # The heading names the day: under it the time of day is enough.
    of_day = replace(viewer, now=headlines[0].published)
    return payload(_whole(passages, [_entry(one, of_day) for one in headlines]), keyboard)


def search(
    found: Sequence[Found],
    viewer: Viewer,
    words: str,
    query: int,
    offset: int,
    *,
    more: bool,
) -> Payload:
    """Return a page of a search, the found words marked; or the offer to follow the words."""
    _ = viewer.texts.gettext
    shown = clip(clean(words), 100)
    if not found and not offset:
        nothing = _("Nothing found. Tell you when something appears?")
        return payload(
            [line(Run(shown, bold=True)), line(nothing)],
            keyboards.follow_query(query, viewer.texts),
        )
    keyboard = keyboards.search(query, offset, PAGE, more, viewer.texts)
    passages = [line(_("Found: “{words}”").format(words=shown))]
    if not found:
        passages.append(line(_("That is all.")))
        return payload(passages, keyboard)
    entries: list[Sequence[Passage]] = []
    for hit in found:
        # Ranges count characters of the stored title: it is shown as stored where that is clean.
        title = _title(hit.headline, viewer)
        ranges = hit.title[:_MARKS] if title == hit.headline.title else ()
        entry: list[Passage] = [*_entry(hit.headline, viewer, marked(title, ranges))]
        if hit.summary and clean(hit.headline.summary) == hit.headline.summary:
            entry.insert(1, Passage(_snippet(hit.headline.summary, hit.summary), tight=True))
        entries.append(entry)
    return payload(_whole(passages, entries), keyboard)


def _snippet(summary: str, ranges: Ranges, length: int = _SNIPPET) -> tuple[Run, ...]:
    """Return the stretch of a summary around its first found word, found words marked."""
    start = max(0, ranges[0][0] - length // 3)
    if start:
        start = summary.find(" ", start, ranges[0][0]) + 1 or ranges[0][0]
    end = min(len(summary), start + length)
    if end < len(summary) and (space := summary.rfind(" ", ranges[0][1], end)) > 0:
        end = space
    inside = tuple((a - start, b - start) for a, b in ranges[:_MARKS] if a >= start and b <= end)
    runs = marked(summary[start:end], inside)
    before = (Run("…"),) if start else ()
    after = (Run("…"),) if end < len(summary) else ()
    return (*before, *runs, *after)


# ---------------------------------------------------------------- digest and merged pushes


@dataclass(frozen=True, slots=True)
class Front:
    """A front page as composed: the most weighty story, then sections by topic, in order.

    `more` stories are left out: those of the ledger's line `delivery` from `offset` on.
    """

    lead: Headline
    sections: tuple[tuple[Topic, tuple[Headline, ...]], ...] = ()
    more: int = 0
    delivery: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    """Passages set in type, the gap before them included."""

    html: str
    plain: str
    units: int
    entities: int


def _set(passages: Sequence[Passage], *, first: bool = False) -> _Line:
    before = "" if first else gap(passages[0])
    length, entities = measure(passages)
    return _Line(
        before + to_html(passages), before + to_plain(passages), len(before) + length, entities
    )


class Press:
    """Sets the lines of digests, each once for all readers of a language.

    A headline stands in thousands of digests within minutes; the last `LINES` lines are kept.
    """

    LINES = 4096

    def __init__(self) -> None:
        self._lines: dict[tuple[object, ...], _Line] = {}

    def line(
        self, key: tuple[object, ...], passages: Callable[[], Sequence[Passage]], *, first: bool
    ) -> _Line:
        """Return the line of that key, set of what `passages` returns where it is none yet."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _set(passages(), first=first)
            if len(self._lines) > self.LINES:
                del self._lines[next(iter(self._lines))]
        return line


def digest(front: Front, viewer: Viewer, press: Press | None = None) -> Payload:
    """Return the digest; its first line is the top headline, which a lock screen shows.

    `press` keeps the lines that other digests have in common with this one.
    """
    press = press or Press()
    texts = viewer.texts
    _ = texts.gettext
    local = viewer.now.astimezone(viewer.zone)
    if _FIRST_MORNING_HOUR <= local.hour < _FIRST_AFTERNOON_HOUR:
        name = _("Morning digest · {day}")
    elif _FIRST_AFTERNOON_HOUR <= local.hour < _FIRST_EVENING_HOUR:
        name = _("Afternoon digest · {day}")
    elif local.hour >= _FIRST_EVENING_HOUR:
        name = _("Evening digest · {day}")
    else:
        name = _("Digest · {day}")
    language, today = texts.language, local.date()

    def head() -> list[Passage]:
        passages = [
            line(Run(_title(front.lead, viewer), bold=True)),
            line(Run(name.format(day=texts.day(today, today)), italic=True)),
        ]
        if summary := clip(clean(front.lead.summary), _SUMMARY):
            passages.append(line(summary, tight=False))
        return [*passages, _entry(front.lead, viewer, sources=True)[1]]

    def title(one: Headline) -> _Line:
        return press.line(
            ("title", one.article_id, one.title, language),
            lambda: [line(f"• {_title(one, viewer)} {command(one.article_id)}")],
            first=False,
        )

    def heading(topic: Topic) -> _Line:
        return press.line(
            ("topic", topic, language),
            lambda: [line(Run(texts.topic(topic), bold=True), tight=False)],
            first=False,
        )

    last = press.line(
        ("last", language),
        lambda: [line(_("All news: {command}").format(command="/latest"), tight=False)],
        first=False,
    )
    # The lead's line tells the time in the reader's zone, by the day that it is there.
    shown = [press.line(("lead", front.lead, name, today, viewer.zone, language), head, first=True)]
    entries: list[tuple[_Line, ...]] = []
    for topic, headlines in front.sections:
        first, *others = headlines
        entries.append((heading(topic), title(first)))
        entries.extend((title(one),) for one in others)
    left_out = front.more
    length = shown[0].units + last.units
    marks = shown[0].entities + last.entities
    for at, entry in enumerate(entries):
        length += sum(one.units for one in entry)
        marks += sum(one.entities for one in entry)
        if length > MESSAGE_UNITS or marks > MESSAGE_ENTITIES:
            left_out += len(entries) - at
            break
        shown.extend(entry)
    shown.append(last)
    return Payload(
        "".join(one.html for one in shown),
        "".join(one.plain for one in shown),
        keyboards.digest(front.delivery, front.offset, left_out, texts),
        preview=_picture(front.lead, viewer),
        preview_large=True,
    )


def _picture(headline: Headline, viewer: Viewer) -> str:
    return web_link(headline.image_url or "") if viewer.pictures else ""


def digest_more(
    headlines: Sequence[Headline],
    viewer: Viewer,
    delivery: int,
    offset: int,
    more: int,
    *,
    back: int | None = None,
) -> Payload:
    """Return a page of what a digest left out; `offset` and `back` are where others start."""
    _ = viewer.texts.gettext
    passages = [line(Run(_("More from the digest"), bold=True))]
    if not headlines:
        passages.append(line(_("That is all. /latest shows all news.")))
        return payload(passages)
    keyboard = keyboards.digest(delivery, offset, more, viewer.texts, back=back)
    return payload(_whole(passages, [_entry(one, viewer) for one in headlines]), keyboard)


def merged(headlines: Sequence[Headline], viewer: Viewer) -> tuple[Payload, int]:
    """Return what quiet hours or a cap held back, and how many of it one message holds."""
    count = len(headlines)
    title = viewer.texts.ngettext(
        "{n} story while it was quiet", "{n} stories while it was quiet", count
    )
    passages = [line(Run(title.format(n=count), bold=True))]
    taken = 0
    for one in headlines:
        entry = _entry(one, viewer)
        if taken and not fits([*passages, *entry]):
            break
        passages.extend(entry)
        taken += 1
    return payload(passages), taken


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
    head = [line(_("Hello! This is the news."))]
    entries = [_entry(one, viewer) for one in headlines]
    if slots:
        when = texts.join(
            _("{days} at {time}").format(
                days=texts.weekdays(slot.weekdays), time=clock_of(slot.minute)
            )
            for slot in slots
        )
        said = _("The main news comes as a digest: {times} ({city} time).").format(
            times=when, city=texts.city(subscriber.zone)
        )
    else:
        said = _("Digests are off.")
    alerts = _("Alerts: {state}.").format(state=texts.alerts(subscriber.alerts))
    last = line(f"{said} {alerts}", tight=False)
    passages = _whole(head, entries)
    return payload([*passages, last], keyboard)
