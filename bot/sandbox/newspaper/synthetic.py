"""Many plausible, distinct articles for measurements, the same for the same seed.

Sentences are put together from the frames and word lists of `content/words_*.toml`; towns and
surnames are composed from roots, so the vocabulary has the long tail that search has to cope with:
a few thousand forms in each language, the common ones very common. The texts read like news, but
say nothing.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Literal

Language = Literal["ru", "en"]


@dataclass(frozen=True, slots=True)
class SyntheticArticle:
    """A made-up article. `source` counts from 0; `rubric` is a key of `sources.RUBRICS`."""

    title: str
    standfirst: str
    paragraphs: tuple[str, ...]
    rubric: str
    language: Language
    source: int


def synthetic(count: int, sources: int = 100, seed: int = 1) -> Iterator[SyntheticArticle]:
    """Yields `count` articles, the sources taking turns; every fourth source is English.

    No two titles are alike. Texts run from 4 to 11 paragraphs of 2 to 4 sentences.
    """
    rng = Random(seed)  # noqa: S311 - filler text, not a secret
    titles: set[str] = set()
    for number in range(count):
        source = number % sources
        language: Language = "ru" if source % 4 else "en"
        writer = _writer(language)
        rubric = rng.choice(writer.rubrics)
        title = writer.sentence(rng, rubric, writer.titles)
        while title in titles:
            title = f"{writer.sentence(rng, rubric, writer.titles)}: {rng.randint(2, 9999)}"
        titles.add(title)
        yield SyntheticArticle(
            title=title,
            standfirst=writer.sentence(rng, rubric, writer.leads),
            paragraphs=tuple(
                " ".join(
                    writer.sentence(rng, rubric, writer.frames) for _ in range(rng.randint(2, 4))
                )
                for _ in range(rng.randint(4, 11))
            ),
            rubric=rubric,
            language=language,
            source=source,
        )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Frames and the word lists that fill them; `subjects` are a rubric's own words.

    `towns` stand after «в» (in Russian: in the prepositional case), `places` in the nominative.
    """

    titles: tuple[str, ...]
    leads: tuple[str, ...]
    frames: tuple[str, ...]
    rubrics: tuple[str, ...]
    subjects: dict[str, tuple[str, ...]]
    people: tuple[str, ...]
    names: tuple[str, ...]
    towns: tuple[str, ...]
    places: tuple[str, ...]
    bodies: tuple[str, ...]
    things: tuple[str, ...]
    manners: tuple[str, ...]

    def sentence(self, rng: Random, rubric: str, frames: tuple[str, ...]) -> str:
        """One frame with its blanks filled, beginning with a capital letter."""
        pick = rng.choice
        text = pick(frames).format(
            subject=pick(self.subjects[rubric]),
            other=pick(self.subjects[rubric]),
            person=f"{pick(self.people)} {pick(self.names)}",
            town=self.towns[_rare_last(rng, len(self.towns))],
            place=self.places[_rare_last(rng, len(self.places))],
            body=pick(self.bodies),
            a=self.things[_rare_last(rng, len(self.things))],
            b=pick(self.things),
            c=pick(self.things),
            manner=pick(self.manners),
            n=rng.randint(5, 20),
            big=rng.randint(31, 9800),
            share=rng.randint(2, 97),
        )
        return text[0].upper() + text[1:]


def _rare_last(rng: Random, size: int) -> int:
    """An index whose chance falls with its height, roughly as word frequencies do."""
    return int(size * rng.random() ** 2.2)


@cache
def _writer(language: Language) -> _Writer:
    file = resources.files(__package__).joinpath("content", f"words_{language}.toml")
    words = tomllib.loads(file.read_text(encoding="utf-8"))
    composed = _russian if language == "ru" else _english
    towns, places, names = composed(words)
    return _Writer(
        titles=tuple(words["titles"]),
        leads=tuple(words["leads"]),
        frames=tuple(words["frames"]),
        rubrics=tuple(words["subjects"]),
        subjects={rubric: _listed(text) for rubric, text in words["subjects"].items()},
        people=_listed(words["people"]),
        names=names,
        towns=towns,
        places=places,
        bodies=_listed(words["bodies"]),
        things=_listed(words["things"]),
        manners=_listed(words["manners"]),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split(","))


_Composed = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _russian(words: dict[str, Any]) -> _Composed:
    places = [root.capitalize() for root in words["town_roots"].split()]
    for start in words["town_starts"].split():
        for root in words["town_roots"].split():
            places.append(start + (root.capitalize() if start.endswith("-") else root))  # noqa: PERF401 - two loops read better apart
    men, women = words["men"].split(), words["women"].split()
    names = []
    for number, root in enumerate(words["surname_roots"].split()):
        stem = root.capitalize()
        if not root.endswith(("ов", "ин")):
            stem += "ев" if root[-1] in "лй" else "ов"
        names.append(f"{men[number % len(men)]} {stem}")
        names.append(f"{women[number * 7 % len(women)]} {stem}а")
    return tuple(f"{place}е" for place in places), tuple(places), tuple(names)


def _english(words: dict[str, Any]) -> _Composed:
    starts, ends = words["town_starts"].split(), words["town_ends"].split()
    towns = tuple(start + end for end in ends for start in starts)
    forenames = words["forenames"].split()
    names = tuple(
        f"{forenames[number * 11 % len(forenames)]} {town}"
        for number, town in enumerate(towns[::3])
    )
    return towns, towns, names
