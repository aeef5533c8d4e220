"""`newsboy backup` and `newsboy restore`: a checked copy out, a checked copy in."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.commands.terminal import CommandError, read_settings
from storage import backup as copy_out
from storage import restore as copy_in


def backup(path: Path) -> None:
    """Copy the database to `path`, beside a running bot too."""
    settings = read_settings("WARNING")
    if not settings.database.exists():
        raise CommandError(f"there is no database at {settings.database}: check DATABASE")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"the folder {path.absolute().parent} does not exist: make it first")
    asyncio.run(copy_out(settings.database, path))
    typer.echo(
        f"{settings.database} is copied to {path} ({path.stat().st_size / 1e6:.1f} MB, checked)."
    )


def restore(path: Path) -> None:
    """Put the copy at `path` in the database's place; the present file is kept aside."""
    settings = read_settings("WARNING")
    if not path.is_file():
        raise CommandError(f"there is no file at {path}")
    if settings.database.exists() and path.samefile(settings.database):
        raise CommandError(f"{path} is the database itself: name a backup of it")
    aside = asyncio.run(copy_in(path, settings.database, datetime.now(UTC)))
    typer.echo(f"{settings.database} is now what was in {path}.")
    if aside is not None:
        typer.echo(f"What was there before is kept as {aside}.")
