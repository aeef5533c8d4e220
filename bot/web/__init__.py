"""The way out: every request for a feed, a page or a picture goes through this room."""
