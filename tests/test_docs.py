"""The documents agree with the program: settings, `.env.example`, the README's tables, the help."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from bot.__main__ import cli
from bot.config import Settings, load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
NAMES = [name.upper() for name in Settings.model_fields]

# `| `NAME` | `default` or – | meaning |`
ROWS = {
    name: (default, meaning)
    for name, default, meaning in re.findall(
        r"^\| `([A-Z_]+)` \| (?:`([^`]*)`|–) \| (.+) \|$", README, re.MULTILINE
    )
}
# The comment above a line `NAME=default` or `#NAME=default`.
LINES = {
    name: (default, re.sub(r"^# ?", "", comment, flags=re.MULTILINE))
    for comment, name, default in re.findall(
        r"^((?:# .*\n)+)#?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE
    )
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_every_setting_is_in_both_documents_in_the_same_order_and_nothing_else_is() -> None:
    assert list(ROWS) == NAMES
    assert list(LINES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_meaning_is_the_same_everywhere(name: str) -> None:
    meaning = Settings.model_fields[name.lower()].description
    assert meaning
    assert ROWS[name][1] == meaning
    assert " ".join(LINES[name][1].split()).startswith(meaning)


@pytest.mark.parametrize("name", NAMES)
def test_documented_default_is_the_default(name: str, tmp_path: Path) -> None:
    default, _ = ROWS[name]
    assert LINES[name][0] == default
    file = tmp_path / ".env"
    file.write_text(f"{name}={default}", encoding="utf-8")
    expected = getattr(load_settings(None), name.lower())
    assert getattr(load_settings(file), name.lower()) == expected


def test_example_file_can_be_used_as_it_is() -> None:
    assert load_settings(ROOT / ".env.example") == load_settings(None)


def commands(group: typer.Typer, prefix: str) -> list[tuple[str, str]]:
    found = []
    for each in group.registered_commands:
        assert each.callback is not None
        name = each.name or each.callback.__name__
        found.append((f"{prefix} {name}", each.callback.__doc__ or ""))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        found += commands(inner.typer_instance, f"{prefix} {inner.name}")
    return found


def test_every_command_is_in_the_readme_and_nothing_else_is() -> None:
    written = re.findall(r"^\| `(newsboy [a-z ]+?)(?: [A-Z]+)*` \|", README, re.MULTILINE)
    assert sorted(written) == sorted(name for name, _ in commands(cli, "newsboy"))


def test_every_commands_help_has_an_example_of_it() -> None:
    for name, text in commands(cli, "newsboy"):
        examples = text.partition("Example")[2]
        assert name in examples, f"{name} has no example"


def test_files_that_the_readme_shows_or_names_exist() -> None:
    for path in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / path).is_file(), f"README.md names {path}"


def test_the_recipe_for_languages_works(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bot" / "locales", tmp_path / "bot" / "locales")
    shutil.copytree(ROOT / "bot" / "messages", tmp_path / "bot" / "messages")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.findall(r"^ *\.venv/bin/pybabel (.+)$", text, re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["compile", "extract", "update"]
    for line in lines:
        done = subprocess.run(  # noqa: S603  # our own document
            [sys.executable, "-m", "babel.messages.frontend", "--quiet", *line.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_make_targets_named_in_the_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", text, re.MULTILINE):
            assert (target[0] or target[1]) in targets


def test_lock_pins_every_dependency_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index-url" not in lock
    pinned = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += extra
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert name
        normal = re.sub(r"[-_.]+", "-", name[0]).lower()
        assert normal in pinned | {"newsboy"}
        if bound := re.search(r">=([\d.]+)", requirement):
            version = re.search(rf"^{re.escape(normal)}==([\d.]+)", lock, re.MULTILINE)
            assert version
            assert [*map(int, version[1].split("."))] >= [*map(int, bound[1].split("."))]
