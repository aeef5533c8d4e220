"""Everything that a reader reads: texts, renderings, keyboards. Imports no framework."""
