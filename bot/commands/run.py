"""`newsboy run`: the bot itself, in the foreground."""

import asyncio

from bot.commands.terminal import CommandError, read_settings
from bot.config import SettingsError


def run() -> None:
    """Run until SIGINT or SIGTERM; raises SettingsError where Telegram refuses the token."""
    settings = read_settings()
    # Said at once: the framework below takes seconds to import.
    _ = settings.token
    _ = settings.webhook
    from bot.app import run as run_app
    from bot.telegram.updates import TokenRefusedError
    from bot.web.certificate import CertificateError
    from bot.web.listener import ListenError

    try:
        asyncio.run(run_app(settings))
    except TokenRefusedError as error:
        raise SettingsError(str(error)) from error
    except (CertificateError, ListenError) as error:
        raise CommandError(str(error)) from error
