"""Words: the one way in which texts are turned into comparable tokens."""
