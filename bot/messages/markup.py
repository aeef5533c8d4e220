"""Styled text before it becomes HTML: runs, passages, and how they are measured and split.

A renderer makes `Passage`s (paragraphs of styled `Run`s); `split` packs them into parts that keep
Telegram's limits (4,096 UTF-16 units and 100 entities a message, Bot API formatting options);
`to_html` and `to_plain` write a part down. Because styles live in runs and not in tags, a cut can
never fall inside a tag: an entity that spans a cut is closed before it and opened again after it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
from unicodedata import category, normalize

from bot.messages.payloads import Keyboard, Payload

MESSAGE_UNITS = 4096
MESSAGE_ENTITIES = 100
CAPTION_UNITS = 1024

# Telegram itself drops line separators, bidi overrides and three combining marks (TDLib's
# clean_input_string); lone surrogates cannot be sent at all.
_DROPPED = re.compile("[\u2028-\u202e\ud800-\udfff\ufeff\u0333\u033f\u030a]")
_RING = "\u030a"  # one of those marks: what is written with it (å) is composed first
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[ \t\n]+")
_SENTENCE_END = re.compile(r"[.!?…][\"'»”’)\]]*\s+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp", "Zs"})
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category, blank on screen
# What Telegram takes for an address (TDLib's parse_url, by experiment): a host with a dot in it and
# none of these characters, and a port from 1 to 65535.
_HOST = r"\x00-\x20\x7f\"#%/<>?@\[\\\]^`{|}"
_WEB = re.compile(
    rf"https?://(?:[^{_HOST}]*@)?([^:{_HOST}]+)(?::0*([1-9]\d{{0,4}}))?(?:[/?#].*)?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_MAX_LINK = 2048  # characters; Telegram states no limit, browsers and servers know this one
_MAX_PORT = 65_535
_JOINER = "\u200d"


class Quote(StrEnum):
    """Whether a passage stands in a block quotation."""

    NONE = ""
    PLAIN = "plain"
    EXPANDABLE = "expandable"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style.

    `link` is an http(s) address. `unix` makes the run a date-time entity that clients show in the
    reader's own zone, formatted as `form` says (Bot API, date-time entity formatting).
    """

    text: str
    bold: bool = False
    italic: bool = False
    underline: bool = False
    pre: bool = False
    link: str = ""
    unix: int | None = None
    form: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph. `tight`: on the line after the former one, else after an empty line.

    `keep`: not to be left alone at a part's end (a heading). `picture`: the address of the picture
    that it is about.
    """

    runs: tuple[Run, ...]
    quote: Quote = Quote.NONE
    tight: bool = False
    keep: bool = False
    picture: str = ""


def units(text: str) -> int:
    """Return the length of `text` as Telegram counts it, in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _without_dropped(text: str) -> str:
    return _DROPPED.sub("", normalize("NFC", text) if _RING in text else text)


