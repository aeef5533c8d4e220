"""`newsboy version`: what an operator puts into a report. It imports none of the rest."""

import platform

import typer

from bot import __version__


def version() -> None:
    """Print one line."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    typer.echo(f"newsboy {__version__}, {python}, {platform.platform()}")
