"""What a rendered message is, before anything of Telegram's wire: plain records.

Renderers return a `Payload`; handlers and the sender turn it into a request by adding the chat.
Nothing here knows the framework, so a payload can be rendered once and sent to many chats.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button: `data` (1–64 bytes, Bot API InlineKeyboardButton) or `url`."""

    text: str
    data: str = ""
    url: str = ""


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """One message without its chat.

    `text` is Telegram HTML, at most 4,096 UTF-16 units once parsed, never empty. `plain` is the
    same without markup, sent where Telegram refuses the markup. `preview` is the address whose
    link preview is shown, "" for none. `photo` is the address of a picture that the message is a
    photo of, "" for none: the text is then its caption, at most 1,024 units, and may stand as a
    message of its own. `rich` is an InputRichMessage as JSON (Bot API 10.1), sent instead of the
    text where it is set. `asks` opens a reply field for whoever the message replies to (ForceReply,
    selective), where it has no buttons.
    """

    text: str
    plain: str
    keyboard: Keyboard = ()
    preview: str = ""
    preview_large: bool = False
    photo: str = ""
    silent: bool = False
    rich: Mapping[str, Any] | None = None
    asks: bool = False
