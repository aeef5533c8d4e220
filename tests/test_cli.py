"""The command line as a whole: quick, helpful, one line for what can be mended, no secrets."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import __version__
from bot.config import Settings
from bot.sandbox import Sandbox
from storage import Storage

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
HEAVY = ("aiogram", "trafilatura", "pymorphy3", "feedparser", "lxml", "apscheduler", "aiohttp")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def newsboy(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "bot", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("words", [["version"], ["--help"], ["feed", "add", "--help"]])
def test_starts_without_the_heavy_libraries(words: list[str]) -> None:
    code = (
        "import sys\n"
        "from bot.__main__ import main\n"
        f"sys.argv = ['newsboy', *{words!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"print('loaded:', *(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    done = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_version_names_newsboy_and_python() -> None:
    done = newsboy("version")
    assert done.returncode == 0
    assert done.stdout.startswith(f"newsboy {__version__}, ")
    assert sys.version.split()[0] in done.stdout


def test_wrong_setting_ends_the_start_with_one_line_and_status_2() -> None:
    Path(".env").write_text(f"BOT_TOKEN={TOKEN}\nPOLL_SECONDS=soon\n")
    done = newsboy("run")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("newsboy: POLL_SECONDS is wrong: ")
    assert done.stderr.count("\n") == 1
    assert "Example: POLL_SECONDS=300" in done.stderr


def test_run_without_token_is_one_line_and_leaves_nothing_behind() -> None:
    done = newsboy("run")
    assert done.returncode == 2
    assert done.stderr == "newsboy: BOT_TOKEN is not set. Example: BOT_TOKEN=123456789:AAF…\n"
    assert list(Path.cwd().iterdir()) == []


def test_wrong_token_is_not_repeated() -> None:
    Path(".env").write_text(f"BOT_TOKEN={TOKEN}/\n")
    done = newsboy("run")
    assert done.returncode == 2
    assert TOKEN not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 1


def test_wrong_arguments_are_usage_errors() -> None:
    assert newsboy("show", "first").returncode == 2
    done = newsboy("feeds")
    assert done.returncode == 2
    assert "feeds" in done.stderr


def test_demo_without_tdlib_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tdjson.py").write_text("raise ImportError('not installed')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = newsboy("demo")
    assert done.returncode == 1
    assert done.stderr.startswith("newsboy: ")
    assert "pip install" in done.stderr
    assert done.stderr.count("\n") == 1


def test_demo_on_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = newsboy("demo", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} cannot be used" in done.stderr
    assert done.stderr.count("\n") == 1


async def test_run_with_a_refused_token_is_one_line_and_status_2() -> None:
    sandbox = Sandbox("1:another-token-than-the-one-in-the-settings", strict=False)
    await sandbox.start()
    env = f"BOT_TOKEN={TOKEN}\nTELEGRAM_API_URL={sandbox.url}\nFEEDS=off\n"
    await asyncio.to_thread(Path(".env").write_text, env)
    try:
        done = await asyncio.to_thread(newsboy, "run")
    finally:
        await sandbox.stop()
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("newsboy: ")]
    assert lines == done.stderr.splitlines()[-1:]
    assert "BOT_TOKEN" in lines[0]
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr


async def test_run_beside_a_running_bot_refuses_and_names_its_process() -> None:
    env = f"BOT_TOKEN={TOKEN}\nTELEGRAM_API_URL=http://127.0.0.1:9\nFEEDS=off\n"
    await asyncio.to_thread(Path(".env").write_text, env)
    async with Storage.open(Path("newsboy.db")):
        done = await asyncio.to_thread(newsboy, "run")
    assert done.returncode == 1
    assert done.stderr.startswith("newsboy: ")
    assert f"process {os.getpid()}" in done.stderr
    assert done.stderr.count("\n") == 1
