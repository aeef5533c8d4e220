"""A Bot API server on loopback, for the demo and for the tests: an unmodified bot cannot tell.

A request comes in through `server` (token, body, injected faults), is decoded by `params`, and is
answered by a method of `methods`, which judges it as strictly as Telegram does (`markup` asks
TDLib, `rich`, `keyboards`, `media` and `rates` hold the limits) and changes `state`: chats,
people, messages, the queue of updates. A person acts through `control`, the JSON API that the
chat page (`page/`), the tests (`client.Control`) and the demo use; `view` renders what that person
would see. The package speaks HTTP only: it imports nothing of the bot, and no bot framework.

In one process: ``sandbox = Sandbox("1:token"); await sandbox.start(); sandbox.url``.
As another process: ``python -m bot.sandbox --port 0`` prints one line of JSON with its address.
"""

from bot.sandbox.markup import TdlibMissingError
from bot.sandbox.server import Sandbox, make_app
from bot.sandbox.state import State

__all__ = ["Sandbox", "State", "TdlibMissingError", "make_app"]
