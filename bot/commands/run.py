"""`newsboy run`: the bot itself, in the foreground."""

import asyncio

from bot.commands.terminal import read_settings


def run() -> None:
    """Run until SIGINT or SIGTERM; what is wrong with the settings is said before the framework."""
    settings = read_settings()
    _ = settings.token  # raises SettingsError
    from bot.app import run as run_app  # imports the framework, which takes seconds

    asyncio.run(run_app(settings))
