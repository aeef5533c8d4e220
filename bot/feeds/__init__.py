"""Bytes in, entries out: what a feed says, without asking anyone or remembering anything."""
