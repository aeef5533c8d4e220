"""The chat page in a real browser: what a person sees, types and presses."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Browser, Locator, Page, Route, async_playwright, expect

from .test_server import png

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox import Sandbox
    from bot.sandbox.client import Control

    from .conftest import Api

_CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
pytestmark = pytest.mark.skipif(
    _CHROMIUM is None, reason="no Chromium here: install Debian's chromium to test the page"
)

_PATIENCE = 60_000  # milliseconds: a browser beside other tests is slow
expect.set_options(timeout=_PATIENCE)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    """A Russian reader's wide window, with whatever goes wrong in it collected."""
    context = await browser.new_context(
        locale="ru-RU", timezone_id="Asia/Tokyo", viewport={"width": 1100, "height": 900}
    )
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(sandbox.url) else faults.append(asked.url),
    )
    yield page
    assert faults == []
    await context.close()


@pytest.fixture
async def reader(people: Control) -> int:
    await people.set_limits(enabled=False)
    return await people.create_user(first_name="Анна")


async def test_talking_to_the_bot(
    page: Page, sandbox: Sandbox, people: Control, api: Api, reader: int
) -> None:
    await api.call(
        "setMyCommands", commands=[{"command": "latest", "description": "Свежие новости"}]
    )
    await page.goto(sandbox.url)
    await page.get_by_role("button", name="Запустить").click()
    await expect(page.locator(".message.out .text")).to_have_text("/start")
    assert (await people.messages(reader))[0]["text"] == "/start"

    hostile = '<img src=x onerror="document.title=1">'
    sent = await api.call(
        "sendMessage",
        chat_id=reader,
        text=(
            f"<b>Важно</b> {hostile.replace('<', '&lt;')} /full_12 "
            '<tg-time unix="1647531900" format="t">22:45</tg-time>\n'
            "<blockquote expandable>" + "Длинная строка цитаты. " * 40 + "</blockquote>"
        ),
        parse_mode="HTML",
        reply_markup={"inline_keyboard": [[{"text": "Читать", "callback_data": "full:12"}]]},
    )
    bubble = page.locator(".message.in .bubble")
    await expect(bubble.locator("b", has_text="Важно")).to_be_visible()
    await expect(bubble).to_contain_text(hostile)
    assert await bubble.locator("img").count() == 0
    # The moment is shown in the reader's own zone.
    await expect(bubble.locator(".text time")).to_have_text("00:45")

    quote = bubble.locator(".quote-content")
    folded = await _height(quote)
    await bubble.get_by_role("button", name="Развернуть").click()
    assert await _height(quote) > 2 * folded

    press = asyncio.create_task(page.get_by_role("button", name="Читать").click())
    query = await _next_query(api)
    await api.call("answerCallbackQuery", callback_query_id=query["id"], text="Открываю")
    await press
    await expect(page.locator("#toast")).to_have_text("Открываю")

    await api.call(
        "editMessageText", chat_id=reader, message_id=sent["message_id"], text="Новый /full_12"
    )
    await expect(bubble.locator(".stamp")).to_contain_text("изм.")
    await bubble.get_by_role("button", name="/full_12").click()
    await expect(page.locator(".message.out .text").last).to_have_text("/full_12")

    await page.get_by_role("button", name="Меню").click()
    await page.get_by_role("button", name="Свежие новости").click()
    await expect(page.locator(".message.out .text").last).to_have_text("/latest")

    box = page.get_by_role("textbox", name="Сообщение")
    await bubble.locator(".stamp").dblclick()
    await box.fill("спасибо")
    await box.press("Enter")
    await expect(page.locator(".message.out .reply-quote").last).to_contain_text("Новый /full_12")
    assert (await people.messages(reader))[-1]["reply_to"] == sent["message_id"]

    await api.call("deleteMessage", chat_id=reader, message_id=sent["message_id"])
    await expect(bubble).to_have_count(0)


