"""The command line's commands, one module each: `bot.__main__` imports them when they are called.

A command is a plain function that reads the settings through `terminal.read_settings`, does its
work in one event loop, and prints to stdout; what it cannot do leaves as a CommandError.
"""
