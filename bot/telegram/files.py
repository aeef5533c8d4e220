"""Files that people send: fetched from Telegram within a limit."""

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiohttp import ClientError


class FileRefusedError(Exception):
    """The file is larger than it may be, or Telegram does not give it out (any more)."""


async def download(bot: Bot, file_id: str, most: int) -> bytes:
    """The content of a file, at most so many bytes; raises FileRefusedError."""
    try:
        file = await bot.get_file(file_id)
        if file.file_path is None or (file.file_size or 0) > most:
            raise FileRefusedError(f"{file.file_size} bytes")
        content = b""
        url = bot.session.api.file_url(bot.token, file.file_path)
        async for chunk in bot.session.stream_content(url, raise_for_status=True):
            content += chunk
            if len(content) > most:  # whatever was said of its size
                raise FileRefusedError(f"over {most} bytes")
    except (AiogramError, ClientError, TimeoutError) as error:
        raise FileRefusedError(type(error).__name__) from error
    return content