async def test_a_rich_message_is_shown_whole(
    page: Page, sandbox: Sandbox, people: Control, api: Api, reader: int
) -> None:
    photo = sandbox.state.files.add(png(60, 40), name="a.png", mime="image/png", photo=True)
    picture = {
        "type": "photo",
        "photo": {"type": "photo", "media": photo.file_id},
        "caption": {"text": "Мост", "credit": "Фото редакции"},
    }
    await people.send_text(reader, "/full 1")
    await api.call(
        "sendRichMessage",
        chat_id=reader,
        rich_message={
            "blocks": [
                {"type": "heading", "text": "Заголовок", "size": 1},
                {"type": "paragraph", "text": ["Текст ", {"type": "bold", "text": "жирный"}]},
                {"type": "slideshow", "blocks": [picture, picture]},
                {
                    "type": "blockquote",
                    "blocks": [{"type": "paragraph", "text": "Цитата"}],
                    "credit": "Мэр",
                },
                {"type": "list", "items": [{"blocks": [{"type": "paragraph", "text": "пункт"}]}]},
                {
                    "type": "table",
                    "cells": [[{"align": "left", "valign": "top", "text": "клетка"}]],
                },
                {
                    "type": "details",
                    "summary": "Ещё",
                    "blocks": [{"type": "paragraph", "text": "внутри"}],
                },
                {"type": "divider"},
                {"type": "buttons", "buttons": [{"text": "Сохранить", "callback_data": "s"}]},
                {"type": "footer", "text": "Источник"},
            ]
        },
    )
    await page.goto(f"{sandbox.url}/#{reader}")
    rich = page.locator(".rich")
    await expect(rich.get_by_role("heading")).to_have_text("Заголовок")
    await expect(rich.locator("p b")).to_have_text("жирный")
    await expect(rich.locator("figcaption").first).to_have_text("Мост · Фото редакции")
    await expect(rich.locator(".picture").first).to_have_js_property("naturalWidth", 60)
    await rich.get_by_role("button", name="›").click()
    await expect(rich.locator(".count")).to_have_text("2 / 2")
    await expect(rich.locator("blockquote cite")).to_have_text("Мэр")
    await expect(rich.locator("li")).to_contain_text("пункт")
    await expect(rich.get_by_role("cell")).to_have_text("клетка")
    await expect(rich.get_by_text("внутри")).to_be_hidden()
    await rich.get_by_text("Ещё").click()
    await expect(rich.get_by_text("внутри")).to_be_visible()
    await expect(rich.locator("footer")).to_have_text("Источник")
    press = asyncio.create_task(rich.get_by_role("button", name="Сохранить").click())
    assert (await _next_query(api))["data"] == "s"
    await press


async def test_a_phone_in_english(
    browser: Browser, sandbox: Sandbox, people: Control, api: Api
) -> None:
    context = await browser.new_context(locale="en-GB", viewport={"width": 390, "height": 780})
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE)
    await page.goto(sandbox.url)
    await page.get_by_role("button", name="Start talking to the bot").click()
    await page.get_by_role("button", name="Start", exact=True).click()
    (chat,) = await people.chats()
    assert chat["person"]["language_code"] == "en"
    await expect(page.locator(".message.out .text")).to_have_text("/start")
    long = "https://example.org/" + "x" * 200
    await api.call("sendMessage", chat_id=chat["id"], text=f"long {long}")
    await expect(page.locator(".message.in")).to_be_visible()
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    await page.get_by_role("button", name="Back to the chats").click()
    await expect(page.locator("#chats .row")).to_be_visible()
    await expect(page.locator("#log")).to_be_hidden()
    await page.get_by_role("button", name="New reader").click()
    await page.get_by_label("Name").fill("Boris")
    await page.get_by_role("button", name="Create").click()
    await expect(page.locator("#chat-title")).to_have_text("Boris")
    await context.close()


async def test_the_page_forbids_itself_everything_foreign(sandbox: Sandbox, api: Api) -> None:
    async with api.session.get(sandbox.url + "/") as response:
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    async with api.session.get(sandbox.url, headers={"Host": "evil.example"}) as response:
        assert response.status == 403


