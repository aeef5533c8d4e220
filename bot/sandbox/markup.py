"""Text as Telegram takes it: parsed by TDLib, cleaned, trimmed, measured.

`Markup.read` turns a request's text, parse mode and explicit entities into the text and the
entities of the message that results. TDLib's own parser (`tdjson`) judges the markup, and finds
links, commands and hashtags; what Telegram does after parsing is done here: control characters and
direction overrides removed, white space trimmed, entities moved accordingly. All lengths and
offsets are UTF-16 code units (Bot API, MessageEntity).

With ``strict=False`` TDLib is left out (benchmarks): HTML tags are dropped, and only commands are
found.
"""

from __future__ import annotations

import html
import json
import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.answers import Json, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
ENTITIES = 100

# What TDLib's clean_input_string replaces by a space, and what it removes.
_SPACED = dict.fromkeys((*range(10), 11, 12, *range(14, 32)), " ")
_REMOVED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_UNCLEAN = re.compile("[\x00-\x09\x0b-\x1f\u2028-\u202e\u0333\u033f\u030a]")
_INVISIBLE = re.compile(
    "[\\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0]*"
)
_MAY_HOLD_ENTITIES = re.compile(r"[/@#$]|\w\.\w|\d{4}")
_COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")
_TAG = re.compile(r"<[^>]*>")

_TYPES = {
    "textEntityTypeMention": "mention",
    "textEntityTypeHashtag": "hashtag",
    "textEntityTypeCashtag": "cashtag",
    "textEntityTypeBotCommand": "bot_command",
    "textEntityTypeUrl": "url",
    "textEntityTypeEmailAddress": "email",
    "textEntityTypePhoneNumber": "phone_number",
    "textEntityTypeBold": "bold",
    "textEntityTypeItalic": "italic",
    "textEntityTypeUnderline": "underline",
    "textEntityTypeStrikethrough": "strikethrough",
    "textEntityTypeSpoiler": "spoiler",
    "textEntityTypeCode": "code",
    "textEntityTypePre": "pre",
    "textEntityTypePreCode": "pre",
    "textEntityTypeBlockQuote": "blockquote",
    "textEntityTypeExpandableBlockQuote": "expandable_blockquote",
    "textEntityTypeTextUrl": "text_link",
    "textEntityTypeMentionName": "text_mention",
    "textEntityTypeCustomEmoji": "custom_emoji",
    "textEntityTypeDateTime": "date_time",
}
_KNOWN = frozenset(_TYPES.values())
# Telegram finds these by itself, whatever the request says, and none of them inside the others.
_FOUND = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"})
_CLOSED = _FOUND | {"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"}
_NEEDS = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id",
          "date_time": "unix_time"}  # fmt: skip
_MODES = {
    "html": {"@type": "textParseModeHTML"},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
}


