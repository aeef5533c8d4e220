"""The front page: digests, what they leave out, the day's top stories, and what was held back.

A digest is one screen: the top headline first, since a lock screen shows that line, then a list of
headlines under each topic. For readers who confirmed rich messages the same page is set as blocks,
and the classic one rides along for a server that refuses those.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.messages import keyboards, rich_blocks
from bot.messages.callbacks import Top
from bot.messages.lists import about_runs, command, entry_of, shown_title, whole
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
    units,
    web_link,
)
from bot.messages.payloads import Payload
from bot.messages.texts import Texts, Viewer
from storage import Headline, Topic

_SUMMARY = 240  # UTF-16 units told of the top story: the page is one screen
_SENTENCE = re.compile(r"[.!?…][\"'»”’)\]]*(?=\s)")
_SEVERAL = 2  # sources
_ALL_NEWS = "/latest"
_FIRST_AFTERNOON_HOUR, _FIRST_EVENING_HOUR = 12, 17
_FIRST_MORNING_HOUR = 4


@dataclass(frozen=True, slots=True)
class Front:
    """A front page as composed: the most weighty story, then sections by topic, in order.

    `more` stories are left out: those of the ledger's line `delivery` from `offset` on. `offer`:
    alerts on important stories are offered under it.
    """

    lead: Headline
    sections: tuple[tuple[Topic, tuple[Headline, ...]], ...] = ()
    more: int = 0
    delivery: int = 0
    offset: int = 0
    offer: bool = False


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


def digest(
    front: Front, viewer: Viewer, press: Press | None = None, *, rich: bool = False
) -> Payload:
    """Return the digest; its first line is the top headline, which a lock screen shows.

    `press` keeps the lines that other digests have in common with this one. With `rich` it is a
    rich message, and the classic one rides along.
    """
    press = press or Press()
    texts = viewer.texts
    language, today = texts.language, viewer.now.astimezone(viewer.zone).date()
    name = _name(viewer)
    lead = front.lead

    def head() -> list[Passage]:
        passages = [
            line(Run(shown_title(lead, viewer), bold=True)),
            line(Run(_dated(name, viewer), italic=True)),
        ]
        if summary := _beginning(lead.summary):
            passages.append(line(summary, tight=False))
        return [*passages, entry_of(lead, viewer, sources=True)[1]]

    def title(one: Headline) -> _Line:
        return press.line(
            ("title", one.article_id, one.title, one.sources_in_story, language),
            lambda: [line(f"• {_told(one, viewer)} {command(one.article_id)}")],
            first=False,
        )

    def heading(topic: Topic) -> _Line:
        return press.line(
            ("topic", topic, language),
            lambda: [line(Run(_section(topic, texts), bold=True), tight=False)],
            first=False,
        )

    def end() -> list[Passage]:
        asked = [line(Run(_offer(texts), italic=True), tight=False)] if front.offer else []
        return [*asked, line(_all_news(texts).format(command=_ALL_NEWS), tight=False)]

    last = press.line(("last", language, front.offer), end, first=False)
    # The lead's line tells the time in the reader's zone, by the day that it is there.
    key = ("lead", lead.article_id, lead.title, lead.summary, lead.sources_in_story)
    shown = [press.line((*key, name, today, viewer.zone, language), head, first=True)]
    entries: list[tuple[_Line, ...]] = []
    for topic, headlines in front.sections:
        first, *others = headlines
        entries.append((heading(topic), title(first)))
        entries.extend((title(one),) for one in others)
    left_out, offset = front.more, front.offset
    length = shown[0].units + last.units
    marks = shown[0].entities + last.entities
    for at, entry in enumerate(entries):
        length += sum(one.units for one in entry)
        marks += sum(one.entities for one in entry)
        if length > MESSAGE_UNITS or marks > MESSAGE_ENTITIES:
            left_out, offset = left_out + len(entries) - at, at + 1
            break
        shown.extend(entry)
    shown.append(last)
    made = Payload(
        "".join(one.html for one in shown),
        "".join(one.plain for one in shown),
        keyboards.digest(front.delivery, offset, left_out, texts, offer=front.offer),
        preview=_picture(lead, viewer),
        preview_large=True,
    )
    return replace(made, rich=_rich(front, viewer, _dated(name, viewer), offset)) if rich else made


def _name(viewer: Viewer) -> str:
    """Return what a digest is called at this hour: «Утренний дайджест · {day}»."""
    _ = viewer.texts.gettext
    hour = viewer.now.astimezone(viewer.zone).hour
    if _FIRST_MORNING_HOUR <= hour < _FIRST_AFTERNOON_HOUR:
        return _("Morning digest · {day}")
    if _FIRST_AFTERNOON_HOUR <= hour < _FIRST_EVENING_HOUR:
        return _("Afternoon digest · {day}")
    if hour >= _FIRST_EVENING_HOUR:
        return _("Evening digest · {day}")
    return _("Digest · {day}")


def _dated(name: str, viewer: Viewer) -> str:
    today = viewer.now.astimezone(viewer.zone).date()
    return name.format(day=viewer.texts.day(today, today))


def _section(topic: Topic, texts: Texts) -> str:
    """Return a section's heading; "other" is a word for a table, and not for a newspaper."""
    return texts.gettext("More news") if topic is Topic.OTHER else texts.topic(topic)