async def _height(element: Locator) -> float:
    box = await element.bounding_box()
    assert box is not None
    return box["height"]


async def _next_query(api: Api) -> dict[str, Any]:
    """The next callback query that the bot gets."""
    offset = 0
    while True:
        for update in await api.call("getUpdates", offset=offset, timeout=5):
            offset = update["update_id"] + 1
            if "callback_query" in update:
                query: dict[str, Any] = update["callback_query"]
                return query


async def test_inline_results_go_on_and_open_the_bot(
    page: Page, sandbox: Sandbox, people: Control, api: Api, reader: int
) -> None:
    confirmed = 0

    async def offer(*ids: str, **more: Any) -> None:
        """Answer the next inline query."""
        nonlocal confirmed
        asked = None
        while asked is None:
            for update in await api.call("getUpdates", timeout=10, offset=confirmed):
                confirmed = update["update_id"] + 1
                asked = update.get("inline_query", asked)
        results = [
            {
                "type": "article",
                "id": one,
                "title": f"Новость {one}",
                "description": "Вестник",
                "input_message_content": {"message_text": f"Текст {one}"},
            }
            for one in ids
        ]
        await api.call("answerInlineQuery", inline_query_id=asked["id"], results=results, **more)

    await people.send_text(reader, "/start")
    await page.goto(sandbox.url)
    username = (await api.call("getMe"))["username"]
    await page.get_by_label("Сообщение").fill(f"@{username} мост")
    await offer("1", "2", next_offset="2")
    rows = page.locator("#results .menu-row")
    await expect(rows).to_have_count(3)
    await page.get_by_role("button", name="Показать ещё").click()
    await offer("3")
    await expect(rows).to_have_text(["Новость 1Вестник", "Новость 2Вестник", "Новость 3Вестник"])
    await rows.nth(2).click()
    await expect(page.locator(".message .text").last).to_have_text("Текст 3")

    await page.get_by_label("Сообщение").fill(f"@{username} бегемот")
    await offer(button={"text": "Открыть бота", "start_parameter": "inline"})
    await page.get_by_role("button", name="Открыть бота").click()
    await expect(page.locator(".message.out .text").last).to_have_text("/start inline")


class Held:
    """A route whose server acts at once, and the page hears of it when it is `released`."""

    def __init__(self) -> None:
        self.asked, self.released = asyncio.Event(), asyncio.Event()

    async def __call__(self, route: Route) -> None:
        answer = await route.fetch()
        self.asked.set()
        await self.released.wait()
        await route.fulfill(response=answer)


async def test_what_is_typed_while_an_answer_is_under_way_stays(
    page: Page, sandbox: Sandbox, people: Control, api: Api, reader: int
) -> None:
    await people.send_text(reader, "/start")
    held = Held()
    await page.route("**/control/me", held)
    await page.goto(sandbox.url)
    field = page.get_by_label("Сообщение")
    # Who the bot is decides what typed words mean: until that is known, nothing can be typed.
    await expect(field).to_be_hidden()
    held.released.set()
    await expect(field).to_be_visible()

    held.released.clear()
    await page.route("**/control/chats/*/messages", held)
    await field.fill("мост")
    await field.press("Enter")
    await expect(page.locator(".message.out .text").last).to_have_text("мост")
    await field.fill("бегемот")
    prompt = {"force_reply": True}
    asked = await api.call("sendMessage", chat_id=reader, text="Какое слово?", reply_markup=prompt)
    await expect(page.locator("#reply-snippet")).to_have_text("Какое слово?")
    async with page.expect_response("**/control/chats/*/messages"):
        held.released.set()
    await expect(field).to_have_value("бегемот")
    await field.press("Enter")
    await expect(page.locator(".message.out .text").last).to_have_text("бегемот")
    assert (await people.messages(reader))[-1]["reply_to"] == asked["message_id"]


