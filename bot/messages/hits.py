"""Search hits: a page of a search, the found words marked; or the offer to follow the words."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import keyboards
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
from bot.messages.payloads import Payload
from bot.messages.texts import Viewer
from storage import Headline

_SNIPPET = 150
_MARKS = 5  # found words marked in a line

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A search hit: where its title and summary hold found words, as [start, end) characters."""

    headline: Headline
    title: Ranges = ()
    summary: Ranges = ()


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
        title = shown_title(hit.headline, viewer)
        ranges = hit.title[:_MARKS] if title == hit.headline.title else ()
        entry: list[Passage] = [*entry_of(hit.headline, viewer, marked(title, ranges))]
        if hit.summary and clean(hit.headline.summary) == hit.headline.summary:
            entry.insert(1, Passage(_snippet(hit.headline.summary, hit.summary), tight=True))
        entries.append(entry)
    return payload(whole(passages, entries), keyboard)


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
