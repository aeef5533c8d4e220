"""Interactive requests against a server that fails in passing; waits are virtual where long."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import EditMessageText, GetUpdates, Response, SendChatAction, SendMessage
from aiogram.methods import TelegramMethod as Method
from aiogram.methods.base import TelegramType
from aiogram.types import Message

from bot.telegram.faults import UnsentError
from bot.telegram.limiter import Lane, Limiter
from bot.telegram.retries import PatientRequests
from bot.telegram.session import LeanSession
from tests.telegram.conftest import TOKEN, Answer, Server, error, message, ok
from tests.telegram.virtual import now, run

SEND = SendMessage(chat_id=5, text="x")
EDIT = EditMessageText(chat_id=5, message_id=1, text="x")


class Wire:
    """The transport's edge: fails as scripted, then succeeds. `asked` are the times of asking."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.asked: list[float] = []

    async def __call__(self, bot: Bot, method: Method[TelegramType]) -> Response[TelegramType]:
        self.asked.append(now())
        if self.failures:
            raise self.failures.pop(0)
        return Response[method.__returning__](ok=True)  # type: ignore[name-defined]


def requests(limiter: Limiter | None = None) -> PatientRequests:
    return PatientRequests(limiter or Limiter(28, clock=now), clock=now)


@pytest.fixture
async def patient(server: Server) -> AsyncIterator[Bot]:
    """A bot whose session is as in the app."""
    session = LeanSession(server.url, answer_seconds=5)
    session.middleware(PatientRequests(Limiter(None), patience=10))
    yield Bot(TOKEN, session=session)
    await session.close()


BOT = Bot(TOKEN)


@pytest.mark.parametrize(
    "failure",
    [
        error(500, "Internal Server Error"),
        Answer(502, "<html>Bad Gateway</html>"),
        Answer(200, '{"ok": tr'),
        error(429, "Too Many Requests: retry after 1", retry_after=1),
    ],
    ids=["500", "html", "malformed", "429"],
)
async def test_what_passes_is_repeated(server: Server, patient: Bot, failure: Answer) -> None:
    server.script("sendMessage", failure, ok(message(3)))
    sent = await patient.send_message(5, "x")
    assert isinstance(sent, Message)
    assert sent.message_id == 3
    assert len(server.of("sendMessage")) == 2


async def test_what_does_not_pass_is_raised_at_once(server: Server, patient: Bot) -> None:
    server.script("sendMessage", error(400, "Bad Request: can't parse entities"))
    with pytest.raises(TelegramBadRequest):
        await patient.send_message(5, "<")
    assert len(server.requests) == 1


async def test_a_send_without_an_answer_is_not_repeated(server: Server, patient: Bot) -> None:
    server.script("sendMessage", Answer(drop=True))
    with pytest.raises(TelegramNetworkError):
        await patient.send_message(5, "x")
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["editMessageText", "answerCallbackQuery", "deleteMessage"])
async def test_what_may_happen_twice_is_repeated(server: Server, patient: Bot, method: str) -> None:
    server.script(method, Answer(drop=True))
    if method == "editMessageText":
        await patient.edit_message_text("x", chat_id=5, message_id=1)
    elif method == "deleteMessage":
        await patient.delete_message(5, 1)
    else:
        await patient.answer_callback_query("1")
    assert len(server.of(method)) == 2


def test_gives_up_after_a_minute_with_growing_waits() -> None:
    async def main() -> list[float]:
        wire = Wire(*[ClientDecodeError("no JSON", ValueError(), "<html>")] * 99)
        with pytest.raises(ClientDecodeError):
            await requests()(wire, BOT, SEND)
        return wire.asked

    asked = run(main())
    assert 50 < asked[-1] <= 60
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits[0] < 1
    assert 6 < waits[-1] < 10


def test_an_outage_of_half_a_minute_is_survived() -> None:
    async def main() -> list[float]:
        wire = Wire(*[UnsentError(SEND, "refused")] * 6)
        await requests()(wire, BOT, SEND)
        return wire.asked

    assert 15 < run(main())[-1] < 40