def _told(headline: Headline, viewer: Viewer) -> str:
    """Return a headline, with the number of sources where several tell it."""
    title, count = shown_title(headline, viewer), headline.sources_in_story
    if count < _SEVERAL:
        return title
    said = viewer.texts.ngettext("{n} source", "{n} sources", count).format(n=count)
    return f"{title} · {said}"


def _beginning(summary: str) -> str:
    """Return as many sentences of a summary as a front page has room for."""
    text = clean(summary)
    if units(text) <= _SUMMARY:
        return text
    ends = [end.end() for end in _SENTENCE.finditer(text) if units(text[: end.end()]) <= _SUMMARY]
    return text[: ends[-1]] if ends else clip(text, _SUMMARY)


def _offer(texts: Texts) -> str:
    return texts.gettext("Want the biggest stories at once? Three a day at most.")


def _all_news(texts: Texts) -> str:
    return texts.gettext("All news: {command}")


def _rich(front: Front, viewer: Viewer, name: str, offset: int) -> dict[str, Any]:
    """Return the page's first `offset` headlines (all for 0) as an InputRichMessage.

    Commands are marked as such, and the server looks for them besides: whichever it goes by, a
    headline opens at a tap.
    """
    texts, lead = viewer.texts, front.lead
    blocks: list[rich_blocks.Json] = [
        {"type": "heading", "text": shown_title(lead, viewer), "size": 1},
        _paragraph({"type": "italic", "text": name}),
    ]
    if picture := _picture(lead, viewer):
        blocks.extend(one.json for one in rich_blocks.photos([rich_blocks.Photo(picture)]))
    if summary := _beginning(lead.summary):
        blocks.append(_paragraph(summary))
    about = rich_blocks.rich_text([*about_runs(lead, viewer, sources=True), Run(" · ")])
    blocks.append(_paragraph(about, _tappable(command(lead.article_id))))
    room = offset - 1 if offset else MESSAGE_UNITS
    for topic, headlines in front.sections:
        items = [
            {"blocks": [_paragraph(f"{_told(one, viewer)} ", _tappable(command(one.article_id)))]}
            for one in headlines[: max(0, room)]
        ]
        room -= len(items)
        if items:
            blocks.append({"type": "heading", "text": _section(topic, texts), "size": 3})
            blocks.append({"type": "list", "items": items})
    if front.offer:
        blocks.append(_paragraph({"type": "italic", "text": _offer(texts)}))
    before, _brace, after = _all_news(texts).partition("{command}")
    blocks.append(_paragraph(before, _tappable(_ALL_NEWS), after))
    return {"blocks": blocks}


def _paragraph(*pieces: Any) -> rich_blocks.Json:
    kept = [piece for piece in pieces if piece]
    return {"type": "paragraph", "text": kept[0] if len(kept) == 1 else kept}


def _tappable(text: str) -> rich_blocks.Json:
    return {"type": "bot_command", "text": text, "bot_command": text}


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
        passages.append(line(_("That is all. All news: /latest")))
        return payload(passages)
    keyboard = keyboards.digest(delivery, offset, more, viewer.texts, back=back)
    return payload(whole(passages, [entry_of(one, viewer) for one in headlines]), keyboard)


def merged(
    headlines: Sequence[Headline], viewer: Viewer, *, quiet: bool = False
) -> tuple[Payload, int]:
    """Return what was held back, and how many of it one message holds.

    `quiet` says that quiet hours alone held it back, and neither a cap nor lateness.
    """
    texts, count = viewer.texts, len(headlines)
    title = (
        texts.ngettext("{n} story from the quiet hours", "{n} stories from the quiet hours", count)
        if quiet
        else texts.ngettext("{n} story", "{n} stories", count)
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


def top(
    headlines: Sequence[Headline], viewer: Viewer, here: Top, *, more: bool, page: int
) -> Payload:
    """Return a page of /top: the day's stories by weight, with the number of sources."""
    texts = viewer.texts
    _ = texts.gettext
    heading = _("Top stories, 24 hours")
    if here.topic:
        heading += f": {texts.topic(Topic(here.topic))}"
    passages = [line(Run(heading, bold=True))]
    keyboard = keyboards.top(here, more=more, page=page, texts=texts)
    if not headlines:
        nothing = _("Nothing in the last 24 hours. Earlier news: /latest")
        return payload([*passages, line(nothing, tight=False)], keyboard)
    entries = [entry_of(one, viewer, sources=True) for one in headlines]
    return payload(whole(passages, entries), keyboard)


def top_topics(viewer: Viewer) -> Payload:
    """Return the choice of a topic for /top."""
    question = viewer.texts.gettext("Which topic?")
    return payload([line(question)], keyboards.top_topics(viewer.texts))
