"""Newsboy: a publisher's newspaper boy inside Telegram."""

__version__ = "0.1.0"
