"""The front page: digests, what they leave out, and what quiet hours held back, merged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.messages import keyboards
from bot.messages.lists import command, entry_of, shown_title, whole
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
    measure,
    payload,
    to_html,
    to_plain,
    web_link,
)
from bot.messages.payloads import Payload
from bot.messages.texts import Viewer
from storage import Headline, Topic

_SUMMARY = 600
_FIRST_AFTERNOON_HOUR, _FIRST_EVENING_HOUR = 12, 17
_FIRST_MORNING_HOUR = 4


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
            line(Run(shown_title(front.lead, viewer), bold=True)),
            line(Run(name.format(day=texts.day(today, today)), italic=True)),
        ]
        if summary := clip(clean(front.lead.summary), _SUMMARY):
            passages.append(line(summary, tight=False))
        return [*passages, entry_of(front.lead, viewer, sources=True)[1]]

    def title(one: Headline) -> _Line:
        return press.line(
            ("title", one.article_id, one.title, language),
            lambda: [line(f"• {shown_title(one, viewer)} {command(one.article_id)}")],
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
    return payload(whole(passages, [entry_of(one, viewer) for one in headlines]), keyboard)


def merged(headlines: Sequence[Headline], viewer: Viewer) -> tuple[Payload, int]:
    """Return what quiet hours or a cap held back, and how many of it one message holds."""
    count = len(headlines)
    title = viewer.texts.ngettext(
        "{n} story while it was quiet", "{n} stories while it was quiet", count
    )
    passages = [line(Run(title.format(n=count), bold=True))]
    taken = 0
    for one in headlines:
        entry = entry_of(one, viewer)
        if taken and not fits([*passages, *entry]):
            break
        passages.extend(entry)
        taken += 1
    return payload(passages), taken
