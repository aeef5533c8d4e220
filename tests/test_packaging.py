"""The package as strangers get it: built, installed into a clean environment, and run there."""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What the builds and the installed command must not get from this checkout.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run(*words: str | Path, cwd: Path) -> str:
    done = subprocess.run(  # noqa: S603  # our own words
        words, cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source archive it was built from."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    return out


def test_wheel_has_all_that_the_program_reads_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = {
        str(path.relative_to(ROOT))
        for package in ("bot", "storage")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    left_out = {name for name in tracked if name.endswith((".po", ".pot", "hatch_build.py"))}
    assert {name for name in names if ".dist-info/" not in name} == tracked - left_out
    for wanted in (
        r"bot/locales/ru/LC_MESSAGES/\w+\.mo",
        r"bot/locales/en/LC_MESSAGES/\w+\.mo",
        r"bot/sandbox/page/index\.html",
        r"bot/sandbox/newspaper/content/\w+\.txt",
        r"bot/articles/profiles/\S+",
        r"storage/migrations/0001_\w+\.sql",
        r"newsboy-\S+/licenses/LICENSE",
    ):
        assert any(re.fullmatch(wanted, name) for name in names), f"{wanted} is not in the wheel"


def test_source_archive_can_be_checked_and_built(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {
        "Makefile",
        "LICENSE",
        "README.md",
        ".env.example",
        "requirements.lock",
        "pyproject.toml",
        "tests/test_packaging.py",
        "bot/locales/hatch_build.py",
    } <= names


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean virtual environment with the locked dependencies and the wheel; its `newsboy`."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    lock = ROOT / "requirements.lock"
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    done = subprocess.run(  # noqa: S603  # our own words
        (*pip, "--require-hashes", "-r", lock),
        cwd=folder,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    if re.search("Could not find a version|ConnectionError|Max retries|timed out", done.stderr):
        pytest.skip("no package index answers")
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = built.glob("*.whl")
    run(*pip, "--no-deps", wheel, cwd=folder)
    return folder / "venv" / "bin" / "newsboy"


@pytest.mark.timeout(400)
def test_demo_runs_from_the_wheel_and_stops_at_ctrl_c(installed: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POLL_SECONDS=this must not reach the demo\n")
    with subprocess.Popen(  # noqa: S603  # our own words
        [installed, "demo"], cwd=tmp_path, env=CLEAN, stdout=subprocess.PIPE, text=True
    ) as demo:
        try:
            url = _address(demo)
            with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310  # on loopback
                assert b"<html" in page.read()
            with urllib.request.urlopen(f"{url}control/chats", timeout=10) as reply:  # noqa: S310
                (chat,) = json.load(reply)
            assert chat["last"]
        finally:
            demo.send_signal(signal.SIGINT)
            status = demo.wait(30)
    assert status == 0
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def _address(demo: subprocess.Popen[str]) -> str:
    """The address that the demo prints; it gives up by itself where the bot does not answer."""
    assert demo.stdout
    seen = ""
    for line in demo.stdout:
        seen += line
        if found := re.search(r"http://\S+/", line):
            return found[0]
    raise AssertionError(f"the demo ended: {seen}")
