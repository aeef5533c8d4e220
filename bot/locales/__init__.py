"""The language catalogues: one folder a language, compiled by the build."""