def clean(text: str) -> str:
    """Return `text` as one line: no control characters, overrides or runs of spaces."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", _without_dropped(text))).strip()


def clean_lines(text: str) -> str:
    """Return `text` cleaned, its line breaks and inner spaces kept (preformatted text)."""
    lines = _without_dropped(text).replace("\t", "    ").splitlines()
    return "\n".join(_CONTROL.sub(" ", line).rstrip() for line in lines).strip("\n")


def visible(text: str) -> bool:
    """Tell whether `text` shows anything; Telegram refuses a message that does not."""
    return any(category(char) not in _INVISIBLE and char not in _FILLERS for char in text)


def web_link(url: str) -> str:
    """Return `url` where it is an http(s) address that Telegram takes for one, else ""."""
    url = _DROPPED.sub("", url.strip())
    if len(url) > _MAX_LINK or _CONTROL.search(url):
        return ""
    found = _WEB.fullmatch(url)
    dotted = found is not None and "." in found[1].strip(".")
    return url if found and dotted and int(found[2] or 1) <= _MAX_PORT else ""


def line(*runs: Run | str, tight: bool = True) -> Passage:
    """Return a passage of runs and plain strings."""
    return Passage(
        tuple(Run(run) if isinstance(run, str) else run for run in runs if run), tight=tight
    )


def clip(text: str, limit: int) -> str:
    """Return `text` cut at a word to at most `limit` UTF-16 units, with an ellipsis where cut."""
    if units(text) <= limit:
        return text
    head = text[: _reach((Run(text),), limit - 1, 1)]
    cut_at = head.rfind(" ")
    return (head[:cut_at] if cut_at > len(head) // 2 else head).rstrip(" ,;:–—-") + "…"


def caption_of(caption: str, credit: str) -> str:
    """Return what is said of a picture and whose it is, as one text: «Мост. Фото: ТАСС»."""
    said = [text for text in (caption, credit) if visible(text)]
    if len(said) < 2:
        return "".join(said)
    return (" " if said[0].endswith((".", "!", "?", "…", ":")) else ". ").join(said)


def marked(text: str, ranges: Sequence[tuple[int, int]]) -> tuple[Run, ...]:
    """Return `text` as runs, the character `ranges` [start, end) in bold."""
    runs: list[Run] = []
    at = 0
    for range_start, range_end in sorted(ranges):
        start, end = max(range_start, at), min(range_end, len(text))
        if start >= end:
            continue
        if start > at:
            runs.append(Run(text[at:start]))
        runs.append(Run(text[start:end], bold=True))
        at = end
    if at < len(text):
        runs.append(Run(text[at:]))
    return tuple(runs)


def _run_entities(run: Run) -> int:
    return run.bold + run.italic + run.underline + run.pre + bool(run.link) + (run.unix is not None)


def gap(passage: Passage) -> str:
    """Return what parts a passage from the one before it."""
    return "\n" if passage.tight else "\n\n"


def measure(passages: Iterable[Passage]) -> tuple[int, int]:
    """Return (UTF-16 units, entities) of the message that `passages` make; no less than real."""
    length = entities = 0
    before: Passage | None = None
    for passage in passages:
        length += sum(units(run.text) for run in passage.runs)
        entities += sum(map(_run_entities, passage.runs))
        if before is not None:
            length += len(gap(passage))
        if passage.quote and (before is None or before.quote != passage.quote):
            entities += 1
        before = passage
    return length, entities


def fits(
    passages: Iterable[Passage], limit: int = MESSAGE_UNITS, entities: int = MESSAGE_ENTITIES
) -> bool:
    """Tell whether `passages` make one message."""
    length, count = measure(passages)
    return length <= limit and count <= entities


def fits_caption(message: Payload) -> bool:
    """Tell whether a message can be the text below a photo (Bot API, sendPhoto: caption)."""
    return message.rich is None and units(message.plain) <= CAPTION_UNITS


def _divide(runs: Sequence[Run], at: int) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Divide runs before character `at` of their joined text."""
    head: list[Run] = []
    for index, run in enumerate(runs):
        if at >= len(run.text):
            head.append(run)
            at -= len(run.text)
            continue
        tail = runs[index + 1 :]
        if at:
            head.append(replace(run, text=run.text[:at]))
        return tuple(head), (replace(run, text=run.text[at:]), *tail)
    return tuple(head), ()


def _reach(runs: Sequence[Run], limit: int, entities: int) -> int:
    """Return how many characters from the start keep both limits; at least one."""
    at = length = count = 0
    for run in runs:
        count += _run_entities(run)
        if count > entities and at:
            return at
        for char in run.text:
            length += 1 + (char > "\uffff")
            if length > limit:
                return max(at, 1)
            at += 1
    return at


