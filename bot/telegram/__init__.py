"""The wire to Telegram: sessions, limits, updates, and what an error means."""