class TdlibMissingError(RuntimeError):
    """The strict sandbox needs TDLib, and the package that brings it is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "The strict sandbox parses markup with TDLib, which is not installed: "
            "pip install 'newsboy[sandbox]'"
        )


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def is_blank(text: str) -> bool:
    """Whether Telegram takes `text` for empty: white and invisible characters only."""
    return _INVISIBLE.fullmatch(text) is not None


@dataclass(slots=True)
class Markup:
    """The judge of texts. `note` is told of what Telegram drops without a word."""

    strict: bool = True
    people: Callable[[int], Json | None] = lambda _: None
    note: Callable[[str], None] = lambda _: None
    _execute: Callable[[bytes], bytes | None] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.strict:
            return
        try:
            from tdjson import td_execute
        except ImportError as error:
            raise TdlibMissingError from error
        self._execute = td_execute
        self._ask({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})

    def read(
        self, text: str, parse_mode: str, entities: Any, *, limit: int
    ) -> tuple[str, list[Json]]:
        """The text and entities of the message that results.

        `entities` is a decoded list of MessageEntity or None. Raises ApiError with Telegram's text
        where the markup does not parse, or the text is longer than `limit` units.
        """
        if parse_mode and parse_mode.lower() != "none":
            text, marks = self._parse(text, parse_mode)
        else:
            marks = self._explicit(text, entities) if entities else []
        text, marks = _clean(text, marks)
        if units(text) > limit:
            raise refuse(
                "message is too long" if limit == TEXT_UNITS else "message caption is too long"
            )
        if len(marks) > ENTITIES:
            self.note(f"more than {ENTITIES} entities: Telegram drops the rest")
        found = [mark for mark in self.find(text) if not _inside(mark, marks)]
        marks = sorted(marks + found, key=lambda mark: (mark["offset"], -mark["length"]))
        return text, marks[:ENTITIES]

    def find(self, text: str) -> list[Json]:
        """Entities that Telegram finds in a plain text by itself."""
        if not _MAY_HOLD_ENTITIES.search(text):
            return []
        if self._execute is None:
            return [
                {
                    "type": "bot_command",
                    "offset": units(text[: match.start()]),
                    "length": match.end() - match.start(),
                }
                for match in _COMMAND.finditer(text)
            ]
        answer = self._ask({"@type": "getTextEntities", "text": text})
        return [mark for item in answer["entities"] if (mark := self._entity(item))]

    def link(self, url: str) -> bool:
        """Whether TDLib takes `url` for a link."""
        if self._execute is None:
            return "." in url
        # The parser drops an anchor whose address it does not take for a link.
        anchor = f'<a href="{html.escape(url)}">x</a>'
        request = {"@type": "parseTextEntities", "text": anchor, "parse_mode": _MODES["html"]}
        return bool(self._ask(request).get("entities"))

    def _parse(self, text: str, parse_mode: str) -> tuple[str, list[Json]]:
        mode = _MODES.get(parse_mode.lower())
        if mode is None:
            raise refuse("unsupported parse_mode")
        if self._execute is None:
            return html.unescape(_TAG.sub("", text)), []
        answer = self._ask({"@type": "parseTextEntities", "text": text, "parse_mode": mode})
        if answer["@type"] == "error":
            message: str = answer["message"]
            raise refuse(message[:1].lower() + message[1:])
        marks = [mark for item in answer["entities"] if (mark := self._entity(item))]
        return answer["text"], marks

    def _ask(self, request: Json) -> Json:
        if self._execute is None:
            raise TdlibMissingError
        answer = self._execute(json.dumps(request).encode())
        result: Json = json.loads(answer) if answer else {}
        return result

    def _entity(self, item: Json) -> Json | None:
        kind = item["type"]
        name = _TYPES.get(kind["@type"])
        if name is None:
            return None
        mark: Json = {"type": name, "offset": item["offset"], "length": item["length"]}
        if name == "text_link":
            mark["url"] = kind["url"]
        elif name == "text_mention":
            user = self.people(kind["user_id"])
            if user is None:
                return None
            mark["user"] = user
        elif name == "custom_emoji":
            mark["custom_emoji_id"] = str(kind["custom_emoji_id"])
        elif name == "date_time":
            mark["unix_time"] = kind["unix_time"]
            mark["date_time_format"] = _date_format(kind.get("formatting_type"))
        elif kind.get("language"):
            mark["language"] = kind["language"]
        return mark

    def _explicit(self, text: str, entities: Any) -> list[Json]:
        if not isinstance(entities, list) or not all(isinstance(mark, dict) for mark in entities):
            raise refuse("can't parse entities: expected an Array of MessageEntity")
        end = units(text)
        marks: list[Json] = []
        for mark in entities:
            kind, offset, length = mark.get("type"), mark.get("offset"), mark.get("length")
            if kind not in _KNOWN:
                raise refuse("can't parse MessageEntity: Unsupported type specified")
            if not isinstance(offset, int) or not isinstance(length, int):
                raise refuse('can\'t parse MessageEntity: Field "offset" must be of type Number')
            if offset < 0 or length <= 0 or offset + length > end:
                raise refuse("ENTITY_BOUNDS_INVALID")
            if kind in _NEEDS and not mark.get(_NEEDS[kind]):
                raise refuse(f"can't parse MessageEntity: Can't find field \"{_NEEDS[kind]}\"")
            if kind not in _FOUND and (kind != "text_link" or self.link(str(mark["url"]))):
                marks.append({key: value for key, value in mark.items() if value is not None})
        return marks


def _date_format(kind: Json | None) -> str:
    """The letters of tg-time's format attribute that TDLib understood."""
    if kind is None:
        return ""
    if kind["@type"] == "dateTimeFormattingTypeRelative":
        return "r"
    letters = {"dateTimePartPrecisionShort": 0, "dateTimePartPrecisionLong": 1}
    date = letters.get(kind["date_precision"]["@type"])
    time = letters.get(kind["time_precision"]["@type"])
    return (
        ("w" if kind["show_day_of_week"] else "")
        + ("" if date is None else "dD"[date])
        + ("" if time is None else "tT"[time])
    )


def _inside(mark: Json, marks: list[Json]) -> bool:
    start, end = mark["offset"], mark["offset"] + mark["length"]
    return any(
        other["type"] in _CLOSED
        and start < other["offset"] + other["length"]
        and other["offset"] < end
        for other in marks
    )


def _clean(text: str, marks: list[Json]) -> tuple[str, list[Json]]:
    """Remove what Telegram removes, trim, and move the entities along."""
    if _UNCLEAN.search(text):
        removed = [units(text[: match.start()]) for match in _REMOVED.finditer(text)]
        text = _REMOVED.sub("", text).translate(_SPACED)
        marks = [_moved(mark, lambda at: at - bisect_left(removed, at)) for mark in marks]
    trimmed = text.rstrip(" \n")
    # TDLib trims the beginning up to the first entity only.
    first = min((mark["offset"] for mark in marks), default=len(trimmed))
    lead = 0
    while lead < min(first, len(trimmed)) and trimmed[lead] in " \n":
        lead += 1
    if lead or len(trimmed) < len(text):
        text = trimmed[lead:]
        end = units(text)
        marks = [_moved(mark, lambda at: max(0, min(at - lead, end))) for mark in marks]
    return text, [mark for mark in marks if mark["length"] > 0]


def _moved(mark: Json, shift: Callable[[int], int]) -> Json:
    start, end = shift(mark["offset"]), shift(mark["offset"] + mark["length"])
    return {**mark, "offset": start, "length": end - start}