def _breaking(text: str, reach: int) -> int:
    """Return the best place to break `text` within `reach` characters.

    After a sentence in the second half, else after a space, else between two characters that a
    reader sees as two.
    """
    window = text[:reach]
    sentence = max((match.end() for match in _SENTENCE_END.finditer(window, reach // 2)), default=0)
    if sentence:
        return sentence
    space = max(window.rfind(" "), window.rfind("\n")) + 1
    if space:
        return space
    at = reach
    while at > max(1, reach - 16) and (
        category(text[at]) in {"Mn", "Me", "Mc"}
        or text[at] == _JOINER
        or text[at - 1] == _JOINER
        or "\U0001f3fb" <= text[at] <= "\U0001f3ff"
    ):
        at -= 1
    return at


def _cut(passage: Passage, limit: int, entities: int) -> Iterator[Passage]:
    """Yield `passage` in pieces that each fit a message."""
    runs = passage.runs
    allowance = entities - 1  # the block quotation's own
    while (reach := _reach(runs, limit, allowance)) < sum(len(run.text) for run in runs):
        text = "".join(run.text for run in runs)
        head, runs = _divide(runs, _breaking(text, reach))
        yield replace(passage, runs=head)
    if runs:
        yield replace(passage, runs=runs)


def split(
    passages: Iterable[Passage], limit: int = MESSAGE_UNITS, entities: int = MESSAGE_ENTITIES
) -> tuple[tuple[Passage, ...], ...]:
    """Pack `passages` in order into as few messages as their ends allow.

    A passage that is too long for one message is cut after a sentence, else after a word. What
    shows nothing is left out.
    """
    parts: list[tuple[Passage, ...]] = []
    part: list[Passage] = []
    length = count = 0
    for piece in (piece for passage in passages for piece in _cut(passage, limit, entities)):
        if not visible("".join(run.text for run in piece.runs)):
            continue
        more, marks = measure((piece,))
        apart = len(gap(piece))
        if part and part[-1].quote == piece.quote and piece.quote:
            marks -= 1
        if part and (length + apart + more > limit or count + marks > entities):
            kept: list[Passage] = []
            while len(part) > 1 and part[-1].keep:
                kept.insert(0, part.pop())
            if kept and not fits((*kept, piece), limit, entities):
                part, kept = part + kept, []
            parts.append(tuple(part))
            part = [*kept, piece]
            length, count = measure(part)
        else:
            length += more + (apart if part else 0)
            count += marks
            part.append(piece)
    if part:
        parts.append(tuple(part))
    return tuple(parts)


def _run_html(run: Run) -> str:
    text = escape(run.text, quote=False)
    if run.unix is not None:
        text = f'<tg-time unix="{run.unix}" format="{run.form}">{text}</tg-time>'
    if run.link:
        text = f'<a href="{escape(run.link)}">{text}</a>'
    for on, tag in (
        (run.underline, "u"),
        (run.italic, "i"),
        (run.bold, "b"),
        (run.pre, "pre"),
    ):
        if on:
            text = f"<{tag}>{text}</{tag}>"
    return text


def to_html(passages: Sequence[Passage]) -> str:
    """Return `passages` as Telegram HTML."""
    written: list[str] = []
    opened = Quote.NONE
    for index, passage in enumerate(passages):
        before = gap(passage) if index else ""
        if passage.quote != opened:
            if opened:
                written.append("</blockquote>")
            written.append(before)
            if passage.quote:
                expandable = " expandable" if passage.quote == Quote.EXPANDABLE else ""
                written.append(f"<blockquote{expandable}>")
            opened = passage.quote
        else:
            written.append(before)
        written.extend(map(_run_html, passage.runs))
    if opened:
        written.append("</blockquote>")
    return "".join(written)


def to_plain(passages: Sequence[Passage]) -> str:
    """Return `passages` without markup: what Telegram's parser leaves of `to_html`."""
    written: list[str] = []
    for index, passage in enumerate(passages):
        if index:
            written.append(gap(passage))
        written.extend(run.text for run in passage.runs)
    return "".join(written)


def payload(
    passages: Sequence[Passage],
    keyboard: Keyboard = (),
    *,
    preview: str = "",
    preview_large: bool = False,
    silent: bool = False,
) -> Payload:
    """Return the message that `passages` make; they must fit one."""
    return Payload(
        to_html(passages),
        to_plain(passages),
        keyboard,
        preview=preview,
        preview_large=preview_large,
        silent=silent,
    )
