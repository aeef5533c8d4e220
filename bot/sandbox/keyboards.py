"""Keyboards as Telegram judges them (Bot API, InlineKeyboardMarkup and ReplyKeyboardMarkup).

`read_markup` takes a decoded `reply_markup` and gives it back as a message would carry it, or
refuses it. `check_button` also serves the buttons inside rich messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.answers import Json, refuse
from bot.sandbox.markup import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable

DATA_BYTES = 64
BUTTONS = 100
ROW = 8

_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "disabled",
)
_STYLES = frozenset({"danger", "success", "primary"})


@dataclass(frozen=True, slots=True)
class Keyboards:
    """What a request's `reply_markup` means: buttons under the message, or instead of typing."""

    inline: Json | None = None
    reply: Json | None = None


def read_markup(markup: Any, is_link: Callable[[str], bool], *, inline_only: bool) -> Keyboards:
    """Judge a decoded `reply_markup` (None where absent); edits take inline keyboards only."""
    if markup is None:
        return Keyboards()
    if not isinstance(markup, dict):
        raise refuse("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = _rows(markup["inline_keyboard"], "inline keyboard")
        for row in rows:
            for button in row:
                check_button(button, is_link)
        rows = [[_given(button) for button in row] for row in rows if row]
        return Keyboards(inline={"inline_keyboard": rows} if rows else None)
    if inline_only:
        raise refuse("inline keyboard expected")
    if "keyboard" in markup:
        rows = _rows(markup["keyboard"], "keyboard")
        rows = [[{"text": b} if isinstance(b, str) else b for b in row] for row in rows]
        if any(not isinstance(b, dict) or not b.get("text") for row in rows for b in row):
            raise refuse('can\'t parse keyboard button: Field "text" must be of type String')
        return Keyboards(reply={**_given(markup), "keyboard": rows})
    if markup.get("remove_keyboard") or markup.get("force_reply"):
        return Keyboards(reply=_given(markup))
    return Keyboards()


def check_button(button: Any, is_link: Callable[[str], bool]) -> None:
    """Refuse a button that has no text, no action or more than one, or a bad one."""
    where = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise refuse(where + "InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not text or (isinstance(text, str) and is_blank(text)):
        raise refuse(where + 'Field "text" must be non-empty')
    actions = [name for name in _ACTIONS if button.get(name) is not None]
    # An empty callback_data is no action; an empty switch_inline_query is one.
    if button.get("callback_data") == "":
        raise refuse("BUTTON_DATA_INVALID")
    if not actions:
        raise refuse(where + "Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise refuse(where + "Too many fields specified: " + ", ".join(actions))
    if button.get("style") is not None and button["style"] not in _STYLES | {"link"}:
        raise refuse(where + "Invalid button style specified")
    action, value = actions[0], button[actions[0]]
    if action == "callback_data" and not (
        isinstance(value, str) and 1 <= len(value.encode()) <= DATA_BYTES
    ):
        raise refuse("BUTTON_DATA_INVALID")
    if action == "url" and not (isinstance(value, str) and is_link(value)):
        raise refuse("BUTTON_URL_INVALID")
    if action == "copy_text" and not (
        isinstance(value, dict) and 1 <= len(str(value.get("text", ""))) <= 256
    ):
        raise refuse("BUTTON_COPY_TEXT_INVALID")


def _rows(value: Any, what: str) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise refuse(f'can\'t parse {what}: Field "{what}" must be an Array of Arrays')
    if sum(len(row) for row in value) > BUTTONS or any(len(row) > ROW for row in value):
        raise refuse("REPLY_MARKUP_TOO_LONG")
    return value


def _given(value: Json) -> Json:
    return {key: item for key, item in value.items() if item is not None}
