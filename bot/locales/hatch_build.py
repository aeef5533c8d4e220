"""Build hook: compiles every `LC_MESSAGES/*.po` into the `.mo` that gettext reads.

Runs for wheels and for editable installs alike, so a checkout and an installed package
read the same compiled catalogues; the `.mo` files are never committed.
"""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]  # untyped in hatchling
    """Hatchling finds this class by its name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile all catalogues; a broken one ends the build with Babel's error."""
        for source in Path(self.root, "bot", "locales").glob("*/LC_MESSAGES/*.po"):
            with source.open("rb") as file:
                catalog = read_po(file, locale=source.parts[-3], abort_invalid=True)
            with source.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalog)