def test_a_flood_wait_is_kept() -> None:
    async def main() -> list[float]:
        wire = Wire(TelegramRetryAfter(SEND, "slow down", 20))
        await requests()(wire, BOT, SEND)
        return wire.asked

    assert run(main()) == pytest.approx([0, 20], abs=0.1)


def test_a_flood_wait_of_minutes_is_raised_and_pauses_the_chat() -> None:
    async def main() -> None:
        limiter = Limiter(28, clock=now)
        patient = requests(limiter)
        with pytest.raises(TelegramRetryAfter):
            await patient(Wire(TelegramRetryAfter(SEND, "slow down", 300)), BOT, SEND)
        assert limiter.delay(5) == 300
        unasked = Wire()
        with pytest.raises(TelegramRetryAfter) as caught:
            await patient(unasked, BOT, EDIT)
        assert caught.value.retry_after == 300
        assert not unasked.asked  # hopeless, so it neither waits nor asks
        assert now() == 0

    run(main())


def test_floods_of_two_chats_pause_bulk() -> None:
    async def main() -> float:
        limiter = Limiter(28, clock=now)
        patient = requests(limiter)
        other = SendMessage(chat_id=6, text="x")
        await asyncio.gather(
            patient(Wire(TelegramRetryAfter(SEND, "slow down", 10)), BOT, SEND),
            patient(Wire(TelegramRetryAfter(other, "slow down", 10)), BOT, other),
        )
        await limiter.acquire(7, Lane.INSTANT)
        return now()

    assert run(main()) >= 10


def test_a_flood_of_everybody_is_met_by_waiting_and_not_by_asking() -> None:
    """Forty people ask while Telegram refuses everything for half a minute."""

    async def main() -> list[float]:
        patient = requests()
        asked: list[float] = []

        async def wire(bot: Bot, method: Method[TelegramType]) -> Response[TelegramType]:
            asked.append(now())
            await asyncio.sleep(0.1)
            if now() < 30:
                raise TelegramRetryAfter(method, "slow down", 30)
            return Response[method.__returning__](ok=True)  # type: ignore[name-defined]

        results = await asyncio.gather(
            *(patient(wire, BOT, SendMessage(chat_id=chat, text="x")) for chat in range(1, 41)),
            return_exceptions=True,
        )
        assert not [result for result in results if isinstance(result, BaseException)]
        return asked

    asked = run(main())
    refused = [when for when in asked if when < 29.9]
    assert len(refused) <= 20  # a few before the first refusal comes back, and at each look
    assert max(asked) < 60


def test_writing_waits_for_its_turn_and_the_rest_does_not() -> None:
    async def main() -> tuple[list[float], list[float]]:
        patient = requests()
        writing, other = Wire(), Wire()
        await asyncio.gather(*(patient(writing, BOT, method) for method in (SEND, EDIT) * 2))
        asked = now()
        await patient(other, BOT, SendChatAction(chat_id=5, action="typing"))
        await patient(other, BOT, GetUpdates())
        assert now() == asked
        return writing.asked, other.asked

    writing, other = run(main())
    assert writing == pytest.approx([0, 0, 0, 1], abs=0.01)
    assert len(other) == 2


def test_a_chat_that_floods_us_fills_no_queue_without_end() -> None:
    async def main() -> tuple[int, int]:
        patient = requests()
        wire = Wire()
        results = await asyncio.gather(
            *(patient(wire, BOT, SEND) for _ in range(300)), return_exceptions=True
        )
        refused = [result for result in results if isinstance(result, TelegramRetryAfter)]
        assert now() <= 61
        return len(wire.asked), len(refused)

    sent, refused = run(main())
    assert sent + refused == 300
    assert 55 <= sent <= 64


def test_polling_is_left_alone() -> None:
    async def main() -> None:
        wire = Wire(UnsentError(SEND, "refused"))
        with pytest.raises(UnsentError):
            await requests()(wire, BOT, GetUpdates())
        assert len(wire.asked) == 1

    run(main())
