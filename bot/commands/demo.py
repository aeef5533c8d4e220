"""`newsboy demo`: the real bot between a Telegram and a publisher that both are on this machine.

    sandbox, newspaper (in this process) ─▶ `newsboy fetch` (a child: the first read of the feeds)
        ─▶ `newsboy run` (a child) ─▶ a demo person's /start is answered ─▶ one address to open

The children get settings of their own and an empty working folder, so that neither the operator's
environment nor a `.env` reaches them. Whatever ends the demo ends all of it.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from bot.commands.terminal import CommandError
from bot.config import Settings
from bot.sandbox import Sandbox, TdlibMissingError
from bot.sandbox.client import Control
from bot.sandbox.newspaper import Newspaper

TOKEN = "42:sandbox-token-of-no-value-anywhere"  # noqa: S105  # opens nothing but the sandbox
READY_SECONDS = 60
STOP_SECONDS = 12  # `run` drains for ten at most


def demo(port: int, every: float) -> None:
    """Run until Ctrl-C, SIGTERM, or the end of a child; raises CommandError for the last."""
    asyncio.run(_demo(port, every))


async def _demo(port: int, every: float) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        # Windows' event loop takes no signal handlers; there Ctrl-C raises KeyboardInterrupt.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    show = asyncio.create_task(_show(port, every))
    stop = asyncio.create_task(stopped.wait())
    await asyncio.wait({show, stop}, return_when=asyncio.FIRST_COMPLETED)
    if not show.done():
        typer.echo("Stopping…")
    for task in (show, stop):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await show


async def _show(port: int, every: float) -> None:
    """Start everything and watch over it; ends only by an error or by being cancelled."""
    typer.echo("Starting a sandbox, a sample newspaper and the bot…")
    async with _sandbox(port) as sandbox, _newspaper(every) as newspaper:
        with tempfile.TemporaryDirectory(prefix="newsboy-demo-") as folder:
            async with Control(sandbox.url) as people:
                person = await people.create_user(first_name="Анна", language_code="ru")
                environment = _environment(sandbox.url, newspaper.feeds, person)
                async with _newsboy("fetch", environment, folder) as fetching:
                    table, _ = await fetching.communicate()
                    if fetching.returncode:
                        typer.echo(table)
                        raise CommandError("the sample newspaper could not be read: see above")
                async with _newsboy("run", environment, folder) as bot:
                    await _answered(people, person, bot)
                    typer.echo(f"Open {sandbox.url}/ in a browser. Ctrl-C stops all of it.")
                    typer.echo("Readers here start with alerts on, and no quiet hours or caps.")
                    status = await bot.wait()
                    raise CommandError(
                        f"the bot has stopped by itself (status {status}): see above"
                    )


@asynccontextmanager
async def _sandbox(port: int) -> AsyncIterator[Sandbox]:
    try:
        sandbox = Sandbox(TOKEN)
    except TdlibMissingError as error:
        raise CommandError(str(error)) from error
    try:
        await sandbox.start(port=port)
    except OSError as error:
        raise CommandError(
            f"port {port} cannot be used ({error.strerror}): try --port 0"
        ) from error
    try:
        yield sandbox
    finally:
        await sandbox.stop()


@asynccontextmanager
async def _newspaper(every: float) -> AsyncIterator[Newspaper]:
    newspaper = Newspaper(every)
    await newspaper.start()
    try:
        yield newspaper
    finally:
        await newspaper.stop()


def _environment(telegram: str, feeds: list[str], admin: int) -> dict[str, str]:
    """The children's environment: this process's, with the demo's settings and no others."""
    settings = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram,
        "FEEDS": " ".join(feeds),
        "DATABASE": "demo.db",
        "ADMINS": str(admin),
        "ACCESS": "public",
        "READERS_ADD_SOURCES": "5",
        "POLL_SECONDS": "2",
        "DEFAULT_ALERTS": "on",
        "DEFAULT_QUIET": "off",
        "DEFAULT_HOURLY": "off",
        "DEFAULT_DAILY": "off",
        "ALLOW_PRIVATE_NETWORKS": "on",
        "LOG_LEVEL": "WARNING",
    }
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    # The children's working folder is another one, and newsboy need not be installed.
    kept["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(Path(__file__).parents[2]), kept.get("PYTHONPATH")))
    )
    return kept | settings


@asynccontextmanager
async def _newsboy(
    command: str, environment: Mapping[str, str], folder: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A `newsboy` process in `folder`; stopped when the block ends, killed if it will not stop."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        command,
        env=environment,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        # What `fetch` prints is shown where it fails; `run` only logs.
        stdout=asyncio.subprocess.PIPE if command == "fetch" else asyncio.subprocess.DEVNULL,
        # Ctrl-C in a terminal goes to the whole group: the bot stops before its Telegram does.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answered(people: Control, person: int, bot: asyncio.subprocess.Process) -> None:
    """Wait until the bot has answered /start; raises CommandError where it does not."""
    asking = asyncio.create_task(people.ask(person, "/start", timeout=READY_SECONDS))
    ending = asyncio.create_task(bot.wait())
    try:
        await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            await asking
            return
    except TimeoutError as error:
        raise CommandError(f"the bot gave no answer in {READY_SECONDS} s: see above") from error
    finally:
        asking.cancel()
        ending.cancel()
    raise CommandError(f"the bot ended with status {bot.returncode}: see above")