async def test_what_happens_while_the_page_loads_is_shown(
    page: Page, sandbox: Sandbox, people: Control, api: Api, reader: int
) -> None:
    await people.send_text(reader, "/start")
    held = Held()
    await page.route("**/control/chats/*/messages?*", held)
    await page.goto(sandbox.url)
    await held.asked.wait()
    sent = await api.call("sendMessage", chat_id=reader, text="Первая")
    await api.call("sendMessage", chat_id=reader, text="Вторая")
    await api.call("deleteMessage", chat_id=reader, message_id=sent["message_id"])
    await people.create_user(first_name="Борис")
    held.released.set()
    await expect(page.locator(".message .text")).to_have_text(["/start", "Вторая"])
    await expect(page.locator("#chats .row")).to_have_count(2)


async def test_what_was_refused_comes_back_to_the_field(
    page: Page, sandbox: Sandbox, people: Control, reader: int
) -> None:
    await people.send_text(reader, "/start")
    # A page of its own: a browser tells of each refusal as an error.
    other = await page.context.new_page()
    await other.route("**/control/chats/*/messages", _refused)
    await other.goto(sandbox.url)
    field = other.get_by_label("Сообщение")
    await field.fill("жираф")
    await field.press("Enter")
    await expect(other.locator("#toast")).to_have_text("no such chat")
    await expect(field).to_have_value("жираф")


async def _refused(route: Route) -> None:
    await route.fulfill(status=400, json={"error": "no such chat"})


async def test_sharing_fills_the_field_and_a_channel_opens_the_bot(
    page: Page, sandbox: Sandbox, people: Control, api: Api, reader: int
) -> None:
    username = (await api.call("getMe"))["username"]
    link = f"https://t.me/{username}?start=a5"
    await people.send_text(reader, "/start")
    shared = f"https://t.me/share/url?url=https%3A%2F%2Ft.me%2F{username}%3Fstart%3Da5&text=Мост"
    await api.call(
        "sendMessage",
        chat_id=reader,
        text="Мост",
        reply_markup={"inline_keyboard": [[{"text": "Поделиться", "url": shared}]]},
    )
    await page.goto(sandbox.url)
    await page.get_by_role("button", name="Поделиться").click()
    await expect(page.get_by_label("Сообщение")).to_have_value(f"Мост\n{link}")

    channel = await people.create_chat("channel", title="Канал", members=[reader])
    await people.set_bot(channel, "administrator")
    await api.call(
        "sendMessage",
        chat_id=channel,
        text="Мост открыт",
        reply_markup={"inline_keyboard": [[{"text": "Читать", "url": link}]]},
    )
    await page.get_by_role("button", name="Канал").click()
    await page.get_by_role("button", name="Читать").click()
    await expect(page.locator(".message.out .text").last).to_have_text("/start a5")
    assert (await people.messages(reader))[-1]["text"] == "/start a5"


async def test_what_one_member_alone_sees(
    page: Page, sandbox: Sandbox, people: Control, api: Api, reader: int
) -> None:
    boris = await people.create_user(first_name="Борис")
    chat = await people.create_chat(
        "supergroup", "Соседи", members=[reader, boris], bot="administrator"
    )
    await api.call("sendMessage", chat_id=chat, text="Всем")
    await api.call(
        "sendMessage",
        chat_id=chat,
        text="Настройки",
        ephemeral_message_parameters={"receiver_user_id": reader},
        reply_markup={"inline_keyboard": [[{"text": "Время", "callback_data": "t"}]]},
    )
    await page.goto(f"{sandbox.url}/#{chat}")
    alone = page.locator(".message.alone")
    await expect(alone).to_contain_text("Видит только Анна")
    press = asyncio.create_task(page.get_by_role("button", name="Время").click())
    query = await _next_query(api)
    assert query["from"]["id"] == reader
    await api.call("answerCallbackQuery", callback_query_id=query["id"])
    await press
    await page.get_by_role("combobox", name="Кто пишет и читает").select_option("Борис")
    await expect(alone).to_have_count(0)
    await page.locator("#text").fill("/latest")
    await page.locator("#text").press("Enter")
    await expect(page.locator(".message.out .sender")).to_have_text("Борис")
