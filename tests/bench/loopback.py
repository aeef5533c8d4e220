"""`python -m tests.bench.loopback [--latency SECONDS]`: a Bot API that only says "sent".

As little work as an HTTP server can do, in a process of its own, so that what is measured against
it is the client: every POST is answered with a message as Telegram would tell it, after the
latency, and noted with its chat and the time of its arrival. GET /tally says what came since the
last time: how many in all, to how many chats, the most to one chat, the most in any one second, and
the rate under way.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from bisect import bisect_left
from collections import Counter

TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz012345"

_CHAT = re.compile(rb'chat_id"?[:=\s]*(-?\d+)')  # in JSON, and in either kind of form
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_MESSAGE = """{"ok":true,"result":{"message_id":%d,"from":{"id":123456789,"is_bot":true,\
"first_name":"Newsboy","username":"newsboy_bot"},"chat":{"id":%d,"first_name":"Reader","type":\
"private"},"date":1790000000,"text":"Через реку открыли новый мост\\n\\nДвижение по мосту открыли \
утром. Дорога в центр стала короче вдвое.\\n\\nvestnik.example","entities":[{"offset":0,\
"length":29,"type":"bold"},{"offset":99,"length":15,"type":"text_link","url":"https://vestnik.example/1"}],\
"link_preview_options":{"is_disabled":true},"reply_markup":{"inline_keyboard":[[{"text":"Читать",\
"callback_data":"f:1"},{"text":"Ещё","callback_data":"m:1"}]]}}}"""


class Book:
    """What came since the last tally."""

    def __init__(self) -> None:
        self.chats: Counter[bytes] = Counter()
        self.times: list[float] = []
        self.sent = 0

    def note(self, body: bytes) -> bytes:
        """Note a message; returns the answer's JSON."""
        self.times.append(time.monotonic())
        found = _CHAT.search(body)
        chat = found[1] if found else b"0"
        self.chats[chat] += 1
        self.sent += 1
        return (_MESSAGE % (self.sent, int(chat))).encode()

    def tally(self) -> bytes:
        """The tally as JSON; what is noted from now on counts anew."""
        said = {
            "messages": len(self.times),
            "chats": len(self.chats),
            "most_to_one": max(self.chats.values(), default=0),
            "most_in_a_second": most_in_a_second(self.times),
            "rate": rate_under_way(self.times),
        }
        self.chats.clear()
        self.times.clear()
        return json.dumps(said).encode()


def most_in_a_second(times: list[float]) -> int:
    """The most of these times, in order, within any window of less than one second."""
    return max(
        (bisect_left(times, start + 1) - first for first, start in enumerate(times)), default=0
    )


def rate_under_way(times: list[float]) -> float:
    """How many of these times, in order, a second has in their middle nine tenths."""
    first, last = len(times) // 20, len(times) - len(times) // 20 - 1
    return (last - first) / (times[last] - times[first]) if last > first else 0.0


class _Connection(asyncio.Protocol):
    """One connection: requests one after another, each answered when its latency is over."""

    def __init__(self, book: Book, latency: float) -> None:
        self._book = book
        self._latency = latency
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (head := self._received.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._received, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            request, self._received = self._received[:end], self._received[end:]
            if request.startswith(b"GET "):
                self._answer(self._book.tally())
                continue
            answer = self._book.note(request[head:])
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._answer, answer)
            else:
                self._answer(answer)

    def _answer(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                % len(body)
                + body
            )


async def _serve(latency: float) -> None:
    book = Book()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(book, latency), "127.0.0.1", 0, backlog=1000
    )
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}", "token": TOKEN}), flush=True)
    await server.serve_forever()


def main() -> int:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    asyncio.run(_serve(parser.parse_args().latency))
    return 0


if __name__ == "__main__":
    sys.exit(main())
