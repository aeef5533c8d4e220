"""Search hits: a page of a search, the found words marked; or the offer to follow the words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.messages import forms, notices
from bot.messages.callbacks import FollowQuery, Latest, Search, SearchExactly
from bot.messages.keyboards import button
from bot.messages.lists import PAGE, entry_of, shown_title, whole
from bot.messages.markup import (
    Passage,
    Run,
    clean,
    clip,
    line,
    marked,
    payload,
)
from bot.messages.payloads import Button, Keyboard, Payload
from bot.messages.queries import Operator, WrongOperator, operator_name
from bot.messages.texts import Texts, Viewer
from storage import Headline

_SNIPPET = 150
_MARKS = 5  # found words marked in a line
_WEEK = timedelta(days=7)

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A search hit: where its title and summary hold found words, as [start, end) characters.

    `partly`: it has not all the words.
    """

    headline: Headline
    title: Ranges = ()
    summary: Ranges = ()
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Where in a search a page stands: from the `offset`-th of `total` hits on.

    The first `whole` hits have all the words. `text` is what was typed, `tried` the words that
    were searched for instead ("": none), `follow` what can be followed of it ("": nothing).
    `limited`: a topic, source or time was asked for.
    """

    text: str
    query: int
    offset: int = 0
    total: int = 0
    whole: int = 0
    tried: str = ""
    follow: str = ""
    limited: bool = False


def search(found: Sequence[Found], viewer: Viewer, page: Page) -> Payload:
    """Return a page of a search, the found words marked; or the offer to follow the words."""
    _ = viewer.texts.gettext
    if not page.total:
        return _nothing(viewer, page)
    keyboard = _buttons(page, viewer.texts)
    passages = [line(*_heading(viewer, page))]
    if not page.whole:
        passages.append(line(_("No article has all of these words. These have some:")))
    if not found:
        passages.append(line(_("These articles are no longer in the archive."), tight=False))
        return payload(passages, keyboard)
    entries: list[Sequence[Passage]] = []
    parted = not page.whole
    for hit in found:
        # Ranges count characters of the stored title: it is shown as stored where that is clean.
        title = shown_title(hit.headline, viewer)
        ranges = hit.title[:_MARKS] if title == hit.headline.title else ()
        entry: list[Passage] = [*entry_of(hit.headline, viewer, marked(title, ranges))]
        if hit.summary and clean(hit.headline.summary) == hit.headline.summary:
            entry.insert(1, Passage(_snippet(hit.headline.summary, hit.summary), tight=True))
        if hit.partly and not parted:
            entry.insert(0, line(Run(_("With some of the words:"), italic=True), tight=False))
            parted = True
        entries.append(entry)
    return payload(whole(passages, entries), keyboard)


def _heading(viewer: Viewer, page: Page) -> tuple[Run, ...]:
    """«Найдено по запросу «слова» · 9–16 из 43»."""
    _ = viewer.texts.gettext
    said = _("Showing results for “{words}”") if page.tried else _("Found for “{words}”")
    runs = [Run(said.format(words=clip(clean(page.tried or page.text), 100)), bold=True)]
    if page.total > PAGE:
        last = min(page.offset + PAGE, page.total)
        span = _("{first}–{last} of {total}").format(
            first=page.offset + 1, last=last, total=page.total
        )
        runs.append(Run(f" · {span}"))
    return tuple(runs)


def _nothing(viewer: Viewer, page: Page) -> Payload:
    _ = viewer.texts.gettext
    asked = line(Run(clip(clean(page.text), 100), bold=True))
    if not page.follow:
        nothing = _("Nothing found. Leave out a topic, a source or a date, or see the latest news.")
        return payload([asked, line(nothing)], ((button(_("Latest news"), Latest()),),))
    nothing = _("Nothing found. Tell you when something appears?")
    if clean(page.follow) != clean(page.text):
        words = clip(clean(page.follow), 60)
        nothing = _("Nothing found. Tell you when “{words}” appears?").format(words=words)
    return payload([asked, line(nothing)], ((button(_("Tell me"), FollowQuery(page.query)),),))


def _buttons(page: Page, texts: Texts) -> Keyboard:
    """The arrows, the words as they were typed, and the offer to follow."""
    _ = texts.gettext
    arrows: list[Button] = []
    if page.offset > 0:
        arrows.append(button(_("◀ Back"), Search(page.query, max(0, page.offset - PAGE))))
    if page.offset + PAGE < page.total:
        arrows.append(button(_("More ▶"), Search(page.query, page.offset + PAGE)))
    rows = [tuple(arrows)] if arrows else []
    if page.tried:
        typed = _("Search for “{words}”").format(words=clip(clean(page.text), 24))
        rows.append((button(typed, SearchExactly(page.query)),))
    if page.follow:
        rows.append((button(_("Tell me about new ones"), FollowQuery(page.query)),))
    return tuple(rows)


def question(texts: Texts, *, group: bool = False) -> Payload:
    """Return what /search without words asks, and what can be written; in a group with /search."""
    _ = texts.gettext
    names = {
        "source": operator_name(Operator.SOURCE, texts),
        "topic": operator_name(Operator.TOPIC, texts),
        "after": operator_name(Operator.AFTER, texts),
        "before": operator_name(Operator.BEFORE, texts),
    }
    example = _("“exact phrase”, -word, {source}:…, {topic}:…, {after}:22.11, {before}:yesterday")
    hint = _("Any form of the words will do. To narrow it down: {example}")
    passages = [
        line(Run(_("What are you looking for?"), bold=True)),
        line(hint.format(example=example.format(**names))),
    ]
    if group:
        said = _("Reply to this message with the words, or write: {example}")
        passages.append(line(said.format(example="/search " + _("talks with japan"))))
    return replace(payload(passages), asks=group)


def wrong_operator(wrong: WrongOperator, viewer: Viewer, sources: Sequence[str]) -> str:
    """Return what is wrong with an operator's value, and what would do."""
    texts = viewer.texts
    _ = texts.gettext
    given = wrong.given or "…"
    if wrong.operator is Operator.TOPIC:
        return notices.wrong(forms.Wrong(forms.Fault.TOPIC, given), texts)
    if wrong.operator is Operator.SOURCE:
        return notices.wrong(forms.Wrong(forms.Fault.SOURCE, given, tuple(sources)), texts)
    names = {
        "after": operator_name(Operator.AFTER, texts),
        "before": operator_name(Operator.BEFORE, texts),
    }
    if not wrong.given and wrong.operator is Operator.BEFORE:
        said = _("There is no day between these dates. For example: {example}")
    else:
        said = _("“{given}” is neither today nor a past day. For example: {example}")
    # Days that do, whenever it is read.
    today = viewer.now.astimezone(viewer.zone).date()
    example = f"{names['after']}:{today - _WEEK:%d.%m} {names['before']}:{today.isoformat()}"
    return said.format(given=clip(clean(given), 60), example=example)


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
