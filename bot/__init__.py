"""Newsboy: a publisher's newspaper boy inside Telegram."""
