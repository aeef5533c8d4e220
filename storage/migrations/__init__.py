"""Numbered SQL files, append-only: a fresh database runs them all, an old one the rest."""
