"""`python -m tests.e2e.pictures`: the README's pictures, taken anew from the chat page.

    sandbox, newspaper, `newsboy run` ─▶ a person walks to a screen ─▶ Chromium ─▶ docs/*.png

Debian's chromium must be there. Pictures are those of a phone; each is to stay under 170 kB, since
the README shows all of them at once. Look at them before they are committed.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.e2e.conftest import Town, open_town
from tests.e2e.test_day import Message, first_article, ready

FOLDER = Path(__file__).parents[2] / "docs"
MOST_BYTES = 170_000
_PHONE = ViewportSize(width=412, height=820)

Walk = Callable[[Town, int], Awaitable[Message]]


async def _changed(town: Town, person: int, message: Message, label: str) -> Message:
    """The message after a press of its button."""
    await town.people.press(person, message["id"], label)
    return await town.people.wait_message(person, since=message["version"])


async def _push(town: Town, person: int) -> Message:
    """A push, turned into its card and text."""
    followed = await town.people.ask(person, "/subscribe зубр")
    paper = town.newspaper
    paper.publish()
    push = await town.people.wait_message(person, after=followed["id"], contains="Зубр", timeout=30)
    return await _changed(town, person, push, "Читать")


async def _digest(town: Town, person: int) -> Message:
    return await town.people.ask(person, "/digest")


async def _search(town: Town, person: int) -> Message:
    return await town.people.ask(person, "переговоры с японией")


async def _rich(town: Town, person: int) -> Message:
    """An English reader's article in the rich layout."""
    sample = await town.people.ask(person, "/settings layout rich")
    await _changed(town, person, sample, "Yes, all of it")
    found = await town.people.ask(person, "/search lighthouse keeper")
    return await town.people.ask(person, f"/full_{first_article(found)}")


_PICTURES: dict[str, tuple[str, Walk]] = {
    "push": ("ru", _push),
    "digest": ("ru", _digest),
    "search": ("ru", _search),
    "rich": ("en", _rich),
}


async def _photograph(browser: Browser, town: Town, person: int, to: Path) -> None:
    """The chat as its person sees it, from the top of the last message on."""
    language = (await town.people.chat(person))["person"]["language_code"]
    context = await browser.new_context(
        locale={"ru": "ru-RU", "en": "en-GB"}[language],
        timezone_id="Europe/Moscow",
        viewport=_PHONE,
        device_scale_factor=1.25,
    )
    page = await context.new_page()
    await page.goto(f"{town.sandbox.url}/#{person}")
    await _settled(page)
    await page.screenshot(path=to)
    await context.close()


async def _settled(page: Page) -> None:
    """Wait for the last message and its pictures, open its quote, and put its head at the top."""
    bubble = page.locator(".message.in").last
    await bubble.wait_for()
    await page.wait_for_load_state("networkidle")
    for folded in await bubble.get_by_role("button", name="Развернуть").all():
        await folded.click()
    await bubble.evaluate("bubble => bubble.scrollIntoView({block: 'start'})")
    await page.wait_for_timeout(300)


async def take(folder: Path) -> list[Path]:
    """Take all the pictures; returns their paths."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("there is no chromium: apt install chromium")
    with tempfile.TemporaryDirectory() as home:
        async with open_town(Path(home)) as town, async_playwright() as playwright:
            await town.newsboy(DEFAULT_ALERTS="off")
            await ready(town, await town.people.create_user())
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            taken = []
            for name, (language, walk) in _PICTURES.items():
                person = await town.people.create_user(
                    first_name={"ru": "Анна", "en": "Anna"}[language], language_code=language
                )
                await town.people.ask(person, "/start")
                await walk(town, person)
                taken.append(folder / f"{name}.png")
                await _photograph(browser, town, person, taken[-1])
            await browser.close()
    return taken


def main() -> int:
    """Take the pictures; the exit status is 1 where one is too large."""
    taken = asyncio.run(take(FOLDER))
    for path in taken:
        print(f"{path.name}: {path.stat().st_size // 1000} kB")
    return int(any(path.stat().st_size > MOST_BYTES for path in taken))


if __name__ == "__main__":
    sys.exit(main())
